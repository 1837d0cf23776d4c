/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-text.h"

#include <string.h>

typedef struct
{
  const char *what;
  const char *bytes;
  gssize length;
  const char *text;
  gboolean lost;
} CleanRow;

static const CleanRow clean_rows[] = {
  { "plain", "firefox", -1, "firefox", FALSE },
  { "empty", "", -1, "", FALSE },
  { "other scripts", "\xd9\x85\xd8\xb1\xd8\xad", -1, "\xd9\x85\xd8\xb1\xd8\xad", FALSE },
  { "a joiner",
    "a\xe2\x80\x8d"
    "b",
    -1,
    "a\xe2\x80\x8d"
    "b",
    FALSE },
  { "backslash", "a\\x1b", -1, "a\\x1b", FALSE },
  { "newline", "a\nb", -1, "a\\x0ab", TRUE },
  { "terminal sequence", "\033[31mred", -1, "\\x1b[31mred", TRUE },
  { "C1 control",
    "\xc2\x9b"
    "31m",
    -1, "\\x9b31m", TRUE },
  { "delete", "\x7f", -1, "\\x7f", TRUE },
  { "NUL inside", "a\0b", 3, "a\\x00b", TRUE },
  { "NUL at the end", "a\0", 2, "a\\x00", TRUE },
  { "bidi override",
    "\xe2\x80\xae"
    "cod",
    -1, "\\u202ecod", TRUE },
  { "bidi isolate", "\xe2\x81\xa6", -1, "\\u2066", TRUE },
  { "line separator", "\xe2\x80\xa8", -1, "\\u2028", TRUE },
  { "tag beyond the BMP", "\xf3\xa0\x80\x81", -1, "\\U000e0001", TRUE },
  { "lone continuation", "\x80", -1, "\xef\xbf\xbd", TRUE },
  { "cut short", "a\xe2\x80", -1, "a\xef\xbf\xbd\xef\xbf\xbd", TRUE },
  { "overlong", "\xc0\xaf", -1, "\xef\xbf\xbd\xef\xbf\xbd", TRUE },
  { "surrogate", "\xed\xa0\x80", -1, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", TRUE },
  { "a record of its own", "x\n{\"type\":\"result\"}", -1, "x\\x0a{\"type\":\"result\"}",
    TRUE },
};

static void
test_clean (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (clean_rows); i++)
    {
      const CleanRow *row = &clean_rows[i];
      gboolean lost = !row->lost;
      gboolean cut = TRUE;
      g_autofree char *text = baton_text_clean (row->bytes, row->length, 4096, &lost, &cut);

      g_test_message ("%s", row->what);
      g_assert_cmpstr (text, ==, row->text);
      g_assert_cmpint (lost, ==, row->lost);
      g_assert_false (cut);
    }
}

/* Every pair of bytes there is: the answer is UTF-8 on one line, whatever they were. */
static void
test_clean_any_bytes (void)
{
  for (guint i = 0; i < 0x10000; i++)
    {
      const char bytes[3] = { (char) (i >> 8), (char) i, (char) 0xe2 };
      g_autofree char *text = baton_text_clean (bytes, sizeof bytes, 4096, NULL, NULL);

      g_assert_true (g_utf8_validate (text, -1, NULL));
      for (const char *c = text; *c != '\0'; c++)
        g_assert_false ((guchar) *c < 0x20);
    }
}

static void
test_clean_cuts_between_characters (void)
{
  static const char text[] = "ab\xc3\xa9\033z";
  static const char *const cuts[] = {
    "",           "a",          "ab",
    "ab",         "ab\xc3\xa9", "ab\xc3\xa9",
    "ab\xc3\xa9", "ab\xc3\xa9", "ab\xc3\xa9\\x1b",
  };

  for (guint max_bytes = 0; max_bytes < G_N_ELEMENTS (cuts); max_bytes++)
    {
      gboolean cut = FALSE;
      g_autofree char *clean = baton_text_clean (text, -1, max_bytes, NULL, &cut);

      g_test_message ("%u", max_bytes);
      g_assert_cmpstr (clean, ==, cuts[max_bytes]);
      g_assert_true (cut);
    }
}

typedef struct
{
  const char *sentence;
  const char *filled;
} FillRow;

static const FillRow fill_rows[] = {
  { "{name} (process {pid})", "{pid} (process 7)" },
  { "{name}{name}", "{pid}{pid}" },
  { "nothing", "nothing" },
  { "", "" },
  { "{unknown} is {pid}", "? is 7" },
  { "{} {pid}", "? 7" },
  { "an open { brace", "an open { brace" },
  { "a closing } brace", "a closing } brace" },
  { "50 % {pid}%n", "50 % 7%n" },
};

static void
test_fill (void)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (args, (gpointer) "name", (gpointer) "{pid}");
  g_hash_table_insert (args, (gpointer) "pid", (gpointer) "7");

  for (guint i = 0; i < G_N_ELEMENTS (fill_rows); i++)
    {
      g_autofree char *filled = baton_code_fill (fill_rows[i].sentence, args);

      g_test_message ("%s", fill_rows[i].sentence);
      g_assert_cmpstr (filled, ==, fill_rows[i].filled);
    }
}

static void
test_fill_every_code (void)
{
  for (guint code = BATON_CODE_NONE + 1; code < BATON_N_CODES; code++)
    {
      const BatonCodeInfo *info = baton_code_get_info (code);
      g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
      g_autofree char *text = NULL;
      g_autofree char *remedy = NULL;

      for (guint i = 0; info->args[i] != NULL; i++)
        g_hash_table_insert (args, (gpointer) info->args[i], (gpointer) "value");
      text = baton_code_dup_text (code, args);
      remedy = baton_code_dup_remedy (code, args);

      g_test_message ("%s", info->name);
      g_assert_null (strchr (text, '{'));
      g_assert_cmpint (remedy != NULL, ==, info->remedy != NULL);
    }

  g_assert_null (baton_code_dup_text (BATON_CODE_NONE, NULL));
  g_assert_null (baton_code_dup_remedy (BATON_CODE_NONE, NULL));
}

static const struct
{
  guint64 bytes;
  const char *text;
} size_rows[] = {
  { 0, "0 bytes" },
  { 1, "1 bytes" },
  { 1023, "1023 bytes" },
  { 1024, "1.0 KiB" },
  { 1536, "1.5 KiB" },
  { 8 << 20, "8.0 MiB" },
  { G_GUINT64_CONSTANT (67176824832), "62.6 GiB" },
  { G_GUINT64_CONSTANT (3) << 40, "3.0 TiB" },
  { G_MAXUINT64, "16.0 EiB" },
};

static void
test_format_size (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (size_rows); i++)
    {
      g_autofree char *text = baton_text_format_size (size_rows[i].bytes);
      g_auto (GStrv) words = g_strsplit (text, "\302\240", -1);
      g_autofree char *plain = g_strjoinv (" ", words);

      g_assert_cmpstr (plain, ==, size_rows[i].text);
    }
}

static void
test_to_sentence (void)
{
  static const char *const rows[][2] = {
    { "", "" },
    { "the card is away", "The card is away." },
    { "über die Karte", "Über die Karte." },
    { "“env” was not started", "“env” was not started." },
    { "Radeon is with a guest.", "Radeon is with a guest." },
    { "is it?", "Is it?" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = baton_text_to_sentence (rows[i][0]);

      g_assert_cmpstr (text, ==, rows[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/text/clean", test_clean);
  g_test_add_func ("/core/text/clean/any-bytes", test_clean_any_bytes);
  g_test_add_func ("/core/text/clean/cuts-between-characters",
                   test_clean_cuts_between_characters);
  g_test_add_func ("/core/text/fill", test_fill);
  g_test_add_func ("/core/text/format-size", test_format_size);
  g_test_add_func ("/core/text/to-sentence", test_to_sentence);
  g_test_add_func ("/core/text/fill/every-code", test_fill_every_code);

  return g_test_run ();
}
