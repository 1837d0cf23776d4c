/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-request.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "baton-error.h"
#include "baton-process.h"

/* The oldest processes of a user are his session's own, and what he starts inherits from them. */
#define MAX_PROCESSES 16
#define MAX_LIMITS_BYTES 65536
#define LOCKED_MEMORY "Max locked memory"

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  int first = *(const int *) a;
  int second = *(const int *) b;

  return (first > second) - (first < second);
}

static GArray *
list_processes_of (BatonRoot *root, guint uid)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_PROC, ".", NULL);
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (int));

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = names->pdata[i];
      guint64 number = 0;
      struct stat status;

      if (g_ascii_string_to_unsigned (name, 10, 1, G_MAXINT, &number, NULL) &&
          fstatat (baton_root_get_fd (root, BATON_ROOT_PROC), name, &status,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
          status.st_uid == uid)
        {
          int pid = (int) number;

          g_array_append_val (pids, pid);
        }
    }

  g_array_sort (pids, compare_numbers);

  return pids;
}

/* Reads the soft limit, which counts: QEMU does not raise it (proc_pid_limits(5)). */
static guint64
read_locked_memory (BatonRoot *root, int pid)
{
  g_autofree char *path = g_strdup_printf ("%d/limits", pid);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_LIMITS_BYTES, NULL, NULL);
  const char *value = text != NULL ? strstr (text, LOCKED_MEMORY) : NULL;

  if (value == NULL)
    return 0;

  value += strlen (LOCKED_MEMORY);
  value += strspn (value, " ");
  if (g_str_has_prefix (value, "unlimited"))
    return G_MAXUINT64;

  return g_ascii_strtoull (value, NULL, 10);
}

static guint64
find_locked_memory (BatonRoot *root, guint uid)
{
  g_autoptr (GArray) pids = list_processes_of (root, uid);
  guint64 most = 0;

  for (guint i = 0; i < MIN (pids->len, MAX_PROCESSES); i++)
    most = MAX (most, read_locked_memory (root, g_array_index (pids, int, i)));

  return most;
}

/* By the socket that it has made for its user. */
static gboolean
find_systemd (BatonRoot *root, guint uid)
{
  g_autofree char *path = g_strdup_printf ("user/%u/bus", uid);

  return uid != 0 && baton_root_exists (root, BATON_ROOT_RUN, path);
}

static gboolean
is_gone (BatonRoot *root, const BatonClose *close)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonProcess) process = baton_process_new (root, close->pid, &error);

  /* What is there and cannot be read is not gone. */
  if (process == NULL)
    return g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);

  return g_strcmp0 (process->start_time, close->start_time) != 0;
}

static void
look_for_guests (BatonRequest *self, BatonRoot *root)
{
  g_clear_pointer (&self->guest, baton_guest_definition_free);
  g_clear_pointer (&self->guests, g_strfreev);
  if (self->to != BATON_SIDE_GUEST || self->cards[0] == NULL)
    return;
  self->guests = baton_guest_definition_list (root, self->cards[0]);
  if (self->start_guest != NULL)
    self->guest = baton_guest_definition_new (root, self->start_guest);
}

/**
 * baton_request_look:
 * @self: a request
 * @root: where to look
 *
 * Fills in what a plan needs to know of the one who asks, and that no argument may say: how much
 * memory his guests may lock, whether his units can be reached, and which guests could be
 * started with the card. Drops the consents to close processes that have ended meanwhile: what consent
 * was given for is done. To be called by whoever makes a plan, before he makes it.
 */
void
baton_request_look (BatonRequest *self, BatonRoot *root)
{
  self->has_systemd = find_systemd (root, self->uid);
  self->memlock_bytes = find_locked_memory (root, self->uid);
  look_for_guests (self, root);

  for (guint i = self->closes->len; i > 0; i--)
    {
      BatonClose *close = self->closes->pdata[i - 1];

      if (!is_gone (root, close))
        continue;
      g_ptr_array_remove_index (self->closes, i - 1);
      g_free (close->start_time);
      g_free (close);
    }
}
