/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"
#include "baton-process-container.h"

static gboolean
has_vfio (const BatonHolder *holder)
{
  return (holder->how & BATON_HOW_VFIO) != 0;
}

/*
 * Whether a process keeps a function that this plan moves. On the way to the host only those who
 * have the card through vfio: what the host's own drivers serve stays where it is.
 */
gboolean
baton_planning_is_in_the_way (const BatonPlanning *self, const BatonHolder *holder)
{
  if (holder->kind == BATON_HOLDER_KERNEL)
    return FALSE;
  /* It goes with its service, which has a step of its own; whatever it is, where its owner says so. */
  if (baton_planning_goes_with_owners_unit (self, holder) ||
      (holder->kind == BATON_HOLDER_SERVICE &&
       baton_planning_stops_nvidia_unit (self, holder->unit)))
    return FALSE;

  return self->to == BATON_SIDE_GUEST || has_vfio (holder);
}

/* Whether Baton may close it when that is consented to. */
gboolean
baton_planning_can_close (const BatonPlanning *self, const BatonHolder *holder)
{
  if (!holder->closable || holder->pid <= 1 || holder->start_time == NULL)
    return FALSE;

  return holder->kind == BATON_HOLDER_APP || holder->kind == BATON_HOLDER_SERVICE ||
         holder->kind == BATON_HOLDER_SOUND;
}

/* Whether the request lets Baton close it. Consent names one process and covers its application, as a
 * browser comes as one scope of many, or the service that is stopped with it. */
gboolean
baton_planning_may_close (const BatonPlanning *self, const BatonHolder *holder)
{
  if (!baton_planning_can_close (self, holder))
    return FALSE;
  if (baton_request_allows_close (self->request, holder->pid, holder->start_time))
    return TRUE;

  for (guint i = 0; i < self->holders->holders->len; i++)
    {
      const BatonHolder *other = self->holders->holders->pdata[i];

      if (baton_planning_goes_together (self, holder, other) &&
          baton_planning_can_close (self, other) &&
          baton_request_allows_close (self->request, other->pid, other->start_time))
        return TRUE;
    }

  return FALSE;
}

static BatonCode
get_code (const BatonPlanning *self, const BatonHolder *holder)
{
  if (holder->container != NULL)
    return BATON_CODE_IN_USE_CONTAINER;
  if (baton_planning_asks_to_let_go (self, holder))
    return BATON_CODE_DESKTOP_LETS_GO;

  switch (holder->kind)
    {
    case BATON_HOLDER_VM:
      return self->to == BATON_SIDE_HOST && self->request->when_free
                 ? BATON_CODE_WAITS_FOR_GUEST
                 : BATON_CODE_GUEST_HAS_CARD;
    case BATON_HOLDER_COMPOSITOR:
      return BATON_CODE_IN_USE_COMPOSITOR;
    case BATON_HOLDER_DISPLAY_SERVER:
      return BATON_CODE_IN_USE_DISPLAY_SERVER;
    case BATON_HOLDER_APP:
    case BATON_HOLDER_SERVICE:
    case BATON_HOLDER_SOUND:
    case BATON_HOLDER_KERNEL:
    default:
      break;
    }

  if (baton_planning_asks_for_sound (self, holder))
    return BATON_CODE_SOUND_LETS_GO;
  if (!baton_planning_can_close (self, holder))
    return holder->kept_for != NULL ? BATON_CODE_IN_USE_SESSION : BATON_CODE_IN_USE_UNCLOSABLE;
  if (baton_planning_stops_service (self, holder))
    return BATON_CODE_IN_USE_WHOLE_SERVICE;
  if (holder->kind == BATON_HOLDER_SOUND || baton_planning_has_only_sound (self, holder))
    return BATON_CODE_IN_USE_SOUND;

  return holder->kind == BATON_HOLDER_SERVICE ? BATON_CODE_IN_USE_SERVICE
                                              : BATON_CODE_IN_USE_APP;
}

/* Named with its container: what is called so may run in many of them, and on this computer as well. */
static BatonFinding *
add_container (BatonPlanning *self,
               const BatonHolder *holder,
               const char *subject,
               const char *pid,
               const char *nodes)
{
  g_autofree char *command =
      baton_process_container_dup_stop (holder->engine, holder->container);

  return baton_planning_add (self, BATON_CODE_IN_USE_CONTAINER, subject, "name", holder->name,
                             "pid", pid, "container", holder->container, "engine",
                             holder->engine, "command", command, "nodes", nodes);
}

static BatonFinding *
add_service (BatonPlanning *self,
             const BatonHolder *holder,
             const char *subject,
             const char *pid,
             const char *nodes)
{
  g_autofree char *command = baton_holder_dup_stop (holder);

  return baton_planning_add (self, BATON_CODE_IN_USE_WHOLE_SERVICE, subject, "name",
                             holder->name, "pid", pid, "unit", holder->unit, "command", command,
                             "nodes", nodes);
}

/* Who goes with a session needs no consent of his own, nor does the desktop whose session cannot be
 * ended get one. */
static void
grant (BatonPlanning *self, const BatonHolder *holder, BatonFinding *finding)
{
  if (finding->consent == BATON_CONSENT_NONE)
    return;
  if (finding->consent == BATON_CONSENT_CLOSE && baton_planning_may_close (self, holder))
    {
      finding->granted = TRUE;
      return;
    }
  if (baton_planning_goes_with_session (self, holder))
    finding->consent = BATON_CONSENT_END_SESSION;
  else if (finding->consent == BATON_CONSENT_END_SESSION)
    finding->consent = BATON_CONSENT_NONE;
  finding->granted =
      finding->consent == BATON_CONSENT_END_SESSION && baton_planning_may_end_session (self);
}

static void
add_holder (BatonPlanning *self, const BatonHolder *holder)
{
  g_autofree char *pid = g_strdup_printf ("%d", holder->pid);
  g_autofree char *subject = g_strdup_printf (
      "%d:%s", holder->pid, holder->start_time != NULL ? holder->start_time : "0");
  g_autofree char *nodes = holder->nodes != NULL ? g_strjoinv (", ", holder->nodes) : NULL;
  BatonCode code = get_code (self, holder);
  BatonFinding *finding = NULL;

  switch ((guint) code)
    {
    case BATON_CODE_WAITS_FOR_GUEST:
    case BATON_CODE_GUEST_HAS_CARD:
      finding =
          baton_planning_add (self, code, subject, "guest",
                              holder->guest != NULL ? holder->guest : holder->name, "pid", pid);
      break;
    case BATON_CODE_IN_USE_UNCLOSABLE:
      finding = baton_planning_add (self, code, subject, "name", holder->name, "pid", pid,
                                    "nodes", nodes);
      break;
    case BATON_CODE_IN_USE_CONTAINER:
      finding = add_container (self, holder, subject, pid, nodes);
      break;
    case BATON_CODE_IN_USE_WHOLE_SERVICE:
      finding = add_service (self, holder, subject, pid, nodes);
      break;
    case BATON_CODE_IN_USE_SESSION:
      finding =
          baton_planning_add (self, code, subject, "name", holder->name, "pid", pid, "session",
                              holder->kept_for->id, "user", holder->kept_for->user, "seat",
                              holder->kept_for->seat, "nodes", nodes);
      break;
    case BATON_CODE_IN_USE_SERVICE:
      finding = baton_planning_add (self, code, subject, "name", holder->name, "pid", pid,
                                    "unit", holder->unit != NULL ? holder->unit : holder->name,
                                    "nodes", nodes);
      break;
    default:
      finding = baton_planning_add (self, code, subject, "name", holder->name, "pid", pid,
                                    "user", holder->user, "nodes", nodes);
      break;
    }

  grant (self, holder, finding);
}

/* Told, and nothing more: it has no use of the card that an unbind could meet. */
static void
add_undecided (BatonPlanning *self, const BatonHolder *holder)
{
  g_autofree char *pid = g_strdup_printf ("%d", holder->pid);
  g_autofree char *nodes = holder->nodes != NULL ? g_strjoinv (", ", holder->nodes) : NULL;

  baton_planning_add (self, BATON_CODE_COMPUTE_UNDECIDED, pid, "name", holder->name, "pid", pid,
                      "user", holder->user, "nodes", nodes);
}

static void
add_kernel_hold (BatonPlanning *self, const BatonHolder *holder)
{
  /* The firmware's does not come back with the card (baton-plan-console.c). */
  if ((holder->how & BATON_HOW_CONSOLE) != 0 && self->to == BATON_SIDE_GUEST &&
      !baton_planning_has_firmware_console (self))
    baton_planning_look_at_text_consoles (self);

  /* vfio is in use and nobody can be seen to have it: a guest that the search did not find,
   * which an unbind would wait for without end. */
  if (has_vfio (holder) && self->card->display->group != NULL)
    {
      g_autofree char *node = baton_root_name_group_node (self->card->display->group);

      baton_planning_add (self, BATON_CODE_IN_USE_UNSEEN, baton_card_get_address (self->card),
                          "node", node);
    }
}

/* Whether the module serves another device as well, whose users are none of this card's. */
static gboolean
serves_others (const BatonPlanning *self, const char *module)
{
  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *function = self->machine->functions->pdata[i];

      if (g_strcmp0 (function->driver_module, module) == 0 &&
          !baton_card_travels (self->card, function->address))
        return TRUE;
    }

  return FALSE;
}

/*
 * Uses of the display driver that no process explains: a dma-buf that outlived its descriptor, a
 * descriptor in flight between two processes. A sound function that plays through the card
 * accounts for one use each (sound/hda/hdac_component.c takes the module), and lets go when either
 * of the two is unbound.
 */
static void
look_at_modules (BatonPlanning *self)
{
  const char *module = self->card->display->driver_module;

  if (self->to != BATON_SIDE_GUEST || module == NULL || !self->holders->complete ||
      serves_others (self, module) || baton_planning_leaves_nvidia (self))
    return;

  for (guint i = 0; i < self->holders->holders->len; i++)
    if (((BatonHolder *) self->holders->holders->pdata[i])->kind != BATON_HOLDER_KERNEL)
      return;

  for (guint i = 0; i < self->holders->modules->len; i++)
    {
      const BatonModuleUse *use = self->holders->modules->pdata[i];
      g_autofree char *count = g_strdup_printf ("%d", use->refcount);

      if (g_strcmp0 (use->name, module) == 0 &&
          use->refcount > (int) baton_planning_count_sound_partners (self))
        baton_planning_add (self, BATON_CODE_IN_USE_MODULE, module, "module", module, "count",
                            count);
    }
}

/*
 * A process that was to be closed and does not have the card is somebody else's: nothing is
 * signalled that was not found. Those that have ended meanwhile are no longer in the request
 * (baton_request_look()).
 */
static gboolean
is_to_go (const BatonPlanning *self, const BatonClose *close)
{
  const BatonHolder *holder = self != NULL && self->holders != NULL
                                  ? baton_holders_find_pid (self->holders, close->pid)
                                  : NULL;

  return holder != NULL && g_strcmp0 (holder->start_time, close->start_time) == 0 &&
         baton_planning_is_in_the_way (self, holder);
}

static void
look_at_consents (BatonPlanning *self)
{
  /* Who has the card that stands in has consents in common with who has the other. */
  if (self->main != NULL)
    return;

  for (guint i = 0; self->holders->complete && i < self->request->closes->len; i++)
    {
      const BatonClose *close = self->request->closes->pdata[i];
      g_autofree char *pid = g_strdup_printf ("%d", close->pid);

      if (!is_to_go (self, close) && !is_to_go (self->stand_in, close))
        baton_planning_add (self, BATON_CODE_CLOSE_NOT_HOLDER, pid, "pid", pid);
    }
}

static void
look_at_completeness (BatonPlanning *self)
{
  g_autofree char *count = g_strdup_printf ("%u", self->holders->unreadable);
  g_autofree char *named = baton_holders_describe_unreadable (self->holders);
  /* A preview may be made without rights, a handoff never: whoever carries it out must know. */
  gboolean is_preview = self->request->handoff == NULL;

  /* It was one search for both. */
  if (self->holders->complete ||
      (self->main != NULL && self->main->holders != NULL && !self->main->holders->complete))
    return;

  if (is_preview && g_strcmp0 (self->holders->reason, "permission") == 0)
    baton_planning_add (self, BATON_CODE_HOLDERS_INCOMPLETE, NULL, "unreadable", count);
  else
    baton_planning_add (self, BATON_CODE_HOLDERS_UNKNOWN, NULL, "unreadable", named);
}

/* Who has the card, and what closing each of them means. */
void
baton_planning_look_at_holders (BatonPlanning *self)
{
  const GPtrArray *undecided = NULL;

  if (self->holders == NULL)
    {
      baton_planning_add (self, BATON_CODE_HOLDERS_UNKNOWN, NULL, "unreadable", "?");
      return;
    }

  if (self->to == BATON_SIDE_GUEST)
    undecided = self->holders->undecided;
  look_at_completeness (self);

  for (guint i = 0; i < self->holders->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->holders->pdata[i];

      if (holder->kind == BATON_HOLDER_KERNEL)
        add_kernel_hold (self, holder);
      else if (baton_planning_is_in_the_way (self, holder) &&
               !baton_planning_follows (self, holder))
        add_holder (self, holder);
    }

  for (guint i = 0; undecided != NULL && i < undecided->len; i++)
    add_undecided (self, undecided->pdata[i]);

  baton_planning_look_at_session (self);
  look_at_consents (self);
  look_at_modules (self);
}
