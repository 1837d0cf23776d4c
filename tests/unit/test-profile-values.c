/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-values.h"

#include <glib/gstdio.h>
#include <string.h>

#define CARD "0000:01:00.0"

/* What is shown as the default is what a card without a section gets. */
static void
test_defaults_are_the_defaults (void)
{
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (BatonProfileProblem) problem = NULL;
  g_autoptr (GPtrArray) values = NULL;
  g_autoptr (GString) text = g_string_new ("[" CARD "]\n");
  g_autoptr (BatonProfile) expected = baton_profile_new_default (CARD);
  g_autoptr (BatonProfile) written = NULL;
  g_autofree char *directory = g_dir_make_tmp ("baton-values-XXXXXX", NULL);
  g_autofree char *etc = g_build_filename (directory, "etc", NULL);
  guint n_values = 0;

  g_assert_cmpint (g_mkdir (etc, 0755), ==, 0);
  root = baton_root_new_for_directory (directory, NULL);
  values = baton_profile_list_values (root, CARD, NULL, &problem);
  g_assert_null (problem);
  for (guint i = 0; i < values->len; i++)
    {
      const BatonProfileValue *value = values->pdata[i];

      g_assert_cmpuint (value->line, ==, 0);
      if (value->value == NULL)
        continue;
      g_string_append_printf (text, "%s=%s\n", value->key, value->value);
      n_values++;
    }
  g_assert_cmpuint (n_values, >=, 5);

  written = baton_profile_new_from_text (CARD, "/etc/baton.conf", text->str, text->len);
  g_assert_null (written->problem);
  g_assert_cmpint (written->return_method, ==, expected->return_method);
  g_assert_cmpint (written->reset_before_return, ==, expected->reset_before_return);
  g_assert_cmpuint (written->close_politely_ms, ==, expected->close_politely_ms);
  g_assert_cmpint (written->return_when_guest_stops, ==, expected->return_when_guest_stops);
  g_assert_cmpint (written->hook_ends_session, ==, expected->hook_ends_session);
  g_assert_cmpint (written->sleeps_while_guest, ==, expected->sleeps_while_guest);
  g_assert_cmpint (written->open_again, ==, expected->open_again);

  g_rmdir (etc);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/profile-values/defaults-are-the-defaults",
                   test_defaults_are_the_defaults);

  return g_test_run ();
}
