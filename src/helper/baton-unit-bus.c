/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-bus.h"

#include <unistd.h>

#include "baton-bus.h"
#include "baton-drop.h"
#include "baton-errand.h"
#include "baton-unit-name.h"

static char *
name_socket (guint uid)
{
  return g_strdup_printf ("user/%u/bus", uid);
}

/**
 * baton_unit_bus_init:
 * @self: to be filled in
 * @root: the roots
 * @unit: a unit, as steps and notes name it; it has to last as long as @self
 */
void
baton_unit_bus_init (BatonUnitBus *self, BatonRoot *root, const char *unit)
{
  const char *plain = baton_unit_name_find_plain (unit, &self->uid);
  g_autofree char *socket = NULL;

  self->name = plain != NULL ? plain : unit;
  self->prefix = g_strndup (unit, (gsize) (self->name - unit));
  self->sender = getpid ();
  if (plain == NULL)
    return;
  socket = name_socket (self->uid);
  self->path = baton_root_build_path (root, BATON_ROOT_RUN, socket);
}

void
baton_unit_bus_clear (BatonUnitBus *self)
{
  g_clear_pointer (&self->prefix, g_free);
  g_clear_pointer (&self->path, g_free);
}

/**
 * baton_unit_bus_connect:
 * @self: where to
 * @root: the roots
 * @error: return location for an error
 *
 * In an errand's child, which does nothing else: a user's bus lets root in as little as a stranger,
 * and whatever is on it is a stranger to root. So the child becomes that user first, for good.
 *
 * Returns: (transfer full) (nullable): the connection
 */
GDBusConnection *
baton_unit_bus_connect (BatonUnitBus *self, BatonRoot *root, GError **error)
{
  if (self->path == NULL)
    return baton_bus_connect_system (root, error);
  if (!baton_drop_become (self->uid, error))
    return NULL;
  baton_errand_end_with (self->sender);

  return baton_bus_connect (self->path, error);
}

/**
 * baton_unit_bus_is_gone:
 * @root: the roots
 * @unit: a unit, as steps and notes name it
 *
 * Returns: whether it is a user's who has no systemd any more, because he has logged out: none of his
 *   units runs, and what he wants to run is started when he is back
 */
gboolean
baton_unit_bus_is_gone (BatonRoot *root, const char *unit)
{
  guint uid = 0;
  g_autofree char *socket = NULL;

  if (baton_unit_name_find_plain (unit, &uid) == NULL)
    return FALSE;
  socket = name_socket (uid);

  return !baton_root_exists (root, BATON_ROOT_RUN, socket);
}
