/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "handoff-story.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-handoff-dir.h"
#include "baton-recover.h"
#include "baton-worker.h"

void
story_begin (Story *self)
{
  self->machine = mock_machine_new ();
  self->kernel = fake_kernel_new (self->machine);
  self->root = mock_machine_get_root (self->machine);
  self->events = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_event_free);
}

void
story_begin_on (Story *self, const char *side)
{
  story_begin (self);
  if (g_str_equal (side, "guest"))
    g_assert_cmpint (story_hand (self, "guest"), ==, BATON_EXIT_DONE);
}

void
story_clear (Story *self)
{
  g_clear_pointer (&self->events, g_ptr_array_unref);
  g_clear_pointer (&self->kernel, fake_kernel_free);
  g_clear_pointer (&self->machine, mock_machine_free);
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->cancel_file, g_free);
}

/* What a front leaves for the worker. */
static void
prepare (Story *self, const BatonRequest *request, guint uid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonHandoffDir) dir =
      baton_handoff_dir_new (self->root, "hand", request, uid, &error);

  g_assert_no_error (error);
  g_free (self->id);
  self->id = g_strdup (baton_handoff_dir_get_id (dir));
  g_free (self->cancel_file);
  self->cancel_file = g_build_filename (mock_machine_get_directory (self->machine),
                                        "run/baton/handoff", self->id, "cancel", NULL);
  fake_kernel_set_cancel_file (self->kernel, self->cancel_file);
}

void
story_prepare_arguments (Story *self, const char *const *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request = baton_request_new_from_arguments (arguments, &error);

  g_assert_no_error (error);
  prepare (self, request, self->uid != 0 ? self->uid : 1000);
}

/* As libvirt's hook asks, which nothing but the files between front and worker can. */
void
story_prepare_hook (Story *self, const char *guest)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request = baton_request_new_from_arguments (arguments, &error);

  g_assert_no_error (error);
  request->hook_guest = g_strdup (guest);
  prepare (self, request, 0);
}

void
story_prepare (Story *self, const char *side, const char *expect)
{
  const char *const arguments[] = {
    side, FAKE_CARD, expect != NULL ? "--expect" : NULL, expect, NULL,
  };

  story_prepare_arguments (self, arguments);
}

/* @close: PID:START */
void
story_prepare_closing (Story *self, const char *side, const char *close)
{
  const char *const arguments[] = { side, FAKE_CARD, "--close", close, NULL };

  story_prepare_arguments (self, arguments);
}

void
story_read_events (Story *self)
{
  g_autofree char *path = g_build_filename (mock_machine_get_directory (self->machine),
                                            "run/baton/handoff", self->id, "events", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 seq = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_ptr_array_set_size (self->events, 0);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_autoptr (GError) error = NULL;
      BatonEvent *event = baton_event_parse (lines[i], -1, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (event->seq, ==, ++seq);
      g_assert_cmpstr (event->handoff, ==, self->id);
      g_ptr_array_add (self->events, event);
    }
}

/* Why a handoff did not come to what its test wants is in its own words. */
static void
tell_troubles (Story *self)
{
  for (guint i = 0; i < self->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (self->events, i);
      JsonArray *findings = json_object_has_member (event->object, "findings")
                                ? json_object_get_array_member (event->object, "findings")
                                : NULL;
      guint n_findings = findings != NULL ? json_array_get_length (findings) : 0;
      const char *state =
          json_object_get_string_member_with_default (event->object, "state", NULL);

      if (g_strcmp0 (state, "fail") == 0 || g_strcmp0 (state, "degraded") == 0)
        g_test_message ("%s", json_object_get_string_member (event->object, "text"));
      for (guint j = 0; j < n_findings; j++)
        {
          JsonObject *finding = json_array_get_object_element (findings, j);

          if (g_str_equal (json_object_get_string_member (finding, "severity"), "blocker"))
            g_test_message ("%s", json_object_get_string_member (finding, "text"));
        }
    }
}

BatonExit
story_work (Story *self)
{
  BatonExit status = baton_worker_run (self->root, self->id);

  story_read_events (self);
  tell_troubles (self);

  return status;
}

BatonExit
story_hand (Story *self, const char *side)
{
  story_prepare (self, side, NULL);

  return story_work (self);
}

static int
wait_for (pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);

  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

/* The worker as a process of its own, which can be killed. */
int
story_start_apart (Story *self)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      struct rlimit limit = { self->max_file_bytes, self->max_file_bytes };

      signal (SIGXFSZ, SIG_IGN);
      if (self->max_file_bytes > 0)
        setrlimit (RLIMIT_FSIZE, &limit);
      fake_kernel_be_worker (self->kernel);
      _exit (baton_worker_run (self->root, self->id));
    }

  return pid;
}

int
story_wait_apart (Story *self, int pid)
{
  return wait_for (pid);
}

int
story_work_apart (Story *self)
{
  return wait_for (story_start_apart (self));
}

/* Until the events hold @text: by inotify, as a front does. */
void
story_wait_for_text (Story *self, const char *text)
{
  g_autofree char *path = g_build_filename (mock_machine_get_directory (self->machine),
                                            "run/baton/handoff", self->id, "events", NULL);
  int fd = inotify_init1 (IN_CLOEXEC);

  g_assert_cmpint (inotify_add_watch (fd, path, IN_MODIFY), >=, 0);
  for (;;)
    {
      char buffer[4096] __attribute__ ((aligned (8)));
      g_autofree char *so_far = NULL;

      g_assert_true (g_file_get_contents (path, &so_far, NULL, NULL));
      if (strstr (so_far, text) != NULL)
        break;
      g_assert_cmpint (read (fd, buffer, sizeof buffer), >, 0);
    }
  close (fd);
}

/* A worker that has said who it is, has taken its order, and is gone. */
void
story_pretend_lost (Story *self)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (self->root, self->id, NULL);
  baton_autofd int fd = baton_handoff_dir_open_events (dir, O_WRONLY | O_APPEND, NULL);
  g_autoptr (BatonEventWriter) events = baton_event_writer_new (fd, self->id);

  g_assert_true (baton_handoff_dir_withdraw (dir));
  baton_event_writer_worker (events, 999999, "1");
}

int
story_recover_apart (Story *self)
{
  pid_t pid = fork ();

  if (pid == 0)
    {
      fake_kernel_be_worker (self->kernel);
      _exit (baton_recover_run (self->root));
    }

  return wait_for (pid);
}

gboolean
story_has_file (Story *self, const char *path)
{
  g_autofree char *full =
      g_build_filename (mock_machine_get_directory (self->machine), path, NULL);

  return g_file_test (full, G_FILE_TEST_EXISTS);
}

void
story_assert_driver (Story *self, const char *address, const char *driver)
{
  g_autofree char *device = mock_machine_dup_device_path (self->machine, address);
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (self->machine), device, "driver", NULL);
  g_autofree char *target = g_file_read_link (path, NULL);
  g_autofree char *found = target != NULL ? g_path_get_basename (target) : NULL;

  g_assert_cmpstr (found, ==, driver);
}

/* Two snapshots, and only what differs is told. */
void
story_assert_same (const char *before, const char *after)
{
  g_auto (GStrv) old = g_strsplit (before, "\n", -1);
  g_auto (GStrv) new = g_strsplit (after, "\n", -1);

  for (guint i = 0; old[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) new, old[i]))
      g_test_message ("only before: %s", old[i]);
  for (guint i = 0; new[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) old, new[i]))
      g_test_message ("only after: %s", new[i]);
  g_assert_true (g_str_equal (before, after));
}

static const BatonEvent *
get_last (Story *self)
{
  g_assert_cmpuint (self->events->len, >, 0);

  return g_ptr_array_index (self->events, self->events->len - 1);
}

void
story_assert_code (Story *self, const char *code)
{
  const BatonEvent *last = get_last (self);

  g_assert_cmpstr (last->type, ==, "result");
  g_assert_cmpstr (json_object_get_string_member (last->object, "code"), ==, code);
}

void
story_assert_step_code (Story *self, const char *code)
{
  for (guint i = 0; i < self->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (self->events, i);

      if (g_str_equal (event->type, "step") &&
          g_strcmp0 (json_object_get_string_member_with_default (event->object, "code", NULL),
                     code) == 0)
        return;
    }
  g_error ("no step has the code '%s'", code);
}

void
story_assert_one_result (Story *self)
{
  guint n_results = 0;

  for (guint i = 0; i < self->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (self->events, i);

      n_results += g_str_equal (event->type, "result");
    }
  g_assert_cmpuint (n_results, ==, 1);
  g_assert_cmpstr (get_last (self)->type, ==, "result");
}
