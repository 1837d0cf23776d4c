/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

int baton_login_report (GApplication *application, const char *state_directory);

G_END_DECLS
