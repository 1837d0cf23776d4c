/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* Bridges of the card's own switch stay on pcieport, which vfio lives with. */
gboolean
baton_planning_travels (const BatonPlanning *self, const BatonFunction *function)
{
  return !function->is_bridge;
}

/* Whether a travelling function is yet to get to vfio-pci. A companion without a driver is no
 * reason to touch a card that is with the guest. */
gboolean
baton_planning_moves_to_guest (const BatonPlanning *self, const BatonFunction *function)
{
  return self->card->side != BATON_SIDE_GUEST && baton_planning_travels (self, function) &&
         !baton_function_is_on_vfio (function);
}

/* Whether it went with the card when that left. Of a card that is back it is still missing, if it is
 * not here: another tool may have brought the card alone. */
static gboolean
went_along (const BatonPlanning *self, const BatonFunction *function)
{
  return self->card->also_noted && baton_card_is_also (self->card, function);
}

/* Whether a travelling function is parked now: with vfio-pci, or with pci-stub, which is there so
 * that nobody else takes it, and stays where the card is used here beside it. */
gboolean
baton_planning_leaves_guest (const BatonPlanning *self, const BatonFunction *function)
{
  return (self->card->side != BATON_SIDE_HOST || went_along (self, function)) &&
         baton_planning_travels (self, function) && function->driver != NULL &&
         !baton_function_is_on_host (function);
}

/*
 * Whether a travelling function of a card that is used here has lost its driver: it is still meant
 * for the one that parked it, or its driver is loaded and yet it has none, although the kernel binds
 * by itself what a loaded driver knows (Linux drivers/base/dd.c, __device_attach()). One whose
 * driver nobody has loaded never had it; any other override is its owner's wish. What travels along
 * may well be without a driver by its owner's wish, but for one that the card has left behind.
 */
gboolean
baton_planning_lost_driver (const BatonPlanning *self, const BatonFunction *function)
{
  const char *module = NULL;

  if (self->card->side != BATON_SIDE_HOST || !baton_planning_travels (self, function))
    return FALSE;
  if (went_along (self, function) && baton_function_is_on_vfio (function))
    return TRUE;
  if (function->driver != NULL)
    return FALSE;

  module = baton_planning_choose_module (self, function);
  if (module == NULL)
    return FALSE;

  if (function->override != NULL)
    return baton_function_is_meant_for_vfio (function);

  return !baton_card_is_also (self->card, function) &&
         baton_planning_is_module_loaded (self, module);
}

/*
 * Whether a travelling function is yet to get a driver of the host. A companion that is unbound
 * and that no installed module wants never had one; where the card is back already, only what has
 * lost its driver is missing.
 */
gboolean
baton_planning_moves_to_host (const BatonPlanning *self, const BatonFunction *function)
{
  if (self->card->side == BATON_SIDE_HOST)
    return baton_planning_lost_driver (self, function);
  if (!baton_planning_travels (self, function) || baton_function_is_on_host (function))
    return FALSE;
  if (function == self->card->display || function->driver != NULL)
    return TRUE;

  return baton_planning_choose_module (self, function) != NULL;
}

/* The kernel writes `_` in the names of modules and people write either (kmod, modprobe(8)). */
static gboolean
is_same_module (const char *a, const char *b)
{
  for (; *a != '\0' && *b != '\0'; a++, b++)
    if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
      return FALSE;

  return *a == *b;
}

gboolean
baton_planning_is_module_in (GStrv list, const char *module)
{
  for (guint i = 0; list != NULL && list[i] != NULL; i++)
    if (is_same_module (list[i], module))
      return TRUE;

  return FALSE;
}

gboolean
baton_planning_is_module_loaded (const BatonPlanning *self, const char *module)
{
  return baton_planning_is_module_in (self->machine->system->modules_loaded, module);
}

/* Returns: (nullable): what keeps @module from being loaded by itself */
const BatonBlacklist *
baton_planning_find_blacklist (const BatonPlanning *self, const char *module)
{
  GPtrArray *blacklists = self->machine->system->blacklists;

  for (guint i = 0; i < blacklists->len; i++)
    {
      const BatonBlacklist *blacklist = blacklists->pdata[i];

      if (is_same_module (blacklist->module, module))
        return blacklist;
    }

  return NULL;
}

/*
 * The module that a function comes back to: the best that its owner has not switched off; or one
 * that is loaded although it is switched off, because then somebody loaded it on purpose.
 *
 * Returns: (nullable): a module, or NULL where there is none to come back to
 */
const char *
baton_planning_choose_module (const BatonPlanning *self, const BatonFunction *function)
{
  GStrv modules = function->modules;

  for (guint i = 0; modules != NULL && modules[i] != NULL; i++)
    if (baton_planning_find_blacklist (self, modules[i]) == NULL)
      return baton_nvidia_get_module (modules[i]);

  for (guint i = 0; modules != NULL && modules[i] != NULL; i++)
    if (baton_planning_is_module_loaded (self, baton_nvidia_get_module (modules[i])))
      return baton_nvidia_get_module (modules[i]);

  return NULL;
}

/*
 * Every IOMMU group that the travelling functions are in: a card with a switch of its own may
 * have its sound function in another group than the display.
 *
 * Returns: (transfer container) (element-type BatonGroup): each once
 */
GPtrArray *
baton_planning_list_groups (const BatonPlanning *self)
{
  GPtrArray *groups = g_ptr_array_new ();

  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];
      BatonGroup *group = NULL;

      if (function->group != NULL && baton_planning_travels (self, function))
        group = baton_machine_find_group (self->machine, function->group);
      if (group != NULL && !g_ptr_array_find (groups, group, NULL))
        g_ptr_array_add (groups, group);
    }

  return groups;
}
