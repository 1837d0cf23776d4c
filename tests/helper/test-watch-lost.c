/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-watch-lost.h"
#include "mock-machine.h"

#define STAYS "0000:01:00.0"
#define CARD "0000:02:00.0"

/* Returns the lines that tell what was lost between two looks. */
static char *
tell (const BatonMachine *before, const BatonMachine *now)
{
  baton_autofd int fd = memfd_create ("lines", MFD_CLOEXEC);
  g_autoptr (BatonEventWriter) writer = baton_event_writer_new (fd, NULL);
  g_autofree char *lines = g_malloc0 (BATON_MAX_LINE_OUT);

  baton_watch_tell_lost (writer, before, now);
  g_assert_cmpint (pread (fd, lines, BATON_MAX_LINE_OUT - 1, 0), >=, 0);

  return g_steal_pointer (&lines);
}

static MockMachine *
new_machine (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_gpu (mock, STAYS, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  mock_machine_set_attribute (mock, CARD, "power/runtime_status", "active");
  mock_machine_set_attribute (mock, CARD, "power_state", "D0");

  return mock;
}

static void
test_nothing_lost (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonMachine) before = mock_machine_look (mock);
  g_autoptr (BatonMachine) now = mock_machine_look (mock);
  g_autofree char *told = tell (before, now);

  g_assert_cmpstr (told, ==, "");
}

static void
test_gone (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonMachine) before = mock_machine_look (mock);
  g_autoptr (BatonMachine) now = NULL;
  g_autofree char *told = NULL;

  mock_machine_remove (mock, "sys/bus/pci/devices/" CARD);
  now = mock_machine_look (mock);
  told = tell (before, now);
  g_assert_nonnull (strstr (told, CARD ") is not there any more."));
  g_assert_null (strstr (told, STAYS));
  g_assert_null (strchr (strchr (told, '\n') + 1, '\n'));
}

/* Once, and not at each look. */
static void
test_silent (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonMachine) before = mock_machine_look (mock);
  g_autoptr (BatonMachine) now = NULL;
  g_autofree char *told = NULL;
  g_autofree char *again = NULL;

  mock_machine_write_bytes (mock, "sys/bus/pci/devices/" CARD "/config", "\xff\xff", 2);
  now = mock_machine_look (mock);
  told = tell (before, now);
  g_assert_nonnull (strstr (told, CARD ") does not answer any more."));
  again = tell (now, now);
  g_assert_cmpstr (again, ==, "");
}

/* A card that waits for its guest is looked at as well, unless a guest may be resetting it. */
static void
test_silent_while_parked (gconstpointer n_users)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonMachine) before = NULL;
  g_autoptr (BatonMachine) now = NULL;
  g_autofree char *told = NULL;

  mock_machine_set_driver (mock, CARD, "vfio-pci");
  mock_machine_set_attribute (mock, CARD, "enable", n_users);
  before = mock_machine_look (mock);
  mock_machine_write_bytes (mock, "sys/bus/pci/devices/" CARD "/config", "\xff\xff", 2);
  now = mock_machine_look (mock);
  told = tell (before, now);
  if (g_str_equal (n_users, "0"))
    g_assert_nonnull (strstr (told, CARD ") does not answer any more."));
  else
    g_assert_cmpstr (told, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/watch-lost/nothing", test_nothing_lost);
  g_test_add_func ("/helper/watch-lost/gone", test_gone);
  g_test_add_func ("/helper/watch-lost/silent", test_silent);
  g_test_add_data_func ("/helper/watch-lost/silent-while-parked", "0",
                        test_silent_while_parked);
  g_test_add_data_func ("/helper/watch-lost/silent-with-its-guest", "1",
                        test_silent_while_parked);

  return g_test_run ();
}
