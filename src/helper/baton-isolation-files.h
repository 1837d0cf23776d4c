/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-own-files.h"

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

BatonOwnFiles *baton_isolation_files_open (BatonRoot *root, BatonEnd **ret_end);
BatonOwnFiles *baton_isolation_files_open_ours (BatonRoot *root);
const char *baton_isolation_files_get_path (BatonIsolationFile file);
GPtrArray *baton_isolation_files_list_cards (BatonOwnFiles *files);

G_END_DECLS
