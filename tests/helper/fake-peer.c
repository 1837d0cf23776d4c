/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-peer.h"

#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void
fake_peer_start (FakePeer *self, Story *story, const char *script, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, script, NULL);
  const char *argument;
  int says = -1;
  va_list list;

  g_ptr_array_add (argv, (gpointer) "/usr/bin/python3");
  g_ptr_array_add (argv, (gpointer) "-B");
  g_ptr_array_add (argv, path);
  g_ptr_array_add (argv, (gpointer) mock_machine_get_directory (story->machine));
  va_start (list, script);
  while ((argument = va_arg (list, const char *)) != NULL)
    g_ptr_array_add (argv, (gpointer) argument);
  va_end (list);
  g_ptr_array_add (argv, NULL);

  g_spawn_async_with_pipes (NULL, (char **) argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                            NULL, &self->pid, &self->keep, &says, NULL, &error);
  g_assert_no_error (error);
  self->says = fdopen (says, "r");
  fake_peer_expect (self, "ready");
}

void
fake_peer_expect (FakePeer *self, const char *wanted)
{
  char line[256];
  const char *said = fgets (line, sizeof line, self->says);

  if (said != NULL)
    line[strcspn (line, "\n")] = '\0';
  g_assert_cmpstr (said, ==, wanted);
}

void
fake_peer_end (FakePeer *self)
{
  close (self->keep);
  fake_peer_expect (self, NULL);
  fclose (self->says);
  g_assert_cmpint (waitpid (self->pid, NULL, 0), ==, self->pid);
}

guint
story_count_warnings (Story *story, const char *about)
{
  guint n_warnings = 0;

  for (guint i = 0; i < story->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story->events, i);

      if (g_str_equal (event->type, "log") &&
          g_str_equal (json_object_get_string_member (event->object, "level"), "warning") &&
          strstr (json_object_get_string_member (event->object, "text"), about) != NULL)
        n_warnings++;
    }

  return n_warnings;
}
