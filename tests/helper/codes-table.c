/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "codes-table.h"

#include <errno.h>
#include <string.h>

static void
begin (Story *story, const CodesRow *row)
{
  story_begin (story);
  if (row->version != NULL)
    fake_kernel_use_nvidia (story->kernel, row->version);
  if (g_str_equal (row->side, "host"))
    g_assert_cmpint (story_hand (story, "guest"), ==, BATON_EXIT_DONE);
  if (row->settings != NULL)
    {
      g_autofree char *text = g_strdup_printf ("[" FAKE_CARD "]\n%s\n", row->settings);

      mock_machine_write (story->machine, "etc/baton.conf", text);
    }
  if (row->parked)
    mock_machine_remove (story->machine, "run/baton/cards/" FAKE_CARD ".json");
}

/* What is not as it was is told at the end. */
static void
add_problems (const BatonEvent *result, GHashTable *found)
{
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);
  JsonArray *troubles = json_object_get_array_member (result->object, "troubles");

  for (guint i = 0; i < json_array_get_length (troubles); i++)
    {
      JsonObject *trouble = json_array_get_object_element (troubles, i);

      if (!g_str_equal (json_object_get_string_member (trouble, "part"), "problems"))
        continue;
      g_hash_table_add (
          found,
          g_strconcat ("problem ", json_object_get_string_member (trouble, "code"), NULL));
      /* Once, however many steps have met it. */
      g_assert_true (
          g_hash_table_add (told, (gpointer) json_object_get_string_member (trouble, "text")));
    }
}

/* "STEP CODE ERRNO" of each step that failed, with the kind in the place of the step. */
static void
add_failed (Story *story, GHashTable *found)
{
  for (guint i = 0; i < story->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story->events, i);
      const char *id;
      gint64 errsv;

      if (g_str_equal (event->type, "result"))
        add_problems (event, found);
      if (!g_str_equal (event->type, "step") ||
          !g_str_equal (json_object_get_string_member (event->object, "state"), "fail"))
        continue;
      id = json_object_get_string_member (event->object, "id");
      errsv = json_object_get_int_member_with_default (event->object, "errno", 0);
      g_hash_table_add (found,
                        g_strdup_printf ("%.*s %s %s", (int) strcspn (id, ":"), id,
                                         json_object_get_string_member (event->object, "code"),
                                         errsv == 0        ? "-"
                                         : errsv == EBUSY  ? "EBUSY"
                                         : errsv == EPERM  ? "EPERM"
                                         : errsv == EAGAIN ? "EAGAIN"
                                                           : "another"));
    }
}

static char *
join (GHashTable *found)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (found), (GCompareFunc) strcmp);
  GString *text = g_string_new (NULL);

  for (GList *key = keys; key != NULL; key = key->next)
    g_string_append_printf (text, "%s\n", (const char *) key->data);

  return g_string_free (text, FALSE);
}

void
codes_test_each_act (gconstpointer data)
{
  const CodesRow *row = data;
  g_autoptr (GHashTable) found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *text = NULL;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;

      begin (&story, row);
      fake_kernel_set_fault (story.kernel, nth, row->fault, row->errsv);
      story_hand (&story, row->side);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        break;
      add_failed (&story, found);
    }
  text = join (found);
  g_assert_cmpstr (text, ==, row->expected);
}
