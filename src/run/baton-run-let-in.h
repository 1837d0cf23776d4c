/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include "baton-grant.h"

#include <glib.h>

G_BEGIN_DECLS

BatonGrantStatus baton_run_let_in (const char *grant, char **argv);
const char *baton_run_describe_refusal (BatonGrantStatus status);

G_END_DECLS
