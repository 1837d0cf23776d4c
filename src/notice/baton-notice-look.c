/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-look.h"

#include <string.h>

#include "baton-holders.h"
#include "baton-notice-news.h"
#include "baton-offload.h"
#include "baton-process-kind.h"

/* References used below:
 *  PROC5 - proc(5): environ is what the program was started with, a NUL after each string
 */

#define MAX_ENVIRONMENT (2 * 1024 * 1024)

/* With a guest, or what the desktop hangs on, nothing of it is anybody's news. */
static gboolean
is_worth_it (const BatonCard *card)
{
  return !card->boot_display && !card->only_display && card->side == BATON_SIDE_HOST;
}

/* Sound servers have the card's sound open as long as a session lasts, and are asked for it. */
static gboolean
is_for_drawing (const BatonNode *node)
{
  return node->kind == BATON_NODE_DRM_PRIMARY || node->kind == BATON_NODE_DRM_RENDER ||
         node->kind == BATON_NODE_NVIDIA;
}

static gboolean
draws (const BatonHolder *holder, const BatonCard *card)
{
  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (is_for_drawing (node) &&
          g_strv_contains ((const char *const *) holder->nodes, node->path))
        return TRUE;
    }

  return FALSE;
}

/* Who has it through vfio is a guest, and who keeps a descriptor for others uses nothing. */
static gboolean
is_a_use (const BatonHolder *holder, const BatonCard *card)
{
  return holder->pid > 0 && (holder->how & BATON_HOW_VFIO) == 0 &&
         !baton_process_name_is_keeper (holder->name) && draws (holder, card);
}

static gboolean
is_on_purpose (BatonRoot *root, const BatonCard *card, int pid)
{
  g_autofree char *path = g_strdup_printf ("%d/environ", pid);
  gsize length = 0;
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_ENVIRONMENT, &length, NULL);
  g_autoptr (GPtrArray) environment = g_ptr_array_new ();

  /* It has ended meanwhile. */
  if (text == NULL)
    return FALSE;

  for (gsize start = 0; start < length; start += strlen (text + start) + 1)
    g_ptr_array_add (environment, text + start);
  g_ptr_array_add (environment, NULL);

  return baton_offload_is_meant (card, (char **) environment->pdata);
}

static BatonNoticeUse *
new_use (BatonRoot *root, const BatonCard *card, const BatonHolder *holder)
{
  BatonNoticeUse *use = g_new0 (BatonNoticeUse, 1);

  use->program = g_strdup (holder->app_id != NULL ? holder->app_id : holder->name);
  use->name = g_strdup (holder->name);
  use->app_id = g_strdup (holder->app_id);
  use->on_purpose = is_on_purpose (root, card, holder->pid);

  return use;
}

/**
 * baton_notice_look_list_nodes:
 * @root: where @machine was found
 * @machine: a machine
 *
 * Returns: (transfer full) (element-type filename): the device files through which programs use cards
 *   that could be handed over
 */
GPtrArray *
baton_notice_look_list_nodes (BatonRoot *root, BatonMachine *machine)
{
  g_autofree char *dev = baton_root_dup_shown_path (BATON_ROOT_DEV, "/");
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      for (guint j = 0; is_worth_it (card) && j < card->nodes->len; j++)
        {
          const BatonNode *node = g_ptr_array_index (card->nodes, j);

          if (is_for_drawing (node) && g_str_has_prefix (node->path, dev))
            g_ptr_array_add (
                paths, baton_root_build_path (root, BATON_ROOT_DEV, node->path + strlen (dev)));
        }
    }

  return paths;
}

/**
 * baton_notice_look:
 * @root: where @machine was found
 * @machine: a machine
 * @error: return location for an error
 *
 * Looks who uses the cards that could be handed over, as far as this user can see it: its own
 * processes.
 *
 * Returns: (transfer full) (element-type BatonNoticeCard) (nullable): those cards
 */
GPtrArray *
baton_notice_look (BatonRoot *root, BatonMachine *machine, GError **error)
{
  g_autoptr (GPtrArray) holders = baton_holders_scan (root, machine, error);
  GPtrArray *cards;

  if (holders == NULL)
    return NULL;

  cards = g_ptr_array_new_with_free_func ((GDestroyNotify) (gpointer) baton_notice_card_free);
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);
      const char *address = baton_card_get_address (card);
      const BatonHolders *of_card = baton_holders_find (holders, address);
      BatonNoticeCard *seen;

      if (!is_worth_it (card) || of_card == NULL)
        continue;
      seen = baton_notice_card_new (address);
      for (guint j = 0; j < of_card->holders->len; j++)
        {
          const BatonHolder *holder = g_ptr_array_index (of_card->holders, j);

          if (is_a_use (holder, card))
            g_ptr_array_add (seen->uses, new_use (root, card, holder));
        }
      g_ptr_array_add (cards, seen);
    }

  return cards;
}
