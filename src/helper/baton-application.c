/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-application.h"

#include <string.h>

/* References used below:
 *  NS - Linux kernel/signal.c, sig_task_ignored(): the first process of a namespace gets no signal
 *    that it has no handler for; kernel/pid_namespace.c, zap_pid_ns_processes(): its end is that of
 *    everybody in it
 */

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

static gboolean
has_process (GPtrArray *processes, int pid)
{
  for (guint i = 0; i < processes->len; i++)
    if (((const BatonProcess *) g_ptr_array_index (processes, i))->pid == pid)
      return TRUE;

  return FALSE;
}

static gboolean
has_holder (GPtrArray *holders, int pid)
{
  for (guint i = 0; i < holders->len; i++)
    if (((const BatonHolder *) g_ptr_array_index (holders, i))->pid == pid)
      return TRUE;

  return FALSE;
}

/* A child that has ended is started anew by its parent, if by anybody, and what is the parent's part
 * of the application is covered as the leader is. The first process of a sandbox is not: what it is
 * there for is everybody in it (NS). */
static BatonProcess *
find_parent (BatonApplication *self, BatonRoot *root, int pid)
{
  g_autoptr (BatonProcess) child = baton_process_new (root, pid, NULL);
  g_autoptr (BatonProcess) parent =
      child != NULL && child->parent > 1 ? baton_process_new (root, child->parent, NULL) : NULL;
  g_autofree char *name = g_strdup_printf ("%d", pid);
  g_autofree char *parent_name = NULL;
  g_autofree char *cgroup = NULL;
  g_autofree char *parent_cgroup = NULL;

  if (parent == NULL || parent->uid != self->uid || parent->is_init)
    return NULL;
  parent_name = g_strdup_printf ("%d", parent->pid);
  cgroup = read_cgroup (root, name);
  parent_cgroup = read_cgroup (root, parent_name);

  return cgroup != NULL && g_strcmp0 (cgroup, parent_cgroup) == 0 ? g_steal_pointer (&parent)
                                                                  : NULL;
}

/**
 * baton_application_list_parents:
 * @self: an application
 * @root: the roots
 * @holders: (element-type BatonHolder): processes of the application
 *
 * Of whom was closed and is there again, those who may have started it: the oldest process of the
 * application may be a wrapper that ends alone, as Flatpak's outer bwrap and Steam's script do.
 *
 * Returns: (transfer full) (element-type BatonProcess): parents of @holders that belong to the
 *   application and are none of @holders, each once
 */
GPtrArray *
baton_application_list_parents (BatonApplication *self, BatonRoot *root, GPtrArray *holders)
{
  GPtrArray *parents = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_process_free);

  for (guint i = 0; self->scope != NULL && i < holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (holders, i);
      g_autoptr (BatonProcess) parent = find_parent (self, root, holder->pid);

      if (parent != NULL && !has_process (parents, parent->pid) &&
          !has_holder (holders, parent->pid))
        g_ptr_array_add (parents, g_steal_pointer (&parent));
    }

  return parents;
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
