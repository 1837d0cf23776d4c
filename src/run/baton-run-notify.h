/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void baton_run_notify (const char *program, const char *text);

G_END_DECLS
