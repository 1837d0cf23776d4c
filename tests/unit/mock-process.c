/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mock-process.h"

#include <string.h>
#include <unistd.h>

static char *
build_name (int pid, const char *name)
{
  return g_strdup_printf ("proc/%d/%s", pid, name);
}

/**
 * mock_process_add:
 * @arguments: separated by `|`
 */
void
mock_process_add (MockMachine *self,
                  int pid,
                  const char *name,
                  guint uid,
                  const char *cgroup,
                  const char *arguments)
{
  g_autofree char *stat_path = build_name (pid, "stat");
  g_autofree char *status_path = build_name (pid, "status");
  g_autofree char *comm_path = build_name (pid, "comm");
  g_autofree char *cgroup_path = build_name (pid, "cgroup");
  g_autofree char *cmdline_path = build_name (pid, "cmdline");
  g_autofree char *maps_path = build_name (pid, "maps");
  g_autofree char *fd_path = build_name (pid, "fd/.keep");
  g_autofree char *stat_text = g_strdup_printf (
      "%d (%s) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 %d00 1 1\n", pid, name, pid);
  g_autofree char *status_text =
      g_strdup_printf ("Name:\tx\nUid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
  g_autofree char *cgroup_text = g_strdup_printf ("0::%s\n", cgroup);
  g_autofree char *cmdline = g_strdup (arguments);

  mock_machine_write (self, comm_path, name);
  mock_machine_write (self, stat_path, stat_text);
  mock_machine_write (self, status_path, status_text);
  mock_machine_write (self, cgroup_path, cgroup_text);
  g_strdelimit (cmdline, "|", '\0');
  mock_machine_write_bytes (self, cmdline_path, cmdline, strlen (arguments) + 1);
  mock_machine_write (self, maps_path, "");
  mock_machine_write (self, fd_path, "");
}

/* Without it, a process has none. */
void
mock_process_set_parent (MockMachine *self, int pid, int parent)
{
  g_autofree char *path = build_name (pid, "status");
  g_autofree char *file = g_build_filename (mock_machine_get_directory (self), path, NULL);
  g_autofree char *status = NULL;
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (file, &status, NULL, NULL));
  text = g_strdup_printf ("%sPPid:\t%d\n", status, parent);
  mock_machine_write (self, path, text);
}

/* Without it, the program may not be read. */
void
mock_process_set_program (MockMachine *self, int pid, const char *program)
{
  g_autofree char *path =
      g_strdup_printf ("%s/proc/%d/exe", mock_machine_get_directory (self), pid);

  g_assert_cmpint (symlink (program, path), ==, 0);
}

/**
 * mock_process_open:
 * @link: text of the link: a path of the machine, or such as `anon_inode:[vfio-device]`
 */
void
mock_process_open (MockMachine *self, int pid, int fd, const char *link)
{
  g_autofree char *path =
      g_strdup_printf ("%s/proc/%d/fd/%d", mock_machine_get_directory (self), pid, fd);

  g_assert_cmpint (symlink (link, path), ==, 0);
}

void
mock_process_describe_fd (MockMachine *self, int pid, int fd, const char *fdinfo)
{
  g_autofree char *path = g_strdup_printf ("proc/%d/fdinfo/%d", pid, fd);

  mock_machine_write (self, path, fdinfo);
}

void
mock_process_map (MockMachine *self, int pid, const char *maps)
{
  g_autofree char *path = build_name (pid, "maps");

  mock_machine_write (self, path, maps);
}
