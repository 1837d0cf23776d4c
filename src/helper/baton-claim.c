/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-claim.h"

#include <string.h>

#include "baton-boot-images.h"
#include "baton-claim-obstacle.h"
#include "baton-holders.h"
#include "baton-own-files.h"
#include "baton-pci-address.h"

#define MKINITCPIO_TEXT                                                                        \
  "# Written by Baton: /etc/baton/claims says what this is for. “batonctl claim CARD "       \
  "--undo”\n"                                                                                \
  "# takes it away.\n"                                                                         \
  "HOOKS+=(baton-claim)\n"

typedef enum
{
  FILE_CLAIMS,
  FILE_MKINITCPIO,
  N_FILES,
} File;

static const char *const paths[N_FILES] = {
  [FILE_CLAIMS] = BATON_BOOT_CLAIMS,
  [FILE_MKINITCPIO] = BATON_CLAIM_MKINITCPIO,
};

/* Every byte of both follows from what is claimed. */
static gboolean
is_ours (guint file, const char *text)
{
  g_autoptr (GPtrArray) claims = NULL;

  if (file == FILE_MKINITCPIO)
    return strcmp (text, MKINITCPIO_TEXT) == 0;
  claims = baton_boot_claims_parse (text);

  return claims != NULL;
}

static const BatonOwnFilesKind files_kind = {
  .state = "claims.json",
  .n_files = N_FILES,
  .paths = paths,
  .is_ours = is_ours,
  .foreign = BATON_CODE_CLAIM_FOREIGN_FILE,
  .not_written = BATON_CODE_CLAIM_NOT_WRITTEN,
};

static BatonEnd *
end_no_function (const char *address)
{
  g_autofree char *reason =
      g_strdup_printf ("there is no part of a graphics card at the address %s", address);

  return baton_end_new (BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, "reason", reason,
                        NULL);
}

static BatonCard *
find_card (BatonMachine *machine, const char *address)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (machine->cards, i);

      for (guint j = 0; j < card->functions->len; j++)
        {
          const BatonFunction *function = g_ptr_array_index (card->functions, j);

          if (strcmp (function->address, address) == 0 && !baton_card_is_also (card, function))
            return card;
        }
    }

  return NULL;
}

/* The display stands for the whole card, any other function for itself. What its owner lets travel
 * along is no part of it. */
static GPtrArray *
list_meant (const BatonCard *card, const char *address)
{
  gboolean is_whole = strcmp (card->display->address, address) == 0;
  GPtrArray *functions = g_ptr_array_new ();

  for (guint i = 0; i < card->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (card->functions, i);

      if (!baton_card_is_also (card, function) &&
          (is_whole || strcmp (function->address, address) == 0))
        g_ptr_array_add (functions, function);
    }

  return functions;
}

static GPtrArray *
list_claims (BatonOwnFiles *files)
{
  const char *text = baton_own_files_get_text (files, FILE_CLAIMS);
  GPtrArray *claims = text != NULL ? baton_boot_claims_parse (text) : NULL;

  return claims != NULL ? claims : baton_boot_claims_new ();
}

static gboolean
take_out (GPtrArray *claims, const char *address)
{
  for (guint i = 0; i < claims->len; i++)
    if (strcmp (((const BatonBootClaim *) claims->pdata[i])->address, address) == 0)
      {
        g_ptr_array_remove_index (claims, i);
        return TRUE;
      }

  return FALSE;
}

/* Where the card has left, the first function's address stands for all that were in its slot. */
static gboolean
take_out_slot (GPtrArray *claims, const char *address)
{
  g_autofree char *slot = g_strndup (address, strlen (address) - 1);
  gboolean is_whole = g_str_has_suffix (address, ".0");
  guint n_before = claims->len;

  if (!is_whole)
    return take_out (claims, address);
  for (guint i = claims->len; i > 0; i--)
    if (g_str_has_prefix (((const BatonBootClaim *) claims->pdata[i - 1])->address, slot))
      g_ptr_array_remove_index (claims, i - 1);

  return claims->len < n_before;
}

static gboolean
put_files_back (BatonRoot *root, const char *const *texts)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonOwnFiles) files = baton_own_files_open (root, &files_kind, &end);
  gboolean is_done = files != NULL && baton_own_files_replace (files, texts, &end);

  g_clear_pointer (&end, baton_end_free);

  return is_done;
}

/* What makes the images reads the files, so that these come first. */
static BatonEnd *
apply (BatonRoot *root,
       BatonEventWriter *events,
       BatonOwnFiles *files,
       GPtrArray *claims,
       const char *release)
{
  BatonEnd *end = NULL;
  gboolean has_claims = claims->len > 0;
  g_autofree char *text = has_claims ? baton_boot_claims_build (claims) : NULL;
  g_autoptr (BatonBootImages) images = baton_boot_images_find (root, release, &end);
  const char *before[N_FILES];
  const char *wanted[N_FILES];

  if (images == NULL)
    return end;
  for (guint i = 0; i < N_FILES; i++)
    before[i] = baton_own_files_get_text (files, i);
  wanted[FILE_CLAIMS] = text;
  wanted[FILE_MKINITCPIO] =
      has_claims && baton_boot_images_needs_hook_named (images) ? MKINITCPIO_TEXT : NULL;
  if (!baton_own_files_replace (files, wanted, &end))
    return end;
  if (baton_boot_images_build (images, events, has_claims, &end) &&
      baton_boot_images_replace (images, &end))
    return NULL;
  if (!put_files_back (root, before))
    baton_event_writer_log (events, "warning",
                            "What names the claims could not be put back as it was either.");

  return end;
}

static char *
join_addresses (GPtrArray *functions)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < functions->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
                            ((const BatonFunction *) functions->pdata[i])->address);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Adds @functions of @card to @claims. Returns: (nullable): what stands in the way */
static BatonEnd *
add (BatonRoot *root,
     BatonEventWriter *events,
     BatonMachine *machine,
     GPtrArray *holders,
     const BatonCard *card,
     GPtrArray *functions,
     GPtrArray *claims)
{
  BatonEnd *end = baton_claim_find_obstacle (root, events, machine, holders, card, functions);

  if (end != NULL)
    return end;
  for (guint i = 0; i < functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (functions, i);

      take_out (claims, function->address);
      g_ptr_array_add (claims, baton_boot_claim_new_for_function (function));
    }

  return NULL;
}

static BatonEnd *
claim (BatonRoot *root,
       BatonEventWriter *events,
       BatonMachine *machine,
       GPtrArray *holders,
       const char *address,
       BatonOwnFiles *files)
{
  BatonCard *card = find_card (machine, address);
  g_autoptr (GPtrArray) functions = card != NULL ? list_meant (card, address) : NULL;
  g_autoptr (GPtrArray) claims = list_claims (files);
  g_autofree char *addresses = NULL;
  BatonEnd *end = NULL;

  if (card == NULL)
    return end_no_function (address);
  end = add (root, events, machine, holders, card, functions, claims);
  if (end == NULL)
    end = apply (root, events, files, claims, machine->system->kernel_release);
  if (end != NULL)
    return end;
  addresses = join_addresses (functions);

  return baton_end_new (BATON_EXIT_DONE, BATON_CODE_CLAIM_MADE, "card",
                        baton_card_get_name (card), "addresses", addresses, NULL);
}

static BatonEnd *
give_up (BatonRoot *root,
         BatonEventWriter *events,
         BatonMachine *machine,
         const char *address,
         BatonOwnFiles *files)
{
  BatonCard *card = find_card (machine, address);
  g_autoptr (GPtrArray) functions = card != NULL ? list_meant (card, address) : NULL;
  g_autoptr (GPtrArray) claims = list_claims (files);
  const char *name = card != NULL ? baton_card_get_name (card) : address;
  gboolean was_claimed = FALSE;
  BatonEnd *end = NULL;

  for (guint i = 0; functions != NULL && i < functions->len; i++)
    was_claimed |= take_out (claims, ((const BatonFunction *) functions->pdata[i])->address);
  if (functions == NULL)
    was_claimed = take_out_slot (claims, address);
  if (!was_claimed)
    return card == NULL
               ? end_no_function (address)
               : baton_end_new (BATON_EXIT_DONE, BATON_CODE_NOT_CLAIMED, "card", name, NULL);

  end = apply (root, events, files, claims, machine->system->kernel_release);

  return end != NULL
             ? end
             : baton_end_new (BATON_EXIT_DONE, BATON_CODE_CLAIM_UNDONE, "card", name, NULL);
}

/**
 * baton_claim_change:
 * @root: the roots
 * @events: where warnings go, and what takes long
 * @address: canonical address of a card, or of a single function of one
 * @undo: it is claimed no more
 *
 * Has vfio-pci get a card at every start before any other driver, or no more: writes down what is
 * claimed and makes the images anew that this computer boots from. Either both are changed or
 * neither. Whoever calls holds the lock.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_claim_change (BatonRoot *root,
                    BatonEventWriter *events,
                    const char *address,
                    gboolean undo)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) holders = baton_holders_look (root, &machine, &error);
  g_autoptr (BatonOwnFiles) files = NULL;
  BatonEnd *end = NULL;

  if (holders == NULL)
    return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                          NULL);
  files = baton_own_files_open (root, &files_kind, &end);
  if (files == NULL)
    return end;

  return undo ? give_up (root, events, machine, address, files)
              : claim (root, events, machine, holders, address, files);
}

static GPtrArray *
list_of_card (const BatonCard *card, const char *const *addresses)
{
  GPtrArray *functions = g_ptr_array_new ();

  for (guint i = 0; i < card->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (card->functions, i);

      if (!baton_card_is_also (card, function) &&
          g_strv_contains (addresses, function->address))
        g_ptr_array_add (functions, function);
    }

  return functions;
}

/**
 * baton_claim_change_functions:
 * @root: the roots
 * @events: where warnings go, and what takes long
 * @addresses: canonical addresses of functions of cards
 * @undo: they are claimed no more
 *
 * Like baton_claim_change(), of functions of several cards at once, and makes the images anew in any case:
 * something else that becomes part of them has changed. What is no function of a card is not claimed.
 *
 * Returns: (transfer full): how it ended, with %BATON_EXIT_DONE or not at all
 */
BatonEnd *
baton_claim_change_functions (BatonRoot *root,
                              BatonEventWriter *events,
                              const char *const *addresses,
                              gboolean undo)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) holders = baton_holders_look (root, &machine, &error);
  g_autoptr (BatonOwnFiles) files = NULL;
  g_autoptr (GPtrArray) claims = NULL;
  BatonEnd *end = NULL;

  if (holders == NULL)
    return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                          NULL);
  files = baton_own_files_open (root, &files_kind, &end);
  if (files == NULL)
    return end;

  claims = list_claims (files);
  for (guint i = 0; undo && addresses[i] != NULL; i++)
    take_out (claims, addresses[i]);
  for (guint i = 0; !undo && end == NULL && i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);
      g_autoptr (GPtrArray) functions = list_of_card (card, addresses);

      if (functions->len > 0)
        end = add (root, events, machine, holders, card, functions, claims);
    }
  if (end == NULL)
    end = apply (root, events, files, claims, machine->system->kernel_release);

  return end != NULL
             ? end
             : baton_end_new (BATON_EXIT_DONE,
                              undo ? BATON_CODE_CLAIM_UNDONE : BATON_CODE_CLAIM_MADE, NULL);
}

/* Every card once, though each of its functions was claimed. */
static void
tell_of_cards (BatonUndo *undo, GPtrArray *claims)
{
  const char *last = NULL;

  for (guint i = 0; i < claims->len; i++)
    {
      const BatonBootClaim *claim = g_ptr_array_index (claims, i);
      const BatonCard *card = find_card (undo->machine, claim->address);
      const char *name = card != NULL ? baton_card_get_name (card) : claim->address;

      if (g_strcmp0 (name, last) != 0)
        baton_undo_say (undo, BATON_CODE_CLAIM_UNDONE, "card", name, NULL);
      last = name;
    }
}

/**
 * baton_claim_take_back:
 * @undo: what is taken back
 *
 * Has nothing claimed at boot any more, whatever was. Whoever calls holds the lock.
 */
void
baton_claim_take_back (BatonUndo *undo)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonOwnFiles) files = baton_own_files_open (undo->root, &files_kind, &end);
  g_autoptr (GPtrArray) claims = files != NULL ? list_claims (files) : NULL;
  g_autoptr (GPtrArray) none = baton_boot_claims_new ();
  gboolean is_there = FALSE;

  for (guint i = 0; files != NULL && i < N_FILES; i++)
    is_there |= baton_own_files_get_text (files, i) != NULL;
  if (is_there || (files != NULL && undo->images_are_stale))
    end = apply (undo->root, undo->events, files, none, undo->machine->system->kernel_release);
  if (end != NULL)
    {
      baton_undo_add_end (undo, BATON_BOOT_CLAIMS, end);
      return;
    }

  for (guint i = 0; i < N_FILES; i++)
    if (baton_own_files_get_text (files, i) != NULL)
      baton_undo_add_gone (undo, paths[i]);
  tell_of_cards (undo, claims);
}
