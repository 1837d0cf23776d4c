/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonIsolationFile: the files by which a desktop is kept off cards, each Baton's alone
 * @BATON_ISOLATION_RULES: udev's rules, which say of which cards
 * @BATON_ISOLATION_ENVIRONMENT: what every user's systemd sets
 * @BATON_ISOLATION_PROFILE: what a shell sets that logs somebody in
 */
typedef enum
{
  BATON_ISOLATION_RULES,
  BATON_ISOLATION_ENVIRONMENT,
  BATON_ISOLATION_PROFILE,
  BATON_ISOLATION_N_FILES,
} BatonIsolationFile;

/**
 * BatonIsolationFiles:
 *
 * Those files as they were when they were opened, to be written anew or taken away.
 */
typedef struct _BatonIsolationFiles BatonIsolationFiles;

BatonIsolationFiles *baton_isolation_files_open (BatonRoot *root, BatonEnd **ret_end);
void baton_isolation_files_free (BatonIsolationFiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonIsolationFiles, baton_isolation_files_free)

GPtrArray *baton_isolation_files_list_cards (BatonIsolationFiles *self);
gboolean baton_isolation_files_replace (BatonIsolationFiles *self,
                                        const char *const wanted[BATON_ISOLATION_N_FILES],
                                        BatonEnd **ret_end);

G_END_DECLS
