/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-desktop.h"
#include "baton-nvidia.h"

G_BEGIN_DECLS

/**
 * BatonClaimKind: who else decides which driver a function gets
 */
typedef enum
{
  BATON_CLAIM_VFIO_IDS,     /* vfio-pci.ids= (value: vendor:device list as written) */
  BATON_CLAIM_PCI_STUB_IDS, /* pci-stub.ids= */
  BATON_CLAIM_DRIVER_PRE,   /* rd.driver.pre= with vfio-pci in it: claims nothing by itself */
  BATON_CLAIM_DRIVERCTL,    /* a file in driverctl.d (value: driver) */
  BATON_CLAIM_HOOK,         /* a hook script that names the address */
  BATON_CLAIM_SUPERGFXD,    /* a running supergfxd */
  BATON_CLAIM_CARDWIRED,    /* a running cardwired */
} BatonClaimKind;

/**
 * BatonClaim:
 * @address: the function it is about, or %NULL where @value decides by ids, or it is about all
 * @value: ids or driver, as written; or %NULL
 * @file: file that says so (`/proc/cmdline` for the kernel's command line), or %NULL for a running program
 * @line: line in @file, from 1; 0 where there is none
 */
typedef struct
{
  BatonClaimKind kind;
  char *address;
  char *value;
  char *file;
  guint line;
} BatonClaim;

/**
 * BatonBlacklist: `blacklist MODULE`, `install MODULE /bin/false` or `module_blacklist=`
 */
typedef struct
{
  char *module;
  char *file;
  guint line;
} BatonBlacklist;

typedef enum
{
  BATON_VFIO_READY,    /* driver registered now */
  BATON_VFIO_LOADABLE, /* module of this kernel is there */
  BATON_VFIO_MISSING,  /* this kernel has none */
  BATON_VFIO_OTHER_KERNEL, /* modules of the running kernel are gone: kernel upgraded, not yet restarted */
} BatonVfio;

/**
 * BatonSystem:
 * @kernel_release: `uname -r`
 * @command_line: the kernel's
 * @cpu_vendor: `GenuineIntel`, `AuthenticAMD`, other, or %NULL
 * @acs_override: value of `pcie_acs_override=` in force, or %NULL
 * @vfio: whether vfio-pci can be had
 * @pid1: name of process 1 (`systemd`)
 * @memory_bytes: RAM
 * @claims: (element-type BatonClaim)
 * @blacklists: (element-type BatonBlacklist)
 * @framebuffer: name of what the firmware framebuffer is (`efi-framebuffer.0`, ...), or %NULL where
 *   nobody draws on it
 * @framebuffer_driver: what draws on it, where it is a platform device, or %NULL
 * @framebuffer_function: address of the function it draws on, or %NULL
 * @consoles_let_go: the kernel's text consoles have something to go to when the last framebuffer goes
 * @handoff: id of a handoff that holds the lock now, or %NULL
 * @journal: an unfinished journal is there
 * @modules_without_remove: drivers of this kernel known to have no remove: e.g. `radeon`
 * @modules_loaded: names in `/sys/module`, as written there: loaded, or built in with parameters
 * @modules_replaced: (nullable): drivers of cards that are loaded, and whose file is another one now,
 *   or gone
 * @modules_untold: (nullable): drivers of cards whose file is newer than the computer's start, and
 *   nothing tells whether it is the one that is loaded
 * @desktop: (nullable): who uses the desktop; %NULL unless the machine was looked at to plan
 * @nvidia: NVIDIA's own driver and what goes with it
 */
typedef struct
{
  char *kernel_release;
  char *command_line;
  char *cpu_vendor;
  char *acs_override;
  BatonVfio vfio;
  char *pid1;
  guint64 memory_bytes;
  GPtrArray *claims;
  GPtrArray *blacklists;
  char *framebuffer;
  char *framebuffer_driver;
  char *framebuffer_function;
  gboolean consoles_let_go;
  char *handoff;
  gboolean journal;
  GStrv modules_without_remove;
  GStrv modules_loaded;
  GStrv modules_replaced;
  GStrv modules_untold;
  BatonDesktop *desktop;
  BatonNvidia *nvidia;
} BatonSystem;

BatonSystem *baton_system_new (BatonRoot *root, GError **error);
BatonSystem *baton_system_new_to_show (BatonRoot *root);
void baton_system_free (BatonSystem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonSystem, baton_system_free)

gboolean baton_system_framebuffer_lets_go (const char *framebuffer);

G_END_DECLS
