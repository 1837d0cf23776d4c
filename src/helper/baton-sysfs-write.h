/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card-state.h"

G_BEGIN_DECLS

int baton_sysfs_open_device (BatonRoot *root,
                             const BatonFunctionState *expected,
                             const char *attribute,
                             GError **error);
int baton_sysfs_open_driver (BatonRoot *root,
                             const BatonFunctionState *expected,
                             const char *driver,
                             const char *file,
                             GError **error);
int baton_sysfs_open_platform_driver (BatonRoot *root,
                                      const char *driver,
                                      const char *file,
                                      GError **error);
int baton_sysfs_open_bus (BatonRoot *root,
                          const BatonFunctionState *expected,
                          const char *file,
                          GError **error);
gboolean baton_sysfs_is_driver_name (const char *name);

int
baton_sysfs_open_rescan (BatonRoot *root, const char *bus, gboolean from_above, GError **error);
int baton_sysfs_open_bus_reset (BatonRoot *root, const char *bus, GError **error);
gboolean
baton_sysfs_check_device (BatonRoot *root, const BatonFunctionState *expected, GError **error);

G_END_DECLS
