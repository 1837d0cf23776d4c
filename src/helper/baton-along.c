/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-along.h"

#include "baton-also.h"
#include "baton-belongings.h"
#include "baton-effect.h"
#include "baton-state-file.h"

/* What travels with a card because its owner says so (baton.conf(5), `also`), and is no part of it. */

/**
 * baton_along_is:
 * @context: the handoff
 * @address: a function that travels
 *
 * Returns: whether it travels along
 */
gboolean
baton_along_is (const BatonStepContext *context, const char *address)
{
  const BatonFunctionState *state = baton_card_state_find (context->before, address);

  return state != NULL && state->also;
}

static const char *
get_use (const BatonPlugged *plugged)
{
  if (plugged->kind != BATON_PLUGGED_DISK)
    return NULL;

  return plugged->mounted_at != NULL ? plugged->mounted_at : plugged->used_by;
}

/**
 * baton_along_may_go:
 * @context: the handoff
 * @address: a function that is about to be taken from its driver
 * @trouble: what is in the way
 *
 * Looks again, right before it is done, whether a disk came into use since the plan was made: what
 * is plugged in is mounted by itself on many a desktop.
 *
 * Returns: %TRUE if it travels along and nothing is in the way, or is part of the card
 */
gboolean
baton_along_may_go (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) list = NULL;

  if (!baton_along_is (context, address))
    return TRUE;
  list = baton_belongings_list (context->root, address);
  for (guint i = 0; i < list->len; i++)
    {
      const BatonPlugged *plugged = g_ptr_array_index (list, i);

      if (get_use (plugged) == NULL)
        continue;
      baton_trouble_set (trouble, BATON_CODE_DISK_CAME_INTO_USE, 0, "address", address, "name",
                         plugged->name, "user", get_use (plugged), NULL);
      return FALSE;
    }

  return TRUE;
}

static BatonAlso *
make_note (const BatonFunctionState *state)
{
  g_autofree char *identity = baton_function_state_dup_identity (state);

  return baton_also_new (state->address, identity);
}

/**
 * baton_along_note:
 * @before: a card that is about to go to a guest
 * @root: the roots
 * @error: return location for an error
 *
 * Notes what goes along with it, for whoever looks until it is back.
 *
 * Returns: %TRUE if it is noted, or there is nothing to note
 */
gboolean
baton_along_note (const BatonCardState *before, BatonRoot *root, GError **error)
{
  g_autofree char *name = baton_also_build_name (before->card);
  g_autoptr (GPtrArray) list = baton_also_list_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (before->functions, i);

      if (state->also)
        g_ptr_array_add (list, make_note (state));
    }
  if (list->len == 0)
    return baton_along_forget (root, before->card, error);

  node = baton_also_list_to_json (list);
  text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_RUN, BATON_ALSO_DIRECTORY, name, text, 0644,
                            error);
}

/**
 * baton_along_forget:
 * @root: the roots
 * @card: a card's address
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is noted any more
 */
gboolean
baton_along_forget (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = baton_also_build_name (card);

  return baton_state_remove (root, BATON_ROOT_RUN, BATON_ALSO_DIRECTORY, name, error);
}
