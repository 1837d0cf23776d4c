/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonHoldersRole: what having a device file open means to the search
 */
typedef enum
{
  BATON_HOLDERS_ROLE_NODE, /* a device file of one card */
  BATON_HOLDERS_ROLE_VFIO_GROUP, /* /dev/vfio/N: the open device descriptors of its holder are explained by it */
  BATON_HOLDERS_ROLE_VFIO_CDEV, /* /dev/vfio/devices/vfioN */
  BATON_HOLDERS_ROLE_SHARED,    /* one file for all cards of a driver, such as /dev/nvidiactl */
} BatonHoldersRole;

/**
 * BatonHoldersDevice:
 * @major: major device number
 * @minor: minor device number
 * @role: what having it open means
 * @path: where the host has it
 */
typedef struct
{
  guint major;
  guint minor;
  BatonHoldersRole role;
  char *path;
} BatonHoldersDevice;

/**
 * BatonHoldersDevices:
 *
 * The device files that are looked for, found by device number. The number is what a node
 * remains under whatever name: in a container's own `/dev`, made by mknod, or deleted.
 * Filled first, then read from several threads at once.
 */
typedef struct _BatonHoldersDevices BatonHoldersDevices;

BatonHoldersDevices *baton_holders_devices_new (void);
BatonHoldersDevices *baton_holders_devices_ref (BatonHoldersDevices *self);
void baton_holders_devices_unref (BatonHoldersDevices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHoldersDevices, baton_holders_devices_unref)

guint baton_holders_devices_add (BatonHoldersDevices *self,
                                 guint major,
                                 guint minor,
                                 BatonHoldersRole role,
                                 const char *path);
guint baton_holders_devices_get_size (const BatonHoldersDevices *self);
const BatonHoldersDevice *baton_holders_devices_get (const BatonHoldersDevices *self,
                                                     guint index);
gboolean baton_holders_devices_find (const BatonHoldersDevices *self,
                                     guint major,
                                     guint minor,
                                     guint *ret_index);
gboolean baton_holders_devices_find_path (const BatonHoldersDevices *self,
                                          const char *path,
                                          gsize length,
                                          guint *ret_index);
gboolean baton_holders_devices_has_vfio (const BatonHoldersDevices *self);
gboolean baton_holders_devices_is_vfio_group (const BatonHoldersDevices *self, guint major);

G_END_DECLS
