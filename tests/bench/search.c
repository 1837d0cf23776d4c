/* SPDX-License-Identifier: GPL-3.0-or-later */

/* search NODE…: Baton's search for holders, for any device files; prints the process ids. */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "baton-holders-scan.h"

int
main (int argc, char **argv)
{
  g_autoptr (BatonHoldersDevices) devices = baton_holders_devices_new ();
  g_autoptr (BatonHoldersScan) scan = NULL;
  g_autoptr (GError) error = NULL;
  int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

  for (int i = 1; i < argc; i++)
    {
      struct stat status;

      if (stat (argv[i], &status) != 0 || !S_ISCHR (status.st_mode))
        {
          fprintf (stderr, "search: '%s' is no device file\n", argv[i]);
          return 1;
        }
      baton_holders_devices_add (devices, gnu_dev_major (status.st_rdev),
                                 gnu_dev_minor (status.st_rdev), BATON_HOLDERS_ROLE_NODE,
                                 argv[i]);
    }

  scan = baton_holders_scan_processes (devices, proc_fd, &error);
  close (proc_fd);
  if (scan == NULL)
    {
      fprintf (stderr, "search: %s\n", error->message);
      return 1;
    }
  for (guint i = 0; i < scan->found->len; i++)
    printf ("%d\n", ((const BatonHoldersFound *) scan->found->pdata[i])->process->pid);

  return 0;
}
