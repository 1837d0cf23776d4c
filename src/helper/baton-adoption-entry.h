/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

#include <sys/stat.h>

G_BEGIN_DECLS

/**
 * BatonEntry:
 * @dir: the directory, opened through no link; -1 where it is not open
 * @name: the file’s name in it
 *
 * A file below `/etc` that somebody else wrote, or what takes its place.
 */
typedef struct
{
  int dir;
  char *name;
} BatonEntry;

gboolean baton_entry_open (
    BatonEntry *self, BatonRoot *root, const char *path, gboolean create, GError **error);
void baton_entry_clear (BatonEntry *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonEntry, baton_entry_clear)

gboolean baton_entry_exists (const BatonEntry *self);
GBytes *baton_entry_read (const BatonEntry *self,
                          BatonRoot *root,
                          struct stat *ret_info,
                          const char **ret_reason);
GBytes *baton_entry_read_fd (int fd);
char *baton_entry_digest (GBytes *bytes);
int baton_entry_move (const BatonEntry *from, const BatonEntry *to);
char *baton_entry_dup_temporary (const BatonEntry *entry);
void baton_entry_remove_directories (BatonRoot *root, const char *path, const char *top);

gboolean baton_adoption_refuse (BatonEnd **ret_end, const char *path, const char *reason);
gboolean
baton_adoption_fail (BatonEnd **ret_end, const char *path, const char *what, int errsv);

G_END_DECLS
