/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-xorg-state.h"

#include <string.h>

#include "baton-error.h"
#include "baton-json.h"
#include "baton-pci-address.h"
#include "baton-record.h"
#include "baton-state-file.h"
#include "baton-xorg-file.h"

/* The owner's file may hold what is not for everybody. */
#define MODE 0600

/**
 * baton_xorg_state_new:
 * @root: the roots
 * @card: a card's address
 *
 * Returns: (transfer full): a state of this boot in which nothing is otherwise yet
 */
BatonXorgState *
baton_xorg_state_new (BatonRoot *root, const char *card)
{
  BatonXorgState *self = g_new0 (BatonXorgState, 1);

  self->card = g_strdup (card);
  self->boot_id = baton_record_read_boot_id (root);

  return self;
}

/**
 * baton_xorg_state_free:
 * @self: (nullable): a state
 */
void
baton_xorg_state_free (BatonXorgState *self)
{
  if (self == NULL)
    return;

  g_free (self->card);
  g_free (self->boot_id);
  g_free (self->host);
  g_free (self->guest);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

/**
 * baton_xorg_state_is_of_this_boot:
 * @self: a state
 * @root: the roots
 *
 * Returns: whether the computer has not been restarted since; %FALSE where nobody can tell
 */
gboolean
baton_xorg_state_is_of_this_boot (const BatonXorgState *self, BatonRoot *root)
{
  g_autofree char *boot_id = baton_record_read_boot_id (root);

  return *boot_id != '\0' && g_strcmp0 (boot_id, self->boot_id) == 0;
}

static gboolean
take_bytes (BatonXorgState *self, JsonObject *object)
{
  const char *text = baton_json_get_string (object, "bytes");
  gint64 mode = baton_json_get_int (object, "mode", 0);
  gsize length = 0;
  guchar *bytes = NULL;

  if (self->guest == NULL)
    return TRUE;
  if (text == NULL || mode < 0 || (mode & ~0755) != 0)
    return FALSE;
  bytes = g_base64_decode (text, &length);
  self->bytes = g_bytes_new_take (bytes, length);
  self->mode = (mode_t) mode;

  return length <= BATON_XORG_MAX_BYTES;
}

/* Whatever the file says, nothing is touched but what an owner could have named. */
static gboolean
is_host_name (const char *name)
{
  g_autofree char *path = g_strconcat ("/etc/" BATON_XORG_DIRECTORY "/", name, NULL);
  g_autofree char *fault = baton_xorg_file_find_name_fault (path, BATON_XORG_HOST);

  return fault == NULL;
}

static gboolean
take_all (BatonXorgState *self, JsonObject *object)
{
  self->boot_id = g_strdup (baton_json_get_string (object, "boot_id"));
  self->host = g_strdup (baton_json_get_string (object, "host"));
  self->guest = g_strdup (baton_json_get_string (object, "guest"));

  return self->boot_id != NULL && (self->host == NULL || is_host_name (self->host)) &&
         take_bytes (self, object);
}

/**
 * baton_xorg_state_load:
 * @root: the roots
 * @card: a card's address
 * @error: return location for an error
 *
 * Returns: (transfer full): what is otherwise now, or %NULL, with %BATON_ERROR_NOT_FOUND where nothing is
 */
BatonXorgState *
baton_xorg_state_load (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = baton_xorg_file_build_state_name (card);
  g_autoptr (JsonNode) node =
      baton_state_read_json (root, BATON_ROOT_VAR, BATON_XORG_STATE_DIRECTORY, name, error);
  g_autoptr (BatonXorgState) self = NULL;

  if (node == NULL)
    return NULL;
  self = g_new0 (BatonXorgState, 1);
  self->card = g_strdup (card);
  if (take_all (self, json_node_get_object (node)))
    return g_steal_pointer (&self);

  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
               "what is to be put back for Xorg is not written down in '%s' as Baton does",
               name);

  return NULL;
}

/**
 * baton_xorg_state_save:
 * @self: a state
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: %TRUE if it is on the disk
 */
gboolean
baton_xorg_state_save (const BatonXorgState *self, BatonRoot *root, GError **error)
{
  g_autofree char *name = baton_xorg_file_build_state_name (self->card);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *bytes = NULL;
  g_autofree char *text = NULL;
  JsonObject *object = json_object_new ();

  json_node_take_object (node, object);
  if (self->bytes != NULL)
    {
      gsize length = 0;
      const guchar *data = g_bytes_get_data (self->bytes, &length);

      bytes = length > 0 ? g_base64_encode (data, length) : g_strdup ("");
    }
  baton_json_set_string (object, "boot_id", self->boot_id);
  baton_json_set_string (object, "host", self->host);
  baton_json_set_string (object, "guest", self->guest);
  baton_json_set_string (object, "bytes", bytes);
  json_object_set_int_member (object, "mode", self->mode);
  text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_VAR, BATON_XORG_STATE_DIRECTORY, name, text, MODE,
                            error);
}

/**
 * baton_xorg_state_forget:
 * @root: the roots
 * @card: a card's address
 * @error: return location for an error
 *
 * Returns: %TRUE if nothing is left to be put back, for whoever comes after a power cut as well
 */
gboolean
baton_xorg_state_forget (BatonRoot *root, const char *card, GError **error)
{
  g_autofree char *name = baton_xorg_file_build_state_name (card);

  return baton_state_remove (root, BATON_ROOT_VAR, BATON_XORG_STATE_DIRECTORY, name, error);
}

/**
 * baton_xorg_state_list_cards:
 * @root: the roots
 *
 * Returns: (transfer full) (element-type utf8): addresses of the cards for which something is to be put
 *   back
 */
GPtrArray *
baton_xorg_state_list_cards (BatonRoot *root)
{
  GPtrArray *cards = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) names =
      baton_root_list (root, BATON_ROOT_VAR, BATON_XORG_STATE_DIRECTORY, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = names->pdata[i];
      const char *end = strrchr (name, '.');
      g_autofree char *card = end != NULL ? g_strndup (name, (gsize) (end - name)) : NULL;

      if (g_strcmp0 (end, ".json") == 0 && baton_pci_address_is_valid (card))
        g_ptr_array_add (cards, g_steal_pointer (&card));
    }

  return cards;
}
