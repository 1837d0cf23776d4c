/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonBootTool:
 *
 * A program that makes RAM disks, and how its images are called. One that calls them in two ways is there
 * twice.
 */
typedef struct _BatonBootTool BatonBootTool;

const BatonBootTool *baton_boot_tool_get (guint n);
const char *baton_boot_tool_get_name (const BatonBootTool *self);
gboolean baton_boot_tool_is_installed (const BatonBootTool *self, BatonRoot *root);
gboolean baton_boot_tool_goes_by_file (const BatonBootTool *self);
char *
baton_boot_tool_dup_kernel (const BatonBootTool *self, BatonRoot *root, const char *image);
GPtrArray *baton_boot_tool_build_command (const BatonBootTool *self,
                                          BatonRoot *root,
                                          const char *kernel,
                                          const char *output);
char *baton_boot_tool_build_lister (const BatonBootTool *self, BatonRoot *root);

G_END_DECLS
