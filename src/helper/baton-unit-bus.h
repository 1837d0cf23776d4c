/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * BatonUnitBus:
 * @name: (borrowed): the name by which the systemd there knows the unit
 * @prefix: what stands before such a name where a step or a note names it, perhaps nothing
 * @path: socket of a user's bus, or %NULL for the system's
 * @uid: whose it is, where it is a user's
 * @sender: the process that asks
 *
 * Where the systemd is reached that has a unit.
 */
typedef struct
{
  const char *name;
  char *prefix;
  char *path;
  guint uid;
  pid_t sender;
} BatonUnitBus;

void baton_unit_bus_init (BatonUnitBus *self, BatonRoot *root, const char *unit);
void baton_unit_bus_clear (BatonUnitBus *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonUnitBus, baton_unit_bus_clear)

GDBusConnection *baton_unit_bus_connect (BatonUnitBus *self, BatonRoot *root, GError **error);
gboolean baton_unit_bus_is_gone (BatonRoot *root, const char *unit);

G_END_DECLS
