/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean baton_close_ask (int pid, const char *start_time, GError **error);

G_END_DECLS
