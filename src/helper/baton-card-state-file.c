/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-state.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "baton-fd.h"
#include "baton-pci-address.h"
#include "baton-state-file.h"

#define SUFFIX ".json"

static char *
build_name (const char *card)
{
  return g_strconcat (card, SUFFIX, NULL);
}

/**
 * baton_card_state_load:
 * @root: the roots
 * @card: the card's address
 * @error: return location for an error
 *
 * Reads how a card stood before it left the host. A restart forgets it,
 * rightly: then the card is where the firmware and the kernel put it.
 *
 * Fails with %BATON_ERROR_NOT_FOUND where there is no record.
 *
 * Returns: (transfer full): the state, or %NULL
 */
BatonCardState *
baton_card_state_load (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = build_name (card);
  g_autoptr (JsonNode) node =
      baton_state_read_json (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, name, error);

  if (node == NULL)
    return NULL;

  return baton_card_state_new_from_json (node, error);
}

/**
 * baton_card_state_list_of_guest:
 * @root: the roots
 * @guest: a guest's name, made safe to show
 *
 * Returns: (transfer full) (element-type utf8): addresses of the cards that its hook took and that
 *   have not come back since, in order
 */
GPtrArray *
baton_card_state_list_of_guest (BatonRoot *root, const char *guest)
{
  g_autoptr (GPtrArray) names =
      baton_root_list (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, NULL);
  GPtrArray *cards = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *card = g_str_has_suffix (name, SUFFIX)
                                  ? g_strndup (name, strlen (name) - strlen (SUFFIX))
                                  : NULL;
      g_autoptr (BatonCardState) state = NULL;

      if (card != NULL && baton_pci_address_is_valid (card))
        state = baton_card_state_load (root, card, NULL);
      if (state != NULL && g_strcmp0 (state->hook_guest, guest) == 0 &&
          g_str_equal (state->card, card))
        g_ptr_array_add (cards, g_steal_pointer (&card));
    }

  return cards;
}

/**
 * baton_card_state_save:
 * @self: how the card stands on the host
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: %TRUE if it is remembered until the card is back
 */
gboolean
baton_card_state_save (const BatonCardState *self, BatonRoot *root, GError **error)
{
  g_autofree char *name = build_name (self->card);
  g_autoptr (JsonNode) node = baton_card_state_to_json (self);
  g_autofree char *text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, name, text, 0600,
                            error);
}

/**
 * baton_card_state_forget:
 * @root: the roots
 * @card: the card's address
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is remembered about @card any more
 */
gboolean
baton_card_state_forget (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = build_name (card);

  return baton_state_remove (root, BATON_ROOT_RUN, BATON_CARDS_DIRECTORY, name, error);
}

/**
 * baton_card_state_dup_mark:
 * @root: the roots
 * @card: the card's address
 *
 * Returns: (transfer full) (nullable): what tells this record of @card from each that is made after
 *   it, or %NULL where there is none
 */
char *
baton_card_state_dup_mark (BatonRoot *root, const char *card)
{
  g_autofree char *name = build_name (card);
  g_autofree char *path = g_build_filename (BATON_CARDS_DIRECTORY, name, NULL);
  baton_autofd int fd = baton_root_open (root, BATON_ROOT_RUN, path, O_PATH | O_NOFOLLOW, NULL);
  struct stat file;

  if (fd < 0 || fstat (fd, &file) < 0)
    return NULL;

  return g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld",
                          (guint64) file.st_ino, (gint64) file.st_mtim.tv_sec,
                          file.st_mtim.tv_nsec);
}
