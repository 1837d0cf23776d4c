/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-report.h"
#include "own-processes.h"

#define OTHER_CARD "0000:00:02.0"
#define GUEST "Windows 11"

/* What libvirt has to ask for the card once its guest has ended. */
#define FETCH_US (30 * G_TIME_SPAN_SECOND)

/* These take the minute that is promised, so they have a program of their own, which begins before
 * all others, and all of them have the same minute: each is a process with a machine of its own, that
 * begins at once. */
typedef struct
{
  const char *name;
  void (*tell) (OwnProcesses *fixture, int minute_fd);
} Scene;

/* Until it is over for those that end with it, and for whoever waits in this scene since @since_us. */
static void
wait_for_minute (int minute_fd, gint64 since_us)
{
  gint64 until_us = since_us + 61 * G_TIME_SPAN_SECOND;
  char byte;

  g_assert_cmpint (read (minute_fd, &byte, 1), ==, 0);
  g_usleep ((gulong) MAX (0, until_us - g_get_monotonic_time ()));
}

static void
assert_is_back (OwnProcesses *fixture, const char *code)
{
  g_autoptr (JsonNode) report = NULL;

  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, code);
  story_assert_one_result (&fixture->story);
  /* The next login reads of it as well. */
  report = baton_report_load (fixture->story.root, NULL);
  g_assert_nonnull (report);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (report), "code"), ==,
                   code);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

static void
assert_comes_back (OwnProcesses *fixture, const char *why)
{
  gint64 start_us = g_get_monotonic_time ();

  g_assert_cmpint (story_wait_apart (&fixture->story, story_start_apart (&fixture->story)), ==,
                   BATON_EXIT_DONE);
  g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 60 * G_TIME_SPAN_SECOND);
  story_wait_for_text (&fixture->story, why);
  assert_is_back (fixture, "returned-unused");
}

/* With no other screen nobody sees that nothing comes: the card comes back. */
static void
nobody_comes (OwnProcesses *fixture, int minute_fd)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free", NULL };

  mock_machine_set_driver (fixture->story.machine, OTHER_CARD, NULL);
  story_prepare_arguments (&fixture->story, arguments);
  assert_comes_back (fixture, "within a minute, and this computer has no other screen");
}

/* Nor where it was libvirt that asked, which has ended before it started anything. */
static void
libvirt_ends (OwnProcesses *fixture, int minute_fd)
{
  mock_machine_set_driver (fixture->story.machine, OTHER_CARD, NULL);
  story_prepare_hook (&fixture->story, GUEST);
  assert_comes_back (fixture, "within a minute, and this computer has no other screen");
}

/* As libvirt makes a process for a guest, whose memory is filled first. */
static pid_t
start_filling (OwnProcesses *fixture)
{
  g_autofree char *text = NULL;
  pid_t pid = fork ();

  if (pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      prctl (PR_SET_NAME, "qemu-system-x86");
      for (;;)
        pause ();
    }
  g_assert_cmpint (pid, >, 0);
  text = g_strdup_printf ("%d\n", pid);
  mock_machine_write (fixture->story.machine, "run/libvirt/qemu/" GUEST ".pid", text);

  return pid;
}

/* One that is being started is left alone for as long as that takes, and one that has been is waited for. Of
 * its end libvirt would tell the hook: when it does not, nobody does. */
static void
libvirt_ends_later (OwnProcesses *fixture, int minute_fd)
{
  pid_t filling, worker, guest;
  gint64 since_us;
  int fd;

  own_processes_use_group_numbers (fixture);
  mock_machine_set_driver (fixture->story.machine, OTHER_CARD, NULL);
  story_prepare_hook (&fixture->story, GUEST);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  since_us = g_get_monotonic_time ();
  filling = start_filling (fixture);
  wait_for_minute (minute_fd, since_us);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  g_assert_cmpint (waitpid (worker, NULL, WNOHANG), ==, 0);

  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  kill (filling, SIGKILL);
  g_assert_cmpint (waitpid (filling, NULL, 0), ==, filling);
  own_processes_stop_guest (guest, fd);
  since_us = g_get_monotonic_time ();
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  g_assert_cmpint (g_get_monotonic_time () - since_us, >=, FETCH_US);
  assert_is_back (fixture, "returned-unfetched");
}

/* With another screen it would be waited for for ever, and was not to be. */
static void
nobody_comes_in_time (OwnProcesses *fixture, int minute_fd)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free=1", NULL };

  story_prepare_arguments (&fixture->story, arguments);
  assert_comes_back (fixture, "within a minute: the card comes back");
}

/* Whoever said a longer time has it: a guest that comes later than the minute is waited for. */
static void
comes_late (OwnProcesses *fixture, int minute_fd)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free=1440", NULL };
  pid_t worker, guest;
  gint64 since_us;
  int fd;

  own_processes_use_group_numbers (fixture);
  mock_machine_set_driver (fixture->story.machine, OTHER_CARD, NULL);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  since_us = g_get_monotonic_time ();
  wait_for_minute (minute_fd, since_us);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* The time is one for coming: who has come stays as long as he likes. */
static void
stays (OwnProcesses *fixture, int minute_fd)
{
  static const char *const arguments[] = { "guest", FAKE_CARD, "--until-free=1", NULL };
  pid_t worker, guest;
  gint64 since_us;
  guint n_acts;
  int fd;

  own_processes_use_group_numbers (fixture);
  story_prepare_arguments (&fixture->story, arguments);
  worker = story_start_apart (&fixture->story);
  own_processes_wait_for_wait (fixture);
  since_us = g_get_monotonic_time ();
  n_acts = fake_kernel_get_n_acts (fixture->story.kernel);
  guest = own_processes_start_guest (fixture, &fd);
  story_wait_for_text (&fixture->story, "has the card open");
  wait_for_minute (minute_fd, since_us);
  story_assert_driver (&fixture->story, FAKE_CARD, "vfio-pci");
  g_assert_cmpint (waitpid (worker, NULL, WNOHANG), ==, 0);
  g_assert_cmpuint (fake_kernel_get_n_acts (fixture->story.kernel), ==, n_acts);
  own_processes_stop_guest (guest, fd);
  g_assert_cmpint (story_wait_apart (&fixture->story, worker), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

/* Those that wait for the minute of the others come last. */
static const Scene scenes[] = {
  { "/helper/wait-soon/nobody-comes", nobody_comes },
  { "/helper/wait-soon/nobody-comes-in-time", nobody_comes_in_time },
  { "/helper/wait-soon/libvirt-ends", libvirt_ends },
  { "/helper/wait-soon/comes-late", comes_late },
  { "/helper/wait-soon/stays", stays },
  { "/helper/wait-soon/libvirt-ends-later", libvirt_ends_later },
};

#define N_MINUTES 3

static struct
{
  pid_t pids[G_N_ELEMENTS (scenes)];
  int minute_fd;
} begun;

static void
begin_scenes (void)
{
  int minute[2];

  g_assert_cmpint (pipe2 (minute, O_CLOEXEC), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      OwnProcesses fixture = { 0 };

      begun.pids[i] = fork ();
      g_assert_cmpint (begun.pids[i], >=, 0);
      if (begun.pids[i] > 0)
        continue;
      close (minute[1]);
      own_processes_enter ();
      own_processes_set_up (&fixture, NULL);
      scenes[i].tell (&fixture, minute[0]);
      own_processes_tear_down (&fixture, NULL);
      _exit (0);
    }
  close (minute[0]);
  begun.minute_fd = minute[1];
}

static void
test_scene (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  int status;

  if (i == N_MINUTES)
    close (begun.minute_fd);
  g_assert_cmpint (waitpid (begun.pids[i], &status, 0), ==, begun.pids[i]);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  begin_scenes ();
  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    g_test_add_data_func (scenes[i].name, GUINT_TO_POINTER (i), test_scene);

  return g_test_run ();
}
