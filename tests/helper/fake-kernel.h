/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mock-machine.h"

G_BEGIN_DECLS

#define FAKE_CARD "0000:01:00.0"
#define FAKE_SOUND "0000:01:00.1"
/* It is in the same group, and there after fake_kernel_add_usb(). */
#define FAKE_USB "0000:05:00.0"
#define FAKE_USB_IDENTITY "8086:43ed:1028:0a5c"
/* Another card, which is there after fake_kernel_add_stand_in(). */
#define FAKE_STAND_IN "0000:02:00.0"
#define FAKE_STAND_IN_SOUND "0000:02:00.1"
#define FAKE_STAND_IN_GROUP "16"
#define FAKE_GROUP "14"
/* What it is when it was found anew, if it has another number then. */
#define FAKE_NEW_GROUP "15"
#define FAKE_NODE "dev/vfio/" FAKE_GROUP

/* Device numbers of the group's node: those of /dev/full, which a test can really open. */
#define FAKE_GROUP_NUMBERS "1:7"

/* A kernel for a mock machine: what the helper writes to its sysfs moves links and nodes, as the
 * real one would. It stands in the place of src/helper/baton-kernel.c, so each of its acts happens
 * in the child that makes the write; faults are shared with it. */
typedef enum
{
  FAKE_FAULT_NONE,
  FAKE_FAULT_REFUSE, /* an errno, and nothing happens */
  FAKE_FAULT_LIE,    /* success, and nothing happens */
  FAKE_FAULT_CRASH,  /* the writer dies, the device is as it was */
  FAKE_FAULT_BLOCK,  /* the writer waits until fake_kernel_unblock() */
  FAKE_FAULT_KILL,   /* the whole process that carries out the handoff is killed before it */
  FAKE_FAULT_HOLD,   /* somebody opens the card, and the act is done all the same */
  FAKE_FAULT_HIDE,   /* the same, and nobody can see that he has it (hidden-holder.h) */
  FAKE_FAULT_TERM,   /* that process is asked to end, as at a shutdown, and the act is done */
  FAKE_FAULT_CANCEL, /* somebody asks to stop, and the act is done all the same */
  FAKE_FAULT_LEAVE,  /* the act is done, and the card is pulled out */
  FAKE_FAULT_SWAP,   /* the act is done, and another card is in its place */
  FAKE_FAULT_USE,    /* the act is done, and somebody has begun to use NVIDIA's driver */
} FakeFault;

typedef struct _FakeKernel FakeKernel;

FakeKernel *fake_kernel_new (MockMachine *machine);
void fake_kernel_free (FakeKernel *self);
void fake_kernel_add_usb (FakeKernel *self);
/* The firmware's framebuffer is on the card, which is none of class 0300. */
void fake_kernel_draw_console (FakeKernel *self);
void fake_kernel_add_stand_in (FakeKernel *self);
void fake_kernel_use_nvidia (FakeKernel *self, const char *version);
/* Somebody uses the card through no descriptor, as persistence mode does. */
void fake_kernel_set_nvidia_busy (FakeKernel *self, gboolean busy);

/* A desktop that has this open lets go of it when udev says that the card is removed, and opens it
 * when udev says that it is there. What was sent: remove events, or add events. */
#define FAKE_DESKTOP 900
#define FAKE_DESKTOP_FD "proc/900/fd/5"
void fake_kernel_set_desktop_obeys (FakeKernel *self);
guint fake_kernel_get_n_sent (FakeKernel *self, gboolean is_add);

/* Who loads NVIDIA's display part, and the driver itself for a card that was found anew: Baton, or
 * udev, which has no settings for them; and a desktop that opens it at once. */
typedef enum
{
  FAKE_UDEV_SLOW,
  FAKE_UDEV_QUICKER,
  FAKE_UDEV_AND_A_DESKTOP,
} FakeUdev;

void fake_kernel_set_udev (FakeKernel *self, FakeUdev udev);

/* @module takes no settings from anybody who loads it: they are refused with EINVAL. */
void fake_kernel_refuse_settings (FakeKernel *self, const char *module);

/* Its service does not end while anybody waits for that, and somebody asks to stop: it is there, and
 * about to end, as long as this file says so. */
void fake_kernel_refuse_module (FakeKernel *self, const char *module);
void fake_kernel_hang_service (FakeKernel *self);
#define FAKE_SERVICE_STOPS "fake/service-stops"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeKernel, fake_kernel_free)

/* The @nth act from now on, from 1, meets @fault; 0 for none. */
void fake_kernel_set_fault (FakeKernel *self, guint nth, FakeFault fault, int errsv);
/* Who is killed by FAKE_FAULT_KILL and asked by FAKE_FAULT_TERM: the process that calls this. */
void fake_kernel_be_worker (FakeKernel *self);
void fake_kernel_set_cancel_file (FakeKernel *self, const char *path);
guint fake_kernel_get_n_acts (FakeKernel *self);
void fake_kernel_unblock (FakeKernel *self);
/* No function is let sleep again. */
void fake_kernel_keep_awake (FakeKernel *self, int errsv);
void fake_kernel_set_group_busy (FakeKernel *self, gboolean busy);
/* Nobody may open the group's node. */
void fake_kernel_refuse_group (FakeKernel *self, int errsv);

/* As where another card of the group stays with its guest. */
void fake_kernel_keep_group_node (FakeKernel *self);
void fake_kernel_set_group_viable (FakeKernel *self, gboolean viable);

/* The host's driver does not take @address any more: its probe fails with @errsv. */
void fake_kernel_refuse_host (FakeKernel *self, const char *address, int errsv);
/* It takes everything again. */
void fake_kernel_accept_host (FakeKernel *self);
/* As fake_kernel_refuse_host(), until the kernel has forgotten @address and found it again. */
void fake_kernel_refuse_until_found (FakeKernel *self, const char *address, int errsv);

/* The same, until the card is reset. */
void fake_kernel_refuse_until_reset (FakeKernel *self, const char *address, int errsv);

/* The functions list ways to be reset, and they work; none does, but for a reset of the whole bus;
 * nor does that, which this kernel has not; or the card does not survive it. */
typedef enum
{
  FAKE_RESET_WORKS,
  FAKE_RESET_BY_BUS,
  FAKE_RESET_NOT,
  FAKE_RESET_SILENCES,
} FakeReset;

void fake_kernel_set_reset (FakeKernel *self, FakeReset reset);
guint fake_kernel_get_n_resets (FakeKernel *self);
guint fake_kernel_get_n_bus_resets (FakeKernel *self);

/* What is removed from the bus is not found there again: not at all, only from the bridge above,
 * without room for its memory, or, the first time, so; or it is in another group. */
typedef enum
{
  FAKE_RESCAN_FINDS,
  FAKE_RESCAN_LOSES,
  FAKE_RESCAN_SLEEPS,
  FAKE_RESCAN_NO_ROOM,
  FAKE_RESCAN_NO_ROOM_AT_FIRST,
  FAKE_RESCAN_RENUMBERS,
} FakeRescan;

void fake_kernel_set_rescan (FakeKernel *self, FakeRescan rescan);
/* The display has another number when it comes back; it is away now. */
void fake_kernel_rename_card (FakeKernel *self, const char *name);
guint fake_kernel_get_n_removed (FakeKernel *self);

/* Everything that a handoff may change, as text: links, attributes, nodes, modules, files. */
char *fake_kernel_dup_snapshot (FakeKernel *self);

G_END_DECLS
