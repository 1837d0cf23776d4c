/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-isolation-files.h"

#include "baton-json.h"
#include "baton-kept-off-environment.h"
#include "baton-own-file.h"
#include "baton-state-file.h"

/* What Baton has written, as SHA-256 of each file: what has another one is not Baton's any more. */
#define STATE "kept-off.json"

#define MODE_OF_A_FILE 0644

static const char *const paths[BATON_ISOLATION_N_FILES] = {
  [BATON_ISOLATION_RULES] = BATON_KEPT_OFF_RULES,
  [BATON_ISOLATION_ENVIRONMENT] = BATON_KEPT_OFF_ENVIRONMENT,
  [BATON_ISOLATION_PROFILE] = BATON_KEPT_OFF_PROFILE,
};

struct _BatonIsolationFiles
{
  /* borrowed */
  BatonRoot *root;

  /* owned; NULL: there is no such file */
  char *texts[BATON_ISOLATION_N_FILES];
};

static BatonEnd *
end_foreign (BatonIsolationFile file, const char *reason)
{
  g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_ETC, paths[file]);

  return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_KEEP_OFF_FOREIGN_FILE, "file", path,
                        "reason", reason, NULL);
}

static BatonEnd *
end_not_written (const GError *error)
{
  return baton_end_new (BATON_EXIT_ERROR, BATON_CODE_KEEP_OFF_NOT_WRITTEN, "reason",
                        error->message, NULL);
}

/* @ret_text: %NULL where there is no such file. Returns: whether there is nothing in its way */
static gboolean
read_file (BatonRoot *root, BatonIsolationFile file, char **ret_text, BatonEnd **ret_end)
{
  g_autofree char *reason = NULL;

  if (baton_own_file_read (root, paths[file], ret_text, &reason))
    return TRUE;
  *ret_end = end_foreign (file, reason);

  return FALSE;
}

/* The digests that are remembered of a file. */
static JsonArray *
find_digests (JsonNode *state, BatonIsolationFile file)
{
  JsonNode *files =
      state != NULL ? json_object_get_member (json_node_get_object (state), "files") : NULL;

  if (files == NULL || !JSON_NODE_HOLDS_OBJECT (files))
    return NULL;

  return baton_json_get_array (json_node_get_object (files), paths[file]);
}

/* Of the rules every byte follows from the cards that they name, so that they are known for Baton's
 * where what was remembered is lost. */
static gboolean
is_ours (BatonIsolationFile file, JsonArray *digests, const char *text)
{
  g_autoptr (GPtrArray) cards = NULL;

  if (file == BATON_ISOLATION_RULES)
    {
      cards = baton_kept_off_parse_rules (text);
      return cards != NULL;
    }

  return baton_own_file_is_remembered (digests, text);
}

/**
 * baton_isolation_files_open:
 * @root: the roots
 * @ret_end: (out): where %NULL is returned: which file is in the way, and why
 *
 * Reads them, through no link. What lies there and is not as Baton wrote it is its owner's, and is
 * neither changed nor taken away.
 *
 * Returns: (transfer full) (nullable): the files
 */
BatonIsolationFiles *
baton_isolation_files_open (BatonRoot *root, BatonEnd **ret_end)
{
  g_autoptr (BatonIsolationFiles) self = g_new0 (BatonIsolationFiles, 1);
  g_autoptr (JsonNode) state =
      baton_state_read_json (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, STATE, NULL);

  self->root = root;
  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    {
      JsonArray *digests = find_digests (state, i);

      if (!read_file (root, i, &self->texts[i], ret_end))
        return NULL;
      if (self->texts[i] == NULL || is_ours (i, digests, self->texts[i]))
        continue;
      *ret_end =
          end_foreign (i, baton_json_count (digests) > 0 ? "it was changed since Baton wrote it"
                                                         : "Baton did not write it");
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * baton_isolation_files_free:
 * @self: (nullable): files
 */
void
baton_isolation_files_free (BatonIsolationFiles *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    g_free (self->texts[i]);
  g_free (self);
}

/**
 * baton_isolation_files_list_cards:
 * @self: files
 *
 * Returns: (transfer full) (element-type BatonKeptOff): the cards that the desktop is kept off
 */
GPtrArray *
baton_isolation_files_list_cards (BatonIsolationFiles *self)
{
  GPtrArray *cards = self->texts[BATON_ISOLATION_RULES] != NULL
                         ? baton_kept_off_parse_rules (self->texts[BATON_ISOLATION_RULES])
                         : NULL;

  return cards != NULL ? cards
                       : g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);
}

static void
add_digest (JsonArray *digests, const char *text)
{
  g_autofree char *value = text != NULL ? baton_own_file_digest (text) : NULL;

  if (value != NULL && !baton_own_file_is_remembered (digests, text))
    json_array_add_string_element (digests, value);
}

/* Remembers that either of the two texts of each file is Baton's. */
static gboolean
remember (BatonIsolationFiles *self,
          const char *const *one,
          const char *const *other,
          GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonObject *files = json_object_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    {
      JsonArray *digests = json_array_new ();

      add_digest (digests, one[i]);
      add_digest (digests, other[i]);
      if (baton_json_count (digests) > 0)
        json_object_set_array_member (files, paths[i], json_array_ref (digests));
      json_array_unref (digests);
    }

  json_object_set_object_member (object, "files", files);
  json_node_take_object (node, object);
  if (json_object_get_size (files) == 0)
    return baton_state_remove (self->root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, STATE, error);
  text = json_to_string (node, FALSE);

  return baton_state_write (self->root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, STATE, text,
                            MODE_OF_A_FILE, error);
}

/* @text: %NULL takes it away. */
static gboolean
put (BatonIsolationFiles *self, BatonIsolationFile file, const char *text, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (paths[file]);
  g_autofree char *name = g_path_get_basename (paths[file]);

  if (text == NULL)
    return baton_state_remove (self->root, BATON_ROOT_ETC, directory, name, error);

  return baton_state_write (self->root, BATON_ROOT_ETC, directory, name, text, MODE_OF_A_FILE,
                            error);
}

static gboolean
put_all (BatonIsolationFiles *self, const char *const *wanted, GError **error)
{
  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
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
 * baton_isolation_files_replace:
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
baton_isolation_files_replace (BatonIsolationFiles *self,
                               const char *const wanted[BATON_ISOLATION_N_FILES],
                               BatonEnd **ret_end)
{
  const char *const *texts = (const char *const *) self->texts;
  g_autoptr (GError) error = NULL;
  gboolean is_same = TRUE;

  for (guint i = 0; i < BATON_ISOLATION_N_FILES; i++)
    is_same = is_same && g_strcmp0 (texts[i], wanted[i]) == 0;
  if (is_same)
    return TRUE;

  if (!remember (self, texts, wanted, &error))
    {
      *ret_end = end_not_written (error);
      return FALSE;
    }
  if (!put_all (self, wanted, &error))
    {
      *ret_end = end_not_written (error);
      remember (self, texts, texts, NULL);
      return FALSE;
    }
  /* What is remembered beyond that does no harm. */
  remember (self, wanted, wanted, NULL);

  return TRUE;
}
