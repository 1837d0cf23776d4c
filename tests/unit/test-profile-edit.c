/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-edit.h"

#include <string.h>

#define CARD "0000:01:00.0"
#define ID "1002:73bf:1da2:e438"
#define FILE_NAME "/etc/baton.conf"

typedef struct
{
  BatonProfileEdit outcome;
  char *text;
  BatonProfileProblem *problem;
} Edited;

static void
clear_edited (Edited *self)
{
  g_free (self->text);
  baton_profile_problem_free (self->problem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edited, clear_edited)

static Edited
edit_bytes (const char *text, gsize length, const char *changes)
{
  g_autofree char *line = g_strconcat (CARD " ", changes, NULL);
  g_auto (GStrv) arguments = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonProfileChanges) parsed =
      baton_profile_changes_new_from_arguments ((const char *const *) arguments, &error);
  Edited edited = { 0 };

  g_assert_no_error (error);
  edited.outcome =
      baton_profile_edit (parsed, ID, FILE_NAME, text, length, &edited.text, &edited.problem);

  return edited;
}

static Edited
edit (const char *text, const char *changes)
{
  return edit_bytes (text, strlen (text), changes);
}

/* What stands around the change is there afterwards as it was, byte for byte. */
static void
test_changes_only_what_was_asked (void)
{
  static const struct
  {
    const char *before;
    const char *changes;
    const char *after;
  } rows[] = {
    { "", "return-method=bind", "[" CARD "]\nidentity=" ID "\nreturn-method=bind\n" },
    { "# mine\n", "return-method=bind close-politely-ms=7",
      "# mine\n\n[" CARD "]\nidentity=" ID "\nreturn-method=bind\nclose-politely-ms=7\n" },
    { "# no end", "return-method=bind",
      "# no end\n\n[" CARD "]\nidentity=" ID "\nreturn-method=bind\n" },
    { "# crlf\r\n", "return-method=bind",
      "# crlf\r\n\r\n[" CARD "]\r\nidentity=" ID "\r\nreturn-method=bind\r\n" },
    { "[" CARD "]\nreturn-method=bind\n", "return-method=rescan",
      "[" CARD "]\nidentity=" ID "\nreturn-method=rescan\n" },
    { "[" CARD "]\n  return-method =\t bind \t\r\n# c\nidentity=" ID, "return-method=rescan",
      "[" CARD "]\n  return-method =\t rescan \t\r\n# c\nidentity=" ID },
    { "[" CARD "]\n# a\nidentity=1002:73BF:1da2:E438\n\n# b\nreturn-method=bind\n\n# the next\n"
      "[0000:02:00.0]\nreturn-method=auto\n",
      "close-politely-ms=0",
      "[" CARD "]\n# a\nidentity=1002:73BF:1da2:E438\n\n# b\nreturn-method=bind\n"
      "close-politely-ms=0\n\n# the next\n[0000:02:00.0]\nreturn-method=auto\n" },
    { "[0000:02:00.0]\nreturn-method=auto\n[" CARD "]\n", "return-method=bind",
      "[0000:02:00.0]\nreturn-method=auto\n[" CARD "]\nidentity=" ID "\nreturn-method=bind\n" },
    { "[" CARD "]\nreturn-method=bind\n", "identity=1:2 return-method=auto", NULL },
    { "[" CARD "]\nreturn-method=bind\n", "identity=1111:2222:3333:4444",
      "[" CARD "]\nreturn-method=bind\nidentity=1111:2222:3333:4444\n" },
    { "[" CARD "]\nidentity=1111:2222:3333:4444\nreturn-method=bind\n",
      "identity=", "[" CARD "]\nreturn-method=bind\n" },
    { "[" CARD "]\nidentity=" ID "\nreturn-method=bind\nclose-politely-ms=7\n",
      "return-method=", "[" CARD "]\nidentity=" ID "\nclose-politely-ms=7\n" },
    { "[" CARD "]\nidentity=" ID "\nreturn-method=bind\n", "return-method=", "" },
    { "[" CARD "]\nidentity=" ID "\n# keep me\nreturn-method=bind\n",
      "return-method=", "[" CARD "]\nidentity=" ID "\n# keep me\n" },
    { "# a\n\n[" CARD "]\nreturn-method=bind\n\n[0000:02:00.0]\nreturn-method=auto\n",
      "return-method=", "# a\n\n[0000:02:00.0]\nreturn-method=auto\n" },
    { "[" CARD "]\nidentity=" ID "\nreturn-method=bind\n", "return-method= close-politely-ms=7",
      "[" CARD "]\nidentity=" ID "\nclose-politely-ms=7\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Edited) edited = edit (rows[i].before, rows[i].changes);

      g_test_message ("%s: %s", rows[i].changes, rows[i].before);
      g_assert_cmpstr (edited.text, ==, rows[i].after);
      g_assert_cmpint (edited.outcome, ==,
                       rows[i].after != NULL ? BATON_PROFILE_EDIT_CHANGED
                                             : BATON_PROFILE_EDIT_REFUSED);
    }
}

/* Setting a key and taking it away again leaves the very file that was there. */
static void
test_is_undone (void)
{
  static const char *const rows[] = {
    "",
    "\n",
    "# a\n",
    "# a\n\n",
    "[0000:02:00.0]\nreturn-method=auto\n",
    "[0000:02:00.0]\nreturn-method=auto\n\n\n",
    "[" CARD "]\nidentity=" ID "\nclose-politely-ms=7\n\n[0000:02:00.0]\n",
    "# a\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Edited) there = edit (rows[i], "return-method=bind reset-before-return=true");
      g_auto (Edited) back = { 0 };

      g_test_message ("%s", rows[i]);
      g_assert_cmpint (there.outcome, ==, BATON_PROFILE_EDIT_CHANGED);
      back = edit (there.text, "reset-before-return= return-method=");
      g_assert_cmpint (back.outcome, ==, BATON_PROFILE_EDIT_CHANGED);
      g_assert_cmpstr (back.text, ==, rows[i]);
    }
}

/* Not even the identity is added where nothing is to be otherwise. */
static void
test_says_so_already (void)
{
  static const char *const rows[][2] = {
    { "[" CARD "]\nreturn-method = bind\n", "return-method=bind" },
    { "[" CARD "]\nreturn-method=bind\n", "close-politely-ms=" },
    { "[" CARD "]\n", "close-politely-ms=" },
    { "", "identity= return-method=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Edited) edited = edit (rows[i][0], rows[i][1]);

      g_test_message ("%s: %s", rows[i][1], rows[i][0]);
      g_assert_cmpint (edited.outcome, ==, BATON_PROFILE_EDIT_SAME);
      g_assert_null (edited.text);
      g_assert_null (edited.problem);
    }
}

static void
test_refuses_an_old_mistake (void)
{
  static const struct
  {
    const char *text;
    gssize length;
    guint line;
    const char *key;
  } rows[] = {
    { "[" CARD "]\nreturn-method=never\n", -1, 2, "return-method" },
    { "[" CARD "]\n\n[0000:02:00.0]\ncolour=red\n", -1, 4, "colour" },
    { "[" CARD "]\n# no more\nidentity=1111:2222:3333:4444\n", -1, 3, "identity" },
    { "\xff\xfe", 2, 0, NULL },
    { "#\0#", 3, 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gsize length = rows[i].length >= 0 ? (gsize) rows[i].length : strlen (rows[i].text);
      g_auto (Edited) edited = edit_bytes (rows[i].text, length, "return-method=bind");

      g_test_message ("row %u", i);
      g_assert_cmpint (edited.outcome, ==, BATON_PROFILE_EDIT_MISTAKE);
      g_assert_cmpstr (edited.problem->file, ==, FILE_NAME);
      g_assert_cmpuint (edited.problem->line, ==, rows[i].line);
      g_assert_cmpstr (edited.problem->key, ==, rows[i].key);
      g_assert_null (edited.text);
    }
}

/* What the reader of the file would refuse afterwards is refused now, with the line it would have. */
static void
test_refuses_what_could_not_be_read (void)
{
  static const struct
  {
    const char *changes;
    guint line;
    const char *key;
  } rows[] = {
    { "return-method=never", 3, "return-method" },
    { "close-politely-ms=60001", 3, "close-politely-ms" },
    { "colour=red", 3, "colour" },
    { "colour=", 3, "colour" },
    { "also=03:00.0", 3, "also" },
    { "identity=1002", 2, "identity" },
    { "close-politely-ms=1 sleep-while-guest=no", 4, "sleep-while-guest" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Edited) edited = edit ("[" CARD "]\n# a\n", rows[i].changes);

      g_test_message ("%s", rows[i].changes);
      g_assert_cmpint (edited.outcome, ==, BATON_PROFILE_EDIT_REFUSED);
      g_assert_cmpuint (edited.problem->line, ==, rows[i].line);
      g_assert_cmpstr (edited.problem->key, ==, rows[i].key);
      g_assert_null (edited.text);
    }
}

static void
test_refuses_to_grow_too_large (void)
{
  g_autofree char *comment = g_strnfill (BATON_PROFILE_MAX_BYTES - 1, '#');
  g_auto (Edited) edited = edit (comment, "return-method=bind");

  g_assert_cmpint (edited.outcome, ==, BATON_PROFILE_EDIT_REFUSED);
  g_assert_cmpuint (edited.problem->line, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/profile-edit/changes-only-what-was-asked",
                   test_changes_only_what_was_asked);
  g_test_add_func ("/core/profile-edit/is-undone", test_is_undone);
  g_test_add_func ("/core/profile-edit/says-so-already", test_says_so_already);
  g_test_add_func ("/core/profile-edit/refuses-an-old-mistake", test_refuses_an_old_mistake);
  g_test_add_func ("/core/profile-edit/refuses-what-could-not-be-read",
                   test_refuses_what_could_not_be_read);
  g_test_add_func ("/core/profile-edit/refuses-to-grow-too-large",
                   test_refuses_to_grow_too_large);

  return g_test_run ();
}
