/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-own-files.h"

#include "baton-json.h"
#include "baton-own-file.h"
#include "baton-state-file.h"

#define MODE_OF_A_FILE 0644

struct _BatonOwnFiles
{
  /* borrowed */
  BatonRoot *root;
  const BatonOwnFilesKind *kind;

  /* owned; NULL: there is no such file of Baton's */
  char *texts[BATON_OWN_FILES_MAX];
  char *foreign[BATON_OWN_FILES_MAX]; /* why what is there is not Baton's */
  JsonNode *state;
};

static BatonEnd *
end_foreign (const BatonOwnFilesKind *kind, guint file, const char *reason)
{
  g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_ETC, kind->paths[file]);

  return baton_end_new (BATON_EXIT_REFUSED, kind->foreign, "file", path, "reason", reason,
                        NULL);
}

static BatonEnd *
end_not_written (const BatonOwnFilesKind *kind, const GError *error)
{
  return baton_end_new (BATON_EXIT_ERROR, kind->not_written, "reason", error->message, NULL);
}

/* The digests that are remembered of a file. */
static JsonArray *
find_digests (JsonNode *state, const char *path)
{
  JsonNode *files =
      state != NULL ? json_object_get_member (json_node_get_object (state), "files") : NULL;

  if (files == NULL || !JSON_NODE_HOLDS_OBJECT (files))
    return NULL;

  return baton_json_get_array (json_node_get_object (files), path);
}

static void
read_file (BatonOwnFiles *self, guint file)
{
  const char *path = self->kind->paths[file];
  JsonArray *digests = find_digests (self->state, path);
  g_autofree char *text = NULL;

  if (!baton_own_file_read (self->root, path, &text, &self->foreign[file]))
    return;
  if (text == NULL || self->kind->is_ours (file, text) ||
      baton_own_file_is_remembered (digests, text))
    self->texts[file] = g_steal_pointer (&text);
  else
    self->foreign[file] =
        g_strdup (baton_json_count (digests) > 0 ? "it was changed since Baton wrote it"
                                                 : "Baton did not write it");
}

/**
 * baton_own_files_open_ours:
 * @root: the roots
 * @kind: which files; static
 *
 * Reads those of them that are Baton's, through no link, to take them away. What lies there and is not
 * as Baton wrote it is its owner's, and stays whatever happens to the others.
 *
 * Returns: (transfer full): the files
 */
BatonOwnFiles *
baton_own_files_open_ours (BatonRoot *root, const BatonOwnFilesKind *kind)
{
  BatonOwnFiles *self = g_new0 (BatonOwnFiles, 1);

  self->root = root;
  self->kind = kind;
  self->state =
      baton_state_read_json (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, kind->state, NULL);
  for (guint i = 0; i < kind->n_files; i++)
    read_file (self, i);

  return self;
}

/**
 * baton_own_files_open:
 * @root: the roots
 * @kind: which files; static
 * @ret_end: (out): where %NULL is returned: which file is in the way, and why
 *
 * Reads them, to write them anew: none of them may be somebody else's.
 *
 * Returns: (transfer full) (nullable): the files
 */
BatonOwnFiles *
baton_own_files_open (BatonRoot *root, const BatonOwnFilesKind *kind, BatonEnd **ret_end)
{
  g_autoptr (BatonOwnFiles) self = baton_own_files_open_ours (root, kind);

  for (guint i = 0; i < kind->n_files; i++)
    if (self->foreign[i] != NULL)
      {
        *ret_end = end_foreign (kind, i, self->foreign[i]);
        return NULL;
      }

  return g_steal_pointer (&self);
}

/**
 * baton_own_files_free:
 * @self: (nullable): files
 */
void
baton_own_files_free (BatonOwnFiles *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < BATON_OWN_FILES_MAX; i++)
    {
      g_free (self->texts[i]);
      g_free (self->foreign[i]);
    }
  g_clear_pointer (&self->state, json_node_unref);
  g_free (self);
}

/**
 * baton_own_files_get_text:
 * @self: files
 * @file: which of them
 *
 * Returns: (transfer none) (nullable): what it held when it was opened; %NULL where it was not there
 */
const char *
baton_own_files_get_text (BatonOwnFiles *self, guint file)
{
  return self->texts[file];
}

/**
 * baton_own_files_get_foreign:
 * @self: files
 * @file: which of them
 *
 * Returns: (transfer none) (nullable): why what is there is not Baton's, a clause; %NULL where it is
 */
const char *
baton_own_files_get_foreign (BatonOwnFiles *self, guint file)
{
  return self->foreign[file];
}

static void
add_digest (JsonArray *digests, const char *text)
{
  g_autofree char *value = text != NULL ? baton_own_file_digest (text) : NULL;

  if (value != NULL && !baton_own_file_is_remembered (digests, text))
    json_array_add_string_element (digests, value);
}

/* Remembers that either of the two texts of each file is Baton's, and of one that somebody else has
 * changed what it was. */
static gboolean
remember (BatonOwnFiles *self, const char *const *one, const char *const *other, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *files = json_object_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < self->kind->n_files; i++)
    {
      JsonArray *digests = json_array_new ();
      JsonArray *earlier = find_digests (self->state, self->kind->paths[i]);

      if (self->foreign[i] != NULL && earlier != NULL)
        {
          json_object_set_array_member (files, self->kind->paths[i], json_array_ref (earlier));
          json_array_unref (digests);
          continue;
        }
      add_digest (digests, one[i]);
      add_digest (digests, other[i]);
      if (baton_json_count (digests) > 0)
        json_object_set_array_member (files, self->kind->paths[i], json_array_ref (digests));
      json_array_unref (digests);
    }

  json_object_set_object_member (object, "files", files);
  json_node_take_object (node, object);
  if (json_object_get_size (files) == 0)
    return baton_state_remove (self->root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY,
                               self->kind->state, error);
  text = json_to_string (node, FALSE);

  return baton_state_write (self->root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY,
                            self->kind->state, text, MODE_OF_A_FILE, error);
}

/* @text: %NULL takes it away, where it is Baton's. */
static gboolean
put (BatonOwnFiles *self, guint file, const char *text, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (self->kind->paths[file]);
  g_autofree char *name = g_path_get_basename (self->kind->paths[file]);

  if (self->foreign[file] != NULL)
    return TRUE;
  if (text == NULL)
    return baton_state_remove (self->root, BATON_ROOT_ETC, directory, name, error);

  return baton_state_write (self->root, BATON_ROOT_ETC, directory, name, text, MODE_OF_A_FILE,
                            error);
}

static gboolean
put_all (BatonOwnFiles *self, const char *const *wanted, GError **error)
{
  for (guint i = 0; i < self->kind->n_files; i++)
    {
      if (g_strcmp0 (self->texts[i], wanted[i]) == 0 || put (self, i, wanted[i], error))
        continue;

      /* None is half there, and of several none is ahead of the others. */
      for (guint j = 0; j <= i; j++)
        put (self, j, self->texts[j], NULL);
      return FALSE;
    }

  return TRUE;
}

/**
 * baton_own_files_replace:
 * @self: files
 * @wanted: (array): what each is to hold; %NULL takes it away
 * @ret_end: (out): where %FALSE is returned: why
 *
 * Writes them, each as a whole. What is remembered of them comes first and knows the old and the new:
 * whatever ends this program, and when, each file is one of the two, and known for Baton's.
 *
 * Returns: %TRUE if they are as wanted; else they are as they were
 */
gboolean
baton_own_files_replace (BatonOwnFiles *self, const char *const *wanted, BatonEnd **ret_end)
{
  const char *const *texts = (const char *const *) self->texts;
  g_autoptr (GError) error = NULL;
  gboolean is_same = TRUE;

  for (guint i = 0; i < self->kind->n_files; i++)
    is_same = is_same && g_strcmp0 (texts[i], wanted[i]) == 0;
  if (is_same)
    return TRUE;

  if (!remember (self, texts, wanted, &error))
    {
      *ret_end = end_not_written (self->kind, error);
      return FALSE;
    }
  if (!put_all (self, wanted, &error))
    {
      *ret_end = end_not_written (self->kind, error);
      remember (self, texts, texts, NULL);
      return FALSE;
    }
  /* What is remembered beyond that does no harm. */
  remember (self, wanted, wanted, NULL);

  return TRUE;
}
