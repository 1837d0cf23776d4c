/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-text.h"

#include <string.h>

#define REPLACEMENT "\357\277\275" /* U+FFFD in UTF-8 */

/* What a terminal or a label would act on instead of showing it: control characters (with the
 * escape that begins a terminal's sequences), the bidi marks and the other invisible format
 * characters, line and paragraph separators. The two joiners stay, because Persian, Indic scripts
 * and emoji cannot be written without them and they move nothing. */
static gboolean
must_be_shown_escaped (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return TRUE;
    case G_UNICODE_FORMAT:
      return c != 0x200c && c != 0x200d;
    default:
      return FALSE;
    }
}

static void
append_escaped (GString *piece, gunichar c)
{
  if (c < 0x100)
    g_string_append_printf (piece, "\\x%02x", c);
  else if (c < 0x10000)
    g_string_append_printf (piece, "\\u%04x", c);
  else
    g_string_append_printf (piece, "\\U%08x", c);
}

/* Writes what stands for the character at @bytes to @piece. Returns: bytes consumed */
static gsize
take_character (const char *bytes, gsize length, GString *piece, gboolean *lost)
{
  gunichar c = g_utf8_get_char_validated (bytes, (gssize) length);

  g_string_truncate (piece, 0);

  /* GLib takes a NUL for the end of the text and answers (gunichar) -2. */
  if (bytes[0] == '\0')
    c = 0;

  if (c == (gunichar) -1 || c == (gunichar) -2)
    {
      g_string_append (piece, REPLACEMENT);
      *lost = TRUE;
      return 1;
    }

  if (must_be_shown_escaped (c))
    {
      append_escaped (piece, c);
      *lost = TRUE;
    }
  else
    {
      g_string_append_unichar (piece, c);
    }

  return c == 0 ? 1 : (gsize) g_unichar_to_utf8 (c, NULL);
}

/**
 * baton_text_clean:
 * @bytes: any bytes at all, such as the name of a process
 * @length: how many, or -1 if @bytes ends with a NUL
 * @max_bytes: the most that the answer may have
 * @ret_lost: (out) (optional): whether the answer differs from @bytes before the cut
 * @ret_cut: (out) (optional): whether the answer ends early
 *
 * Makes hostile bytes fit to be shown: valid UTF-8 on one line, in which nothing acts on a terminal
 * or turns the direction of the text. A byte that is not UTF-8 becomes U+FFFD; control, format and
 * separator characters become visible text (`\x1b`, `\u202e`, `\U000e0001`). A backslash stays as
 * it is, so the answer alone does not say what the bytes were: @ret_lost does.
 *
 * Returns: (transfer full): the text; never cut within a character or an escape
 */
char *
baton_text_clean (
    const char *bytes, gssize length, gsize max_bytes, gboolean *ret_lost, gboolean *ret_cut)
{
  gsize n_bytes = length < 0 ? strlen (bytes) : (gsize) length;
  g_autoptr (GString) text = g_string_sized_new (MIN (n_bytes, max_bytes));
  g_autoptr (GString) piece = g_string_new (NULL);
  gboolean lost = FALSE;
  gboolean cut = FALSE;

  for (gsize i = 0; i < n_bytes;)
    {
      gboolean piece_lost = FALSE;
      gsize taken = take_character (bytes + i, n_bytes - i, piece, &piece_lost);

      if (text->len + piece->len > max_bytes)
        {
          cut = TRUE;
          break;
        }

      lost |= piece_lost;
      g_string_append_len (text, piece->str, (gssize) piece->len);
      i += taken;
    }

  if (ret_lost != NULL)
    *ret_lost = lost;
  if (ret_cut != NULL)
    *ret_cut = cut;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * baton_code_fill:
 * @sentence: a sentence of `codes.json`, or its translation
 * @args: (element-type utf8 utf8) (nullable): values by key
 *
 * Puts a value in the place of each `{key}`. What is put in is never looked at again, so that a
 * process named `{pid}` stays just that. A key without a value shows as `?`: a translation or a
 * newer helper may name one that is not there, and the rest of the sentence still helps.
 *
 * Returns: (transfer full): the sentence
 */
char *
baton_code_fill (const char *sentence, GHashTable *args)
{
  GString *filled = NULL;

  g_return_val_if_fail (sentence != NULL, NULL);

  filled = g_string_new (NULL);

  while (*sentence != '\0')
    {
      const char *close = *sentence == '{' ? strchr (sentence, '}') : NULL;

      if (close == NULL)
        {
          g_string_append_c (filled, *sentence);
          sentence++;
          continue;
        }

      g_autofree char *key = g_strndup (sentence + 1, (gsize) (close - sentence - 1));
      const char *value = args != NULL ? g_hash_table_lookup (args, key) : NULL;

      g_string_append (filled, value != NULL ? value : "?");
      sentence = close + 1;
    }

  return g_string_free (filled, FALSE);
}

/**
 * baton_code_dup_text:
 * @code: a code, or %BATON_CODE_NONE
 * @args: (element-type utf8 utf8) (nullable): its arguments
 *
 * Returns: (transfer full) (nullable): its English sentence
 */
char *
baton_code_dup_text (BatonCode code, GHashTable *args)
{
  const BatonCodeInfo *info = baton_code_get_info (code);

  return info != NULL ? baton_code_fill (info->text, args) : NULL;
}

/**
 * baton_code_dup_remedy:
 * @code: a code, or %BATON_CODE_NONE
 * @args: (element-type utf8 utf8) (nullable): its arguments
 *
 * Returns: (transfer full) (nullable): what to do about it, in English; %NULL where there is
 *   nothing to do
 */
char *
baton_code_dup_remedy (BatonCode code, GHashTable *args)
{
  const BatonCodeInfo *info = baton_code_get_info (code);

  return info != NULL && info->remedy != NULL ? baton_code_fill (info->remedy, args) : NULL;
}

/**
 * baton_text_format_size:
 * @bytes: how many there are
 *
 * Says it in the unit that fits, alike in every locale: what is an argument of a code must not
 * differ by who has looked, as that of g_format_size() does.
 *
 * Returns: (transfer full): such as `8.0 MiB`, with a space that no line ends at
 */
char *
baton_text_format_size (guint64 bytes)
{
  static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  double size = (double) bytes / 1024;
  guint unit = 0;

  if (bytes < 1024)
    return g_strdup_printf ("%" G_GUINT64_FORMAT "\302\240bytes", bytes);

  for (; size >= 1024 && unit + 1 < G_N_ELEMENTS (units); unit++)
    size /= 1024;

  return g_strdup_printf ("%s\302\240%s", g_ascii_formatd (number, sizeof number, "%.1f", size),
                          units[unit]);
}

/**
 * baton_text_to_sentence:
 * @clause: a clause, as errors are: for after a colon
 *
 * Returns: (transfer full): it as a sentence, to stand by itself
 */
char *
baton_text_to_sentence (const char *clause)
{
  const char *rest;
  g_autofree char *first = NULL;
  gboolean has_end = g_str_has_suffix (clause, ".") || g_str_has_suffix (clause, "?") ||
                     g_str_has_suffix (clause, "!");

  if (*clause == '\0')
    return g_strdup ("");

  rest = g_utf8_next_char (clause);
  first = g_utf8_strup (clause, rest - clause);

  return g_strconcat (first, rest, has_end ? NULL : ".", NULL);
}
