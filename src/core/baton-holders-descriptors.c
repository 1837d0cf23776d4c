/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-walk-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton-holder.h"

/* References used below:
 *  STATX     - statx(2): AT_STATX_DONT_SYNC
 *  VFIO-INFO - Linux drivers/vfio/vfio_main.c, vfio_device_show_fdinfo(): from 6.18
 *
 * One statx for each descriptor, with the link of /proc left unread for nearly all: it is no
 * dearer than readlink and tells the device number, which is what a node keeps when it is
 * renamed, deleted, or made by mknod in a container. AT_STATX_DONT_SYNC keeps network and FUSE
 * file systems from asking their server, which may be dead or the work of somebody who wants to
 * stop us; so nothing is lost against readlink here.
 */

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

  if (baton_holders_text_is (text, length, BATON_HOLDERS_VFIO_DEVICE_LINK))
    {
      self->traces |= BATON_HOLDERS_TRACE_VFIO_DEVICE;
      read_vfio_function (self, base_fd, fd_name);
    }
  else if (baton_holders_devices_find_path (self->devices, text, length, &device))
    {
      baton_holders_walk_note_device (self, device, BATON_HOW_FD);
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
          baton_holders_walk_note_number (self, status.stx_rdev_major, status.stx_rdev_minor,
                                          BATON_HOW_FD);
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

/* Looks at what @base_fd has open; @ret_any becomes %TRUE where that is anything at all, and
 * otherwise stays what it is. */
BatonHoldersWalkResult
baton_holders_walk_look_at_descriptors (BatonHoldersWalk *self, int base_fd, gboolean *ret_any)
{
  int fds_fd = openat (base_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gssize length;

  if (fds_fd < 0)
    return baton_holders_walk_result_from_errno (errno);

  while ((length =
              syscall (SYS_getdents64, fds_fd, self->dirents, BATON_HOLDERS_DIRENT_BYTES)) > 0)
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
