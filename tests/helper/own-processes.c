/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "own-processes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* Processes and mounts of our own, as root or in a namespace where we are root. What runs in it
 * is process 1 there and everything ends with it. */
void
own_processes_enter (void)
{
  int flags = CLONE_NEWNS | CLONE_NEWPID;
  int status;
  pid_t pid;

  if (unshare (flags) < 0 && unshare (CLONE_NEWUSER | flags) < 0)
    g_error ("no namespace can be had: %s", g_strerror (errno));
  pid = fork ();
  if (pid > 0)
    {
      if (waitpid (pid, &status, 0) != pid)
        g_error ("the test was lost: %s", g_strerror (errno));
      _exit (WIFEXITED (status) ? WEXITSTATUS (status) : 1);
    }
  /* Process 1 of a namespace is deaf to most signals, its own abort() included. */
  if (pid == 0 && (pid = fork ()) > 0)
    {
      if (waitpid (pid, &status, 0) != pid)
        _exit (1);
      _exit (WIFEXITED (status) ? WEXITSTATUS (status) : 1);
    }
  if (pid < 0 || mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
    g_error ("mounts cannot be made private: %s", g_strerror (errno));
}

/* The kernel's release is the running one's, seen through its /proc. */
static void
write_modules (MockMachine *machine)
{
  struct utsname name;
  g_autofree char *path = NULL;

  g_assert_cmpint (uname (&name), ==, 0);
  path = g_strdup_printf ("usr/lib/modules/%s/modules.dep", name.release);
  mock_machine_write (machine, path, "kernel/drivers/vfio/pci/vfio-pci.ko:\n");
}

void
own_processes_set_up (OwnProcesses *self, gconstpointer data)
{
  story_begin (&self->story);
  mock_machine_add_node (self->story.machine, FAKE_CARD, "drm/renderD129", "full", 1, 7);
  mock_machine_write (self->story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nclose-politely-ms=300\n");
  self->proc =
      g_build_filename (mock_machine_get_directory (self->story.machine), "proc", NULL);
  write_modules (self->story.machine);
  g_assert_cmpint (mount ("proc", self->proc, "proc", 0, NULL), ==, 0);
  self->story.root = mock_machine_get_root (self->story.machine);
}

void
own_processes_tear_down (OwnProcesses *self, gconstpointer data)
{
  g_assert_cmpint (umount2 (self->proc, MNT_DETACH), ==, 0);
  g_free (self->proc);
  story_clear (&self->story);
}

/* A process that has OWN_PROCESSES_NODE open. */
pid_t
own_processes_start_holder (void)
{
  int ready[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      int fd = open (OWN_PROCESSES_NODE, O_RDWR);

      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (fd < 0 || write (ready[1], "x", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  close (ready[1]);
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  close (ready[0]);

  return pid;
}

/* A guest: it has the group's node open, as inotify sees it and as the search for holders does. */
pid_t
own_processes_start_guest (OwnProcesses *self, int *ret_fd)
{
  g_autofree char *node = g_build_filename (mock_machine_get_directory (self->story.machine),
                                            "dev/vfio", FAKE_GROUP, NULL);
  pid_t pid = own_processes_start_holder ();

  /* Opened by the test in its place, since a plain file has no device's numbers. */
  *ret_fd = open (node, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (*ret_fd, >=, 0);

  return pid;
}

void
own_processes_stop_guest (pid_t pid, int fd)
{
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  close (fd);
}

void
own_processes_use_group_numbers (OwnProcesses *self)
{
  /* The display's node would be held by the guest as well. */
  mock_machine_add_node (self->story.machine, FAKE_CARD, "drm/renderD129", "dri/renderD129",
                         226, 129);
}

void
own_processes_wait_for_wait (OwnProcesses *self)
{
  story_wait_for_text (&self->story, "wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
}
