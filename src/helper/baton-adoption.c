/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adoption.h"

#include <string.h>

#include "baton-error.h"
#include "baton-json.h"
#include "baton-pci-address.h"
#include "baton-state-file.h"

/* Whoever shows a card reads for which there is one. */
#define MODE_OF_A_FILE 0644

/* What is moved is one of these, whatever is found or written down. */
static const char *const places[] = { "libvirt/hooks/",  "modprobe.d/",    "driverctl.d/",
                                      "modules-load.d/", "dracut.conf.d/", "initramfs-tools/" };

/**
 * baton_adoption_may_move:
 * @path: a file, below `/etc`
 *
 * Returns: whether it is where Baton moves files of others
 */
gboolean
baton_adoption_may_move (const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  for (guint i = 0; names[i] != NULL; i++)
    if (*names[i] == '\0' || g_str_equal (names[i], ".") || g_str_equal (names[i], ".."))
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (g_str_has_prefix (path, places[i]))
      return g_utf8_validate (path, -1, NULL);

  return FALSE;
}

static void
file_free (gpointer data)
{
  BatonAdoptedFile *self = data;

  g_free (self->path);
  g_free (self->kept);
  g_free (self->old);
  g_free (self->new);
  g_clear_pointer (&self->text, g_bytes_unref);
  g_free (self);
}

/**
 * baton_adopted_file_new:
 * @card: a card's address
 * @path: a file, below `/etc`
 * @old: SHA-256 of what it holds
 * @new: (nullable): of what is to be in its place
 *
 * Returns: (transfer full): that file
 */
BatonAdoptedFile *
baton_adopted_file_new (const char *card, const char *path, const char *old, const char *new)
{
  BatonAdoptedFile *self = g_new0 (BatonAdoptedFile, 1);

  self->path = g_strdup (path);
  self->kept = g_build_filename (BATON_ADOPTED_DIRECTORY, card, path, NULL);
  self->old = g_strdup (old);
  self->new = g_strdup (new);

  return self;
}

/**
 * baton_adoption_new:
 * @card: a card's address
 *
 * Returns: (transfer full): one of which nothing is done yet
 */
BatonAdoption *
baton_adoption_new (const char *card)
{
  BatonAdoption *self = g_new0 (BatonAdoption, 1);

  self->card = g_strdup (card);
  self->claims = g_new0 (char *, 1);
  self->files = g_ptr_array_new_with_free_func (file_free);

  return self;
}

/**
 * baton_adoption_free:
 * @self: (nullable): an adoption
 */
void
baton_adoption_free (BatonAdoption *self)
{
  if (self == NULL)
    return;

  g_free (self->card);
  g_strfreev (self->claims);
  g_ptr_array_unref (self->files);
  g_free (self);
}

static gboolean
take_claims (BatonAdoption *self, JsonArray *claims)
{
  g_strfreev (self->claims);
  self->claims = g_new0 (char *, baton_json_count (claims) + 1);
  for (guint i = 0; i < baton_json_count (claims); i++)
    {
      const char *claim = baton_json_node_get_string (json_array_get_element (claims, i));

      if (claim == NULL || !baton_pci_address_is_valid (claim))
        return FALSE;
      self->claims[i] = g_strdup (claim);
    }

  return TRUE;
}

static gboolean
take_files (BatonAdoption *self, JsonArray *files)
{
  for (guint i = 0; i < baton_json_count (files); i++)
    {
      JsonObject *file = baton_json_nth_object (files, i);
      const char *path = baton_json_get_string (file, "path");
      const char *old = baton_json_get_string (file, "old");

      if (path == NULL || old == NULL || !baton_adoption_may_move (path))
        return FALSE;
      g_ptr_array_add (
          self->files,
          baton_adopted_file_new (self->card, path, old, baton_json_get_string (file, "new")));
    }

  return TRUE;
}

static BatonAdoption *
from_json (JsonObject *object)
{
  const char *card = baton_json_get_string (object, "card");
  g_autoptr (BatonAdoption) self = NULL;

  if (card == NULL || !baton_pci_address_is_valid (card))
    return NULL;
  self = baton_adoption_new (card);
  if (!baton_json_read_boolean (object, "whole", &self->is_whole) ||
      !baton_json_read_boolean (object, "hook", &self->hook) ||
      !baton_json_read_boolean (object, "images", &self->images) ||
      !take_claims (self, baton_json_get_array (object, "claims")) ||
      !take_files (self, baton_json_get_array (object, "files")))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * baton_adoptions_load:
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type BatonAdoption): all of them, the oldest first; none where nothing
 *   is written down, %NULL where that cannot be read
 */
GPtrArray *
baton_adoptions_load (BatonRoot *root, GError **error)
{
  g_autoptr (GPtrArray) adoptions =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_adoption_free);
  g_autoptr (GError) cause = NULL;
  g_autoptr (JsonNode) node = baton_state_read_json (
      root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, BATON_ADOPTED_FILE, &cause);
  JsonArray *list = NULL;

  if (node == NULL && g_error_matches (cause, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    return g_steal_pointer (&adoptions);
  if (node == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return NULL;
    }

  list = baton_json_get_array (json_node_get_object (node), "adoptions");
  for (guint i = 0; i < baton_json_count (list); i++)
    {
      BatonAdoption *adoption = from_json (baton_json_nth_object (list, i));

      if (adoption == NULL)
        {
          g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                               "what was moved aside is not written down as Baton does in "
                               "'/var/lib/baton/" BATON_ADOPTED_FILE "'");
          return NULL;
        }
      g_ptr_array_add (adoptions, adoption);
    }

  return g_steal_pointer (&adoptions);
}

static JsonObject *
to_json (const BatonAdoption *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *claims = json_array_new ();
  JsonArray *files = json_array_new ();

  for (guint i = 0; self->claims[i] != NULL; i++)
    json_array_add_string_element (claims, self->claims[i]);
  for (guint i = 0; i < self->files->len; i++)
    {
      const BatonAdoptedFile *file = g_ptr_array_index (self->files, i);
      JsonObject *one = json_object_new ();

      json_object_set_string_member (one, "path", file->path);
      json_object_set_string_member (one, "old", file->old);
      baton_json_set_string (one, "new", file->new);
      json_array_add_object_element (files, one);
    }
  json_object_set_string_member (object, "card", self->card);
  json_object_set_boolean_member (object, "whole", self->is_whole);
  json_object_set_boolean_member (object, "hook", self->hook);
  json_object_set_boolean_member (object, "images", self->images);
  json_object_set_array_member (object, "claims", claims);
  json_object_set_array_member (object, "files", files);

  return object;
}

/**
 * baton_adoptions_save:
 * @adoptions: (element-type BatonAdoption): all of them
 * @root: the roots
 * @error: return location for an error
 *
 * Returns: %TRUE if that is on the disk
 */
gboolean
baton_adoptions_save (GPtrArray *adoptions, BatonRoot *root, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *list = json_array_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < adoptions->len; i++)
    json_array_add_object_element (list, to_json (g_ptr_array_index (adoptions, i)));
  json_object_set_array_member (object, "adoptions", list);
  json_node_take_object (node, object);
  if (adoptions->len == 0)
    return baton_state_remove (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, BATON_ADOPTED_FILE,
                               error);
  text = json_to_string (node, TRUE);

  return baton_state_write (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, BATON_ADOPTED_FILE,
                            text, MODE_OF_A_FILE, error);
}

/**
 * baton_adoptions_find:
 * @adoptions: (element-type BatonAdoption): all of them
 * @card: a card's address
 *
 * Returns: (transfer none) (nullable): that card's
 */
BatonAdoption *
baton_adoptions_find (GPtrArray *adoptions, const char *card)
{
  for (guint i = 0; i < adoptions->len; i++)
    {
      BatonAdoption *adoption = g_ptr_array_index (adoptions, i);

      if (strcmp (adoption->card, card) == 0)
        return adoption;
    }

  return NULL;
}
