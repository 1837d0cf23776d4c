/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int baton_kernel_write (int fd, const char *text);
int baton_kernel_probe_group (int dev, const char *path, gboolean *ret_viable);
int baton_kernel_load_module (const char *name, const char *options);
int baton_kernel_unload_module (const char *name);
GStrv baton_kernel_list_loads (const char *name);

G_END_DECLS
