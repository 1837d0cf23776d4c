/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopt-words.h"

#include <glib/gi18n.h>

#include "baton-json.h"
#include "baton-text.h"
#include "baton-words.h"

/**
 * baton_adopt_words_list:
 * @view: what is known
 * @card: a card's address
 *
 * Returns: (transfer container) (element-type JsonObject): what is set up by hand for it; the elements are
 *   the view's
 */
GPtrArray *
baton_adopt_words_list (BatonView *view, const char *card)
{
  JsonArray *all = baton_view_get_handmade (view);
  GPtrArray *lines = g_ptr_array_new ();

  for (guint i = 0; i < baton_json_count (all); i++)
    {
      JsonObject *line = baton_json_nth_object (all, i);

      if (g_strcmp0 (baton_json_get_string (line, "card"), card) == 0)
        g_ptr_array_add (lines, line);
    }

  return lines;
}

/**
 * baton_adopt_words_dup_line:
 * @line: one of them
 *
 * Returns: (transfer full): what is there, as it is written
 */
char *
baton_adopt_words_dup_line (JsonObject *line)
{
  const char *text = baton_json_get_string (line, "text");
  g_autofree char *bare = g_strstrip (g_strdup (text != NULL ? text : ""));

  /* It is a program's language, whatever the reader's is. */
  return baton_words_isolate (bare);
}

/**
 * baton_adopt_words_dup_instead:
 * @line: one of them
 *
 * Returns: (transfer full): where it is, what Baton does instead, and what is to be done by hand
 */
char *
baton_adopt_words_dup_instead (JsonObject *line)
{
  g_autoptr (GHashTable) args = baton_json_dup_args (line, "args");
  g_autofree char *file = baton_words_isolate (baton_json_get_string (line, "file"));
  gint64 number = baton_json_get_int (line, "line", 0);
  g_autofree char *place = NULL;
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;
  BatonCode code = BATON_CODE_NONE;

  if (number > 0)
    /* Translators: the name of a file, and the number of a line in it */
    place = g_strdup_printf (_ ("%s, line %u"), file, (guint) number);
  else
    place = g_strdup (file);
  if (!baton_code_from_string (baton_json_get_string (line, "instead"), &code))
    return g_steal_pointer (&place);

  baton_words_embed_args (args);
  text = baton_code_dup_text (code, args);
  remedy = baton_code_dup_remedy (code, args);
  if (remedy == NULL)
    return g_strdup_printf ("%s\n%s", place, text);

  return g_strdup_printf ("%s\n%s\n%s", place, text, remedy);
}

/**
 * baton_adopt_words_dup_summary:
 * @is_adopted: it is moved aside
 * @n_lines: how many lines have a say
 *
 * Returns: (transfer full): what the page of the card says of it
 */
char *
baton_adopt_words_dup_summary (gboolean is_adopted, guint n_lines)
{
  if (is_adopted)
    return g_strdup (_ ("What was set up by hand for this card is moved aside, and Baton does "
                        "it"));

  return g_strdup_printf (
      ngettext ("%u line that was set up by hand has a say in where this "
                "card is",
                "%u lines that were set up by hand have a say in where this "
                "card is",
                n_lines),
      n_lines);
}
