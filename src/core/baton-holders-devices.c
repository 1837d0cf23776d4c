/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-devices.h"

#include <string.h>

/* References used below:
 *  VFIO-GROUP - Linux drivers/vfio/group.c, vfio_group_init(): one character major for all groups
 */

#define NO_SLOT G_MAXUINT

struct _BatonHoldersDevices
{
  gatomicrefcount ref_count;
  /* owned */
  GArray *devices; /* BatonHoldersDevice */
  /* open addressing over device numbers; at most a quarter full, so that a descriptor that is
   * no node of ours, which is nearly every one, costs one probe */
  guint *slots;
  guint n_slots;
  guint group_major;
  gboolean has_vfio;
};

static void
clear_device (gpointer data)
{
  BatonHoldersDevice *device = data;

  g_free (device->path);
}

static guint
hash_number (guint major, guint minor)
{
  return (major * 0x9e3779b1u) ^ (minor * 0x85ebca6bu);
}

static void
put_slot (BatonHoldersDevices *self, guint index)
{
  const BatonHoldersDevice *device = &g_array_index (self->devices, BatonHoldersDevice, index);
  guint slot = hash_number (device->major, device->minor) & (self->n_slots - 1);

  while (self->slots[slot] != NO_SLOT)
    slot = (slot + 1) & (self->n_slots - 1);
  self->slots[slot] = index;
}

static void
grow_slots (BatonHoldersDevices *self, guint n_slots)
{
  g_free (self->slots);
  self->n_slots = n_slots;
  self->slots = g_new (guint, n_slots);
  memset (self->slots, 0xff, n_slots * sizeof (guint));
  for (guint i = 0; i < self->devices->len; i++)
    put_slot (self, i);
}

/**
 * baton_holders_devices_new:
 *
 * Returns: (transfer full): a table without devices
 */
BatonHoldersDevices *
baton_holders_devices_new (void)
{
  BatonHoldersDevices *self = g_new0 (BatonHoldersDevices, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->devices = g_array_new (FALSE, FALSE, sizeof (BatonHoldersDevice));
  g_array_set_clear_func (self->devices, clear_device);
  grow_slots (self, 64);

  return self;
}

/**
 * baton_holders_devices_ref:
 * @self: a table
 *
 * Returns: (transfer full): @self
 */
BatonHoldersDevices *
baton_holders_devices_ref (BatonHoldersDevices *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * baton_holders_devices_unref:
 * @self: a table
 *
 * Gives a reference up; the last one frees it.
 */
void
baton_holders_devices_unref (BatonHoldersDevices *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_array_unref (self->devices);
  g_free (self->slots);
  g_free (self);
}

/**
 * baton_holders_devices_add:
 * @self: a table that nobody else reads yet
 * @major: major device number
 * @minor: minor device number
 * @role: what having it open means
 * @path: where the host has the device file
 *
 * Adds a device, once: a number that is known already keeps its first role and path.
 *
 * Returns: the device's index
 */
guint
baton_holders_devices_add (BatonHoldersDevices *self,
                           guint major,
                           guint minor,
                           BatonHoldersRole role,
                           const char *path)
{
  BatonHoldersDevice device = { .major = major, .minor = minor, .role = role };
  guint index;

  if (baton_holders_devices_find (self, major, minor, &index))
    return index;

  device.path = g_strdup (path);
  g_array_append_val (self->devices, device);
  index = self->devices->len - 1;
  if (self->devices->len * 4 > self->n_slots)
    grow_slots (self, self->n_slots * 2);
  else
    put_slot (self, index);

  if (role == BATON_HOLDERS_ROLE_VFIO_GROUP)
    self->group_major = major;
  if (role == BATON_HOLDERS_ROLE_VFIO_GROUP || role == BATON_HOLDERS_ROLE_VFIO_CDEV)
    self->has_vfio = TRUE;

  return index;
}

/**
 * baton_holders_devices_get_size:
 * @self: a table
 *
 * Returns: how many devices it has
 */
guint
baton_holders_devices_get_size (const BatonHoldersDevices *self)
{
  return self->devices->len;
}

/**
 * baton_holders_devices_get:
 * @self: a table
 * @index: below baton_holders_devices_get_size()
 *
 * Returns: (transfer none): that device
 */
const BatonHoldersDevice *
baton_holders_devices_get (const BatonHoldersDevices *self, guint index)
{
  return &g_array_index (self->devices, BatonHoldersDevice, index);
}

/**
 * baton_holders_devices_find:
 * @self: a table
 * @major: major device number
 * @minor: minor device number
 * @ret_index: (out): index of the device with that number
 *
 * Returns: %TRUE if the number belongs to a device that is looked for
 */
gboolean
baton_holders_devices_find (const BatonHoldersDevices *self,
                            guint major,
                            guint minor,
                            guint *ret_index)
{
  guint slot = hash_number (major, minor) & (self->n_slots - 1);

  for (; self->slots[slot] != NO_SLOT; slot = (slot + 1) & (self->n_slots - 1))
    {
      const BatonHoldersDevice *device =
          &g_array_index (self->devices, BatonHoldersDevice, self->slots[slot]);

      if (device->major == major && device->minor == minor)
        {
          *ret_index = self->slots[slot];
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * baton_holders_devices_find_path:
 * @self: a table
 * @path: (array length=length): a name from `/proc`, not ended by a NUL
 * @length: its length in bytes
 * @ret_index: (out): index of the device with that path
 *
 * The second best way to know a device: by the host's own path of it, with or without the
 * kernel's ` (deleted)`. For what has no device number to ask for.
 *
 * Returns: %TRUE if that is a device that is looked for
 */
gboolean
baton_holders_devices_find_path (const BatonHoldersDevices *self,
                                 const char *path,
                                 gsize length,
                                 guint *ret_index)
{
  static const char deleted[] = " (deleted)";
  const gsize deleted_length = sizeof deleted - 1;

  if (length > deleted_length &&
      memcmp (path + length - deleted_length, deleted, deleted_length) == 0)
    length -= deleted_length;

  for (guint i = 0; i < self->devices->len; i++)
    {
      const BatonHoldersDevice *device = &g_array_index (self->devices, BatonHoldersDevice, i);

      if (strlen (device->path) == length && memcmp (device->path, path, length) == 0)
        {
          *ret_index = i;
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * baton_holders_devices_has_vfio:
 * @self: a table
 *
 * Returns: %TRUE if a function of some card can be with a guest at all, so that anonymous vfio
 *   descriptors matter
 */
gboolean
baton_holders_devices_has_vfio (const BatonHoldersDevices *self)
{
  return self->has_vfio;
}

/**
 * baton_holders_devices_is_vfio_group:
 * @self: a table
 * @major: a major device number
 *
 * Every `/dev/vfio/N` has the same major number (VFIO-GROUP), also those of devices that are
 * no graphics cards.
 *
 * Returns: %TRUE if @major is the one of vfio groups
 */
gboolean
baton_holders_devices_is_vfio_group (const BatonHoldersDevices *self, guint major)
{
  return self->group_major != 0 && major == self->group_major;
}
