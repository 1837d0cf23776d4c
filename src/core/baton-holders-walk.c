/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-walk-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton-holder.h"

/* References used below:
 *  PROC5     - proc(5): /proc/pid/task
 *  TASK-LINK - Linux fs/proc/base.c, proc_task_getattr(): links of `task` are 2 + threads
 *  KCMP      - kcmp(2): KCMP_FILES
 */

/* A process that gives every thread a descriptor table of its own is an attack or a bug. */
#define MAX_TABLES 32

/* The process has a device of ours: adds @how, a set of #BatonHow, to what is known of it. */
void
baton_holders_walk_note_device (BatonHoldersWalk *self, guint device, guint how)
{
  BatonHoldersRole role = baton_holders_devices_get (self->devices, device)->role;

  if (role == BATON_HOLDERS_ROLE_VFIO_GROUP || role == BATON_HOLDERS_ROLE_VFIO_CDEV)
    how |= BATON_HOW_VFIO;
  if (role == BATON_HOLDERS_ROLE_VFIO_GROUP)
    self->traces |= BATON_HOLDERS_TRACE_VFIO_GROUP;
  if (self->how[device] == 0)
    g_array_append_val (self->touched, device);
  self->how[device] |= how;
  self->n_uses[device]++;
}

/* The process has the device with this number, one of ours or not. */
void
baton_holders_walk_note_number (BatonHoldersWalk *self, guint major, guint minor, guint how)
{
  guint device;

  if (baton_holders_devices_find (self->devices, major, minor, &device))
    baton_holders_walk_note_device (self, device, how);
  else if (baton_holders_devices_is_vfio_group (self->devices, major))
    self->traces |= BATON_HOLDERS_TRACE_VFIO_GROUP;
}

/* What it means that something of a process could not be opened. Whatever does not say that the
 * process has ended, such as our own want of descriptors, leaves us not knowing what it has. */
BatonHoldersWalkResult
baton_holders_walk_result_from_errno (int errsv)
{
  return errsv == ENOENT || errsv == ESRCH ? BATON_HOLDERS_WALK_GONE
                                           : BATON_HOLDERS_WALK_UNREADABLE;
}

static gboolean
shares_table (const int *tables, guint n_tables, int tid)
{
  for (guint i = 0; i < n_tables; i++)
    if (syscall (SYS_kcmp, tables[i], tid, KCMP_FILES, 0, 0) == 0)
      return TRUE;

  return FALSE;
}

/* A thread can have a descriptor table of its own (unshare(2), CLONE_FILES), and when the first
 * thread of a process has ended, its table and mappings are to be seen in the others alone.
 * Returns: UNREADABLE where there is more than was looked at */
static BatonHoldersWalkResult
look_at_threads (BatonHoldersWalk *self, int dir_fd, int pid, gboolean leader_is_empty)
{
  BatonHoldersWalkResult worst = BATON_HOLDERS_WALK_NOTHING;
  int tables[MAX_TABLES] = { pid };
  guint n_tables = 1;
  gboolean maps_seen = !leader_is_empty;
  const struct dirent *entry;
  DIR *tasks;
  int tasks_fd = openat (dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  tasks = tasks_fd >= 0 ? fdopendir (tasks_fd) : NULL;
  if (tasks == NULL)
    {
      int errsv = errno;

      if (tasks_fd >= 0)
        close (tasks_fd);
      return baton_holders_walk_result_from_errno (errsv);
    }

  while ((entry = readdir (tasks)) != NULL)
    {
      int tid = (int) g_ascii_strtoll (entry->d_name, NULL, 10);
      gboolean any = FALSE;
      int task_fd;

      if (tid <= 0 || tid == pid || shares_table (tables, n_tables, tid))
        continue;
      if (n_tables == MAX_TABLES)
        {
          worst = BATON_HOLDERS_WALK_UNREADABLE;
          break;
        }
      task_fd = openat (tasks_fd, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (task_fd < 0)
        continue;
      tables[n_tables++] = tid;
      if (baton_holders_walk_look_at_descriptors (self, task_fd, &any) ==
          BATON_HOLDERS_WALK_UNREADABLE)
        worst = BATON_HOLDERS_WALK_UNREADABLE;
      if (!maps_seen)
        {
          baton_holders_walk_look_at_maps (self, task_fd);
          maps_seen = TRUE;
        }
      close (task_fd);
    }
  closedir (tasks);

  return worst;
}

static gboolean
has_threads (int dir_fd)
{
  struct statx status;

  return statx (dir_fd, "task", AT_STATX_DONT_SYNC, STATX_NLINK, &status) == 0 &&
         status.stx_nlink > 3;
}

/**
 * baton_holders_walk_new:
 * @devices: what to look for; not changed any more
 * @proc_fd: a directory laid out like `/proc`, which must stay open
 *
 * Returns: (transfer full): a walk that has looked at nobody yet
 */
BatonHoldersWalk *
baton_holders_walk_new (BatonHoldersDevices *devices, int proc_fd)
{
  BatonHoldersWalk *self = g_new0 (BatonHoldersWalk, 1);
  struct statx status;
  int fd;

  self->devices = baton_holders_devices_ref (devices);
  self->how = g_new0 (guint8, baton_holders_devices_get_size (devices) + 1);
  self->n_uses = g_new0 (guint, baton_holders_devices_get_size (devices) + 1);
  self->touched = g_array_new (FALSE, FALSE, sizeof (guint));
  self->vfio_functions = g_ptr_array_new_with_free_func (g_free);
  self->dirents = g_malloc (BATON_HOLDERS_DIRENT_BYTES);
  self->maps = g_malloc (BATON_HOLDERS_MAPS_BYTES);
  self->files = g_new0 (BatonHoldersCachedFile, BATON_HOLDERS_N_CACHED_FILES);
  self->proc_fd = proc_fd;

  /* all anonymous files live in one file system of the kernel's own: ask one of ours */
  self->anonymous_major = G_MAXUINT;
  fd = eventfd (0, EFD_CLOEXEC);
  if (fd >= 0 && statx (fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0)
    {
      self->anonymous_major = status.stx_dev_major;
      self->anonymous_minor = status.stx_dev_minor;
    }
  if (fd >= 0)
    close (fd);

  return self;
}

/**
 * baton_holders_walk_free:
 * @self: (nullable): a walk
 *
 * Frees @self.
 */
void
baton_holders_walk_free (BatonHoldersWalk *self)
{
  if (self == NULL)
    return;

  baton_holders_devices_unref (self->devices);
  g_free (self->how);
  g_free (self->n_uses);
  g_array_unref (self->touched);
  g_ptr_array_unref (self->vfio_functions);
  g_free (self->dirents);
  g_free (self->maps);
  g_free (self->files);
  g_free (self);
}

/**
 * baton_holders_walk_process:
 * @self: a walk
 * @pid: a process id
 * @ret_dir_fd: (out): the process's directory, open, when something was found: it belongs to
 *   the caller, and stays that of this process when its number is given to another
 *
 * Looks at one process. What it has can be asked for until the next one is looked at. Its end
 * in the middle is no error: it has then given everything back.
 *
 * Returns: what came of it; @ret_dir_fd is set with %BATON_HOLDERS_WALK_FOUND alone
 */
BatonHoldersWalkResult
baton_holders_walk_process (BatonHoldersWalk *self, int pid, int *ret_dir_fd)
{
  char name[16];
  BatonHoldersWalkResult fds_result;
  BatonHoldersWalkResult maps_result;
  gboolean any = FALSE;
  int dir_fd;

  for (guint i = 0; i < self->touched->len; i++)
    {
      self->how[g_array_index (self->touched, guint, i)] = 0;
      self->n_uses[g_array_index (self->touched, guint, i)] = 0;
    }
  g_array_set_size (self->touched, 0);
  g_ptr_array_set_size (self->vfio_functions, 0);
  self->traces = 0;

  g_snprintf (name, sizeof name, "%d", pid);
  dir_fd = openat (self->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    return baton_holders_walk_result_from_errno (errno);

  fds_result = baton_holders_walk_look_at_descriptors (self, dir_fd, &any);
  maps_result = baton_holders_walk_look_at_maps (self, dir_fd);
  if (fds_result == BATON_HOLDERS_WALK_NOTHING && has_threads (dir_fd))
    fds_result = look_at_threads (self, dir_fd, pid, !any);

  self->is_whole = fds_result != BATON_HOLDERS_WALK_UNREADABLE &&
                   maps_result != BATON_HOLDERS_WALK_UNREADABLE;
  if (self->touched->len > 0 || self->traces != 0)
    {
      *ret_dir_fd = dir_fd;
      return BATON_HOLDERS_WALK_FOUND;
    }

  close (dir_fd);
  return self->is_whole ? fds_result : BATON_HOLDERS_WALK_UNREADABLE;
}

/**
 * baton_holders_walk_was_whole:
 * @self: a walk
 *
 * Returns: whether all that the last process has was looked at: one that has something that can be
 *   seen may have something else that cannot
 */
gboolean
baton_holders_walk_was_whole (const BatonHoldersWalk *self)
{
  return self->is_whole;
}

/**
 * baton_holders_walk_get_traces:
 * @self: a walk
 *
 * Returns: set of #BatonHoldersTrace: what else the last process was seen to have
 */
guint
baton_holders_walk_get_traces (const BatonHoldersWalk *self)
{
  return self->traces;
}

/**
 * baton_holders_walk_dup_uses:
 * @self: a walk
 *
 * Returns: (transfer full) (element-type BatonHoldersUse): what the last process has
 */
GArray *
baton_holders_walk_dup_uses (const BatonHoldersWalk *self)
{
  GArray *uses = g_array_new (FALSE, FALSE, sizeof (BatonHoldersUse));

  for (guint i = 0; i < self->touched->len; i++)
    {
      guint device = g_array_index (self->touched, guint, i);
      BatonHoldersUse use = { device, self->how[device], self->n_uses[device] };

      g_array_append_val (uses, use);
    }

  return uses;
}

/**
 * baton_holders_walk_dup_vfio_functions:
 * @self: a walk
 *
 * Returns: (transfer full): functions that the kernel names for the last process's vfio
 *   devices: not for all, unless as many as it has
 */
GStrv
baton_holders_walk_dup_vfio_functions (const BatonHoldersWalk *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < self->vfio_functions->len; i++)
    g_strv_builder_add (builder, self->vfio_functions->pdata[i]);

  return g_strv_builder_end (builder);
}
