/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonUnitState:
 * @unit: the name that was asked for
 * @id: the one of its names that systemd calls it by, and its jobs
 * @active: systemd's word for it: `active`, `reloading`, `inactive`, `failed`, `activating`, …
 * @main_pid: its main process; 0 where it has none, or is no service
 * @triggers: units that run, and that start it again when something asks for it: its sockets, timers and
 *   paths
 * @goes_along: units that run, and that systemd stops with it
 *
 * How a unit stands.
 */
typedef struct
{
  char *unit;
  char *id;
  char *active;
  guint main_pid;
  GStrv triggers;
  GStrv goes_along;
} BatonUnitState;

BatonUnitState *
baton_unit_state_new (BatonRoot *root, BatonWaiter *waiter, const char *unit, GError **error);
void baton_unit_state_free (BatonUnitState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonUnitState, baton_unit_state_free)

gboolean baton_unit_state_runs (const BatonUnitState *self);
gboolean baton_unit_state_has_failed (const BatonUnitState *self);

G_END_DECLS
