/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "own-processes.h"

#define XML                                                                                    \
  "<domain type='kvm'><devices><hostdev mode='subsystem' type='pci'><source><address bus='1' " \
  "slot='0' function='0'/></source></hostdev></devices></domain>"

static int
hand (OwnProcesses *fixture, const char *guest)
{
  const char *const arguments[] = { "guest", FAKE_CARD, "--start-guest", guest, NULL };
  g_autofree char *file = g_strconcat ("etc/libvirt/qemu/", guest, ".xml", NULL);

  mock_machine_write (fixture->story.machine, file, XML);
  story_prepare_arguments (&fixture->story, arguments);

  return story_wait_apart (&fixture->story, story_start_apart (&fixture->story));
}

/* libvirt says that it runs, and it has ended before anybody looked: the card is not left with nobody. */
static void
test_ends_at_once (OwnProcesses *fixture, gconstpointer data)
{
  g_assert_cmpint (hand (fixture, "bench"), ==, BATON_EXIT_DONE);
  story_read_events (&fixture->story);
  story_assert_code (&fixture->story, "returned");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

static void
test_does_not_start (OwnProcesses *fixture, gconstpointer data)
{
  g_assert_cmpint (hand (fixture, "broken"), ==, BATON_EXIT_ROLLED_BACK);
  story_read_events (&fixture->story);
  story_assert_step_code (&fixture->story, "guest-not-started");
  story_assert_one_result (&fixture->story);
  story_assert_driver (&fixture->story, FAKE_CARD, "amdgpu");
}

int
main (int argc, char **argv)
{
  own_processes_enter ();
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/exec-start-guest/ends-at-once", OwnProcesses, NULL, own_processes_set_up,
              test_ends_at_once, own_processes_tear_down);
  g_test_add ("/exec-start-guest/does-not-start", OwnProcesses, NULL, own_processes_set_up,
              test_does_not_start, own_processes_tear_down);

  return g_test_run ();
}
