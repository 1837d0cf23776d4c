/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mock-machine.h"

#define HUNG "0000:01:00.0"
#define WELL "0000:02:00.0"

/* Far more than a look waits for a monitor's name, and far less than for ever. */
#define LONG_US (20 * G_USEC_PER_SEC)

/* What a computer that has much else to do may make of the milliseconds that a monitor needs. */
#define BUSY_US (G_USEC_PER_SEC / 2)

static char *
find_edid (MockMachine *mock, const char *address, const char *drm_card)
{
  g_autofree char *device = mock_machine_dup_device_path (mock, address);
  g_autofree char *connector = g_strconcat (drm_card, "-DP-1", NULL);

  return g_build_filename (mock_machine_get_directory (mock), device, "drm", drm_card,
                           connector, "edid", NULL);
}

/* Whoever reads it waits until somebody writes, as who reads that of a driver that hangs. */
static void
let_it_hang (const char *edid)
{
  g_assert_cmpint (unlink (edid), ==, 0);
  g_assert_cmpint (mkfifo (edid, 0600), ==, 0);
}

static const BatonOutput *
find_output (BatonMachine *machine, const char *address, guint n)
{
  BatonCard *card = baton_machine_find_card (machine, address);

  g_assert_nonnull (card);
  g_assert_cmpuint (card->outputs->len, ==, 2);

  return g_ptr_array_index (card->outputs, n);
}

static gboolean
has_children (void)
{
  return waitpid (-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static void
test_driver_that_hangs (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) first = NULL;
  g_autoptr (BatonMachine) second = NULL;
  g_autofree char *edid = NULL;
  gint64 start_us;
  int fd;

  mock_machine_add_gpu (mock, HUNG, "1");
  mock_machine_add_gpu (mock, WELL, "2");
  edid = find_edid (mock, HUNG, "card0");
  let_it_hang (edid);

  start_us = g_get_monotonic_time ();
  first = mock_machine_look (mock);
  g_assert_cmpint (g_get_monotonic_time () - start_us, <, LONG_US);
  g_assert_true (find_output (first, HUNG, 0)->connected);
  g_assert_null (find_output (first, HUNG, 0)->monitor);
  g_assert_false (find_output (first, HUNG, 1)->connected);
  g_assert_true (find_output (first, WELL, 0)->connected);
  g_assert_false (has_children ());

  /* The driver is known by now, and the other card's monitor gets its name. */
  second = mock_machine_look (mock);
  g_assert_true (find_output (second, HUNG, 0)->connected);
  g_assert_null (find_output (second, HUNG, 0)->monitor);
  g_assert_cmpstr (find_output (second, WELL, 0)->monitor, ==, "Mock Monitor");
  g_assert_false (has_children ());

  /* lets the process go that waits */
  fd = open (edid, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

typedef struct
{
  char *fifo;
  char *bytes;
  gsize length;
} Driver;

static gpointer
answer_when_asked (gpointer data)
{
  Driver *self = data;
  int fd = open (self->fifo, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_usleep (BUSY_US);
  g_assert_cmpint (write (fd, self->bytes, self->length), ==, (gssize) self->length);
  close (fd);

  return NULL;
}

static void
test_driver_that_takes_its_time (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  Driver driver = { NULL };
  GThread *thread;

  mock_machine_add_gpu (mock, HUNG, "1");
  driver.fifo = find_edid (mock, HUNG, "card0");
  g_assert_true (g_file_get_contents (driver.fifo, &driver.bytes, &driver.length, NULL));
  let_it_hang (driver.fifo);
  thread = g_thread_new ("driver", answer_when_asked, &driver);

  machine = mock_machine_look (mock);
  g_assert_cmpstr (find_output (machine, HUNG, 0)->monitor, ==, "Mock Monitor");
  g_assert_false (has_children ());

  g_thread_join (thread);
  g_free (driver.fifo);
  g_free (driver.bytes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine-monitors/hangs", test_driver_that_hangs);
  g_test_add_func ("/core/machine-monitors/takes-its-time", test_driver_that_takes_its_time);

  return g_test_run ();
}
