/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-trouble-words.h"

#include <glib/gi18n.h>
#include <string.h>

#include "baton-codes.h"
#include "baton-json.h"
#include "baton-text.h"
#include "baton-words.h"

/* What a "not-as-expected" says where there is no driver or no text. */
#define NOTHING "none"

/* The remedy of what needs none: no help beside something that went wrong. */
#define NO_REMEDY "There is nothing to do."

/* The helper's own words within its arguments are few: why the kernel refused, which is the
 * errno's text, and that there is nothing. */
static GHashTable *
dup_args (JsonObject *trouble, BatonCode code)
{
  GHashTable *args = baton_json_dup_args (trouble, "args");
  gint64 errsv = baton_json_get_int (trouble, "errno", 0);
  static const char *const looks[] = { "expected", "found" };

  if (errsv > 0 && errsv <= G_MAXINT && g_hash_table_contains (args, "reason"))
    g_hash_table_insert (args, g_strdup ("reason"), g_strdup (g_strerror ((gint) errsv)));
  for (guint i = 0; code == BATON_CODE_NOT_AS_EXPECTED && i < G_N_ELEMENTS (looks); i++)
    if (g_strcmp0 (g_hash_table_lookup (args, looks[i]), NOTHING) == 0)
      g_hash_table_insert (args, g_strdup (looks[i]),
                           /* Translators: what a setting or a driver is where there is none */
                           g_strdup (C_ ("setting", "none")));
  baton_words_embed_args (args);

  return args;
}

/**
 * baton_trouble_words_dup_text:
 * @trouble: (nullable): a step event, a step of a report, or one of a result's troubles
 *
 * Returns: (transfer full) (nullable): what went wrong, in a sentence; in the helper's English where
 *   this version does not know the code, %NULL where nothing did
 */
char *
baton_trouble_words_dup_text (JsonObject *trouble)
{
  const char *name = baton_json_get_string (trouble, "code");
  g_autoptr (GHashTable) args = NULL;
  BatonCode code;

  if (name == NULL || !baton_code_from_string (name, &code) ||
      baton_json_get_object (trouble, "args") == NULL)
    return g_strdup (baton_json_get_string (trouble, "text"));

  args = dup_args (trouble, code);

  return baton_code_fill (_ (baton_code_get_info (code)->text), args);
}

static char *
dup_remedy (JsonObject *trouble)
{
  const char *name = baton_json_get_string (trouble, "code");
  g_autoptr (GHashTable) args = NULL;
  const BatonCodeInfo *info;
  BatonCode code;

  if (name == NULL || !baton_code_from_string (name, &code) ||
      baton_json_get_object (trouble, "args") == NULL)
    return NULL;
  info = baton_code_get_info (code);
  if (info->remedy == NULL || g_str_equal (info->remedy, NO_REMEDY))
    return NULL;

  args = dup_args (trouble, code);

  return baton_code_fill (_ (info->remedy), args);
}

static char *
dup_with_remedy (JsonObject *trouble)
{
  g_autofree char *text = baton_trouble_words_dup_text (trouble);
  g_autofree char *remedy = text != NULL ? dup_remedy (trouble) : NULL;

  if (remedy == NULL)
    return g_steal_pointer (&text);

  return g_strdup_printf (C_ ("fact and remedy", "%s %s"), text, remedy);
}

/**
 * baton_trouble_words_dup_detail:
 * @step: (nullable): a step event, or a step of a report
 *
 * Returns: (transfer full) (nullable): what went wrong with it, and where it failed or waits, what
 *   to do about it; %NULL where nothing did
 */
char *
baton_trouble_words_dup_detail (JsonObject *step)
{
  const char *state = baton_json_get_string (step, "state");

  if (g_strcmp0 (state, "fail") == 0 || g_strcmp0 (state, "stalled") == 0)
    return dup_with_remedy (step);

  return baton_trouble_words_dup_text (step);
}

/**
 * baton_trouble_words_dup_part:
 * @troubles: (nullable): a result's troubles
 * @part: `cause` or `problems`: which argument of the result's sentence they stand in
 * @remedies: whether each is followed by what to do about it
 *
 * Returns: (transfer full) (nullable): that argument; %NULL where no trouble belongs to it
 */
char *
baton_trouble_words_dup_part (JsonArray *troubles, const char *part, gboolean remedies)
{
  g_autoptr (GString) said = g_string_new (NULL);

  for (guint i = 0; i < baton_json_count (troubles); i++)
    {
      JsonObject *trouble = baton_json_nth_object (troubles, i);
      g_autofree char *text = NULL;

      if (g_strcmp0 (baton_json_get_string (trouble, "part"), part) != 0)
        continue;
      text = remedies ? dup_with_remedy (trouble) : baton_trouble_words_dup_text (trouble);
      if (text == NULL)
        continue;
      g_string_append_printf (said, "%s%s", said->len > 0 ? " " : "", text);
    }

  /* The sentence around the problems brings their last full stop. */
  if (g_str_equal (part, "problems") && g_str_has_suffix (said->str, "."))
    g_string_truncate (said, said->len - 1);

  return said->len > 0 ? g_string_free (g_steal_pointer (&said), FALSE) : NULL;
}
