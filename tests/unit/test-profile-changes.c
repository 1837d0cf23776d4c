/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-changes.h"

#include "baton-error.h"

#include <string.h>

#define CARD "0000:01:00.0"

static void
test_there_and_back (void)
{
  const char *const arguments[] = { CARD, "return-method=bind",
                                    "close-politely-ms=", "stop-units=ä=b.service c.service",
                                    NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonProfileChanges) changes =
      baton_profile_changes_new_from_arguments (arguments, &error);
  g_auto (GStrv) back = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (changes->card, ==, CARD);
  g_assert_cmpstr (changes->keys[1], ==, "close-politely-ms");
  g_assert_cmpstr (changes->values[1], ==, "");
  g_assert_cmpstr (changes->values[2], ==, "ä=b.service c.service");
  g_assert_true (baton_profile_changes_name (changes, "stop-units"));
  g_assert_false (baton_profile_changes_name (changes, "stop"));
  back = baton_profile_changes_to_arguments (changes);
  g_assert_cmpstrv ((char **) arguments, back);
}

/* What could be more than one line, or more than one file can hold, is no change. */
static void
test_refuses (void)
{
  g_autofree char *long_value = g_strnfill (BATON_PROFILE_MAX_VALUE_BYTES + 1, 'a');
  g_autofree char *too_long = g_strconcat ("a=", long_value, NULL);
  g_autofree char *long_key = g_strconcat (long_value, "=a", NULL);
  const char *const rows[][4] = {
    { NULL },
    { CARD, NULL },
    { "", "a=b", NULL },
    { "01:00.0", "a=b", NULL },
    { "0000:01:00.0]\n[x", "a=b", NULL },
    { "../../../etc", "a=b", NULL },
    { CARD, "a", NULL },
    { CARD, "", NULL },
    { CARD, "=", NULL },
    { CARD, "=b", NULL },
    { CARD, "A=b", NULL },
    { CARD, "-a=b", NULL },
    { CARD, " a=b", NULL },
    { CARD, "a =b", NULL },
    { CARD, "[a]=b", NULL },
    { CARD, "#a=b", NULL },
    { CARD, "a\nb=c", NULL },
    { CARD, "a=b\n", NULL },
    { CARD, "a=b\n[0000:02:00.0]", NULL },
    { CARD, "a=b\rc=d", NULL },
    { CARD, "a=b\tc", NULL },
    { CARD, "a=\x1b[2J", NULL },
    { CARD, "a=b\x7f", NULL },
    { CARD, "a=\xff\xfe", NULL },
    { CARD, "a=\xc2\x85", NULL },
    { CARD, "a=\xe2\x80\xa8", NULL },
    { CARD, "a=\xe2\x80\xae", NULL },
    { CARD, "a= b", NULL },
    { CARD, "a=b ", NULL },
    { CARD, "a=b", "a=c", NULL },
    { CARD, "a=b", "a=", NULL },
    { CARD, too_long, NULL },
    { CARD, long_key, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("row %u", i);
      g_assert_null (baton_profile_changes_new_from_arguments (rows[i], &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
      g_assert_cmpuint (strlen (error->message), <, 300);
      g_assert_null (strchr (error->message, '\n'));
    }
}

static void
test_refuses_too_many (void)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (arguments, g_strdup (CARD));
  for (guint i = 0; i <= BATON_PROFILE_MAX_CHANGES; i++)
    g_ptr_array_add (arguments, g_strdup_printf ("a%u=b", i));
  g_ptr_array_add (arguments, NULL);

  g_assert_null (baton_profile_changes_new_from_arguments (
      (const char *const *) arguments->pdata, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/profile-changes/there-and-back", test_there_and_back);
  g_test_add_func ("/core/profile-changes/refuses", test_refuses);
  g_test_add_func ("/core/profile-changes/refuses-too-many", test_refuses_too_many);

  return g_test_run ();
}
