/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A home of the test's own, below a directory that is empty at first: `home` is where a user's data
 * are, and `sys` goes before what is installed on this computer. To be made before anything has
 * asked for them, because GLib remembers. Paths are relative to the directory. */

void own_home_create (void);
void own_home_destroy (void);

char *own_home_build_path (const char *path);
void own_home_write (const char *path, const char *text, int mode);
char *own_home_read (const char *path);
void own_home_remove (const char *path);

G_END_DECLS
