/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopting.h"

#include <string.h>

#include "baton-adoption-files.h"
#include "baton-claim.h"
#include "baton-hook-installation.h"
#include "baton-text.h"

/* What a part came to, beside the result of the whole. */
static void
tell (BatonAdopting *self, const BatonEnd *end)
{
  g_autofree char *text = baton_code_dup_text (end->code, end->args);
  g_autofree char *remedy = baton_code_dup_remedy (end->code, end->args);
  g_autofree char *both =
      remedy != NULL ? g_strdup_printf ("%s %s", text, remedy) : g_strdup (text);

  baton_event_writer_log (self->events, "info", both);
}

/**
 * baton_adopting_save:
 * @self: what is at work
 * @ret_end: (out) (optional): why it could not be written
 *
 * Writes down what is moved aside by now.
 *
 * Returns: whether it was written
 */
gboolean
baton_adopting_save (BatonAdopting *self, BatonEnd **ret_end)
{
  g_autoptr (GError) error = NULL;

  if (baton_adoptions_save (self->adoptions, self->root, &error))
    return TRUE;
  if (ret_end != NULL)
    *ret_end = baton_end_new (BATON_EXIT_ERROR, BATON_CODE_ADOPT_NOT_WRITTEN, "reason",
                              error->message, NULL);

  return FALSE;
}

/* Returns: whether it is done; else @ret_end says why not */
static gboolean
set_hook (BatonAdopting *self, gboolean undo, BatonEnd **ret_end)
{
  g_autoptr (BatonEnd) end = baton_hook_installation_change (self->root, self->events, undo);

  if (end->status != BATON_EXIT_DONE)
    {
      *ret_end = g_steal_pointer (&end);
      return FALSE;
    }
  tell (self, end);

  return TRUE;
}

static gboolean
set_claims (BatonAdopting *self, const char *const *claims, gboolean undo, BatonEnd **ret_end)
{
  g_autoptr (BatonEnd) end =
      baton_claim_change_functions (self->root, self->events, claims, undo);

  if (end->status != BATON_EXIT_DONE)
    {
      *ret_end = g_steal_pointer (&end);
      return FALSE;
    }

  return TRUE;
}

/* Another card's setup may have been adopted by the same hook. */
static gboolean
is_hook_for_others (const BatonAdopting *self, const BatonAdoption *adoption)
{
  for (guint i = 0; i < self->adoptions->len; i++)
    {
      const BatonAdoption *other = g_ptr_array_index (self->adoptions, i);

      if (other != adoption && other->hook)
        return TRUE;
    }

  return FALSE;
}

static BatonEnd *
end_in_part (const BatonAdoption *adoption, BatonEnd *cause)
{
  g_autofree char *text = baton_code_dup_text (cause->code, cause->args);

  if (g_str_has_suffix (text, "."))
    text[strlen (text) - 1] = '\0';
  baton_end_free (cause);

  return baton_end_new (BATON_EXIT_DEGRADED, BATON_CODE_ADOPT_LEFT_IN_PART, "card",
                        adoption->card, "reason", text, NULL);
}

/* @end: (transfer full): why it could not be carried out. The boot images are the old ones still. */
static BatonEnd *
roll_back (BatonAdopting *self, BatonAdoption *adoption, gboolean took_hook, BatonEnd *end)
{
  BatonEnd *cause = NULL;

  if ((took_hook && !set_hook (self, TRUE, &cause)) ||
      !baton_adoption_files_put_back (adoption, self->root, &cause))
    {
      baton_end_free (end);
      return end_in_part (adoption, cause);
    }
  g_ptr_array_remove (self->adoptions, adoption);
  /* What is remembered of files that are back does no harm. */
  baton_adopting_save (self, NULL);
  baton_event_writer_log (self->events, "info",
                          "What had been moved aside is back in its place.");

  return end;
}

/* What makes the images reads the files, so that these come first; what takes longest comes last. */
/**
 * baton_adopting_carry_out:
 * @self: what is at work
 * @adoption: (borrowed): one of those at work, whose files are known and nothing else is done yet
 * @claims: (array zero-terminated=1): functions that Baton is to claim
 *
 * Moves its files aside, has libvirt call Baton where it says so, and claims; or nothing of it.
 *
 * Returns: (transfer full) (nullable): why it was not done, with the adoption gone from those at work
 *   unless a part of it is left
 */
BatonEnd *
baton_adopting_carry_out (BatonAdopting *self,
                          BatonAdoption *adoption,
                          const char *const *claims)
{
  gboolean took_hook = FALSE;
  BatonEnd *end = NULL;

  if (!baton_adoption_files_move (adoption, self->root, &end))
    return roll_back (self, adoption, FALSE, end);
  if (adoption->hook)
    took_hook = set_hook (self, FALSE, &end);
  if (end == NULL && claims[0] != NULL)
    set_claims (self, claims, FALSE, &end);
  if (end != NULL)
    return roll_back (self, adoption, took_hook, end);

  adoption->is_whole = TRUE;
  /* Where that is lost it can be put back all the same. */
  baton_adopting_save (self, NULL);

  return NULL;
}

/* @end: (transfer full): why the rest could not be undone. What was put back is moved aside again. */
static BatonEnd *
restore (BatonAdopting *self, BatonAdoption *adoption, gboolean had_hook, BatonEnd *end)
{
  BatonEnd *cause = NULL;

  if (!baton_adoption_files_move (adoption, self->root, &cause) ||
      (had_hook && !set_hook (self, FALSE, &cause)))
    {
      baton_end_free (end);
      return end_in_part (adoption, cause);
    }
  adoption->is_whole = TRUE;
  baton_adopting_save (self, NULL);

  return end;
}

/**
 * baton_adopting_put_back:
 * @self: what is at work
 * @adoption: (borrowed): one of those at work, whole or cut off
 *
 * Puts back what was moved aside, and takes back what Baton did in its place; or nothing of it.
 *
 * Returns: (transfer full) (nullable): why it was not put back; else it is gone from those at work
 */
BatonEnd *
baton_adopting_put_back (BatonAdopting *self, BatonAdoption *adoption)
{
  gboolean was_whole = adoption->is_whole;
  gboolean had_hook = FALSE;
  BatonEnd *end = NULL;

  adoption->is_whole = FALSE;
  if (!baton_adopting_save (self, &end))
    return end;
  if (!baton_adoption_files_put_back (adoption, self->root, &end))
    {
      adoption->is_whole = was_whole;
      baton_adopting_save (self, NULL);
      return end;
    }
  if (adoption->hook && !is_hook_for_others (self, adoption))
    had_hook = set_hook (self, TRUE, &end);
  if (end == NULL && adoption->images)
    set_claims (self, (const char *const *) adoption->claims, TRUE, &end);
  if (end != NULL)
    return was_whole ? restore (self, adoption, had_hook, end) : end;

  g_ptr_array_remove (self->adoptions, adoption);
  baton_adopting_save (self, &end);

  return end;
}
