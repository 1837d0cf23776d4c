/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "baton-holders.h"

/* References used below:
 *  PROC5     - proc(5): /proc/pid/fd, fdinfo, maps, map_files, task
 *  STATX     - statx(2): AT_STATX_DONT_SYNC
 *  OPENAT2   - openat2(2): RESOLVE_CACHED
 *  TASK-LINK - Linux fs/proc/base.c, proc_task_getattr(): links of `task` are 2 + threads
 *  KCMP      - kcmp(2): KCMP_FILES
 *  VFIO-INFO - Linux drivers/vfio/vfio_main.c, vfio_device_show_fdinfo(): from 6.18
 *  I915-MAP  - Linux drivers/gpu/drm/i915/gem/i915_gem_mman.c, mmap_singleton()
 *
 * One statx for each descriptor, with the link of /proc left unread for nearly all: it is no
 * dearer than readlink and tells the device number, which is what a node keeps when it is
 * renamed, deleted, or made by mknod in a container. AT_STATX_DONT_SYNC keeps network and FUSE
 * file systems from asking their server, which may be dead or the work of somebody who wants to
 * stop us; so nothing is lost against readlink here. Mappings show no device number, only the
 * file system's: the few that can be a device's are resolved, see resolve_mapping ().
 */

#define DIRENT_BUFFER 32768
#define MAPS_BUFFER 65536
#define N_CACHED_FILES 1024
/* A process that gives every thread a descriptor table of its own is an attack or a bug. */
#define MAX_TABLES 32

static const char vfio_device_link[] = "anon_inode:[vfio-device]";
static const char i915_map_link[] = "anon_inode:i915.gem";

typedef struct
{
  guint major;
  guint minor;
  guint64 inode;
  guint device; /* index, or NO_DEVICE */
} CachedFile;

#define NO_DEVICE G_MAXUINT

struct _BatonHoldersWalk
{
  /* owned */
  BatonHoldersDevices *devices;
  guint8 *how;     /* by device: set of BatonHow, all 0 between processes */
  GArray *touched; /* guint: devices whose how is not 0 */
  GPtrArray *vfio_functions;
  char *dirents;
  char *maps;
  CachedFile *files; /* by hash: mapped files whose nature is known by now */
  /* borrowed */
  int proc_fd;

  guint anonymous_major;
  guint anonymous_minor;
  guint traces;
};

static void
note_device (BatonHoldersWalk *self, guint device, guint how)
{
  BatonHoldersRole role = baton_holders_devices_get (self->devices, device)->role;

  if (role == BATON_HOLDERS_ROLE_VFIO_GROUP || role == BATON_HOLDERS_ROLE_VFIO_CDEV)
    how |= BATON_HOW_VFIO;
  if (role == BATON_HOLDERS_ROLE_VFIO_GROUP)
    self->traces |= BATON_HOLDERS_TRACE_VFIO_GROUP;
  if (self->how[device] == 0)
    g_array_append_val (self->touched, device);
  self->how[device] |= how;
}

static void
note_number (BatonHoldersWalk *self, guint major, guint minor, guint how)
{
  guint device;

  if (baton_holders_devices_find (self->devices, major, minor, &device))
    note_device (self, device, how);
  else if (baton_holders_devices_is_vfio_group (self->devices, major))
    self->traces |= BATON_HOLDERS_TRACE_VFIO_GROUP;
}

static gboolean
text_is (const char *text, gsize length, const char *other, gsize other_length)
{
  return length == other_length && memcmp (text, other, length) == 0;
}

/* The function behind a vfio device's descriptor, where the kernel says it (VFIO-INFO):
 * `vfio-device-syspath: /sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0`. */
static void
read_vfio_function (BatonHoldersWalk *self, int fdinfo_base_fd, const char *fd_name)
{
  static const char key[] = "vfio-device-syspath:";
  char path[64];
  char text[8192];
  gssize length;
  char *line;
  char *slash;
  int fd;

  g_snprintf (path, sizeof path, "fdinfo/%s", fd_name);
  fd = openat (fdinfo_base_fd, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  length = TEMP_FAILURE_RETRY (read (fd, text, sizeof text - 1));
  close (fd);
  if (length <= 0)
    return;

  text[length] = '\0';
  line = strstr (text, key);
  if (line == NULL)
    return;
  line[strcspn (line, "\n")] = '\0';
  slash = strrchr (line, '/');
  if (slash != NULL)
    g_ptr_array_add (self->vfio_functions, g_strdup (slash + 1));
}

static void
note_link (
    BatonHoldersWalk *self, int base_fd, const char *fd_name, const char *text, gsize length)
{
  guint device;

  if (text_is (text, length, vfio_device_link, sizeof vfio_device_link - 1))
    {
      self->traces |= BATON_HOLDERS_TRACE_VFIO_DEVICE;
      read_vfio_function (self, base_fd, fd_name);
    }
  else if (baton_holders_devices_find_path (self->devices, text, length, &device))
    {
      note_device (self, device, BATON_HOW_FD);
    }
}

static void
look_at_descriptor (BatonHoldersWalk *self, int base_fd, int fds_fd, const char *fd_name)
{
  struct statx status;
  char text[PATH_MAX];
  gssize length;

  if (statx (fds_fd, fd_name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) == 0)
    {
      if (S_ISCHR (status.stx_mode))
        {
          note_number (self, status.stx_rdev_major, status.stx_rdev_minor, BATON_HOW_FD);
          return;
        }
      if (status.stx_dev_major != self->anonymous_major ||
          status.stx_dev_minor != self->anonymous_minor ||
          !baton_holders_devices_has_vfio (self->devices))
        return;
    }

  /* An anonymous file, of which only the link says what it is; or one that may not be asked for
   * its number (a security module, a recorded tree): then its name must do. One that is closed
   * by now has neither. */
  length = readlinkat (fds_fd, fd_name, text, sizeof text);
  if (length > 0)
    note_link (self, base_fd, fd_name, text, (gsize) length);
}

static BatonHoldersWalkResult
result_from_errno (int errsv)
{
  return errsv == EACCES || errsv == EPERM ? BATON_HOLDERS_WALK_UNREADABLE
                                           : BATON_HOLDERS_WALK_GONE;
}

/* base_fd: directory of a process or of one of its threads */
static BatonHoldersWalkResult
look_at_descriptors (BatonHoldersWalk *self, int base_fd, gboolean *ret_any)
{
  int fds_fd = openat (base_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gssize length;

  if (fds_fd < 0)
    return result_from_errno (errno);

  while ((length = syscall (SYS_getdents64, fds_fd, self->dirents, DIRENT_BUFFER)) > 0)
    {
      for (gssize offset = 0; offset < length;)
        {
          struct dirent64 *entry = (gpointer) (self->dirents + offset);

          offset += entry->d_reclen;
          if (entry->d_name[0] == '.')
            continue;
          *ret_any = TRUE;
          look_at_descriptor (self, base_fd, fds_fd, entry->d_name);
        }
    }
  close (fds_fd);

  return BATON_HOLDERS_WALK_NOTHING;
}

/* Opens a path only as far as the kernel has it in its cache, which for a mapped file it has:
 * a path in a hostile mount namespace can lead into a FUSE file system that never answers
 * (OPENAT2). */
static gboolean
resolve_in_root (int base_fd, const char *root, const char *path, dev_t *ret_number)
{
  struct open_how open_how = {
    .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
    .resolve = RESOLVE_CACHED | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  };
  struct statx status;
  gboolean known = FALSE;
  int root_fd;
  int fd;

  root_fd = openat (base_fd, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0)
    return FALSE;
  fd = (int) syscall (SYS_openat2, root_fd, path, &open_how, sizeof open_how);
  close (root_fd);
  if (fd < 0)
    return FALSE;

  if (statx (fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0)
    {
      known = TRUE;
      *ret_number = S_ISCHR (status.stx_mode)
                        ? makedev (status.stx_rdev_major, status.stx_rdev_minor)
                        : 0;
    }
  close (fd);

  return known;
}

/* Finds out what is mapped. The file itself can be asked through `map_files`, by a process that
 * may checkpoint others (PROC5); for the rest, the path is looked up where the process sees it,
 * and then where we do, because the kernel prints it from our root where it can be reached. */
static gboolean
resolve_mapping (BatonHoldersWalk *self,
                 int base_fd,
                 unsigned long start,
                 unsigned long end,
                 const char *path,
                 dev_t *ret_number)
{
  char map_file[64];
  struct statx status;

  /* without the leading zeros of `maps` */
  g_snprintf (map_file, sizeof map_file, "map_files/%lx-%lx", start, end);
  if (statx (base_fd, map_file, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) == 0)
    {
      *ret_number = S_ISCHR (status.stx_mode)
                        ? makedev (status.stx_rdev_major, status.stx_rdev_minor)
                        : 0;
      return TRUE;
    }

  return resolve_in_root (base_fd, "root", path, ret_number) ||
         resolve_in_root (self->proc_fd, "self/root", path, ret_number);
}

static CachedFile *
find_cached_file (BatonHoldersWalk *self, guint major, guint minor, guint64 inode)
{
  guint64 hash = (inode + ((guint64) major << 40) + ((guint64) minor << 20)) *
                 G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return &self->files[hash >> 54];
}

G_STATIC_ASSERT (N_CACHED_FILES == 1u << (64 - 54));

static void
look_at_mapping (
    BatonHoldersWalk *self, int base_fd, const char *line, const char *path, gsize path_length)
{
  char path_text[PATH_MAX];
  unsigned long start;
  unsigned long end;
  guint64 inode;
  guint major;
  guint minor;
  guint device = NO_DEVICE;
  dev_t number;
  CachedFile *file;

  if (sscanf (line, "%lx-%lx %*4s %*x %x:%x %" G_GUINT64_FORMAT, &start, &end, &major, &minor,
              &inode) != 5 ||
      inode == 0 || path_length >= sizeof path_text)
    return;

  file = find_cached_file (self, major, minor, inode);
  if (file->inode != inode || file->major != major || file->minor != minor)
    {
      memcpy (path_text, path, path_length);
      path_text[path_length] = '\0';
      if (resolve_mapping (self, base_fd, start, end, path_text, &number))
        {
          if (baton_holders_devices_find (self->devices, gnu_dev_major (number),
                                          gnu_dev_minor (number), &device))
            note_device (self, device, BATON_HOW_MAP);
          *file = (CachedFile){ major, minor, inode, device };
          return;
        }
      /* deleted, and we may not ask: its name must do */
      if (baton_holders_devices_find_path (self->devices, path, path_length, &device))
        note_device (self, device, BATON_HOW_MAP);
      return;
    }

  if (file->device != NO_DEVICE)
    note_device (self, file->device, BATON_HOW_MAP);
}

/* `START-END PERM OFFSET MAJOR:MINOR INODE  PATH` (PROC5); newlines in the path are escaped by
 * the kernel. Device memory is mapped shared: the drivers of cards and vfio refuse anything else
 * but in one case, private under /dev (amdgpu, for a debugger). All else, which is nearly
 * everything, is a program's or library's private mapping. */
static void
look_at_maps_line (BatonHoldersWalk *self, int base_fd, char *line, gsize length)
{
  const char *permissions = memchr (line, ' ', length);
  const char *end = line + length;
  const char *path;
  gboolean shared;

  if (permissions == NULL || end - permissions < 6)
    return;
  shared = permissions[4] == 's';

  path = memchr (permissions, '/', (gsize) (end - permissions));
  if (path != NULL && path[-1] == ' ')
    {
      if (end - path > 5 && memcmp (path, "/dev/", 5) == 0)
        look_at_mapping (self, base_fd, line, path, (gsize) (end - path));
      else if (shared && !(end - path > 7 && memcmp (path, "/memfd:", 7) == 0))
        look_at_mapping (self, base_fd, line, path, (gsize) (end - path));
    }
  else if (shared && (path = strstr (permissions, " anon_inode:")) != NULL)
    {
      path++;
      if (text_is (path, (gsize) (end - path), vfio_device_link, sizeof vfio_device_link - 1))
        self->traces |= BATON_HOLDERS_TRACE_VFIO_DEVICE;
      else if (text_is (path, (gsize) (end - path), i915_map_link, sizeof i915_map_link - 1))
        self->traces |= BATON_HOLDERS_TRACE_I915_MAP;
    }
}

static BatonHoldersWalkResult
look_at_maps (BatonHoldersWalk *self, int base_fd)
{
  int fd = openat (base_fd, "maps", O_RDONLY | O_CLOEXEC);
  gsize have = 0;
  gssize n;

  if (fd < 0)
    return result_from_errno (errno);

  while ((n = TEMP_FAILURE_RETRY (read (fd, self->maps + have, MAPS_BUFFER - have))) > 0)
    {
      char *line = self->maps;
      char *end = self->maps + have + n;
      char *newline;

      while ((newline = memchr (line, '\n', (gsize) (end - line))) != NULL)
        {
          *newline = '\0';
          look_at_maps_line (self, base_fd, line, (gsize) (newline - line));
          line = newline + 1;
        }
      have = (gsize) (end - line);
      /* no path is that long: not a line of maps */
      if (have == MAPS_BUFFER)
        have = 0;
      memmove (self->maps, line, have);
    }
  close (fd);

  return BATON_HOLDERS_WALK_NOTHING;
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
 * thread of a process has ended, its table and mappings are to be seen in the others alone. */
static void
look_at_threads (BatonHoldersWalk *self, int dir_fd, int pid, gboolean leader_is_empty)
{
  int tables[MAX_TABLES] = { pid };
  guint n_tables = 1;
  gboolean maps_seen = !leader_is_empty;
  DIR *tasks;
  struct dirent *entry;
  int tasks_fd = openat (dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (tasks_fd < 0)
    return;
  tasks = fdopendir (tasks_fd);
  if (tasks == NULL)
    {
      close (tasks_fd);
      return;
    }

  while (n_tables < MAX_TABLES && (entry = readdir (tasks)) != NULL)
    {
      int tid = (int) g_ascii_strtoll (entry->d_name, NULL, 10);
      gboolean any = FALSE;
      int task_fd;

      if (tid <= 0 || tid == pid || shares_table (tables, n_tables, tid))
        continue;
      task_fd = openat (tasks_fd, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (task_fd < 0)
        continue;
      tables[n_tables++] = tid;
      look_at_descriptors (self, task_fd, &any);
      if (!maps_seen)
        {
          look_at_maps (self, task_fd);
          maps_seen = TRUE;
        }
      close (task_fd);
    }
  closedir (tasks);
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
 */
BatonHoldersWalk *
baton_holders_walk_new (BatonHoldersDevices *devices, int proc_fd)
{
  BatonHoldersWalk *self = g_new0 (BatonHoldersWalk, 1);
  struct statx status;
  int fd;

  self->devices = baton_holders_devices_ref (devices);
  self->how = g_new0 (guint8, baton_holders_devices_get_size (devices) + 1);
  self->touched = g_array_new (FALSE, FALSE, sizeof (guint));
  self->vfio_functions = g_ptr_array_new_with_free_func (g_free);
  self->dirents = g_malloc (DIRENT_BUFFER);
  self->maps = g_malloc (MAPS_BUFFER);
  self->files = g_new0 (CachedFile, N_CACHED_FILES);
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

void
baton_holders_walk_free (BatonHoldersWalk *self)
{
  baton_holders_devices_unref (self->devices);
  g_free (self->how);
  g_array_unref (self->touched);
  g_ptr_array_unref (self->vfio_functions);
  g_free (self->dirents);
  g_free (self->maps);
  g_free (self->files);
  g_free (self);
}

/**
 * baton_holders_walk_process:
 * @ret_dir_fd: (out): the process's directory, open, when something was found: it belongs to
 *   the caller, and stays that of this process when its number is given to another
 *
 * Looks at one process. What it has can be asked for until the next one is looked at. Its end
 * in the middle is no error: it has then given everything back.
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
    self->how[g_array_index (self->touched, guint, i)] = 0;
  g_array_set_size (self->touched, 0);
  g_ptr_array_set_size (self->vfio_functions, 0);
  self->traces = 0;

  g_snprintf (name, sizeof name, "%d", pid);
  dir_fd = openat (self->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0)
    return result_from_errno (errno);

  fds_result = look_at_descriptors (self, dir_fd, &any);
  maps_result = look_at_maps (self, dir_fd);
  if (fds_result == BATON_HOLDERS_WALK_NOTHING && has_threads (dir_fd))
    look_at_threads (self, dir_fd, pid, !any);

  if (self->touched->len > 0 || self->traces != 0)
    {
      *ret_dir_fd = dir_fd;
      return BATON_HOLDERS_WALK_FOUND;
    }

  close (dir_fd);
  if (fds_result == BATON_HOLDERS_WALK_UNREADABLE ||
      maps_result == BATON_HOLDERS_WALK_UNREADABLE)
    return BATON_HOLDERS_WALK_UNREADABLE;
  return fds_result;
}

guint
baton_holders_walk_get_traces (const BatonHoldersWalk *self)
{
  return self->traces;
}

/**
 * baton_holders_walk_dup_uses:
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
      BatonHoldersUse use = { device, self->how[device] };

      g_array_append_val (uses, use);
    }

  return uses;
}

/**
 * baton_holders_walk_dup_vfio_functions:
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
