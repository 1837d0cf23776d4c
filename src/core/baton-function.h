/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonPower:
 *
 * A function's PCI power state, as far as it can be known without waking it:
 * `power_state` where the function is awake, what `runtime_status` implies where it sleeps.
 */
typedef enum
{
  BATON_POWER_UNKNOWN,
  BATON_POWER_D0,
  BATON_POWER_D1,
  BATON_POWER_D2,
  BATON_POWER_D3HOT,
  BATON_POWER_D3COLD,
} BatonPower;

const char *baton_power_to_string (BatonPower power);
BatonPower baton_power_from_string (const char *text);

/**
 * BatonNodeKind: what a device file of a card is for
 */
typedef enum
{
  BATON_NODE_DRM_PRIMARY, /* /dev/dri/cardN */
  BATON_NODE_DRM_RENDER,  /* /dev/dri/renderDN */
  BATON_NODE_FRAMEBUFFER, /* /dev/fbN */
  BATON_NODE_SOUND,       /* /dev/snd/ * of the card's sound function */
  BATON_NODE_I2C,         /* /dev/i2c-N */
  BATON_NODE_VFIO_GROUP,  /* /dev/vfio/N */
  BATON_NODE_VFIO_DEVICE, /* /dev/vfio/devices/vfioN */
  BATON_NODE_NVIDIA,      /* /dev/nvidiaN */
  BATON_NODE_OTHER,       /* drm_dp_auxN, hidraw, ttys of a companion, ... */
} BatonNodeKind;

/**
 * BatonNode:
 * @path: absolute path, e.g. `/dev/dri/card1`
 * @function: address of the function that it belongs to
 * @major: major device number
 * @minor: minor device number
 */
typedef struct
{
  char *path;
  char *function;
  BatonNodeKind kind;
  guint major;
  guint minor;
} BatonNode;

/**
 * BatonPluggedKind: what something on a USB port is to this computer
 */
typedef enum
{
  BATON_PLUGGED_DISK,
  BATON_PLUGGED_NETWORK,
  BATON_PLUGGED_KEYBOARD,
} BatonPluggedKind;

/**
 * BatonPlugged:
 * @kind: what it is
 * @name: what the kernel calls it: `sda`, `enx001122334455`, `input5`
 * @device: what it calls itself, bytes that it chose; @name where it says nothing
 * @mounted_at: (nullable): of a disk on what its owner lets travel with a card: where it is mounted
 * @used_by: (nullable): what stands on such a disk otherwise: `swap`, `dm-0`; or which interface has
 *   the default route through such a network device
 */
typedef struct
{
  BatonPluggedKind kind;
  char *name;
  char *device;
  char *mounted_at;
  char *used_by;
} BatonPlugged;

/**
 * BatonFunction:
 * @address: canonical address
 * @class_code: 24 bits: class, subclass, programming interface
 * @name: vendor and device as libpci's database names them; never %NULL
 * @driver: bound driver, or %NULL
 * @driver_module: module that provides @driver, or %NULL where it is built in or unbound
 * @modalias: the function's modalias, or %NULL
 * @override: text of `driver_override`, or %NULL where none is set
 * @group: IOMMU group number as text, or %NULL without an IOMMU
 * @parent: address of the bridge above, or %NULL on a root bus
 * @place: (nullable): the way to it from its root bus on, without the numbers of the buses between:
 *   `00/01.1/00.0`
 * @is_bridge: class 06xx, or a header that is not type 0: stays on its driver
 * @boot_vga: `boot_vga` reads 1 (exists for class 0300 only)
 * @runtime_status: text of `power/runtime_status`, or %NULL
 * @power_control: text of `power/control`, or %NULL
 * @d3cold_allowed: text of `d3cold_allowed`, or %NULL
 * @reset_methods: what `reset_method` offers, possibly nothing; %NULL where the kernel knows no way
 *   to reset it
 * @modules: modules that claim the modalias, best first (without vfio-pci); looked up where it
 *   travels with a card
 * @built_in: where no module claims the modalias: a driver for cards of this vendor that is
 *   registered all the same, as one that is part of the kernel; else %NULL
 * @nodes: (element-type BatonNode): its device files, where it travels with a card
 * @plugged: (element-type BatonPlugged) (nullable): the disks, network interfaces and keyboards on
 *   its ports, where it is a USB controller on a driver of this computer and part of a card; those
 *   that this computer has through it, where it is anything else that its owner lets travel along
 * @removable: the kernel says that it is (Thunderbolt)
 * @is_silent: it is awake and its configuration space reads as all ones, as where nobody is; looked
 *   at where it travels with a card, and never where that would wake it
 * @physical: of a virtual function: the address of the function that it is part of, else %NULL
 * @is_virtual: a virtual function of SR-IOV: travels alone, whatever its slot
 *
 * One PCI function as it was when it was looked at. Read only.
 */
typedef struct
{
  char *address;
  guint32 class_code;
  guint16 vendor_id;
  guint16 device_id;
  guint16 subvendor_id;
  guint16 subdevice_id;
  char *name;
  char *class_name;
  char *driver;
  char *driver_module;
  char *modalias;
  char *override;
  char *group;
  char *parent;
  char *place;
  char *physical;
  gboolean is_bridge;
  gboolean boot_vga;
  gboolean removable;
  gboolean is_silent;
  gboolean is_virtual;
  BatonPower power;
  char *runtime_status;
  char *power_control;
  char *d3cold_allowed;
  GStrv reset_methods;
  GStrv modules;
  const char *built_in;
  GPtrArray *nodes;
  GPtrArray *plugged;
} BatonFunction;

void baton_function_free (BatonFunction *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonFunction, baton_function_free)

gboolean baton_function_is_display (const BatonFunction *self);
gboolean baton_function_is_sound (const BatonFunction *self);
gboolean baton_function_is_usb (const BatonFunction *self);
gboolean baton_function_driver_is_vfio (const char *driver);
gboolean baton_function_is_on_vfio (const BatonFunction *self);
gboolean baton_function_is_meant_for_vfio (const BatonFunction *self);
gboolean baton_function_is_on_host (const BatonFunction *self);
gboolean baton_function_drives_dma_safely (const BatonFunction *self);
char *baton_function_dup_identity (const BatonFunction *self);

void baton_plugged_free (BatonPlugged *self);

void baton_node_free (BatonNode *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonNode, baton_node_free)

G_END_DECLS
