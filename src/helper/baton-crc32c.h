/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

guint32 baton_crc32c (guint32 seed, const void *bytes, gsize length);

G_END_DECLS
