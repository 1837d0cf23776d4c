/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

#define BATON_OWN_FILES_MAX 4

/**
 * BatonOwnFilesKind: files in /etc that are Baton's alone
 * @state: the name of what is remembered of them: SHA-256 of each that was written
 * @n_files: how many there are, at most %BATON_OWN_FILES_MAX
 * @paths: where they are, below /etc
 * @is_ours: whether that is known of a text itself, though what was remembered be lost
 * @foreign: says that one is somebody else's, with `file` and `reason`
 * @not_written: says that they could not be changed, with a `reason`
 */
typedef struct
{
  const char *state;
  guint n_files;
  const char *const *paths;
  gboolean (*is_ours) (guint file, const char *text);
  BatonCode foreign;
  BatonCode not_written;
} BatonOwnFilesKind;

/**
 * BatonOwnFiles:
 *
 * Such files as they were when they were opened, to be written anew or taken away.
 */
typedef struct _BatonOwnFiles BatonOwnFiles;

BatonOwnFiles *
baton_own_files_open (BatonRoot *root, const BatonOwnFilesKind *kind, BatonEnd **ret_end);
BatonOwnFiles *baton_own_files_open_ours (BatonRoot *root, const BatonOwnFilesKind *kind);
void baton_own_files_free (BatonOwnFiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonOwnFiles, baton_own_files_free)

const char *baton_own_files_get_text (BatonOwnFiles *self, guint file);
const char *baton_own_files_get_foreign (BatonOwnFiles *self, guint file);
gboolean
baton_own_files_replace (BatonOwnFiles *self, const char *const *wanted, BatonEnd **ret_end);

G_END_DECLS
