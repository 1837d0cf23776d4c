/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of changes to one card's settings, and the file that they are made in. What is taken must be
 * a file that can be read, say what was asked for, and have lost nothing that is somebody else's. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "baton-error.h"
#include "baton-profile-edit.h"
#include "baton-profile-lines.h"

#define CARD "0000:01:00.0"
#define ID "1002:73bf:1da2:e438"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Every comment, and whatever is said of other cards, in order. */
static char *
list_of_others (const char *text)
{
  g_autoptr (GPtrArray) lines = baton_profile_lines_new (text);
  GString *others = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const BatonProfileLine *line = lines->pdata[i];
      g_autofree char *stripped = g_strstrip (g_strdup (line->text));

      if (*stripped != '\0' && (line->is_comment || g_strcmp0 (line->section, CARD) != 0))
        g_string_append_printf (others, "%s\n", stripped);
    }

  return g_string_free (others, FALSE);
}

static const char *
find_value (GPtrArray *lines, const char *key)
{
  for (guint i = 0; i < lines->len; i++)
    {
      const BatonProfileLine *line = lines->pdata[i];

      if (g_strcmp0 (line->section, CARD) == 0 && g_strcmp0 (line->key, key) == 0)
        return line->value;
    }

  return "";
}

static void
check_changed (const BatonProfileChanges *changes, const char *before, const char *after)
{
  g_autofree char *others_before = list_of_others (before);
  g_autofree char *others_after = list_of_others (after);
  g_autoptr (GPtrArray) lines = baton_profile_lines_new (after);
  g_autoptr (BatonProfile) profile =
      baton_profile_new_from_text (CARD, "x", after, strlen (after));
  g_autoptr (BatonProfileProblem) problem = NULL;
  g_autofree char *again = NULL;

  g_assert_null (profile->problem);
  g_assert_cmpstr (others_before, ==, others_after);
  for (guint i = 0; changes->keys[i] != NULL; i++)
    g_assert_cmpstr (find_value (lines, changes->keys[i]), ==, changes->values[i]);
  g_assert_cmpint (
      baton_profile_edit (changes, ID, "x", after, strlen (after), &again, &problem), ==,
      BATON_PROFILE_EDIT_SAME);
}

static void
edit (const BatonProfileChanges *changes, const char *text, gsize length)
{
  g_autofree char *changed = NULL;
  g_autoptr (BatonProfileProblem) problem = NULL;

  switch (baton_profile_edit (changes, ID, "x", text, length, &changed, &problem))
    {
    case BATON_PROFILE_EDIT_CHANGED:
      g_assert_null (problem);
      check_changed (changes, text, changed);
      break;
    case BATON_PROFILE_EDIT_SAME:
      g_assert_null (problem);
      g_assert_null (changed);
      break;
    case BATON_PROFILE_EDIT_MISTAKE:
    case BATON_PROFILE_EDIT_REFUSED:
    default:
      g_assert_null (changed);
      g_assert_nonnull (problem->reason);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  const char *file = strchr (text, '\n') != NULL ? strchr (text, '\n') + 1 : "";
  g_autofree char *line = g_strndup (text, strcspn (text, "\n"));
  g_auto (GStrv) arguments = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonProfileChanges) changes =
      baton_profile_changes_new_from_arguments ((const char *const *) arguments, &error);
  const char *usual[] = { CARD, "return-method=bind", "close-politely-ms=", NULL };

  if (changes == NULL)
    {
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      changes = baton_profile_changes_new_from_arguments (usual, NULL);
    }
  if (g_str_equal (changes->card, CARD))
    edit (changes, file, strlen (file));

  return 0;
}
