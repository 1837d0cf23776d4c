/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>

#include "handoff-story.h"

#define NOTE "run/baton/cards/" FAKE_CARD ".also.json"
#define PROFILE "[" FAKE_CARD "]\nalso=" FAKE_USB "=" FAKE_USB_IDENTITY "\n"
#define DISK "sys/devices/pci0000:05/" FAKE_USB "/usb1/1-1/host6/block/sdb"

/* A card that takes a USB controller along. */
static void
begin (Story *story)
{
  story_begin (story);
  fake_kernel_add_usb (story->kernel);
  mock_machine_write (story->machine, "etc/baton.conf", PROFILE);
}

static void
assert_all_on (Story *story, const char *display, const char *sound, const char *usb)
{
  story_assert_driver (story, FAKE_CARD, display);
  story_assert_driver (story, FAKE_SOUND, sound);
  story_assert_driver (story, FAKE_USB, usb);
}

static void
assert_on_host (Story *story)
{
  assert_all_on (story, "amdgpu", "snd_hda_intel", "xhci_hcd");
  g_assert_false (story_has_file (story, NOTE));
}

/* It comes back also where its owner has changed his mind meanwhile, and nothing adds up. */
static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_all_on (&story, "vfio-pci", "vfio-pci", "vfio-pci");
  g_assert_true (story_has_file (&story, NOTE));

  mock_machine_remove (story.machine, "etc/baton.conf");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_on_host (&story);

  mock_machine_write (story.machine, "etc/baton.conf", PROFILE);
  first = fake_kernel_dup_snapshot (story.kernel);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  second = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (first, second);
}

/* Every act on the way to the guest, met by one fault each: all is put back, or all is there. */
static void
check_each_act_to_guest (FakeFault fault, int errsv)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      BatonExit status;

      begin (&story);
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, fault, errsv);
      status = story_hand (&story, "guest");
      g_test_message ("act %u: %s", nth, baton_exit_to_string (status));
      if (status == BATON_EXIT_DONE)
        assert_all_on (&story, "vfio-pci", "vfio-pci", "vfio-pci");
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpuint (nth, >, 8);
          return;
        }
      if (status == BATON_EXIT_DONE)
        continue;
      g_assert_cmpint (status, ==, BATON_EXIT_ROLLED_BACK);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
}

static void
test_each_write_refused (void)
{
  check_each_act_to_guest (FAKE_FAULT_REFUSE, ENOMEM);
}

static void
test_each_write_without_effect (void)
{
  check_each_act_to_guest (FAKE_FAULT_LIE, 0);
}

/* Wherever the worker is killed, recovery puts all of it back. */
static void
test_killed_at_each_act (void)
{
  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;

      begin (&story);
      before = fake_kernel_dup_snapshot (story.kernel);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_KILL, 0);
      story_prepare (&story, "guest", NULL);
      story_work_apart (&story);
      if (fake_kernel_get_n_acts (story.kernel) < nth)
        {
          g_assert_cmpuint (nth, >, 8);
          return;
        }
      g_test_message ("act %u", nth);
      fake_kernel_set_fault (story.kernel, 0, FAKE_FAULT_NONE, 0);
      story_recover_apart (&story);
      after = fake_kernel_dup_snapshot (story.kernel);
      story_assert_same (before, after);
    }
}

/* The card is back, and stays; what is missing is told, and comes when it is asked for again. */
static void
test_does_not_come_back (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  fake_kernel_refuse_host (story.kernel, FAKE_USB, EIO);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
  assert_all_on (&story, "amdgpu", "snd_hda_intel", NULL);
  g_assert_cmpuint (fake_kernel_get_n_resets (story.kernel), ==, 0);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 0);
}

/* The card is removed and looked for again, and what travels along is left alone meanwhile: the fake
 * kernel ends the test where something is removed that has a driver. */
static void
test_stays_when_the_card_is_removed (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nreturn-method=rescan\n");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_on_host (&story);
  g_assert_cmpuint (fake_kernel_get_n_removed (story.kernel), ==, 2);
}

/* What does not come is put back with all the rest. */
static void
test_card_does_not_come_back (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  fake_kernel_refuse_host (story.kernel, FAKE_CARD, EIO);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_ROLLED_BACK);
  assert_all_on (&story, "vfio-pci", "vfio-pci", "vfio-pci");

  fake_kernel_accept_host (story.kernel);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_on_host (&story);
}

static void
plug_disk (Story *story, const char *mounts)
{
  mock_machine_write (story->machine, DISK "/size", "1000\n");
  mock_machine_write (story->machine, DISK "/dev", "8:16\n");
  mock_machine_link (story->machine, "sys/class/block/sdb", DISK);
  mock_machine_write (story->machine, "proc/1/mountinfo", mounts);
}

static void
test_mounted_disk_stays (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  plug_disk (&story, "30 22 8:16 / /media/stick rw - vfat /dev/sdb rw\n");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  assert_on_host (&story);
}

/* It was unplugged meanwhile: the card comes back as it stood, and what is gone stays gone. */
static void
test_unplugged_while_away (void)
{
  g_auto (Story) story = STORY_INIT;

  begin (&story);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  mock_machine_remove (story.machine, "sys/bus/pci/devices/" FAKE_USB);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
  g_assert_false (story_has_file (&story, NOTE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/also/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/also/each-write-refused", test_each_write_refused);
  g_test_add_func ("/helper/also/each-write-without-effect", test_each_write_without_effect);
  g_test_add_func ("/helper/also/killed-at-each-act", test_killed_at_each_act);
  g_test_add_func ("/helper/also/does-not-come-back", test_does_not_come_back);
  g_test_add_func ("/helper/also/stays-when-removed", test_stays_when_the_card_is_removed);
  g_test_add_func ("/helper/also/card-does-not-come-back", test_card_does_not_come_back);
  g_test_add_func ("/helper/also/mounted-disk-stays", test_mounted_disk_stays);
  g_test_add_func ("/helper/also/unplugged-while-away", test_unplugged_while_away);

  return g_test_run ();
}
