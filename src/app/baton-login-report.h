/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "baton-closed.h"

G_BEGIN_DECLS

int baton_login_report (GApplication *application,
                        BatonRoot *root,
                        const char *state_directory,
                        BatonClosed *closed);

G_END_DECLS
