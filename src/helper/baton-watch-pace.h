/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

guint baton_watch_pace_get_wait (gint64 began_us, gint64 ended_us, gint64 now_us);

G_END_DECLS
