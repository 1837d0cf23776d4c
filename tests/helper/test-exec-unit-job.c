/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-event.h"
#include "baton-fd.h"
#include "baton-unit-job.h"
#include "mock-machine.h"

#define UNIT "nvidia-persistenced.service"

/* The system bus of a tree with a systemd on it: a process of its own, because ours forks. */
typedef struct
{
  MockMachine *machine;
  BatonEventWriter *events;
  BatonWaiter *waiter;
  int directory;
  GPid pid;
  int keep;
  FILE *says;
} Bus;

static void
bus_expect (Bus *self, const char *wanted)
{
  char line[256];

  if (fgets (line, sizeof line, self->says) == NULL)
    line[0] = '\0';
  g_assert_cmpstr (g_strchomp (line), ==, wanted);
}

static void
bus_start (Bus *self, const char *manner)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "fake-systemd.py", NULL);
  int says = -1;

  self->machine = mock_machine_new ();
  self->events = baton_event_writer_new (-1, NULL);
  self->directory =
      open (mock_machine_get_directory (self->machine), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  self->waiter = baton_waiter_new (self->events, self->directory, &error);
  g_assert_no_error (error);
  if (manner != NULL)
    {
      const char *argv[] = {
        "/usr/bin/python3",
        "-B",
        script,
        mock_machine_get_directory (self->machine),
        manner,
        NULL,
      };

      g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                NULL, &self->pid, &self->keep, &says, NULL, &error);
      g_assert_no_error (error);
      self->says = fdopen (says, "r");
      bus_expect (self, "ready");
    }
}

static gboolean
bus_run (Bus *self, const char *method, guint patience_ms, GError **error)
{
  return baton_unit_job_run (mock_machine_get_root (self->machine), self->waiter, method, UNIT,
                             patience_ms, error);
}

static void
bus_end (Bus *self)
{
  if (self->says != NULL)
    {
      close (self->keep);
      fclose (self->says);
      g_assert_cmpint (waitpid (self->pid, NULL, 0), ==, self->pid);
    }
  baton_waiter_free (self->waiter);
  baton_fd_clear (&self->directory);
  baton_event_writer_free (self->events);
  mock_machine_free (self->machine);
}

static void
test_done (gconstpointer manner)
{
  static const char *const methods[] = { "StopUnit", "StartUnit" };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      Bus bus = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *asked = g_strconcat (methods[i], " " UNIT " fail", NULL);

      bus_start (&bus, manner);
      g_assert_true (bus_run (&bus, methods[i], 0, &error));
      g_assert_no_error (error);
      bus_expect (&bus, "Subscribe");
      bus_expect (&bus, asked);
      bus_end (&bus);
    }
}

static const struct
{
  const char *manner;
  const char *reason;
} failures[] = {
  { "failed", "failed" },
  { "refuses", "not found" },
  { "vanishes", "closed" },
  { NULL, "Could not connect" },
};

static void
test_not_done (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      Bus bus = { 0 };
      g_autoptr (GError) error = NULL;

      bus_start (&bus, failures[i].manner);
      g_assert_false (bus_run (&bus, "StopUnit", 0, &error));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, failures[i].reason));
      bus_end (&bus);
    }
}

static void
expect_asked (Bus *bus, const char *method)
{
  g_autofree char *asked = g_strconcat (method, " " UNIT " fail", NULL);

  bus_expect (bus, "Subscribe");
  bus_expect (bus, asked);
}

/* Whoever asks to stop is heard, at once or after what any service takes, and nothing comes of the
 * job later. */
static void
test_given_up (void)
{
  static const guint patiences_ms[] = { 0, 50 };

  for (guint i = 0; i < G_N_ELEMENTS (patiences_ms); i++)
    {
      Bus bus = { 0 };
      g_autoptr (GError) error = NULL;

      bus_start (&bus, "hangs");
      g_assert_false (bus_run (&bus, "StopUnit", patiences_ms[i], &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      expect_asked (&bus, "StopUnit");
      bus_expect (&bus, "Cancel");
      bus_end (&bus);
    }
}

/* What is done is done, whoever has asked to stop. */
static void
test_given_up_too_late (void)
{
  Bus bus = { 0 };
  g_autoptr (GError) error = NULL;

  bus_start (&bus, "too-late");
  g_assert_true (bus_run (&bus, "StopUnit", 0, &error));
  g_assert_no_error (error);
  expect_asked (&bus, "StopUnit");
  bus_expect (&bus, "Cancel");
  bus_end (&bus);
}

/* What is put back is waited for, also where somebody has asked to stop long ago. */
static void
test_to_the_end (void)
{
  Bus bus = { 0 };
  g_autoptr (GError) error = NULL;

  bus_start (&bus, "later");
  mock_machine_write (bus.machine, "cancel", "");
  g_assert_true (bus_run (&bus, "StartUnit", BATON_UNIT_JOB_TO_THE_END, &error));
  g_assert_no_error (error);
  expect_asked (&bus, "StartUnit");
  bus_end (&bus);
}

/* A worker that was killed while a service stopped has left systemd's job behind, and it may have
 * come to its end while systemd is asked which it is. */
static void
test_in_the_way (gconstpointer manner)
{
  Bus bus = { 0 };
  g_autoptr (GError) error = NULL;

  bus_start (&bus, manner);
  g_assert_true (bus_run (&bus, "StartUnit", BATON_UNIT_JOB_TO_THE_END, &error));
  g_assert_no_error (error);
  expect_asked (&bus, "StartUnit");
  bus_expect (&bus, "ListJobs");
  bus_expect (&bus, "StartUnit " UNIT " fail");
  bus_end (&bus);
}

/* Where nobody says what it is, or it is another unit's, the first error stands. */
static const struct
{
  const char *manner;
  guint n_asked;
} in_the_way_for_good[] = {
  { "unlisted", 1 },
  { "never-said", 3 },
};

static void
test_in_the_way_for_good (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (in_the_way_for_good); i++)
    {
      Bus bus = { 0 };
      g_autoptr (GError) error = NULL;

      bus_start (&bus, in_the_way_for_good[i].manner);
      g_assert_false (bus_run (&bus, "StartUnit", BATON_UNIT_JOB_TO_THE_END, &error));
      g_assert_nonnull (strstr (error->message, UNIT " is to stop."));
      bus_expect (&bus, "Subscribe");
      for (guint n = 0; n < in_the_way_for_good[i].n_asked; n++)
        {
          if (n > 0)
            bus_expect (&bus, "ListJobs");
          bus_expect (&bus, "StartUnit " UNIT " fail");
        }
      bus_end (&bus);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/helper/unit-job/done/at-once", "at-once", test_done);
  g_test_add_data_func ("/helper/unit-job/done/later", "later", test_done);
  g_test_add_data_func ("/helper/unit-job/done/another", "another", test_done);
  g_test_add_func ("/helper/unit-job/not-done", test_not_done);
  g_test_add_func ("/helper/unit-job/given-up", test_given_up);
  g_test_add_func ("/helper/unit-job/given-up/too-late", test_given_up_too_late);
  g_test_add_func ("/helper/unit-job/to-the-end", test_to_the_end);
  g_test_add_data_func ("/helper/unit-job/in-the-way", "in-the-way", test_in_the_way);
  g_test_add_data_func ("/helper/unit-job/in-the-way/just-gone", "just-gone", test_in_the_way);
  g_test_add_func ("/helper/unit-job/in-the-way/for-good", test_in_the_way_for_good);

  return g_test_run ();
}
