/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handoff-story.h"

#define ASKED "block sleep:shutdown:handle-lid-switch Baton"

/* The system bus of the story's tree with a logind on it: a process of its own, because ours
 * forks. */
typedef struct
{
  GPid pid;
  int keep;
  FILE *says;
} Logind;

static char *
logind_next (Logind *self)
{
  char line[256];

  if (fgets (line, sizeof line, self->says) == NULL)
    return NULL;

  return g_strdup (g_strchomp (line));
}

static void
logind_expect (Logind *self, const char *wanted)
{
  g_autofree char *line = logind_next (self);

  g_assert_cmpstr (line, ==, wanted);
}

static void
logind_start (Logind *self, Story *story, const char *manner)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "fake-logind.py", NULL);
  const char *argv[] = {
    "/usr/bin/python3", "-B", script, mock_machine_get_directory (story->machine), manner, NULL,
  };
  int says = -1;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                            &self->pid, &self->keep, &says, NULL, &error);
  g_assert_no_error (error);
  self->says = fdopen (says, "r");
  logind_expect (self, "ready");
}

/* Nothing more was asked, and nothing more was let go. */
static void
logind_end (Logind *self)
{
  close (self->keep);
  logind_expect (self, NULL);
  fclose (self->says);
  g_assert_cmpint (waitpid (self->pid, NULL, 0), ==, self->pid);
}

static guint
count_warnings (Story *story, const char *about)
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

/* From before the first effect to after the last, both ways. */
static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;
  Logind logind;

  story_begin (&story);
  logind_start (&logind, &story, "grants");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (count_warnings (&story, ""), ==, 0);
  logind_expect (&logind, ASKED " amdgpu");
  logind_expect (&logind, "released vfio-pci");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  logind_expect (&logind, ASKED " vfio-pci");
  logind_expect (&logind, "released amdgpu");
  logind_end (&logind);
}

/* It lasts until everything is put back. */
static void
test_rolled_back (void)
{
  g_auto (Story) story = STORY_INIT;
  Logind logind;

  story_begin (&story);
  logind_start (&logind, &story, "grants");
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_REFUSE, ENOMEM);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  logind_expect (&logind, ASKED " amdgpu");
  logind_expect (&logind, "released amdgpu");
  logind_end (&logind);
}

/* What changes nothing keeps nobody from switching the computer off. */
static void
test_nothing_done (void)
{
  g_auto (Story) story = STORY_INIT;
  Logind logind;

  story_begin (&story);
  logind_start (&logind, &story, "grants");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_prepare (&story, "guest", NULL);
  g_assert_true (g_file_set_contents (story.cancel_file, "", 0, NULL));
  g_assert_cmpint (story_work (&story), ==, BATON_EXIT_CANCELLED);
  logind_end (&logind);
}

static void
test_killed (void)
{
  g_auto (Story) story = STORY_INIT;
  Logind logind;

  story_begin (&story);
  logind_start (&logind, &story, "grants");
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_KILL, 0);
  story_work_apart (&story);
  logind_expect (&logind, ASKED " amdgpu");
  logind_expect (&logind, "released amdgpu");
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  logind_end (&logind);
}

/* Where logind says no, or nothing at all, the handoff is made, and somebody is told. */
static void
test_not_granted (gconstpointer manner)
{
  g_auto (Story) story = STORY_INIT;
  Logind logind;

  story_begin (&story);
  logind_start (&logind, &story, manner);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (count_warnings (&story, "kept from sleeping"), ==, 1);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  logind_expect (&logind, ASKED " amdgpu");
  logind_end (&logind);
}

static void
test_no_bus (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpuint (count_warnings (&story, "kept from sleeping"), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/inhibit/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/inhibit/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/inhibit/nothing-done", test_nothing_done);
  g_test_add_func ("/helper/inhibit/killed", test_killed);
  g_test_add_data_func ("/helper/inhibit/not-granted/refused", "refuses", test_not_granted);
  g_test_add_data_func ("/helper/inhibit/not-granted/silent", "silent", test_not_granted);
  g_test_add_func ("/helper/inhibit/no-bus", test_no_bus);

  return g_test_run ();
}
