/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *baton_edid_dup_monitor (const guint8 *edid, gsize length);

G_END_DECLS
