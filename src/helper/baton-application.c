/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-application.h"

#include <string.h>

#include "baton-process.h"

/* A line for each hierarchy; more than this is not a control group that systemd made. */
#define MAX_CGROUP_BYTES 65536

static char *
read_cgroup (BatonRoot *root, const char *pid)
{
  g_autofree char *path = g_strconcat (pid, "/cgroup", NULL);

  return baton_root_read_file (root, BATON_ROOT_PROC, path, MAX_CGROUP_BYTES, NULL, NULL);
}

static gboolean
is_pid (const char *name)
{
  return *name >= '1' && *name <= '9' && strspn (name, "0123456789") == strlen (name);
}

/* Start times are numbers of equal meaning and different length. */
static gboolean
is_older (const char *a, const char *b)
{
  guint64 one = g_ascii_strtoull (a, NULL, 10);
  guint64 other = g_ascii_strtoull (b, NULL, 10);

  return one < other;
}

static void
consider_leader (BatonApplication *self, BatonRoot *root, int pid)
{
  g_autoptr (BatonProcess) process = baton_process_new (root, pid, NULL);

  /* One that has ended meanwhile leads nothing. */
  if (process == NULL || process->uid != self->uid || process->start_time == NULL ||
      !is_older (process->start_time, self->leader_start_time))
    return;
  self->leader = pid;
  g_free (self->leader_start_time);
  self->leader_start_time = g_strdup (process->start_time);
}

/* The process that was started first: a browser's own, say, and not the helper of its that holds
 * the card, which it would only start again. */
static void
find_leader (BatonApplication *self, BatonRoot *root)
{
  g_autofree char *own = g_strdup_printf ("%d", self->pid);
  g_autofree char *cgroup = read_cgroup (root, own);
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_PROC, "", NULL);

  for (guint i = 0; cgroup != NULL && names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *other = is_pid (name) ? read_cgroup (root, name) : NULL;

      if (g_strcmp0 (other, cgroup) == 0)
        consider_leader (self, root, (int) g_ascii_strtoll (name, NULL, 10));
    }
}

/**
 * baton_application_new:
 * @root: the roots
 * @holder: a process that is to be closed
 *
 * Returns: (transfer full): what belongs to it
 */
BatonApplication *
baton_application_new (BatonRoot *root, const BatonHolder *holder)
{
  BatonApplication *self = g_new0 (BatonApplication, 1);

  self->pid = holder->pid;
  self->start_time = g_strdup (holder->start_time);
  self->uid = holder->uid;
  self->scope = g_strdup (holder->scope);
  self->leader = holder->pid;
  self->leader_start_time = g_strdup (holder->start_time);
  if (self->scope != NULL)
    find_leader (self, root);

  return self;
}

void
baton_application_free (BatonApplication *self)
{
  g_free (self->start_time);
  g_free (self->scope);
  g_free (self->leader_start_time);
  g_free (self);
}

/**
 * baton_application_is_process:
 * @root: the roots
 * @pid: a process id
 * @start_time: field 22 of its `stat`, as text
 *
 * Returns: %TRUE if that process is still the one that was started then
 */
gboolean
baton_application_is_process (BatonRoot *root, int pid, const char *start_time)
{
  g_autoptr (BatonProcess) process = baton_process_new (root, pid, NULL);

  return process != NULL && g_strcmp0 (process->start_time, start_time) == 0;
}
