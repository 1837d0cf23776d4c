/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean baton_libvirt_start_guest (const char *name, GError **error);

G_END_DECLS
