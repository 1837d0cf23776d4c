/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonNvidiaWay: how a card gets away from NVIDIA's own driver
 * @BATON_NVIDIA_UNLOAD: with its modules, so all cards of it at once
 * @BATON_NVIDIA_UNBIND: by itself, once the driver says that nobody uses it
 */
typedef enum
{
  BATON_NVIDIA_UNLOAD,
  BATON_NVIDIA_UNBIND,
} BatonNvidiaWay;

/**
 * BatonNvidiaModule:
 * @name: as in `/sys/module`
 * @refcount: its uses, by other modules too; -1 where unknown
 * @users: the other modules among them
 */
typedef struct
{
  char *name;
  int refcount;
  GStrv users;
} BatonNvidiaModule;

/**
 * BatonNvidia:
 * @version: of the driver that is loaded, or %NULL where none is, or none is known
 * @modules: (element-type BatonNvidiaModule): it and what stands on it, in an order in which they
 *   can be unloaded
 * @modeset: whether the display part keeps cards in use (`Y`, `N`), %NULL where only root may know
 * @fbdev: whether it gives the text console a framebuffer, in the same way
 * @units: services that belong to the driver and run now
 * @installed_units: those that could run
 *
 * What NVIDIA's own driver is and what goes with it.
 */
typedef struct
{
  char *version;
  GPtrArray *modules;
  char *modeset;
  char *fbdev;
  GStrv units;
  GStrv installed_units;
} BatonNvidia;

#define BATON_NVIDIA_DRIVER "nvidia"

BatonNvidia *baton_nvidia_new (BatonRoot *root);
void baton_nvidia_free (BatonNvidia *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonNvidia, baton_nvidia_free)

BatonNvidiaWay baton_nvidia_find_way (const char *version);
gboolean baton_nvidia_is_own_module (const char *name);
const char *baton_nvidia_get_module (const char *name);
gboolean baton_nvidia_is_driver_file (const char *name);
const char *const *baton_nvidia_list_upper_modules (void);
const char *const *baton_nvidia_list_units (void);

G_END_DECLS
