/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders-walk.h"

#include <string.h>

G_BEGIN_DECLS

#define BATON_HOLDERS_DIRENT_BYTES 32768
#define BATON_HOLDERS_MAPS_BYTES 65536
#define BATON_HOLDERS_N_CACHED_FILES 1024

/* What the kernel calls an open vfio device, as a descriptor and as a mapping alike: Linux
 * drivers/vfio/group.c, vfio_device_open_file(). */
#define BATON_HOLDERS_VFIO_DEVICE_LINK "anon_inode:[vfio-device]"

/* A mapped file whose nature is known by now. */
typedef struct
{
  guint major;
  guint minor;
  guint64 inode;
  guint device; /* index, or BATON_HOLDERS_NO_DEVICE */
} BatonHoldersCachedFile;

#define BATON_HOLDERS_NO_DEVICE G_MAXUINT

struct _BatonHoldersWalk
{
  /* owned */
  BatonHoldersDevices *devices;
  guint8 *how;     /* by device: set of BatonHow, all 0 between processes */
  guint *n_uses;   /* by device: descriptors and mappings, all 0 between processes */
  GArray *touched; /* guint: devices whose how is not 0 */
  GPtrArray *vfio_functions;
  char *dirents;
  char *maps;
  BatonHoldersCachedFile *files; /* by hash */
  /* borrowed */
  int proc_fd;

  guint anonymous_major;
  guint anonymous_minor;
  guint traces;
  gboolean is_whole; /* nothing of the process was left out */
};

/* @base_fd below: the directory of a process, or of one of its threads. */

BatonHoldersWalkResult
baton_holders_walk_look_at_descriptors (BatonHoldersWalk *self, int base_fd, gboolean *ret_any);
BatonHoldersWalkResult baton_holders_walk_look_at_maps (BatonHoldersWalk *self, int base_fd);

void baton_holders_walk_note_device (BatonHoldersWalk *self, guint device, guint how);
void
baton_holders_walk_note_number (BatonHoldersWalk *self, guint major, guint minor, guint how);
BatonHoldersWalkResult baton_holders_walk_result_from_errno (int errsv);

static inline gboolean
baton_holders_text_is (const char *text, gsize length, const char *other)
{
  return length == strlen (other) && memcmp (text, other, length) == 0;
}

G_END_DECLS
