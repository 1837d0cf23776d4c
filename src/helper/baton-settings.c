/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-settings.h"

#include <string.h>

#include "baton-machine.h"
#include "baton-profile-edit.h"
#include "baton-profile-lines.h"
#include "baton-settings-file.h"

static BatonEnd *
end_unusable (const char *file, const char *reason)
{
  return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_SETTINGS_UNUSABLE, "file", file,
                        "reason", reason, NULL);
}

static BatonEnd *
end_not_written (const char *file, const char *reason)
{
  return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_SETTINGS_NOT_WRITTEN, "file", file,
                        "reason", reason, NULL);
}

static BatonEnd *
end_with_problem (BatonProfileEdit outcome, const BatonProfileProblem *problem)
{
  g_autofree char *line = g_strdup_printf ("%u", problem->line);
  gboolean is_old = outcome == BATON_PROFILE_EDIT_MISTAKE;

  /* Nothing of one line: the file as a whole cannot be read, or would have grown too large. */
  if (problem->line == 0)
    return is_old ? end_unusable (problem->file, problem->reason)
                  : end_not_written (problem->file, problem->reason);

  return baton_end_new (is_old ? BATON_EXIT_REFUSED : BATON_EXIT_BAD_REQUEST,
                        is_old ? BATON_CODE_SETTINGS_MISTAKE : BATON_CODE_SETTINGS_REFUSED,
                        "file", problem->file, "line", line, "key", problem->key, "reason",
                        problem->reason, NULL);
}

static guint
find_line (const BatonProfileChanges *changes, const char *text, const char *key)
{
  g_autoptr (GPtrArray) lines = baton_profile_lines_new (text);

  for (guint i = 0; i < lines->len; i++)
    {
      const BatonProfileLine *line = lines->pdata[i];

      if (g_strcmp0 (line->section, changes->card) == 0 && g_strcmp0 (line->key, key) == 0)
        return i + 1;
    }

  return 0;
}

/* A file for Xorg that cannot be used is found out by whoever names it, and not when the desktop has
 * ended for a handoff. What was named before is none of this change. */
static BatonEnd *
find_unusable_file (BatonRoot *root,
                    const BatonProfileChanges *changes,
                    const char *file,
                    const char *text)
{
  g_autoptr (BatonProfile) profile =
      baton_profile_new_from_text (changes->card, file, text, strlen (text));
  g_autoptr (BatonProfileProblem) problem = NULL;

  baton_profile_look_at_xorg (profile, root);
  if (profile->xorg_fault == NULL ||
      !baton_profile_changes_name (changes, profile->xorg_fault_key))
    return NULL;

  problem = baton_profile_problem_new (file, find_line (changes, text, profile->xorg_fault_key),
                                       profile->xorg_fault_key, profile->xorg_fault);

  return end_with_problem (BATON_PROFILE_EDIT_REFUSED, problem);
}

static BatonEnd *
end_changed (BatonCard *card, const char *file, const BatonProfileChanges *changes)
{
  g_auto (GStrv) arguments = baton_profile_changes_to_arguments (changes);
  g_autofree char *list = g_strjoinv (", ", arguments + 1);

  return baton_end_new (BATON_EXIT_DONE, BATON_CODE_SETTINGS_CHANGED, "card",
                        baton_card_get_name (card), "file", file, "changes", list, NULL);
}

static BatonEnd *
end_no_card (const char *address)
{
  g_autofree char *reason =
      g_strdup_printf ("there is no graphics card at the address %s", address);

  return baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason", reason,
                        NULL);
}

static BatonEnd *
change_file (BatonRoot *root,
             BatonEventWriter *events,
             BatonCard *card,
             const BatonProfileChanges *changes)
{
  g_autofree char *name = baton_root_build_path (root, BATON_ROOT_ETC, BATON_PROFILE_FILE);
  g_autofree char *identity = baton_function_dup_identity (card->display);
  g_autofree char *text = NULL;
  g_autoptr (BatonProfileProblem) problem = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonSettingsFile) file = baton_settings_file_open (root, &error);
  BatonProfileEdit outcome;
  BatonEnd *end = NULL;
  const char *old = NULL;
  gsize length = 0;

  if (file == NULL)
    return end_unusable (name, error->message);

  old = baton_settings_file_get_text (file, &length);
  outcome = baton_profile_edit (changes, identity, name, old, length, &text, &problem);
  if (problem != NULL)
    return end_with_problem (outcome, problem);
  if (outcome == BATON_PROFILE_EDIT_SAME)
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_SETTINGS_SAME, "card",
                          baton_card_get_name (card), NULL);
  end = find_unusable_file (root, changes, name, text);
  if (end != NULL)
    return end;
  if (!baton_settings_file_replace (file, text, events, &error))
    return end_not_written (name, error->message);

  return end_changed (card, name, changes);
}

/**
 * baton_settings_change:
 * @root: the roots
 * @events: where warnings go
 * @changes: what is to change
 *
 * Changes one card's section of `/etc/baton.conf`, all of it or nothing. Whoever calls holds the
 * lock.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_settings_change (BatonRoot *root,
                       BatonEventWriter *events,
                       const BatonProfileChanges *changes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new (root, &error);
  BatonCard *card = NULL;

  if (machine == NULL)
    return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                          NULL);
  card = baton_machine_find_card (machine, changes->card);
  if (card == NULL)
    return end_no_card (changes->card);

  return change_file (root, events, card, changes);
}
