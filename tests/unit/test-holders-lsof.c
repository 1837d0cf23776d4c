/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-scan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "holder-child.h"

#define MEMORY_MAJOR 1
#define ZERO_MINOR 5
#define FULL_MINOR 7

static void
must (gboolean worked)
{
  if (!worked)
    _exit (1);
}

static void
open_full (gpointer data)
{
  must (open ("/dev/full", O_RDONLY) >= 0);
}

static void
open_full_often (gpointer data)
{
  for (guint i = 0; i < 100; i++)
    open_full (NULL);
}

static void
open_neighbour (gpointer data)
{
  must (open ("/dev/urandom", O_RDONLY) >= 0);
  must (open ("/dev/null", O_RDWR) >= 0);
}

static void
map_zero (gpointer data)
{
  int fd = open ("/dev/zero", O_RDONLY);

  must (fd >= 0);
  must (mmap (NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
  close (fd);
}

static GHashTable *
search (void)
{
  g_autoptr (BatonHoldersDevices) devices = baton_holders_devices_new ();
  g_autoptr (BatonHoldersScan) scan = NULL;
  g_autoptr (GError) error = NULL;
  GHashTable *pids = g_hash_table_new (NULL, NULL);
  int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

  baton_holders_devices_add (devices, MEMORY_MAJOR, FULL_MINOR, BATON_HOLDERS_ROLE_NODE,
                             "/dev/full");
  baton_holders_devices_add (devices, MEMORY_MAJOR, ZERO_MINOR, BATON_HOLDERS_ROLE_NODE,
                             "/dev/zero");
  scan = baton_holders_scan_processes (devices, proc_fd, &error);
  close (proc_fd);
  g_assert_no_error (error);
  for (guint i = 0; i < scan->found->len; i++)
    {
      const BatonHoldersFound *found = scan->found->pdata[i];

      g_hash_table_add (pids, GINT_TO_POINTER (found->process->pid));
    }

  return pids;
}

static GHashTable *
ask_lsof (void)
{
  const char *arguments[] = { "lsof", "-w", "-t", "/dev/full", "/dev/zero", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  g_auto (GStrv) lines = NULL;
  GHashTable *pids = g_hash_table_new (NULL, NULL);

  g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL,
                NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      g_hash_table_add (pids, GINT_TO_POINTER (atoi (lines[i])));

  return pids;
}

/* The machine goes on living meanwhile: who was there before lsof and after it, lsof must have
 * seen; whom lsof has seen must have been there before or after. */
static void
test_same_processes_as_lsof (void)
{
  HolderAction actions[] = { open_full, open_full_often, map_zero, open_neighbour };
  g_autoptr (GPtrArray) children =
      g_ptr_array_new_with_free_func ((GDestroyNotify) holder_child_stop);
  g_autoptr (GHashTable) before = NULL;
  g_autoptr (GHashTable) theirs = NULL;
  g_autoptr (GHashTable) after = NULL;
  GHashTableIter iter;
  gpointer pid;

  for (guint i = 0; i < 40; i++)
    g_ptr_array_add (children, holder_child_start (actions[i % G_N_ELEMENTS (actions)], NULL));

  before = search ();
  theirs = ask_lsof ();
  after = search ();

  g_assert_cmpuint (g_hash_table_size (theirs), >=, 30);
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &pid, NULL))
    if (g_hash_table_contains (after, pid))
      g_assert_true (g_hash_table_contains (theirs, pid));
  g_hash_table_iter_init (&iter, theirs);
  while (g_hash_table_iter_next (&iter, &pid, NULL))
    g_assert_true (g_hash_table_contains (before, pid) || g_hash_table_contains (after, pid));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holders-lsof/same-processes", test_same_processes_as_lsof);

  return g_test_run ();
}
