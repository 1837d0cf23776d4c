/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-device-session.h"
#include "baton-process.h"

G_BEGIN_DECLS

/**
 * BatonHolderKind: what a holder is to the desktop, which decides what is said and asked
 */
typedef enum
{
  BATON_HOLDER_APP,
  BATON_HOLDER_COMPOSITOR,
  BATON_HOLDER_DISPLAY_SERVER,
  BATON_HOLDER_SERVICE,
  BATON_HOLDER_SOUND,
  BATON_HOLDER_VM,
  BATON_HOLDER_KERNEL,
} BatonHolderKind;

const char *baton_holder_kind_to_string (BatonHolderKind kind);
gboolean baton_holder_kind_from_string (const char *text, BatonHolderKind *ret_kind);

/**
 * BatonHow: in which ways a holder keeps the card busy; one can have several
 */
typedef enum
{
  BATON_HOW_FD = 1 << 0,
  BATON_HOW_MAP = 1 << 1,
  BATON_HOW_MODULE = 1 << 2,
  BATON_HOW_CONSOLE = 1 << 3,
  BATON_HOW_FRAMEBUFFER = 1 << 4,
  BATON_HOW_VFIO = 1 << 5,
} BatonHow;

/**
 * BatonHolder:
 * @pid: process id, or 0 for the kernel's own holds (null on the wire)
 * @start_time: field 22 of `/proc/PID/stat`, as text; %NULL for the kernel
 * @name: the process's name, raw bytes (hostile)
 * @command: its command line, arguments joined by spaces, raw bytes (hostile), at most 4,096
 * @uid: real user id; (uid_t) -1 for the kernel
 * @user: the user's name, or the number as text
 * @unit: systemd unit (innermost, system or user), or %NULL
 * @of_user: @unit is one of a user's own systemd
 * @main_pid: the main process of @unit, where this one is it or a worker of the same program, and the
 *   service can be stopped and started again; else 0
 * @scope: the cgroup's `app-*.scope` or `.service` path leaf that groups the whole application, or %NULL
 * @app_id: desktop id without `.desktop`, or %NULL
 * @guest: name of the virtual machine, for kind vm, or %NULL
 * @container: name of the container that it runs in, raw bytes (hostile), or %NULL; of what is no vm
 * @engine: who runs that container, by its own name, or %NULL
 * @environment_known: what is said of @screens is so
 * @screens: device files of the cards that its environment has it draw on, divided by colons, raw bytes
 *   (hostile), or %NULL; for kind compositor
 * @kept_for: the session that it keeps the card for, or %NULL; for those that keep descriptors for others
 * @how: set of #BatonHow
 * @n_uses: descriptors and mappings of those nodes that it has; 0 for the kernel
 * @nodes: paths of the card's nodes that it has (canonical, ours, never the holder's bytes)
 * @closable: Baton may close it with consent: not PID 1, not the kernel, not a guest, not logind or
 *   seatd, not the compositor or display server of a session, not in a container, not Baton itself
 */
typedef struct
{
  int pid;
  char *start_time;
  char *name;
  char *command;
  guint uid;
  char *user;
  char *unit;
  gboolean of_user;
  int main_pid;
  char *scope;
  char *app_id;
  char *guest;
  char *container;
  const char *engine;
  gboolean environment_known;
  char *screens;
  BatonDeviceSession *kept_for;
  BatonHolderKind kind;
  guint how;
  guint n_uses;
  GStrv nodes;
  gboolean closable;
} BatonHolder;

BatonHolder *baton_holder_new_for_process (BatonRoot *root,
                                           const BatonProcess *process,
                                           guint how,
                                           GPtrArray *nodes,
                                           const char *passwd);
void baton_holder_free (BatonHolder *self);

gboolean baton_holder_is_started_again (const BatonHolder *self);
char *baton_holder_dup_unit (const BatonHolder *self);
char *baton_holder_dup_stop (const BatonHolder *self);

G_END_DECLS
