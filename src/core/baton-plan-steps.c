/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"
#include "baton-text.h"

#define VFIO_PCI "vfio-pci"

/* Place in which functions let go of the host: sound first, because the sound driver of a
 * graphics card holds the display driver (component binding, sound/hda/hdac_component.c), the
 * display last. They come back in the opposite order. What travels along goes before all of them:
 * where it does not, a display that came back from an attempt in vain was risked for nothing. */
#define LAST_RANK 3

static guint
get_rank (const BatonPlanning *self, const BatonFunction *function)
{
  if (function == self->card->display)
    return LAST_RANK;
  if (baton_card_is_also (self->card, function))
    return 0;

  return baton_function_is_sound (function) ? 1 : 2;
}

typedef gboolean (*FunctionFilter) (const BatonPlanning *self, const BatonFunction *function);

static GPtrArray *
list_functions (const BatonPlanning *self, FunctionFilter filter, gboolean display_first)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i <= LAST_RANK; i++)
    {
      guint rank = display_first ? LAST_RANK - i : i;

      for (guint j = 0; j < self->card->functions->len; j++)
        {
          BatonFunction *function = self->card->functions->pdata[j];

          if (get_rank (self, function) == rank && filter (self, function))
            g_ptr_array_add (list, function);
        }
    }

  return list;
}

/*
 * Returns: (transfer container) (element-type BatonFunction): all that travel, in the order in which
 *   they come (@display_first) or go
 */
GPtrArray *
baton_planning_list_travelling (const BatonPlanning *self, gboolean display_first)
{
  return list_functions (self, baton_planning_travels, display_first);
}

static gboolean
has_step (const BatonPlan *plan, BatonStepKind kind, const char *target)
{
  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];

      if (step->kind == kind && g_str_equal (step->target, target))
        return TRUE;
    }

  return FALSE;
}

void
baton_planning_add_step (BatonPlanning *self,
                         BatonStepKind kind,
                         const char *target,
                         const char *detail)
{
  BatonStep *step = NULL;

  /* Two cards may want the same: once is enough, as the id says. */
  if (has_step (self->plan, kind, target))
    return;

  step = baton_step_new (kind, target, detail);
  if (self->main != NULL)
    step->card = g_strdup (baton_card_get_address (self->card));
  step->persistent = kind == BATON_STEP_PLACE_FILE;
  g_ptr_array_add (self->plan->steps, step);
}

static gboolean
is_covered (const BatonPlanning *self, GPtrArray *closed, const BatonHolder *holder)
{
  for (guint i = 0; i < closed->len; i++)
    if (baton_planning_goes_together (self, holder, closed->pdata[i]))
      return TRUE;

  return FALSE;
}

/* Of a service itself not its process: systemd might start that anew. */
static void
add_close_step (BatonPlanning *self, const BatonHolder *holder)
{
  g_autofree char *target = g_strdup_printf ("%d:%s", holder->pid, holder->start_time);
  g_autofree char *name = baton_text_clean (holder->name, -1, 64, NULL, NULL);
  g_autofree char *service = NULL;

  if (baton_planning_stops_service (self, holder))
    {
      service = baton_holder_dup_unit (holder);
      baton_planning_add_step (self, BATON_STEP_STOP_UNIT, service, name);
    }
  else
    {
      baton_planning_add_step (self, BATON_STEP_CLOSE_PROCESS, target, name);
    }
}

/*
 * One step an application or a service: the helper closes what belongs to it and still holds the card.
 * Who was consented to by pid stands for it, so that what was shown is what is signalled first.
 */
static void
add_close_steps (BatonPlanning *self)
{
  g_autoptr (GPtrArray) closed = g_ptr_array_new ();

  for (guint pass = 0; pass < 2 && self->holders != NULL; pass++)
    for (guint i = 0; i < self->holders->holders->len; i++)
      {
        BatonHolder *holder = self->holders->holders->pdata[i];
        gboolean named =
            baton_request_allows_close (self->request, holder->pid, holder->start_time);

        /* Who goes with a session is closed before that where it is named, and else with it. */
        if (named != (pass == 0) ||
            (!named && baton_planning_goes_with_session (self, holder)) ||
            !baton_planning_is_in_the_way (self, holder) ||
            !baton_planning_can_close (self, holder) || is_covered (self, closed, holder) ||
            baton_planning_asks_for_sound (self, holder))
          continue;

        add_close_step (self, holder);
        g_ptr_array_add (closed, holder);
      }
}

static void
add_sound_steps (BatonPlanning *self, GPtrArray *functions)
{
  for (guint i = 0; i < functions->len; i++)
    {
      const BatonFunction *function = functions->pdata[i];

      if (baton_planning_reserves_sound (self, function))
        baton_planning_add_step (self, BATON_STEP_RESERVE_SOUND, function->address, NULL);
    }
}

/* A function that sleeps answers no driver, and one that falls asleep between two steps may not
 * wake again for vfio-pci (KERNEL: D3cold). */
static void
add_power_steps (BatonPlanning *self, GPtrArray *functions)
{
  for (guint i = 0; i < functions->len; i++)
    {
      const BatonFunction *function = functions->pdata[i];

      if (function->power_control != NULL && g_strcmp0 (function->power_control, "on") != 0)
        baton_planning_add_step (self, BATON_STEP_HOLD_POWER, function->address, NULL);
    }
}

static void
add_let_open_steps (BatonPlanning *self)
{
  g_autoptr (GPtrArray) groups = baton_planning_list_groups (self);
  g_autofree char *uid = g_strdup_printf ("%u", self->request->uid);

  if (!self->request->let_open || self->request->uid == 0)
    return;

  for (guint i = 0; i < groups->len; i++)
    {
      const BatonGroup *group = groups->pdata[i];
      g_autofree char *node = baton_root_name_group_node (group->id);

      baton_planning_add_step (self, BATON_STEP_LET_OPEN, node, uid);
    }
}

static gboolean
takes_last_screen (const BatonPlanning *self)
{
  return self->card->only_display && self->stand_in == NULL &&
         self->card->side != BATON_SIDE_GUEST;
}

/* How the guest is waited for: as long as was asked for; and where nothing can be seen meanwhile, one
 * that does not come soon is one that does not come. */
static char *
dup_patience (const BatonPlanning *self)
{
  if (self->request->start_guest != NULL)
    return g_strdup (BATON_STARTED);
  if (self->request->within_minutes > 0)
    return g_strdup_printf (BATON_WITHIN "%u", self->request->within_minutes);

  return takes_last_screen (self) ? g_strdup (BATON_SOON) : NULL;
}

/* A hook of libvirt's is told when its guest has stopped, and waited for until then. Should libvirt itself
 * end before that nobody would call it, and where no screen is left nobody would know why. */
static gboolean
waits_for_guest (const BatonPlanning *self, gboolean leaves)
{
  if (self->request->until_free || self->request->start_guest != NULL)
    return TRUE;
  if (!leaves)
    return FALSE;

  return self->request->hook_guest != NULL ? takes_last_screen (self)
                                           : self->profile->return_when_guest_stops;
}

/* Whether the card comes back without being asked for. */
gboolean
baton_planning_comes_back (const BatonPlanning *self)
{
  return self->request->until_free || self->request->start_guest != NULL ||
         self->request->hook_guest != NULL || self->profile->return_when_guest_stops;
}

/* Who has the card lets go of it; while the first of them do, it can still be stopped. */
static void
add_freeing_steps (BatonPlanning *self)
{
  g_autoptr (GPtrArray) leaving = list_functions (self, baton_planning_moves_to_guest, FALSE);

  baton_planning_add_log_out (self);
  add_close_steps (self);
  baton_planning_add_session_ends (self);
  baton_planning_add_release (self);
  add_sound_steps (self, leaving);
  if (leaving->len > 0)
    baton_planning_add_unit_stops (self);
  baton_planning_add_nvidia_stops (self);
}

/*
 * Overrides stand before anything is unbound: from then on no driver that is loaded meanwhile
 * can take the function (Linux, drivers/pci/pci-driver.c, pci_match_device). All of them at
 * once, so that no twin and no companion is ever matched by its ids.
 */
static void
add_leaving_steps (BatonPlanning *self)
{
  g_autoptr (GPtrArray) leaving = list_functions (self, baton_planning_moves_to_guest, FALSE);
  g_autoptr (GPtrArray) coming = list_functions (self, baton_planning_moves_to_guest, TRUE);
  g_autoptr (GPtrArray) all = baton_planning_list_travelling (self, FALSE);

  add_power_steps (self, leaving);

  if (leaving->len > 0 && self->machine->system->vfio != BATON_VFIO_READY)
    baton_planning_add_step (self, BATON_STEP_LOAD_MODULE, VFIO_PCI, NULL);

  for (guint i = 0; i < all->len; i++)
    {
      const BatonFunction *function = all->pdata[i];

      if (leaving->len > 0 && g_strcmp0 (function->override, VFIO_PCI) != 0)
        baton_planning_add_step (self, BATON_STEP_SET_OVERRIDE, function->address, VFIO_PCI);
    }

  if (leaving->len > 0 && self->main == NULL)
    baton_planning_add_consoles_move (self);
  baton_planning_add_nvidia_unloads (self);
  if (leaving->len > 0)
    baton_planning_add_console_end (self);
  for (guint i = 0; i < leaving->len; i++)
    {
      const BatonFunction *function = leaving->pdata[i];

      if (baton_planning_goes_with_nvidia (self, function))
        baton_planning_add_step (self, BATON_STEP_UNLOAD_MODULE, BATON_NVIDIA_DRIVER, NULL);
      else if (function->driver != NULL)
        baton_planning_add_step (self, BATON_STEP_UNBIND, function->address, function->driver);
    }

  for (guint i = 0; i < coming->len; i++)
    baton_planning_add_step (self, BATON_STEP_BIND,
                             ((BatonFunction *) coming->pdata[i])->address, VFIO_PCI);
}

/* Modules come first on the way to the host: what cannot be loaded is found out while the card
 * is still where it was. The override keeps them from taking it before its time. One that would
 * not stay without it has to wait for that time. */
static void
add_host_modules (BatonPlanning *self, GPtrArray *functions)
{
  g_autoptr (GHashTable) added = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < functions->len; i++)
    {
      const char *module = baton_planning_choose_module (self, functions->pdata[i]);

      if (module != NULL && !baton_planning_module_takes_card (module) &&
          !baton_planning_is_module_loaded (self, module) &&
          g_hash_table_add (added, (char *) module))
        baton_planning_add_step (self, BATON_STEP_LOAD_MODULE, module, NULL);
    }
}

/* An override that names the host's driver which the function has is its owner's business, and so
 * is every other where the card is back and only a part of it is missing. */
static gboolean
has_override_in_the_way (const BatonPlanning *self, const BatonFunction *function)
{
  if (self->card->side == BATON_SIDE_HOST && !baton_planning_lost_driver (self, function))
    return FALSE;

  return function->override != NULL && (!baton_function_is_on_host (function) ||
                                        g_strcmp0 (function->override, function->driver) != 0);
}

/* The card comes to this computer, and is proven to be here. */
static void
add_returning_steps (BatonPlanning *self)
{
  const char *address = baton_card_get_address (self->card);
  /* What is missing of a card that is back is all that is asked for, and no detail of it. */
  const char *driver =
      self->card->side == BATON_SIDE_HOST ? BATON_DRIVER_ANY : BATON_DRIVER_AUTO;
  g_autoptr (GPtrArray) leaving = list_functions (self, baton_planning_leaves_guest, TRUE);
  g_autoptr (GPtrArray) coming = list_functions (self, baton_planning_moves_to_host, TRUE);
  g_autoptr (GPtrArray) all = baton_planning_list_travelling (self, TRUE);

  baton_planning_add_guest_unit_stops (self);
  add_power_steps (self, coming);
  add_host_modules (self, coming);

  for (guint i = 0; i < leaving->len; i++)
    {
      const BatonFunction *function = leaving->pdata[i];

      baton_planning_add_step (self, BATON_STEP_UNBIND, function->address, function->driver);
    }

  baton_planning_add_reset (self);
  /* Before the overrides are lifted: a function that was removed has none when it is found. */
  baton_planning_add_rescan (self);
  for (guint i = 0; i < all->len; i++)
    {
      const BatonFunction *function = all->pdata[i];

      if (has_override_in_the_way (self, function))
        baton_planning_add_step (self, BATON_STEP_SET_OVERRIDE, function->address, "");
    }

  baton_planning_add_nvidia_load (self);
  for (guint i = 0; i < coming->len; i++)
    baton_planning_add_step (self, BATON_STEP_BIND,
                             ((BatonFunction *) coming->pdata[i])->address, driver);
  baton_planning_add_nvidia_return (self);

  baton_planning_add_step (self, BATON_STEP_VERIFY, address,
                           baton_side_to_string (BATON_SIDE_HOST));
  baton_planning_add_xorg_for_host (self);
}

/* What stands in comes when the other has gone, and before anything needs a screen again. */
static void
add_steps_to_guest (BatonPlanning *self)
{
  const char *address = baton_card_get_address (self->card);
  g_autoptr (GPtrArray) leaving = list_functions (self, baton_planning_moves_to_guest, FALSE);
  g_autofree char *patience = dup_patience (self);

  add_freeing_steps (self);
  if (leaving->len > 0)
    baton_planning_add_xorg_for_guest (self);
  add_leaving_steps (self);

  add_let_open_steps (self);
  if (leaving->len > 0)
    {
      baton_planning_add_step (self, BATON_STEP_VERIFY, address,
                               baton_side_to_string (BATON_SIDE_GUEST));
      if (self->stand_in != NULL)
        {
          add_returning_steps (self->stand_in);
          baton_planning_add_consoles_on_stand_in (self);
          baton_planning_add_unit_returns (self->stand_in);
        }
      baton_planning_add_guest_units (self);
      baton_planning_add_login_screen (self);
    }
  if (self->request->start_guest != NULL)
    baton_planning_add_step (self, BATON_STEP_START_GUEST, self->request->start_guest, address);
  if (waits_for_guest (self, leaving->len > 0))
    baton_planning_add_step (self, BATON_STEP_WAIT_GUEST, address, patience);
}

/* The desktop on what stands in ends first, and that leaves when the other is proven to be back: until
 * then there is a card to put it back on. */
static void
add_steps_to_host (BatonPlanning *self)
{
  const char *address = baton_card_get_address (self->card);
  g_autoptr (GPtrArray) leaving = list_functions (self, baton_planning_leaves_guest, TRUE);

  add_close_steps (self);
  /* Always, and not only while a guest runs: it may end between the preview and the handoff,
   * and the plan stays the same. */
  if (self->request->when_free && leaving->len > 0)
    baton_planning_add_step (self, BATON_STEP_WAIT_GUEST, address, NULL);

  if (self->stand_in != NULL)
    add_freeing_steps (self->stand_in);
  add_returning_steps (self);
  if (self->stand_in != NULL)
    {
      baton_planning_add_consoles_return (self);
      add_leaving_steps (self->stand_in);
      baton_planning_add_step (self->stand_in, BATON_STEP_VERIFY,
                               baton_card_get_address (self->stand_in->card),
                               baton_side_to_string (BATON_SIDE_GUEST));
    }
  baton_planning_add_unit_returns (self);
  baton_planning_add_login_screen (self);
}

/* Adds the steps of a plan in which nothing stands that no consent sets aside. */
void
baton_planning_add_steps (BatonPlanning *self)
{
  if (self->to == BATON_SIDE_GUEST)
    add_steps_to_guest (self);
  else
    add_steps_to_host (self);
}
