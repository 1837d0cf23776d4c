/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "baton-holder.h"
#include "mock-process.h"

#define UID 1000
#define USER "/user.slice/user-1000.slice/user@1000.service"
#define ID "0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef"

#define MANAGER 900 /* the systemd of user 1000 */
#define MAIN 50
#define HOLDER 60
#define OTHER 70

static MockMachine *
new_machine (void)
{
  static const char *const files[] = {
    "mpd.service", "mpd@.service", "cron.service",           "gdm.service",    "dbus.service",
    "ssh.service", "run.service",  "NetworkManager.service", "polkit.service",
  };
  MockMachine *machine = mock_machine_new ();

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename ("etc/systemd/system", files[i], NULL);

      mock_machine_write (machine, path, "");
    }
  mock_process_add (machine, 1, "systemd", 0, "/init.scope", "/sbin/init");
  mock_process_add (machine, MANAGER, "systemd", UID, USER "/init.scope", "systemd|--user");
  mock_process_set_parent (machine, MANAGER, 1);

  return machine;
}

static void
add (MockMachine *machine,
     int pid,
     int parent,
     const char *program,
     guint uid,
     const char *cgroup)
{
  g_autofree char *name = g_path_get_basename (program);

  mock_process_add (machine, pid, name, uid, cgroup, program);
  mock_process_set_parent (machine, pid, parent);
  if (g_path_is_absolute (program))
    mock_process_set_program (machine, pid, program);
}

static BatonHolder *
look (MockMachine *machine, int pid)
{
  g_autoptr (BatonProcess) process = NULL;
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *path =
      g_strdup_printf ("%s/proc/%d", mock_machine_get_directory (machine), pid);
  int fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  process = baton_process_read_at (fd, pid, &error);
  g_assert_no_error (error);
  close (fd);

  return baton_holder_new_for_process (mock_machine_get_root (machine), process, BATON_HOW_FD,
                                       nodes, NULL);
}

static void
expect_main (MockMachine *machine, int pid, int main_pid)
{
  BatonHolder *holder = look (machine, pid);

  g_assert_cmpint (holder->kind, ==, BATON_HOLDER_SERVICE);
  g_assert_true (holder->closable);
  g_assert_cmpint (holder->main_pid, ==, main_pid);
  baton_holder_free (holder);
}

/* Which services are stopped whose main process has the card. */
static void
test_services (void)
{
  static const struct
  {
    const char *cgroup;
    guint uid;
    gboolean stops;
    int manager;
  } rows[] = {
    { "/system.slice/mpd.service", 0, TRUE, 1 },
    { "/system.slice/mpd.service", UID, TRUE, 1 },
    { "/system.slice/system-mpd.slice/mpd@a.service", 0, TRUE, 1 },
    { USER "/app.slice/mpd.service", UID, TRUE, MANAGER },
    { USER "/background.slice/other.service", UID, TRUE, MANAGER },

    /* no child of the systemd that has the unit */
    { "/system.slice/mpd.service", 0, FALSE, 40 },
    { USER "/app.slice/mpd.service", UID, FALSE, 1 },
    /* what another user runs there */
    { USER "/app.slice/mpd.service", UID + 1, FALSE, MANAGER },
    /* a part that the service has made itself */
    { "/system.slice/mpd.service/part", 0, FALSE, 1 },
    /* of systemd-run, and of no file: nothing would be left to be started again */
    { "/system.slice/run.service", 0, FALSE, 1 },
    { "/system.slice/gone.service", 0, FALSE, 1 },
    { USER "/app.slice/run-u1.service", UID, FALSE, MANAGER },
    /* what a computer or a desktop cannot be without */
    { "/system.slice/gdm.service", 0, FALSE, 1 },
    { "/system.slice/dbus.service", 0, FALSE, 1 },
    { "/system.slice/polkit.service", 0, FALSE, 1 },
    { "/system.slice/NetworkManager.service", 0, FALSE, 1 },
    { "/system.slice/ssh.service", 0, FALSE, 1 },
    { USER "/session.slice/plasma-powerdevil.service", UID, FALSE, MANAGER },
    { USER "/session.slice/org.gnome.Shell@wayland.service", UID, FALSE, MANAGER },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) machine = new_machine ();

      g_test_message ("%u: %s", i, rows[i].cgroup);
      mock_machine_write (machine, "run/systemd/transient/run.service", "");
      mock_machine_write (machine, "run/user/1000/systemd/transient/run-u1.service", "");
      add (machine, 40, 1, "/usr/bin/starter", 0, "/system.slice/starter.service");
      add (machine, MAIN, rows[i].manager, "/usr/bin/mpd", rows[i].uid, rows[i].cgroup);
      expect_main (machine, MAIN, rows[i].stops ? MAIN : 0);
    }
}

/* Who of those in a service's control group is the service. */
static void
test_processes (void)
{
  static const struct
  {
    const char *text;
    const char *main;
    const char *holder;
    int parent;
    const char *other; /* one more, whose parent is systemd; NULL: none */
    gboolean stops;
  } rows[] = {
    { "a worker", "/usr/bin/mpd", "/usr/bin/mpd", MAIN, NULL, TRUE },
    { "a worker's worker", "/usr/bin/mpd", "/usr/bin/mpd", 61, NULL, TRUE },
    { "by name alone", "mpd", "mpd", MAIN, NULL, TRUE },
    { "by name, where one may not be read", "/usr/bin/mpd", "mpd", MAIN, NULL, TRUE },
    { "another of that name", "/usr/bin/mpd", "/opt/mpd/mpd", MAIN, NULL, FALSE },
    { "a job of cron's", "/usr/sbin/cron", "/usr/bin/ffmpeg", MAIN, NULL, FALSE },
    { "a job's child", "/usr/sbin/cron", "/usr/bin/ffmpeg", 61, NULL, FALSE },
    { "what a job left behind", "/usr/sbin/cron", "/usr/bin/ffmpeg", 1, NULL, FALSE },
    { "one of two, neither of which is the main one", "/usr/bin/mpd", "/usr/bin/mpd", MAIN,
      "/usr/bin/mpd", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) machine = new_machine ();
      const char *cgroup = "/system.slice/mpd.service";

      g_test_message ("%s", rows[i].text);
      add (machine, MAIN, 1, rows[i].main, 0, cgroup);
      add (machine, HOLDER, rows[i].parent, rows[i].holder, 0, cgroup);
      if (rows[i].other != NULL)
        add (machine, OTHER, 1, rows[i].other, 0, cgroup);
      expect_main (machine, HOLDER, rows[i].stops ? MAIN : 0);
    }
}

/* In a container nobody is closed, whatever runs it, and a virtual machine is none. */
static void
test_containers (void)
{
  static const struct
  {
    const char *cgroup;
    const char *engine;
    const char *name;
  } rows[] = {
    { "/system.slice/docker-" ID ".scope/system.slice/mpd.service", "Docker", "0123456789ab" },
    { "/machine.slice/systemd-nspawn@mpd.service", "systemd-nspawn", "mpd" },
    { USER "/user.slice/libpod-" ID ".scope/container", "Podman", "0123456789ab" },
    { "/system.slice/mpd.service", NULL, NULL },
  };
  g_autoptr (MockMachine) machine = new_machine ();
  BatonHolder *holder;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int pid = 100 + (int) i;

      add (machine, pid, 1, "/usr/bin/mpd", 0, rows[i].cgroup);
      holder = look (machine, pid);
      g_assert_cmpstr (holder->engine, ==, rows[i].engine);
      g_assert_cmpstr (holder->container, ==, rows[i].name);
      g_assert_cmpint (holder->closable, ==, rows[i].engine == NULL);
      baton_holder_free (holder);
    }

  add (machine, 200, 1, "/usr/bin/qemu-system-x86_64", 0,
       "/machine.slice/machine-qemu\\x2d1\\x2dwin11.scope");
  holder = look (machine, 200);
  g_assert_cmpint (holder->kind, ==, BATON_HOLDER_VM);
  g_assert_null (holder->container);
  baton_holder_free (holder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holder-service/services", test_services);
  g_test_add_func ("/core/holder-service/processes", test_processes);
  g_test_add_func ("/core/holder-service/containers", test_containers);

  return g_test_run ();
}
