/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-values.h"

#include "baton-profile-lines.h"

/* What a card without a section gets, as baton_profile_new_default() has it; a test holds the two
 * against each other. Other keys have nothing to stand for them. */
static const struct
{
  const char *key;
  const char *value;
} defaults[] = {
  { "close-politely-ms", G_STRINGIFY (BATON_PROFILE_CLOSE_POLITELY_MS) },
  { "display-manager", "auto" },
  { "hook-ends-session", "false" },
  { "open-again", "ask" },
  { "reset-before-return", "auto" },
  { "return-method", "auto" },
  { "return-when-guest-stops", "false" },
  { "sleep-while-guest", "block" },
};

static void
free_value (gpointer data)
{
  BatonProfileValue *self = data;

  g_free (self->key);
  g_free (self->value);
  g_free (self);
}

static const char *
get_default (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (g_str_equal (defaults[i].key, key))
      return defaults[i].value;

  return NULL;
}

static BatonProfileValue *
find_value (GPtrArray *lines, const char *card, const char *key)
{
  BatonProfileValue *self = g_new0 (BatonProfileValue, 1);

  self->key = g_strdup (key);
  self->value = g_strdup (get_default (key));
  for (guint i = 0; i < lines->len; i++)
    {
      const BatonProfileLine *line = lines->pdata[i];

      if (g_strcmp0 (line->section, card) == 0 && g_strcmp0 (line->key, key) == 0)
        {
          g_free (self->value);
          self->value = g_strdup (line->value);
          self->line = i + 1;
        }
    }

  return self;
}

/**
 * baton_profile_list_values:
 * @root: where to look
 * @card: address of a card
 * @ret_file: (out) (transfer full) (optional): the settings file, as a person finds it
 * @ret_problem: (out): why the file cannot be used; untouched where it can
 *
 * Lists what holds for a card, key by key, and which line of `baton.conf` says so.
 *
 * Returns: (transfer full) (element-type BatonProfileValue): every key that this version acts on;
 *   %NULL with a problem
 */
GPtrArray *
baton_profile_list_values (BatonRoot *root,
                           const char *card,
                           char **ret_file,
                           BatonProfileProblem **ret_problem)
{
  g_autoptr (BatonProfile) profile = baton_profile_load (root, card);
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) lines = NULL;
  g_auto (GStrv) keys = baton_profile_list_keys ();
  GPtrArray *values = NULL;

  if (ret_file != NULL)
    *ret_file = baton_root_build_path (root, BATON_ROOT_ETC, BATON_PROFILE_FILE);
  if (profile->problem != NULL)
    {
      *ret_problem = g_steal_pointer (&profile->problem);
      return NULL;
    }

  text = baton_root_read_file (root, BATON_ROOT_ETC, BATON_PROFILE_FILE,
                               BATON_PROFILE_MAX_BYTES, NULL, NULL);
  lines = baton_profile_lines_new (text != NULL ? text : "");
  values = g_ptr_array_new_with_free_func (free_value);
  for (guint i = 0; keys[i] != NULL; i++)
    g_ptr_array_add (values, find_value (lines, card, keys[i]));

  return values;
}
