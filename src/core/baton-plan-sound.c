/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include "baton-process-kind.h"

/* References used below:
 *  RESERVE - the desktop's device reservation, org.freedesktop.ReserveDevice1: whoever owns the
 *            name Audio0 has the sound card 0, and lets go when another asks with a higher
 *            priority (PipeWire's pw-reserve(1) asks so)
 *  I915    - Linux sound/hda/hdac_i915.c, connectivity_check(): a sound function on the bus of
 *            Intel's graphics plays through them
 *  HASWELL - Linux sound/pci/hda/hda_intel.c, AZX_DCAPS_I915_COMPONENT: of the processors with a
 *            sound function of their own for monitors (0000:00:03.0), it and not the chipset's
 */
#define VENDOR_INTEL 0x8086
#define HASWELL_SOUND "0000:00:03.0"

/* Who takes part in it (RESERVE). One that bears such a name and does not is met by a deadline,
 * and named. */
static const char *const obliging[] = {
  "jackdbus", "pipewire", "pipewire-media-session", "pulseaudio", "wireplumber",
};

static const BatonNode *
find_node (const BatonPlanning *self, const char *path)
{
  for (guint i = 0; i < self->card->nodes->len; i++)
    {
      const BatonNode *node = self->card->nodes->pdata[i];

      if (g_strcmp0 (node->path, path) == 0)
        return node;
    }

  return NULL;
}

/* Whether nothing but the card's sound is what a process has of it. */
gboolean
baton_planning_has_only_sound (const BatonPlanning *self, const BatonHolder *holder)
{
  for (guint i = 0; holder->nodes != NULL && holder->nodes[i] != NULL; i++)
    {
      const BatonNode *node = find_node (self, holder->nodes[i]);

      if (node == NULL || node->kind != BATON_NODE_SOUND)
        return FALSE;
    }

  return holder->nodes != NULL && holder->nodes[0] != NULL;
}

static gboolean
is_obliging (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (obliging); i++)
    if (baton_process_name_is_of (name, obliging[i]))
      return TRUE;

  return FALSE;
}

/*
 * Whether a process is asked to let go of the card's sound instead of being closed: a user's sound
 * server, which has a session bus to be asked on, unless somebody wants it closed.
 */
gboolean
baton_planning_asks_for_sound (const BatonPlanning *self, const BatonHolder *holder)
{
  return self->to == BATON_SIDE_GUEST && holder->kind == BATON_HOLDER_SOUND &&
         holder->uid != 0 && is_obliging (holder->name) &&
         baton_planning_has_only_sound (self, holder) &&
         !baton_planning_may_close (self, holder);
}

/* Whether anybody is to be asked to let go of this sound function. */
gboolean
baton_planning_reserves_sound (const BatonPlanning *self, const BatonFunction *function)
{
  for (guint i = 0; self->holders != NULL && i < self->holders->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->holders->pdata[i];

      if (!baton_planning_asks_for_sound (self, holder))
        continue;
      for (guint j = 0; holder->nodes[j] != NULL; j++)
        {
          const BatonNode *node = find_node (self, holder->nodes[j]);

          if (node != NULL && g_strcmp0 (node->function, function->address) == 0)
            return TRUE;
        }
    }

  return FALSE;
}

static gboolean
is_on_root_bus_of_intel (const BatonFunction *function)
{
  return function->vendor_id == VENDOR_INTEL && function->parent == NULL &&
         g_str_has_prefix (function->address, "0000:00:");
}

/* Whether a sound function that is none of the card's plays through it (I915): Intel's graphics
 * have theirs in another slot, which is the computer's main sound as well. */
static gboolean
plays_from_elsewhere (const BatonPlanning *self, const BatonFunction *function)
{
  const BatonFunction *haswell = NULL;

  if (!is_on_root_bus_of_intel (self->card->display) || !is_on_root_bus_of_intel (function) ||
      !baton_function_is_sound (function) || !baton_function_is_on_host (function) ||
      baton_card_travels (self->card, function->address))
    return FALSE;

  haswell = baton_machine_find_function (self->machine, HASWELL_SOUND);

  return haswell == NULL || haswell == function || !baton_function_is_sound (haswell);
}

/* How many sound functions play through the card, its own among them. */
guint
baton_planning_count_sound_partners (const BatonPlanning *self)
{
  guint n_partners = 0;

  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *function = self->machine->functions->pdata[i];

      if (plays_from_elsewhere (self, function) ||
          (baton_card_travels (self->card, function->address) &&
           !baton_card_is_also (self->card, function) && baton_function_is_sound (function) &&
           baton_function_is_on_host (function)))
        n_partners++;
    }

  return n_partners;
}

/* What of the sound stays behind. */
void
baton_planning_look_at_sound (BatonPlanning *self)
{
  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *function = self->machine->functions->pdata[i];

      if (plays_from_elsewhere (self, function))
        baton_planning_add (self, BATON_CODE_SOUND_STAYS, function->address, "card",
                            baton_card_get_name (self->card), "device", function->name,
                            "address", function->address);
    }
}
