/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"
#include "baton-text.h"

/* A guest with a card locks all its memory (vfio pins what the device may reach). Below this
 * share of the machine's memory hardly any guest worth a graphics card starts. */
#define MEMLOCK_SHARE 4

static void
look_at_handoffs (BatonPlanning *self)
{
  const BatonSystem *system = self->machine->system;

  /* The journal of a running handoff is not an unfinished one. */
  if (system->handoff != NULL)
    {
      if (g_strcmp0 (system->handoff, self->request->handoff) != 0)
        baton_planning_add (self, BATON_CODE_HANDOFF_UNDER_WAY, NULL, "handoff",
                            system->handoff);
      else if (system->journal)
        baton_planning_add (self, BATON_CODE_JOURNAL_UNFINISHED, NULL);
    }
  else if (system->journal)
    {
      baton_planning_add (self, BATON_CODE_JOURNAL_UNFINISHED, NULL);
    }

  if (g_strcmp0 (system->pid1, "systemd") != 0)
    baton_planning_add (self, BATON_CODE_NO_SYSTEMD, NULL, "pid1",
                        system->pid1 != NULL ? system->pid1 : "init");
}

static void
look_at_profile (BatonPlanning *self)
{
  const BatonProfileProblem *problem = self->profile->problem;
  const BatonFunction *display = self->card->display;
  g_autofree char *identity = baton_function_dup_identity (display);

  if (problem != NULL && problem->line == 0)
    {
      baton_planning_add (self, BATON_CODE_PROFILE_UNREADABLE, problem->file, "file",
                          problem->file, "reason", problem->reason);
    }
  else if (problem != NULL)
    {
      g_autofree char *line = g_strdup_printf ("%u", problem->line);

      baton_planning_add (self, BATON_CODE_BAD_PROFILE, problem->file, "file", problem->file,
                          "line", line, "key", problem->key, "reason", problem->reason);
    }

  if (self->profile->identity != NULL &&
      g_ascii_strcasecmp (self->profile->identity, identity) != 0)
    baton_planning_add (self, BATON_CODE_OTHER_CARD_AT_ADDRESS, display->address, "card",
                        baton_card_get_name (self->card), "address", display->address,
                        "identity", self->profile->identity, "found", identity);
}

static void
look_at_memory_limit (BatonPlanning *self)
{
  guint64 limit_bytes = self->request->memlock_bytes;
  guint64 memory_bytes = self->machine->system->memory_bytes;
  g_autofree char *limit = baton_text_format_size (limit_bytes);
  g_autofree char *needed = baton_text_format_size (memory_bytes);

  if (self->request->uid == 0 || limit_bytes == 0 ||
      limit_bytes >= memory_bytes / MEMLOCK_SHARE)
    return;

  baton_planning_add (self, BATON_CODE_MEMLOCK_LOW, NULL, "limit", limit, "needed", needed);
}

static void
offer_to_let_open (BatonPlanning *self)
{
  g_autoptr (GPtrArray) groups = baton_planning_list_groups (self);

  if (self->request->uid == 0 || self->request->let_open)
    return;

  for (guint i = 0; i < groups->len; i++)
    {
      const BatonGroup *group = groups->pdata[i];
      g_autofree char *node = baton_root_name_group_node (group->id);

      baton_planning_add (self, BATON_CODE_LET_OPEN_OFFER, node, "node", node);
    }
}

/* Root may open the node as it is, and no list of access names anybody else. */
void
baton_planning_look_at_access (BatonPlanning *self)
{
  if (self->to == BATON_SIDE_GUEST && self->request->let_open && self->request->uid == 0)
    baton_planning_add (self, BATON_CODE_LET_OPEN_NOBODY, NULL);
}

/* A guest that would start without the card, or runs already, would leave it with nobody. */
static void
look_at_guest (BatonPlanning *self)
{
  const char *name = self->request->start_guest;
  const char *address = baton_card_get_address (self->card);
  const BatonGuestDefinition *guest = self->request->guest;

  if (name == NULL || guest == NULL)
    return;
  switch (guest->found)
    {
    case BATON_GUEST_MISSING:
      baton_planning_add (self, BATON_CODE_NO_SUCH_GUEST, NULL, "guest", name);
      break;
    case BATON_GUEST_RUNNING:
      baton_planning_add (self, BATON_CODE_GUEST_RUNS_ALREADY, NULL, "guest", name);
      break;
    case BATON_GUEST_OFF:
      if (guest->devices == NULL ||
          !g_ptr_array_find_with_equal_func (guest->devices, address, g_str_equal, NULL))
        baton_planning_add (self, BATON_CODE_GUEST_WITHOUT_CARD, NULL, "guest", name, "card",
                            baton_card_get_name (self->card), "address", address);
      break;
    case BATON_GUEST_UNTOLD:
    default:
      break;
    }
}

static void
offer_guests (BatonPlanning *self)
{
  for (guint i = 0; self->request->guests != NULL && self->request->guests[i] != NULL; i++)
    baton_planning_add (self, BATON_CODE_START_GUEST_OFFER, self->request->guests[i], "guest",
                        self->request->guests[i], "card", baton_card_get_name (self->card));
}

/* What the rest of the system has to say: other handoffs, the owner's settings, the asker's limits. */
void
baton_planning_look_at_system (BatonPlanning *self)
{
  look_at_handoffs (self);
  look_at_profile (self);
  baton_planning_look_at_units (self);

  if (self->to == BATON_SIDE_GUEST)
    {
      look_at_guest (self);
      offer_guests (self);
      look_at_memory_limit (self);
      offer_to_let_open (self);
    }
}
