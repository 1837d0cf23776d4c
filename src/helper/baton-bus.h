/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "baton-root.h"

G_BEGIN_DECLS

GDBusConnection *baton_bus_connect (const char *path, GError **error);
GDBusConnection *baton_bus_connect_system (BatonRoot *root, GError **error);

G_END_DECLS
