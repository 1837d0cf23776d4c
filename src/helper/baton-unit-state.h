/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonUnitState:
 * @id: the one of its names that systemd calls it by, and its jobs
 * @active: systemd's word for it: `active`, `reloading`, `inactive`, `failed`, `activating`, …
 * @goes_along: units that run, and that systemd stops with it
 *
 * How a unit stands.
 */
typedef struct
{
  char *id;
  char *active;
  GStrv goes_along;
} BatonUnitState;

BatonUnitState *
baton_unit_state_new (BatonRoot *root, BatonWaiter *waiter, const char *unit, GError **error);
void baton_unit_state_free (BatonUnitState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonUnitState, baton_unit_state_free)

gboolean baton_unit_state_runs (const BatonUnitState *self);
gboolean baton_unit_state_has_failed (const BatonUnitState *self);

G_END_DECLS
