/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-steps.h"
#include "baton-xorg-file.h"
#include "baton-xorg-place.h"

/* What Xorg reads while the host has the card and while a guest has it. That is on the disk, so that a
 * note of what to put back is there first, and for as long as a guest has the card: after a power cut
 * there is nothing else to tell it by. The note outlives the step that puts the files back as well, up
 * to the good end of its handoff (baton_record_settle_origin()): until then that may be put back itself. */

static gboolean
fail (BatonTrouble *trouble, BatonCode code, const char *file, const char *reason)
{
  baton_trouble_set (trouble, code, 0, "file", file, "reason", reason, NULL);

  return FALSE;
}

static gboolean
put_back (BatonStepContext *context, const BatonXorgState *state, BatonTrouble *trouble)
{
  return baton_xorg_put_back (context->root, state, context->problems, trouble);
}

static gboolean
forget (BatonStepContext *context, const char *card, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;

  return baton_xorg_state_forget (context->root, card, &error) ||
         fail (trouble, BATON_CODE_XORG_NOT_PUT_BACK, BATON_XORG_STATE_DIRECTORY,
               error->message);
}

/* Returns: FALSE with a trouble where there is one that cannot be read; none is no trouble */
static gboolean
load (BatonStepContext *context,
      const char *card,
      BatonXorgState **ret_state,
      BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;

  *ret_state = baton_xorg_state_load (context->root, card, &error);
  if (*ret_state != NULL || g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    return TRUE;

  return fail (trouble, BATON_CODE_XORG_NOT_PUT_BACK, BATON_XORG_STATE_DIRECTORY,
               error->message);
}

/* The card came back by another way, and nobody has put them back. */
static gboolean
settle_old (BatonStepContext *context, const char *card, BatonTrouble *trouble)
{
  g_autoptr (BatonXorgState) old = NULL;

  if (!load (context, card, &old, trouble))
    return FALSE;

  return old == NULL || (put_back (context, old, trouble) && forget (context, card, trouble));
}

/* What its owner wants, read and looked at once more. */
static gboolean
take_wishes (BatonStepContext *context, BatonXorgState *state, BatonTrouble *trouble)
{
  const BatonProfile *profile = context->profile;
  g_autofree char *reason = NULL;
  char *bytes = NULL;
  gsize length = 0;

  if (profile->xorg_host != NULL)
    {
      reason = baton_xorg_file_find_fault (context->root, profile->xorg_host, BATON_XORG_HOST);
      if (reason != NULL)
        return fail (trouble, BATON_CODE_XORG_NOT_PLACED, profile->xorg_host, reason);
      state->host = g_path_get_basename (profile->xorg_host);
    }
  if (profile->xorg_guest == NULL)
    return TRUE;

  reason = baton_xorg_file_find_obstacle (context->root, state->card);
  if (reason == NULL)
    bytes = baton_xorg_file_read (context->root, profile->xorg_guest, &length, &state->mode,
                                  &reason);
  if (bytes == NULL)
    return fail (trouble, BATON_CODE_XORG_NOT_PLACED, profile->xorg_guest, reason);
  state->guest = g_strdup (profile->xorg_guest);
  state->bytes = g_bytes_new_take (bytes, length);

  return TRUE;
}

static gboolean
place_for_guest (BatonStepContext *context, const char *card, BatonTrouble *trouble)
{
  g_autoptr (BatonXorgState) state = baton_xorg_state_new (context->root, card);
  g_autoptr (GError) error = NULL;

  if (!settle_old (context, card, trouble) || !take_wishes (context, state, trouble))
    return FALSE;
  if (!baton_xorg_state_save (state, context->root, &error))
    return fail (trouble, BATON_CODE_XORG_NOT_PLACED,
                 state->guest != NULL ? state->guest : context->profile->xorg_host,
                 error->message);

  return baton_xorg_place (context->root, state, trouble);
}

static gboolean
is_to_guest (const BatonStep *step)
{
  return g_strcmp0 (step->detail, baton_side_to_string (BATON_SIDE_GUEST)) == 0;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autoptr (BatonXorgState) state = NULL;
  g_auto (BatonTrouble) ignored = BATON_TROUBLE_INIT;
  gboolean is_readable = load (context, step->target, &state, &ignored);
  gboolean is_placed = state != NULL && baton_xorg_is_placed (context->root, state);

  /* What is not as its owner wants it was told by whoever put it back. */
  if (!is_to_guest (step))
    return applied || (is_readable && state == NULL);
  if (!applied || is_placed)
    return applied;

  return fail (trouble, BATON_CODE_XORG_NOT_PLACED,
               context->profile->xorg_guest != NULL ? context->profile->xorg_guest
                                                    : context->profile->xorg_host,
               "somebody has changed it at the same moment");
}

/* The card is back: what cannot be put back for Xorg is a problem, and no reason to take it away. */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (BatonXorgState) state = NULL;
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

  if (is_to_guest (step))
    return place_for_guest (context, step->target, trouble) ? BATON_OUTCOME_OK
                                                            : BATON_OUTCOME_FAILED;

  if (!load (context, step->target, &state, &problem) ||
      (state != NULL && !put_back (context, state, &problem)))
    g_ptr_array_add (context->problems, baton_trouble_copy (&problem));

  return BATON_OUTCOME_OK;
}

/* With another boot the card is where the boot has put it, and Xorg reads what it always reads. */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  g_autoptr (BatonXorgState) state = NULL;
  gboolean done;

  if (!load (context, step->target, &state, trouble))
    return BATON_OUTCOME_FAILED;
  if (state == NULL)
    return BATON_OUTCOME_OK;

  if (!is_to_guest (step) && baton_xorg_state_is_of_this_boot (state, context->root))
    done = baton_xorg_place (context->root, state, trouble);
  else
    done = put_back (context, state, trouble) && forget (context, step->target, trouble);

  return done ? BATON_OUTCOME_OK : BATON_OUTCOME_FAILED;
}

const BatonStepClass baton_step_place_file_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
