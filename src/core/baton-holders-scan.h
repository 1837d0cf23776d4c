/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders-devices.h"
#include "baton-process.h"

G_BEGIN_DECLS

/**
 * BatonHoldersFound:
 * @process: who
 * @uses: (element-type BatonHoldersUse): the devices that it has
 * @traces: set of #BatonHoldersTrace
 * @vfio_functions: functions that the kernel names for its vfio devices
 */
typedef struct
{
  BatonProcess *process;
  GArray *uses;
  guint traces;
  GStrv vfio_functions;
} BatonHoldersFound;

/**
 * BatonHoldersScan:
 * @found: (element-type BatonHoldersFound): by process id
 * @n_unreadable: processes that could not be looked at, or not at all that they have
 * @unreadable: (element-type int): the first of them
 * @hidden: other users' processes are not even listed (`hidepid=`)
 * @out_of_time: some process kept the search waiting
 */
typedef struct
{
  GPtrArray *found;
  guint n_unreadable;
  GArray *unreadable;
  gboolean hidden;
  gboolean out_of_time;
} BatonHoldersScan;

BatonHoldersScan *
baton_holders_scan_processes (BatonHoldersDevices *devices, int proc_fd, GError **error);
void baton_holders_scan_free (BatonHoldersScan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHoldersScan, baton_holders_scan_free)

G_END_DECLS
