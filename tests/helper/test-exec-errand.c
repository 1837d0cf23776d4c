/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-event.h"
#include "baton-fd.h"
#include "baton-inhibitor.h"
#include "baton-reservation.h"
#include "mock-machine.h"

/* How long the kernel may take to end a process on a machine that has much else to do. */
#define END_MS 20000

/* Somebody whom root can become, and nobody else need. */
static guint
find_user (void)
{
  return getuid () != 0 ? getuid () : getpwnam ("nobody")->pw_uid;
}

/* A bus that takes whoever comes in and never says a word. */
static int
listen_silently (MockMachine *machine, const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *full = g_build_filename (mock_machine_get_directory (machine), path, NULL);
  g_autofree char *directory = g_path_get_dirname (full);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_assert_cmpuint (g_strlcpy (address.sun_path, full, sizeof address.sun_path), <,
                    sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  /* Whom the helper becomes has to get in. */
  g_assert_cmpint (chmod (full, 0777), ==, 0);
  g_assert_cmpint (chmod (mock_machine_get_directory (machine), 0755), ==, 0);

  return fd;
}

typedef void (*Ask) (BatonRoot *root, BatonWaiter *waiter);

static void
ask_for_sound (BatonRoot *root, BatonWaiter *waiter)
{
  g_autoptr (BatonErrand) errand =
      baton_reservation_new (root, waiter, find_user (), "Audio1", NULL);

  g_assert_null (errand);
}

static void
ask_logind (BatonRoot *root, BatonWaiter *waiter)
{
  g_autoptr (BatonInhibitor) inhibitor =
      baton_inhibitor_new (root, waiter, BATON_INHIBIT_ALL, "A test", NULL);

  g_assert_null (inhibitor);
}

static const struct
{
  const char *bus;
  Ask ask;
} buses[] = {
  { "run/dbus/system_bus_socket", ask_logind },
  { NULL, ask_for_sound },
};

/* A worker that is killed while a bus keeps its errand waiting leaves nobody behind. */
static void
test_ends_with_its_sender (gconstpointer data)
{
  guint row = GPOINTER_TO_UINT (data);
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonEventWriter) events = baton_event_writer_new (-1, NULL);
  g_autoptr (BatonWaiter) waiter = baton_waiter_new (events, -1, NULL);
  g_autofree char *users = g_strdup_printf ("run/user/%u/bus", find_user ());
  BatonRoot *root;
  baton_autofd int bus = -1;
  baton_autofd int client = -1;
  struct pollfd end = { .events = POLLIN };
  char bytes[64];
  pid_t worker;

  mock_machine_write (machine, "run/.keep", "");
  bus = listen_silently (machine, buses[row].bus != NULL ? buses[row].bus : users);
  root = mock_machine_get_root (machine);
  worker = fork ();
  if (worker == 0)
    {
      buses[row].ask (root, waiter);
      _exit (0);
    }
  client = accept4 (bus, NULL, NULL, SOCK_CLOEXEC);
  g_assert_cmpint (client, >=, 0);
  g_assert_cmpint (read (client, bytes, sizeof bytes), >, 0);
  g_assert_cmpint (kill (worker, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (worker, NULL, 0), ==, worker);

  /* Only its end closes what the errand has open. */
  end.fd = client;
  for (gssize n = 1; n > 0;)
    {
      g_assert_cmpint (poll (&end, 1, END_MS), ==, 1);
      n = read (client, bytes, sizeof bytes);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/helper/errand/ends-with-its-sender/root", GUINT_TO_POINTER (0),
                        test_ends_with_its_sender);
  g_test_add_data_func ("/helper/errand/ends-with-its-sender/user", GUINT_TO_POINTER (1),
                        test_ends_with_its_sender);

  return g_test_run ();
}
