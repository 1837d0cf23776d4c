/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"
#include "baton-unit-name.h"
#include "baton-unit-note.h"

/* A user's units are those of whoever asks, and nobody else's. */
static gboolean
can_reach (const BatonPlanning *self, const char *unit)
{
  return !baton_unit_name_is_of_user (unit) || self->request->has_systemd;
}

/* Whether @holder is one of a unit's that the card's owner wants stopped for this plan. */
gboolean
baton_planning_goes_with_owners_unit (const BatonPlanning *self, const BatonHolder *holder)
{
  const char *const *units = (const char *const *) self->profile->stop_units;
  g_autofree char *name = NULL;

  if (holder->unit == NULL || units == NULL || self->to != BATON_SIDE_GUEST ||
      (holder->of_user && holder->uid != self->request->uid))
    return FALSE;
  name = g_strconcat (holder->of_user ? "user:" : "", holder->unit, NULL);

  return g_strv_contains (units, name) && can_reach (self, name);
}

/* Whether it is closed by stopping its service, which runs again when the card is back. On the way to
 * the host nothing has to go but who has the card through vfio, and that is no such service. */
gboolean
baton_planning_stops_service (const BatonPlanning *self, const BatonHolder *holder)
{
  if (holder->main_pid == 0 || self->to != BATON_SIDE_GUEST ||
      !baton_planning_can_close (self, holder))
    return FALSE;

  return !holder->of_user || (holder->uid == self->request->uid && self->request->has_systemd);
}

/* Whether what closes one of two closes the other: an application, or a service that is stopped. */
gboolean
baton_planning_goes_together (const BatonPlanning *self,
                              const BatonHolder *holder,
                              const BatonHolder *other)
{
  if (baton_planning_stops_service (self, holder))
    return baton_planning_stops_service (self, other) && holder->of_user == other->of_user &&
           g_strcmp0 (holder->unit, other->unit) == 0;

  return holder->scope != NULL && holder->uid == other->uid &&
         g_strcmp0 (holder->scope, other->scope) == 0;
}

static void
look_for_nobody (BatonPlanning *self, GStrv units)
{
  g_autofree char *uid = g_strdup_printf ("%u", self->request->uid);

  for (guint i = 0; units != NULL && units[i] != NULL; i++)
    if (!can_reach (self, units[i]))
      baton_planning_add (self, BATON_CODE_UNIT_OF_NOBODY, units[i], "unit", units[i], "uid",
                          uid);
}

static const char *
find_key (const BatonPlanning *self, const char *unit)
{
  GStrv units = self->profile->stop_units;

  return units != NULL && g_strv_contains ((const char *const *) units, unit)
             ? "stop-units"
             : "start-units-guest";
}

/* A name with a mistake in it would be believed: the service that it was meant for goes on. On the
 * way back nothing depends on what the file says. */
void
baton_planning_look_at_units (BatonPlanning *self)
{
  GStrv units = self->profile->missing_units;
  g_autofree char *file = baton_root_dup_shown_path (BATON_ROOT_ETC, BATON_PROFILE_FILE);

  if (self->to != BATON_SIDE_GUEST || self->card->side == BATON_SIDE_GUEST)
    return;

  for (guint i = 0; units != NULL && units[i] != NULL; i++)
    baton_planning_add (self, BATON_CODE_UNIT_MISSING, units[i], "unit", units[i], "key",
                        find_key (self, units[i]), "file", file);
  look_for_nobody (self, self->profile->stop_units);
  look_for_nobody (self, self->profile->start_units_guest);
}

static void
add_steps (BatonPlanning *self, GStrv units, BatonStepKind kind)
{
  for (guint i = 0; units != NULL && units[i] != NULL; i++)
    {
      g_autofree char *name = baton_unit_name_is_of_user (units[i])
                                  ? baton_unit_name_dup_for_user (units[i], self->request->uid)
                                  : g_strdup (units[i]);

      if (can_reach (self, units[i]))
        baton_planning_add_step (self, kind, name, NULL);
    }
}

/* In the order in which they are named. Which of them run is seen when it is their turn: a preview
 * may be old, and made without rights. */
void
baton_planning_add_unit_stops (BatonPlanning *self)
{
  add_steps (self, self->profile->stop_units, BATON_STEP_STOP_UNIT);
}

/* When the card is proven to be there, since such a unit may be the virtual machine itself, which
 * nobody could tell from a stranger who has the card. */
void
baton_planning_add_guest_units (BatonPlanning *self)
{
  add_steps (self, self->profile->start_units_guest, BATON_STEP_START_UNIT);
}

static void
add_undoing_steps (BatonPlanning *self, gboolean started)
{
  GPtrArray *notes = self->card->unit_notes;

  /* Last done, first undone. */
  for (guint i = notes != NULL ? notes->len : 0; i > 0; i--)
    {
      const BatonUnitNote *note = notes->pdata[i - 1];

      if (note->started == started)
        baton_planning_add_step (self, started ? BATON_STEP_STOP_UNIT : BATON_STEP_START_UNIT,
                                 note->unit, NULL);
    }
}

/* What Baton started for the guest, whatever the owner's settings have become meanwhile. */
void
baton_planning_add_guest_unit_stops (BatonPlanning *self)
{
  add_undoing_steps (self, TRUE);
}

/* What Baton stopped, once the card is proven to work here. */
void
baton_planning_add_unit_returns (BatonPlanning *self)
{
  add_undoing_steps (self, FALSE);
}
