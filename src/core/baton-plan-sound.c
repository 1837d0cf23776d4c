/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include <string.h>

/* References used below:
 *  RESERVE - the desktop's device reservation, org.freedesktop.ReserveDevice1: whoever owns the
 *            name Audio0 has the sound card 0, and lets go when another asks with a higher
 *            priority (PipeWire's pw-reserve(1) asks so)
 *  COMM    - prctl(2), PR_SET_NAME: a process's name has at most 15 bytes
 */
#define MAX_NAME 15

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
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (obliging); i++)
    if (g_str_equal (name, obliging[i]) ||
        (strlen (name) == MAX_NAME && g_str_has_prefix (obliging[i], name)))
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
  return self->plan->to == BATON_SIDE_GUEST && holder->kind == BATON_HOLDER_SOUND &&
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
        if (g_strcmp0 (find_node (self, holder->nodes[j])->function, function->address) == 0)
          return TRUE;
    }

  return FALSE;
}
