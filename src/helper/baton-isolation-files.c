/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-isolation-files.h"

#include "baton-kept-off-environment.h"

static const char *const paths[BATON_ISOLATION_N_FILES] = {
  [BATON_ISOLATION_RULES] = BATON_KEPT_OFF_RULES,
  [BATON_ISOLATION_ENVIRONMENT] = BATON_KEPT_OFF_ENVIRONMENT,
  [BATON_ISOLATION_PROFILE] = BATON_KEPT_OFF_PROFILE,
};

/* Of the rules every byte follows from the cards that they name, so that they are known for Baton's
 * where what was remembered is lost. */
static gboolean
is_ours (guint file, const char *text)
{
  g_autoptr (GPtrArray) cards =
      file == BATON_ISOLATION_RULES ? baton_kept_off_parse_rules (text) : NULL;

  return cards != NULL;
}

static const BatonOwnFilesKind kind = {
  .state = "kept-off.json",
  .n_files = BATON_ISOLATION_N_FILES,
  .paths = paths,
  .is_ours = is_ours,
  .foreign = BATON_CODE_KEEP_OFF_FOREIGN_FILE,
  .not_written = BATON_CODE_KEEP_OFF_NOT_WRITTEN,
};

/**
 * baton_isolation_files_open:
 * @root: the roots
 * @ret_end: (out): where %NULL is returned: which file is in the way, and why
 *
 * Returns: (transfer full) (nullable): the files by which a desktop is kept off cards
 */
BatonOwnFiles *
baton_isolation_files_open (BatonRoot *root, BatonEnd **ret_end)
{
  return baton_own_files_open (root, &kind, ret_end);
}

/**
 * baton_isolation_files_open_ours:
 * @root: the roots
 *
 * Returns: (transfer full): those of them that are Baton's, to take them away
 */
BatonOwnFiles *
baton_isolation_files_open_ours (BatonRoot *root)
{
  return baton_own_files_open_ours (root, &kind);
}

/**
 * baton_isolation_files_get_path:
 * @file: one of them
 *
 * Returns: (transfer none): where it is, below `/etc`
 */
const char *
baton_isolation_files_get_path (BatonIsolationFile file)
{
  return paths[file];
}

/**
 * baton_isolation_files_list_cards:
 * @files: those files
 *
 * Returns: (transfer full) (element-type BatonKeptOff): the cards that the desktop is kept off
 */
GPtrArray *
baton_isolation_files_list_cards (BatonOwnFiles *files)
{
  const char *rules = baton_own_files_get_text (files, BATON_ISOLATION_RULES);
  GPtrArray *cards = rules != NULL ? baton_kept_off_parse_rules (rules) : NULL;

  return cards != NULL ? cards
                       : g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);
}
