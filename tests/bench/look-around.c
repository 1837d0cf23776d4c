/* SPDX-License-Identifier: GPL-3.0-or-later */

/* look-around TREE: Baton's look at the cards of TREE and at the processes of this computer, as a
 * plan needs it; prints the process ids that it found. Only root may put /proc into TREE, and
 * nobody else sees it there. */

#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "baton-holders.h"

static gboolean
put_processes_into (const char *tree)
{
  g_autofree char *proc = g_build_filename (tree, "proc", NULL);

  if (unshare (CLONE_NEWNS) == 0 && mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
      mount ("/proc", proc, NULL, MS_BIND, NULL) == 0)
    return TRUE;

  fprintf (stderr, "look-around: could not put /proc into '%s': %s\n", tree,
           g_strerror (errno));
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) all = NULL;

  if (argc != 2 || !put_processes_into (argv[1]))
    return 1;

  root = baton_root_new_for_directory (argv[1], &error);
  machine = root != NULL ? baton_machine_new (root, &error) : NULL;
  all = machine != NULL ? baton_holders_scan (root, machine, &error) : NULL;
  if (all == NULL)
    {
      fprintf (stderr, "look-around: %s\n", error->message);
      return 1;
    }

  fprintf (stderr, "%u cards\n", machine->cards->len);
  for (guint i = 0; i < all->len; i++)
    {
      const BatonHolders *holders = g_ptr_array_index (all, i);

      for (guint j = 0; j < holders->holders->len; j++)
        printf ("%d\n", ((const BatonHolder *) holders->holders->pdata[j])->pid);
    }

  return 0;
}
