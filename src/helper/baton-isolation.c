/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-isolation.h"

#include "baton-isolation-effect.h"
#include "baton-isolation-files.h"
#include "baton-kept-off-environment.h"
#include "baton-kept-off-group.h"

static BatonEnd *
end_of_card (BatonExit status, BatonCode code, const char *name)
{
  return baton_end_new (status, code, "card", name, NULL);
}

static BatonEnd *
end_look_failed (const GError *error)
{
  return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                        NULL);
}

static BatonEnd *
end_no_card (const char *address)
{
  g_autofree char *reason =
      g_strdup_printf ("there is no graphics card at the address %s", address);

  return baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason", reason,
                        NULL);
}

/* Takes what is at @address out of @cards. Returns: whether there was something */
static gboolean
take_out (GPtrArray *cards, const char *address)
{
  for (guint i = 0; i < cards->len; i++)
    {
      const BatonKeptOff *card = g_ptr_array_index (cards, i);

      if (g_str_equal (card->address, address))
        {
          g_ptr_array_remove_index (cards, i);
          return TRUE;
        }
    }

  return FALSE;
}

/* What reads these directories made them. */
static gboolean
has_directory (BatonRoot *root, const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);

  return baton_root_exists (root, BATON_ROOT_ETC, directory);
}

static gboolean
write_files (BatonRoot *root,
             BatonMachine *machine,
             BatonOwnFiles *files,
             GPtrArray *cards,
             BatonEnd **ret_end)
{
  gboolean needs_environment = baton_kept_off_needs_environment (machine, cards);
  g_autofree char *rules = cards->len > 0 ? baton_kept_off_build_rules (cards) : NULL;
  g_autofree char *environment =
      needs_environment && has_directory (root, BATON_KEPT_OFF_ENVIRONMENT)
          ? baton_kept_off_build_environment (root)
          : NULL;
  g_autofree char *profile = needs_environment && has_directory (root, BATON_KEPT_OFF_PROFILE)
                                 ? baton_kept_off_build_profile (root)
                                 : NULL;
  const char *const wanted[BATON_ISOLATION_N_FILES] = {
    [BATON_ISOLATION_RULES] = rules,
    [BATON_ISOLATION_ENVIRONMENT] = environment,
    [BATON_ISOLATION_PROFILE] = profile,
  };

  return baton_own_files_replace (files, wanted, ret_end);
}

/* The files are written; what is true of the desktop that runs is another matter. */
static BatonEnd *
end_kept_off (BatonRoot *root, BatonEventWriter *events, const char *address, gboolean programs)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) all = baton_holders_look (root, &machine, &error);
  BatonCard *card = machine != NULL ? baton_machine_find_card (machine, address) : NULL;
  BatonHolders *holders = all != NULL ? baton_holders_find (all, address) : NULL;
  g_autofree char *users = NULL;
  g_autofree char *unseen = NULL;

  if (all == NULL)
    return end_look_failed (error);
  if (card == NULL || holders == NULL)
    return end_no_card (address);

  users = baton_isolation_effect_describe_users (holders, programs);
  if (users != NULL)
    return baton_end_new (BATON_EXIT_DONE,
                          programs ? BATON_CODE_PROGRAMS_KEPT_OFF_LATER
                                   : BATON_CODE_KEPT_OFF_LATER,
                          "card", baton_card_get_name (card), "holders", users, NULL);
  if (!holders->complete)
    {
      unseen = g_strdup_printf ("Processes that could not be looked at: %u. One of them may "
                                "use the card.",
                                holders->unreadable);
      baton_event_writer_log (events, "warning", unseen);
    }

  return end_of_card (BATON_EXIT_DONE,
                      programs ? BATON_CODE_PROGRAMS_KEPT_OFF : BATON_CODE_KEPT_OFF,
                      baton_card_get_name (card));
}

static BatonEnd *
keep_off (BatonRoot *root,
          BatonEventWriter *events,
          BatonMachine *machine,
          BatonCard *card,
          gboolean programs,
          BatonOwnFiles *files)
{
  g_autoptr (GPtrArray) cards = baton_isolation_files_list_cards (files);
  BatonKeptOff *kept_off = NULL;
  const char *name = baton_card_get_name (card);
  const char *address = baton_card_get_address (card);
  g_autoptr (GError) error = NULL;
  BatonEnd *end = NULL;
  gid_t gid;

  switch (baton_kept_off_find_obstacle (machine, card))
    {
    case BATON_KEPT_OFF_BOOT_DISPLAY:
      return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_KEEP_OFF_BOOT_DISPLAY, name);
    case BATON_KEPT_OFF_NO_OTHER:
      return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_KEEP_OFF_ONLY_DISPLAY, name);
    case BATON_KEPT_OFF_POSSIBLE:
      break;
    }

  /* udev would leave the group out of its rules, and every program would have the card as before. */
  if (programs && !baton_kept_off_find_group (root, &gid))
    return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_KEEP_OFF_NO_GROUP, name);

  take_out (cards, address);
  kept_off = baton_kept_off_new_for_card (card);
  kept_off->programs = programs;
  g_ptr_array_add (cards, kept_off);
  if (!write_files (root, machine, files, cards, &end))
    return end;
  if (!baton_isolation_effect_apply (root, card, TRUE, programs, &error))
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_KEPT_OFF_AT_BOOT, "card", name, "reason",
                          error->message, NULL);

  return end_kept_off (root, events, address, programs);
}

/* @card: %NULL where the card has left the computer, and its rules have not */
static BatonEnd *
give_back (BatonRoot *root,
           BatonMachine *machine,
           BatonCard *card,
           const char *address,
           BatonOwnFiles *files)
{
  g_autoptr (GPtrArray) cards = baton_isolation_files_list_cards (files);
  gboolean was_kept_off = take_out (cards, address);
  const char *name = card != NULL ? baton_card_get_name (card) : address;
  g_autoptr (GError) error = NULL;
  BatonEnd *end = NULL;

  if (!was_kept_off && card == NULL)
    return end_no_card (address);
  if (!write_files (root, machine, files, cards, &end))
    return end;
  if (!was_kept_off)
    return end_of_card (BATON_EXIT_DONE, BATON_CODE_NOT_KEPT_OFF, name);
  if (card != NULL && !baton_isolation_effect_apply (root, card, FALSE, FALSE, &error))
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_GIVEN_BACK_AT_BOOT, "card", name,
                          "reason", error->message, NULL);

  return end_of_card (BATON_EXIT_DONE, BATON_CODE_GIVEN_BACK, name);
}

/**
 * baton_isolation_change:
 * @root: the roots
 * @events: where warnings go
 * @address: canonical address of a card
 * @undo: the desktop may have it again
 * @programs: where it may not: nor may programs, but those that baton-run lets in
 *
 * Keeps this computer's desktop off a card, or puts back every byte that did. What is kept off are
 * cards that the machine has; every one has its part in the same files. Whoever calls holds the lock.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_isolation_change (BatonRoot *root,
                        BatonEventWriter *events,
                        const char *address,
                        gboolean undo,
                        gboolean programs)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new (root, &error);
  g_autoptr (BatonOwnFiles) files = NULL;
  BatonCard *card = NULL;
  BatonEnd *end = NULL;

  if (machine == NULL)
    return end_look_failed (error);
  card = baton_machine_find_card (machine, address);
  if (card == NULL && !undo)
    return end_no_card (address);

  files = baton_isolation_files_open (root, &end);
  if (files == NULL)
    return end;

  return undo ? give_back (root, machine, card, address, files)
              : keep_off (root, events, machine, card, programs, files);
}

static void
give_devices_back (BatonUndo *undo, GPtrArray *cards)
{
  for (guint i = 0; i < cards->len; i++)
    {
      const BatonKeptOff *kept_off = g_ptr_array_index (cards, i);
      const BatonCard *card = baton_machine_find_card (undo->machine, kept_off->address);
      g_autoptr (GError) error = NULL;

      if (card == NULL || baton_isolation_effect_apply (undo->root, card, FALSE, FALSE, &error))
        baton_undo_say (undo, BATON_CODE_GIVEN_BACK, "card",
                        card != NULL ? baton_card_get_name (card) : kept_off->address, NULL);
      else
        baton_undo_say (undo, BATON_CODE_GIVEN_BACK_AT_BOOT, "card", baton_card_get_name (card),
                        "reason", error->message, NULL);
    }
}

/**
 * baton_isolation_take_back:
 * @undo: what is taken back
 *
 * Lets the desktop, and programs, on every card that they are kept off. Whoever calls holds the lock.
 */
void
baton_isolation_take_back (BatonUndo *undo)
{
  static const char *const nothing[BATON_ISOLATION_N_FILES] = { NULL };
  g_autoptr (BatonOwnFiles) files = baton_isolation_files_open_ours (undo->root);
  g_autoptr (GPtrArray) cards = baton_isolation_files_list_cards (files);
  BatonEnd *end = NULL;

  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    if (baton_own_files_get_foreign (files, i) != NULL)
      baton_undo_add_left (undo, baton_isolation_files_get_path (i),
                           baton_own_files_get_foreign (files, i));
  if (!baton_own_files_replace (files, nothing, &end))
    {
      baton_undo_add_end (undo, BATON_KEPT_OFF_RULES, end);
      return;
    }

  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    if (baton_own_files_get_text (files, i) != NULL)
      baton_undo_add_gone (undo, baton_isolation_files_get_path (i));
  give_devices_back (undo, cards);
}
