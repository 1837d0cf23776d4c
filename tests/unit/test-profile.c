/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile.h"

#include <glib/gstdio.h>
#include <string.h>

#define CARD "0000:01:00.0"

static BatonProfile *
load (const char *text, gssize length)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("baton-profile-XXXXXX", &error);
  g_autofree char *etc = g_build_filename (directory, "etc", NULL);
  g_autofree char *file = g_build_filename (etc, "baton.conf", NULL);
  g_autoptr (BatonRoot) root = NULL;
  BatonProfile *profile = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir (etc, 0755), ==, 0);
  if (text != NULL)
    g_assert_true (g_file_set_contents (file, text, length, NULL));

  root = baton_root_new_for_directory (directory, &error);
  g_assert_no_error (error);
  profile = baton_profile_load (root, CARD);

  g_unlink (file);
  g_rmdir (etc);
  g_rmdir (directory);

  return profile;
}

static void
test_defaults (void)
{
  static const char *const rows[] = { NULL, "", "# nothing\n\n",
                                      "[0000:02:00.0]\nreturn-method=bind" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProfile) profile = load (rows[i], -1);

      g_test_message ("%s", rows[i] != NULL ? rows[i] : "no file");
      g_assert_null (profile->problem);
      g_assert_null (profile->identity);
      g_assert_cmpstr (profile->card, ==, CARD);
      g_assert_cmpint (profile->return_method, ==, BATON_RETURN_AUTO);
      g_assert_cmpint (profile->reset_before_return, ==, BATON_RESET_AUTO);
      g_assert_cmpuint (profile->close_politely_ms, ==, BATON_PROFILE_CLOSE_POLITELY_MS);
      g_assert_false (profile->return_when_guest_stops);
    }
}

static void
test_reads_its_section (void)
{
  g_autoptr (BatonProfile) profile = load ("[0000:02:00.0]\n"
                                           "close-politely-ms=1\n"
                                           "[" CARD "]\n"
                                           "# the old one\n"
                                           "identity = 1002:73BF:1da2:e438 \r\n"
                                           "return-method=bind\n"
                                           "close-politely-ms=60000\n"
                                           "reset-before-return=true\n"
                                           "sleep-while-guest=allow\n"
                                           "return-when-guest-stops=true",
                                           -1);

  g_assert_null (profile->problem);
  g_assert_cmpstr (profile->identity, ==, "1002:73bf:1da2:e438");
  g_assert_cmpint (profile->return_method, ==, BATON_RETURN_BIND);
  g_assert_cmpint (profile->reset_before_return, ==, BATON_RESET_ALWAYS);
  g_assert_cmpuint (profile->close_politely_ms, ==, 60000);
  g_assert_true (profile->return_when_guest_stops);
  g_assert_true (profile->sleeps_while_guest);
}

/* A mistake anywhere is named with its line, and nothing of the file is used. */
static void
test_names_the_mistake (void)
{
  static const struct
  {
    const char *text;
    guint line;
    const char *key;
  } rows[] = {
    { "return-method=auto", 1, "return-method" },
    { "[" CARD "]\nreturn-method=remove", 2, "return-method" },
    { "[" CARD "]\nreturn-method=", 2, "return-method" },
    { "[" CARD "]\n\nclose-politely-ms=-1", 3, "close-politely-ms" },
    { "[" CARD "]\nclose-politely-ms=60001", 2, "close-politely-ms" },
    { "[" CARD "]\nclose-politely-ms=5s", 2, "close-politely-ms" },
    { "[" CARD "]\nreturn-when-guest-stops=yes", 2, "return-when-guest-stops" },
    { "[" CARD "]\nsleep-while-guest=no", 2, "sleep-while-guest" },
    { "[" CARD "]\nreset-before-return=bus", 2, "reset-before-return" },
    { "[" CARD "]\nidentity=1002:73bf", 2, "identity" },
    { "[" CARD "]\nidentity=1002:73bf:1da2:e4380", 2, "identity" },
    { "[" CARD "]\nstop-units=foo.service", 2, "stop-units" },
    { "[" CARD "]\nalso=0000:03:00.0", 2, "also" },
    { "[" CARD "]\ncolour=red", 2, "colour" },
    { "[" CARD "]\nidentity=1:2:3:4\n", 2, "identity" },
    { "[" CARD "]\nreturn-method=auto\nreturn-method=bind", 3, "return-method" },
    { "[" CARD "]\n[" CARD "]", 2, "[" CARD "]" },
    { "[01:00.0]", 1, "[01:00.0]" },
    { "[../../etc]", 1, "[../../etc]" },
    { "[" CARD, 1, "[" CARD },
    { "[", 1, "[" },
    { "[" CARD "]\nreturn-method", 2, "return-method" },
    { "[" CARD "]\nreturn-method=bind\n[0000:02:00.0]\ncolour=red", 4, "colour" },
    { "[" CARD "]\n=", 2, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProfile) profile = load (rows[i].text, -1);

      g_test_message ("%s", rows[i].text);
      g_assert_nonnull (profile->problem);
      g_assert_cmpuint (profile->problem->line, ==, rows[i].line);
      g_assert_cmpstr (profile->problem->key, ==, rows[i].key);
      g_assert_true (g_str_has_suffix (profile->problem->file, "etc/baton.conf"));
      g_assert_cmpstr (profile->problem->reason, !=, "");
      g_assert_cmpint (profile->return_method, ==, BATON_RETURN_AUTO);
    }
}

static void
test_names_an_unreadable_file (void)
{
  g_autofree char *long_text = g_strnfill (70000, '#');
  const struct
  {
    const char *text;
    gssize length;
  } rows[] = { { "\xff\xfe", 2 }, { "# \0", 3 }, { long_text, 70000 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProfile) profile = load (rows[i].text, rows[i].length);

      g_assert_nonnull (profile->problem);
      g_assert_cmpuint (profile->problem->line, ==, 0);
      g_assert_null (profile->problem->key);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/profile/defaults", test_defaults);
  g_test_add_func ("/core/profile/reads-its-section", test_reads_its_section);
  g_test_add_func ("/core/profile/names-the-mistake", test_names_the_mistake);
  g_test_add_func ("/core/profile/names-an-unreadable-file", test_names_an_unreadable_file);

  return g_test_run ();
}
