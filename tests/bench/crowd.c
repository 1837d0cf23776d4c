/* SPDX-License-Identifier: GPL-3.0-or-later */

/* crowd PROCESSES DESCRIPTORS: that many processes with that many descriptors each, of the kinds
 * that a desktop's processes have, until stdin ends. One in five hundred has /dev/full open, and
 * another one has /dev/zero mapped and no longer open: the nodes that the searches look for.
 * Prints their process ids, one a line, and then an empty line. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ONE_IN 500

static void
must (int worked, const char *what)
{
  if (!worked)
    {
      perror (what);
      _exit (1);
    }
}

static int
open_one (int n)
{
  int pair[2];
  int fd;

  switch (n % 8)
    {
    case 0:
    case 1:
      must (socketpair (AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
      close (pair[1]);
      return pair[0];
    case 2:
      must (pipe (pair) == 0, "pipe");
      close (pair[1]);
      return pair[0];
    case 3:
      return eventfd (0, 0);
    case 4:
      return epoll_create1 (0);
    case 5:
      return open ("/dev/null", O_RDWR);
    default:
      fd = open ("/proc/self/exe", O_RDONLY);
      if (fd < 0)
        fd = open ("/", O_RDONLY);
      return fd;
    }
}

static void
live (int index, int n_descriptors, int hold_fd, int ready_fd)
{
  char byte;
  int holds = index % ONE_IN == 0;
  int maps = index % ONE_IN == 1;
  int n_open =
      2; /* stdin is the hold, the other the report; stdout and stderr are the parent's */

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  dup2 (hold_fd, 0);
  close (hold_fd);
  for (; n_open < n_descriptors - holds; n_open++)
    must (open_one (n_open) >= 0, "open");
  if (holds)
    must (open ("/dev/full", O_RDONLY) >= 0, "/dev/full");
  if (maps)
    {
      int fd = open ("/dev/zero", O_RDONLY);

      must (mmap (NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED, "/dev/zero");
      close (fd);
    }
  must (write (ready_fd, "x", 1) == 1, "write");
  while (read (0, &byte, 1) > 0)
    ;
  _exit (0);
}

int
main (int argc, char **argv)
{
  int n_processes = argc > 1 ? atoi (argv[1]) : 4000;
  int n_descriptors = argc > 2 ? atoi (argv[2]) : 25;
  int hold[2];
  int ready[2];
  char byte;

  must (pipe (hold) == 0 && pipe (ready) == 0, "pipe");
  for (int i = 0; i < n_processes; i++)
    {
      pid_t pid = fork ();

      must (pid >= 0, "fork");
      if (pid == 0)
        {
          close (hold[1]);
          close (ready[0]);
          live (i, n_descriptors, hold[0], ready[1]);
        }
      if (i % ONE_IN < 2)
        printf ("%d\n", pid);
    }
  for (int i = 0; i < n_processes; i++)
    must (read (ready[0], &byte, 1) == 1, "a process could not get ready");
  printf ("\n");
  fflush (stdout);

  while (read (0, &byte, 1) > 0)
    ;
  close (hold[1]);
  while (wait (NULL) > 0)
    ;
  return 0;
}
