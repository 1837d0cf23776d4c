/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-walk-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "baton-holder.h"

/* References used below:
 *  PROC5    - proc(5): /proc/pid/maps, map_files
 *  OPENAT2  - openat2(2): RESOLVE_CACHED
 *  I915-MAP - Linux drivers/gpu/drm/i915/gem/i915_gem_mman.c, mmap_singleton()
 *
 * Mappings show no device number, only the file system's: the few that can be a device's are
 * resolved, see resolve_mapping ().
 */

/* I915-MAP */
#define I915_MAP_LINK "anon_inode:i915.gem"

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

static BatonHoldersCachedFile *
find_cached_file (BatonHoldersWalk *self, guint major, guint minor, guint64 inode)
{
  guint64 hash = (inode + ((guint64) major << 40) + ((guint64) minor << 20)) *
                 G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return &self->files[hash >> 54];
}

G_STATIC_ASSERT (BATON_HOLDERS_N_CACHED_FILES == 1u << (64 - 54));

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
  guint device = BATON_HOLDERS_NO_DEVICE;
  dev_t number;
  BatonHoldersCachedFile *file;

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
            baton_holders_walk_note_device (self, device, BATON_HOW_MAP);
          *file = (BatonHoldersCachedFile){ major, minor, inode, device };
          return;
        }
      /* deleted, and we may not ask: its name must do */
      if (baton_holders_devices_find_path (self->devices, path, path_length, &device))
        baton_holders_walk_note_device (self, device, BATON_HOW_MAP);
      return;
    }

  if (file->device != BATON_HOLDERS_NO_DEVICE)
    baton_holders_walk_note_device (self, file->device, BATON_HOW_MAP);
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
      if (baton_holders_text_is (path, (gsize) (end - path), BATON_HOLDERS_VFIO_DEVICE_LINK))
        self->traces |= BATON_HOLDERS_TRACE_VFIO_DEVICE;
      else if (baton_holders_text_is (path, (gsize) (end - path), I915_MAP_LINK))
        self->traces |= BATON_HOLDERS_TRACE_I915_MAP;
    }
}

/* Looks at what @base_fd has mapped. */
BatonHoldersWalkResult
baton_holders_walk_look_at_maps (BatonHoldersWalk *self, int base_fd)
{
  int fd = openat (base_fd, "maps", O_RDONLY | O_CLOEXEC);
  gsize have = 0;
  gssize n;

  if (fd < 0)
    return baton_holders_walk_result_from_errno (errno);

  while ((n = TEMP_FAILURE_RETRY (
              read (fd, self->maps + have, BATON_HOLDERS_MAPS_BYTES - have))) > 0)
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
      if (have == BATON_HOLDERS_MAPS_BYTES)
        have = 0;
      memmove (self->maps, line, have);
    }
  close (fd);

  return BATON_HOLDERS_WALK_NOTHING;
}
