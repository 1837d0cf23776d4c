/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/* Below /etc: what initramfs-tools packs and loads, a module with its options a line. */
#define BATON_INITRAMFS_MODULES "initramfs-tools/modules"

/**
 * BatonModprobeLine:
 * @words: its words, one at least
 * @text: all of it, also where it goes on in further lines
 * @first: where it begins, from 1
 * @last: where it ends
 *
 * One line of such a file that is no comment.
 */
typedef struct
{
  GStrv words;
  const char *text;
  guint first;
  guint last;
} BatonModprobeLine;

typedef void (*BatonModprobeFileVisit) (BatonRootPart part, const char *path, gpointer data);
typedef void (*BatonModprobeLineVisit) (const BatonModprobeLine *line, gpointer data);

void baton_modprobe_files_visit (BatonRoot *root, BatonModprobeFileVisit visit, gpointer data);
char *baton_modprobe_file_read (BatonRoot *root, BatonRootPart part, const char *path);
void baton_modprobe_file_parse (const char *text, BatonModprobeLineVisit visit, gpointer data);
gboolean baton_modprobe_is_module (const char *word, const char *name);

G_END_DECLS
