/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopt.h"

#include "baton-adopting.h"
#include "baton-adoption-files.h"
#include "baton-card-away.h"
#include "baton-handmade.h"
#include "baton-holders.h"
#include "baton-hook-script.h"
#include "baton-text.h"

typedef struct
{
  BatonAdopting parts;

  /* owned */
  BatonMachine *machine;
  GPtrArray *holders;
  GPtrArray *adoptions;
} Adopting;

static void
adopting_clear (Adopting *self)
{
  g_clear_pointer (&self->machine, baton_machine_unref);
  g_clear_pointer (&self->holders, g_ptr_array_unref);
  g_clear_pointer (&self->adoptions, g_ptr_array_unref);
  self->parts.adoptions = NULL;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Adopting, adopting_clear)

static BatonEnd *
end_of_card (BatonExit status, BatonCode code, const BatonCard *card)
{
  return baton_end_new (status, code, "card", baton_card_get_name (card), NULL);
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
look (Adopting *self)
{
  g_autoptr (GError) error = NULL;

  adopting_clear (self);
  self->holders = baton_holders_look (self->parts.root, &self->machine, &error);
  if (self->holders == NULL)
    return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason", error->message,
                          NULL);
  self->parts.adoptions = self->adoptions = baton_adoptions_load (self->parts.root, &error);

  return self->adoptions == NULL
             ? baton_end_new (BATON_EXIT_ERROR, BATON_CODE_ADOPT_NOT_WRITTEN, "reason",
                              error->message, NULL)
             : NULL;
}

/* What brings a card back that a guest has is what was there when it started. */
static gboolean
is_with_guest (const Adopting *self, const BatonCard *card)
{
  return (card->guests != NULL && card->guests->len > 0) ||
         baton_card_away_find (self->parts.root, self->machine) == card;
}

static gboolean
has_hook (BatonRoot *root)
{
  BatonEnd *end = NULL;
  g_autoptr (BatonHookScript) script = baton_hook_script_open (root, &end);

  g_clear_pointer (&end, baton_end_free);

  return script != NULL && baton_hook_script_is_there (script);
}

static gboolean
contains (GPtrArray *addresses, const char *address)
{
  return g_ptr_array_find_with_equal_func (addresses, address, g_str_equal, NULL);
}

/* Returns: (transfer full): what Baton is to claim, each function once */
static GPtrArray *
list_claims (GPtrArray *handmade)
{
  GPtrArray *claims = g_ptr_array_new ();

  for (guint i = 0; i < handmade->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (handmade, i);

      for (guint j = 0; one->claims[j] != NULL; j++)
        if (!contains (claims, one->claims[j]))
          g_ptr_array_add (claims, one->claims[j]);
    }
  g_ptr_array_add (claims, NULL);

  return claims;
}

/* Only what is not claimed yet is to be given up again one day. */
static void
note_claims (Adopting *self, BatonAdoption *adoption, GPtrArray *claims)
{
  guint n = 0;

  g_strfreev (adoption->claims);
  adoption->claims = g_new0 (char *, claims->len);
  for (guint i = 0; i + 1 < claims->len; i++)
    {
      const BatonFunction *function =
          baton_machine_find_function (self->machine, claims->pdata[i]);

      if (function != NULL &&
          baton_boot_claims_find (self->machine->boot_claims, function) == NULL)
        adoption->claims[n++] = g_strdup (claims->pdata[i]);
    }
}

static gboolean
wants_hook (GPtrArray *handmade)
{
  for (guint i = 0; i < handmade->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (handmade, i);

      if (one->kind == BATON_HANDMADE_HOOK && one->move != BATON_HANDMADE_BY_HAND)
        return TRUE;
    }

  return FALSE;
}

static void
tell_what_is_left (Adopting *self, GPtrArray *handmade)
{
  for (guint i = 0; i < handmade->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (handmade, i);
      g_autoptr (GHashTable) args = baton_handmade_dup_args (one);
      g_autofree char *text = baton_code_dup_text (one->instead, args);
      g_autofree char *remedy = baton_code_dup_remedy (one->instead, args);
      g_autofree char *line = NULL;

      if (one->move != BATON_HANDMADE_BY_HAND)
        continue;
      line = g_strdup_printf ("%s, line %u: %s %s", one->file, one->line, text,
                              remedy != NULL ? remedy : "");
      baton_event_writer_log (self->parts.events, "warning", line);
    }
}

static BatonEnd *
adopt (Adopting *self, const BatonCard *card, GPtrArray *handmade)
{
  g_autoptr (GPtrArray) claims = list_claims (handmade);
  BatonAdoption *adoption = baton_adoption_new (baton_card_get_address (card));
  g_autofree char *names = NULL;
  BatonEnd *end = NULL;

  g_ptr_array_add (self->adoptions, adoption);
  if (!baton_adoption_files_add (adoption, self->parts.root, handmade, &end))
    return end;
  if (adoption->files->len == 0 && claims->len <= 1)
    return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_ADOPT_ONLY_BY_HAND, card);

  note_claims (self, adoption, claims);
  adoption->images = claims->len > 1;
  adoption->hook = wants_hook (handmade) && !has_hook (self->parts.root);
  if (!baton_adopting_save (&self->parts, &end))
    return end;
  names = baton_adoption_files_join (adoption);
  end = baton_adopting_carry_out (&self->parts, adoption, (const char *const *) claims->pdata);
  if (end != NULL)
    return end;
  tell_what_is_left (self, handmade);
  if (*names != '\0')
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_ADOPTED, "card",
                          baton_card_get_name (card), "files", names, NULL);

  g_free (names);
  names = g_strjoinv (", ", (GStrv) claims->pdata);

  return baton_end_new (BATON_EXIT_DONE, BATON_CODE_CLAIM_MADE, "card",
                        baton_card_get_name (card), "addresses", names, NULL);
}

/**
 * baton_adopt_change:
 * @root: the roots
 * @events: where it is told what becomes of each part
 * @address: canonical address of a card
 * @expect: what baton_handmade_dup_digest() said of what was shown
 *
 * Moves aside what somebody has set up by hand for a card, and does what it did in Baton's own way: all
 * of it or nothing. One that was cut off before is put back first. Whoever calls holds the lock.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_adopt_change (BatonRoot *root,
                    BatonEventWriter *events,
                    const char *address,
                    const char *expect)
{
  g_auto (Adopting) self = { .parts = { .root = root, .events = events } };
  g_autoptr (GPtrArray) handmade = NULL;
  g_autofree char *digest = NULL;
  const BatonCard *card = NULL;
  BatonAdoption *earlier = NULL;
  BatonEnd *end = look (&self);

  if (end != NULL)
    return end;
  card = baton_machine_find_card (self.machine, address);
  if (card == NULL)
    return end_no_card (address);
  if (is_with_guest (&self, card))
    return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_ADOPT_WITH_GUEST, card);
  earlier = baton_adoptions_find (self.adoptions, address);
  if (earlier != NULL && earlier->is_whole)
    return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_ADOPT_ALREADY, card);
  if (earlier != NULL)
    {
      end = baton_adopting_put_back (&self.parts, earlier);
      if (end == NULL)
        end = look (&self);
      if (end != NULL)
        return end;
      card = baton_machine_find_card (self.machine, address);
      if (card == NULL)
        return end_no_card (address);
    }

  handmade = baton_handmade_list_of_card (self.machine->handmade, address);
  if (handmade->len == 0)
    return end_of_card (BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_ADOPT, card);
  digest = baton_handmade_dup_digest (self.machine->handmade, address);
  if (g_strcmp0 (digest, expect) != 0)
    {
      /* So that whoever asks can show it, and ask again. */
      baton_event_writer_machine (events, self.machine);
      return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_ADOPT_CHANGED, card);
    }

  return adopt (&self, card, handmade);
}

/**
 * baton_adopt_put_back:
 * @root: the roots
 * @events: where it is told what becomes of each part
 * @address: canonical address of a card, which may have left the computer
 *
 * Puts every byte back that was moved aside for the card, however far that came. Whoever calls holds the
 * lock.
 *
 * Returns: (transfer full): how it ended; emitting it is left to the caller
 */
BatonEnd *
baton_adopt_put_back (BatonRoot *root, BatonEventWriter *events, const char *address)
{
  g_auto (Adopting) self = { .parts = { .root = root, .events = events } };
  BatonEnd *end = look (&self);
  BatonAdoption *adoption = NULL;
  g_autofree char *names = NULL;
  const BatonCard *card = NULL;
  const char *name = address;

  if (end != NULL)
    return end;
  card = baton_machine_find_card (self.machine, address);
  adoption = baton_adoptions_find (self.adoptions, address);
  if (card == NULL && adoption == NULL)
    return end_no_card (address);
  if (card != NULL)
    name = baton_card_get_name (card);
  if (adoption == NULL)
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_NOT_ADOPTED, "card", name, NULL);
  if (card != NULL && is_with_guest (&self, card))
    return end_of_card (BATON_EXIT_REFUSED, BATON_CODE_ADOPT_WITH_GUEST, card);

  names = baton_adoption_files_join (adoption);
  end = baton_adopting_put_back (&self.parts, adoption);
  if (end != NULL)
    return end;
  if (*names == '\0')
    return baton_end_new (BATON_EXIT_DONE, BATON_CODE_CLAIM_UNDONE, "card", name, NULL);

  return baton_end_new (BATON_EXIT_DONE, BATON_CODE_ADOPT_UNDONE, "card", name, "files", names,
                        NULL);
}

/**
 * baton_adopt_take_back:
 * @undo: what is taken back
 *
 * Puts back what was moved aside for any card, the last one first: what was left of a file by one may have
 * been moved aside for another. The hook and the claims are for others to take back, after this. Whoever
 * calls holds the lock.
 */
void
baton_adopt_take_back (BatonUndo *undo)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) adoptions = baton_adoptions_load (undo->root, &error);
  BatonAdopting parts = { undo->root, undo->events, adoptions };

  if (adoptions == NULL)
    {
      baton_undo_add_left (undo, BATON_ADOPTED_DIRECTORY, error->message);
      return;
    }

  for (guint i = adoptions->len; i > 0; i--)
    {
      BatonAdoption *adoption = g_ptr_array_index (adoptions, i - 1);
      const BatonCard *card = baton_machine_find_card (undo->machine, adoption->card);
      g_autofree char *names = baton_adoption_files_join (adoption);
      g_autofree char *kept = g_build_filename (BATON_ADOPTED_DIRECTORY, adoption->card, NULL);
      BatonEnd *end = NULL;

      if (!baton_adoption_files_put_back (adoption, undo->root, &end))
        {
          baton_undo_add_end (undo, kept, end);
          continue;
        }
      undo->images_are_stale |= adoption->images;
      if (adoption->files->len > 0)
        {
          baton_undo_add_gone (undo, kept);
          baton_undo_say (undo, BATON_CODE_ADOPT_UNDONE, "card",
                          card != NULL ? baton_card_get_name (card) : adoption->card, "files",
                          names, NULL);
        }
      g_ptr_array_remove_index (adoptions, i - 1);
      baton_adopting_save (&parts, NULL);
    }
}
