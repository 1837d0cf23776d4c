/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders-devices.h"

G_BEGIN_DECLS

/**
 * BatonHoldersTrace: what a process was seen to have besides nodes of ours
 */
typedef enum
{
  BATON_HOLDERS_TRACE_VFIO_DEVICE = 1 << 0, /* a vfio device, by descriptor or mapping */
  BATON_HOLDERS_TRACE_VFIO_GROUP = 1 << 1,  /* some /dev/vfio/N, ours or not */
  BATON_HOLDERS_TRACE_I915_MAP = 1 << 2,    /* memory of some i915 card is mapped */
} BatonHoldersTrace;

/**
 * BatonHoldersUse: a device that a process has, how (set of #BatonHow), and by how many descriptors
 * and mappings
 */
typedef struct
{
  guint device;
  guint how;
  guint n_uses;
} BatonHoldersUse;

/**
 * BatonHoldersWalkResult:
 * @BATON_HOLDERS_WALK_NOTHING: it has nothing of ours
 * @BATON_HOLDERS_WALK_FOUND: it has something
 * @BATON_HOLDERS_WALK_GONE: it has ended
 * @BATON_HOLDERS_WALK_UNREADABLE: nothing was found, and not all could be looked at
 */
typedef enum
{
  BATON_HOLDERS_WALK_NOTHING,
  BATON_HOLDERS_WALK_FOUND,
  BATON_HOLDERS_WALK_GONE,
  BATON_HOLDERS_WALK_UNREADABLE,
} BatonHoldersWalkResult;

/**
 * BatonHoldersWalk:
 *
 * Goes through the descriptors and mappings of one process after another. Allocates nothing
 * for a process that has none of the devices. For one thread.
 */
typedef struct _BatonHoldersWalk BatonHoldersWalk;

BatonHoldersWalk *baton_holders_walk_new (BatonHoldersDevices *devices, int proc_fd);
void baton_holders_walk_free (BatonHoldersWalk *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHoldersWalk, baton_holders_walk_free)

BatonHoldersWalkResult
baton_holders_walk_process (BatonHoldersWalk *self, int pid, int *ret_dir_fd);

gboolean baton_holders_walk_was_whole (const BatonHoldersWalk *self);
guint baton_holders_walk_get_traces (const BatonHoldersWalk *self);
GArray *baton_holders_walk_dup_uses (const BatonHoldersWalk *self);
GStrv baton_holders_walk_dup_vfio_functions (const BatonHoldersWalk *self);

G_END_DECLS
