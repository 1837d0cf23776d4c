/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int baton_kernel_write (int fd, const char *text);
int baton_kernel_probe_group (int dev, const char *path, gboolean *ret_viable);
int baton_kernel_load_module (const char *name, const char *options);
int baton_kernel_unload_module (const char *name);
GStrv baton_kernel_list_loads (const char *name);
int baton_kernel_look_at_consoles (int fd, guint *ret_shown, guint *ret_taken);
int baton_kernel_get_console_map (int fd, guint console, int *ret_framebuffer);
int baton_kernel_set_console_map (int fd, guint console, guint framebuffer);
int baton_kernel_reset_console (int fd);
int baton_kernel_show_console (int fd, guint console);
int baton_kernel_free_console (int fd, guint console);

G_END_DECLS
