/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-command.h"
#include "baton-error.h"
#include "baton-event.h"

#include <string.h>

static const struct
{
  const char *line;
  guint commands;
} good[] = {
  { "{\"cancel\":true}", BATON_COMMAND_CANCEL },
  { " { \"look\" : true } \r", BATON_COMMAND_LOOK },
  { "{\"look\":true,\"cancel\":true}", BATON_COMMAND_CANCEL | BATON_COMMAND_LOOK },
  { "{}", 0 },
  { "{\"cancel\":false}", 0 },
  { "{\"cancel\":\"true\"}", 0 },
  { "{\"cancel\":1}", 0 },
  { "{\"cancel\":null}", 0 },
  { "{\"cancel\":{\"cancel\":true}}", 0 },
  { "{\"CANCEL\":true}", 0 },
  { "{\"later\":[1,2,{\"x\":null}]}", 0 },
  { "{\"cancel\":true,\"cancel\":false}", 0 },
};

static const struct
{
  const char *line;
  gssize length;
} bad[] = {
  { "", -1 },
  { "cancel", -1 },
  { "true", -1 },
  { "[{\"cancel\":true}]", -1 },
  { "{\"cancel\":true", -1 },
  { "{\"cancel\":true}}", -1 },
  { "{\"cancel\":true}{\"cancel\":true}", -1 },
  { "{\"cancel\":true} /* yes */", -1 },
  { "{'cancel':true}", -1 },
  { "{\"cancel\":\"\377\376\"}", -1 },
  { "{\"cancel\":\0true}", 16 },
  { "\0", 1 },
};

/* Escaped: bytes that are no text are no line of a test's output either. */
static void
note_line (const char *line)
{
  g_autofree char *shown = g_strescape (line, NULL);

  g_test_message ("%s", shown);
}

static void
test_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      guint commands = 4711;

      note_line (good[i].line);
      g_assert_true (baton_command_parse (good[i].line, -1, &commands, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (commands, ==, good[i].commands);
    }
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      guint commands = 4711;

      note_line (bad[i].line);
      g_assert_false (baton_command_parse (bad[i].line, bad[i].length, &commands, &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
      g_assert_cmpuint (commands, ==, 4711);
    }
}

/* A hundred thousand brackets would end the stack of a parser that calls itself. */
static void
test_deep_and_long (void)
{
  const gsize depth = 50000;
  g_autofree char *deep = g_strnfill (depth, '[');
  g_autofree char *line = g_strconcat ("{\"cancel\":", deep, NULL);
  g_autofree char *hidden = g_strconcat ("{'\"':", deep, "\"}", NULL);
  g_autofree char *long_text = g_strnfill (BATON_MAX_LINE_IN, ' ');
  g_autofree char *long_line = g_strconcat ("{", long_text, "}", NULL);
  g_autoptr (GError) error = NULL;
  guint commands = 0;

  g_assert_false (baton_command_parse (line, -1, &commands, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
  g_clear_error (&error);

  g_assert_false (baton_command_parse (hidden, -1, &commands, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
  g_clear_error (&error);

  g_assert_false (baton_command_parse (long_line, -1, &commands, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_TOO_LARGE);
}

static void
test_huge_numbers (void)
{
  guint commands = 0;

  g_assert_true (baton_command_parse ("{\"cancel\":true,\"n\":1e308}", -1, &commands, NULL));
  g_assert_cmpuint (commands, ==, BATON_COMMAND_CANCEL);
  g_assert_true (baton_command_parse ("{\"cancel\":true,\"n\":99999999999999999999999}", -1,
                                      &commands, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/command/good", test_good);
  g_test_add_func ("/core/command/bad", test_bad);
  g_test_add_func ("/core/command/deep-and-long", test_deep_and_long);
  g_test_add_func ("/core/command/huge-numbers", test_huge_numbers);

  return g_test_run ();
}
