/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-state.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "baton-fd.h"
#include "baton-state-file.h"

static char *
build_name (const char *card)
{
  return g_strconcat (card, ".json", NULL);
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
