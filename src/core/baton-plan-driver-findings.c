/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* Whether the driver that a function has now can let go of it. */
static void
look_at_current_driver (BatonPlanning *self, const BatonFunction *function)
{
  const BatonSystem *system = self->machine->system;

  if (baton_planning_is_module_in (system->modules_without_remove, function->driver))
    baton_planning_add (self, BATON_CODE_DRIVER_WITHOUT_REMOVE, function->address, "driver",
                        function->driver, "release", system->kernel_release);

  baton_planning_look_for_crashes (self, function, function->driver);
}

static gboolean
is_on_command_line (const BatonBlacklist *blacklist)
{
  return blacklist->line == 0;
}

static void
add_blacklisted (BatonPlanning *self, BatonCode code, const BatonBlacklist *blacklist)
{
  const BatonFunction *display = self->card->display;
  g_autofree char *line = g_strdup_printf ("%u", blacklist->line);

  baton_planning_add (self, code, display->address, "card", baton_card_get_name (self->card),
                      "module", blacklist->module, "file", blacklist->file, "line", line);
}

/* What a card meets when its driver gets it again is partly read from the disk: its firmware, and what
 * NVIDIA's driver consists of. Of another version than what is in memory, it may not fit. */
static void
look_for_replaced_driver (BatonPlanning *self, BatonCode code, const char *module)
{
  const BatonSystem *system = self->machine->system;
  const BatonFunction *display = self->card->display;

  if (module == NULL || !baton_planning_is_module_loaded (self, module))
    return;
  if (baton_planning_is_module_in (system->modules_replaced, module))
    baton_planning_add (self, code, display->address, "card", baton_card_get_name (self->card),
                        "module", module);
  else if (baton_planning_is_module_in (system->modules_untold, module))
    baton_planning_add (self, BATON_CODE_DRIVER_FILE_NEWER, display->address, "card",
                        baton_card_get_name (self->card), "module", module);
}

/* The card has its driver now. Will it find it when it comes back? */
static void
look_at_loaded_driver (BatonPlanning *self)
{
  const char *module = self->card->display->driver_module;
  const BatonBlacklist *blacklist =
      module != NULL ? baton_planning_find_blacklist (self, module) : NULL;

  if (blacklist != NULL && !is_on_command_line (blacklist))
    add_blacklisted (self, BATON_CODE_HOST_DRIVER_ONLY_LOADED, blacklist);
}

/* The card has no driver now: is there one for it to come back to? */
static void
look_for_driver_to_return_to (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  const char *card = baton_card_get_name (self->card);
  gboolean to_guest = self->to == BATON_SIDE_GUEST;
  const char *first = display->modules != NULL ? display->modules[0] : NULL;
  const BatonBlacklist *blacklist = NULL;

  if (display->built_in != NULL || baton_planning_choose_module (self, display) != NULL)
    return;

  blacklist = first != NULL ? baton_planning_find_blacklist (self, first) : NULL;
  if (blacklist == NULL || (is_on_command_line (blacklist) && !to_guest))
    baton_planning_add (
        self, to_guest ? BATON_CODE_HOST_DRIVER_MISSING : BATON_CODE_NO_DRIVER_TO_RETURN_TO,
        display->address, "card", card, "address", display->address);
  else if (is_on_command_line (blacklist))
    baton_planning_add (self, BATON_CODE_HOST_DRIVER_OFF_COMMAND_LINE, display->address, "card",
                        card, "module", blacklist->module);
  else
    add_blacklisted (self,
                     to_guest ? BATON_CODE_HOST_DRIVER_BLACKLISTED
                              : BATON_CODE_RETURN_DRIVER_BLACKLISTED,
                     blacklist);
}

/* Whether the drivers let the card go, and whether one takes it back. */
void
baton_planning_look_at_drivers (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  gboolean is_on_host = baton_function_is_on_host (display);

  if (self->to == BATON_SIDE_GUEST)
    {
      for (guint i = 0; i < self->card->functions->len; i++)
        {
          const BatonFunction *function = self->card->functions->pdata[i];

          if (baton_planning_moves_to_guest (self, function) && function->driver != NULL)
            look_at_current_driver (self, function);
        }

      if (is_on_host)
        look_for_replaced_driver (self, BATON_CODE_DRIVER_REPLACED, display->driver_module);
      baton_planning_look_for_bad_returns (self);
      baton_planning_look_at_nvidia (self);
    }
  else if (!is_on_host)
    {
      look_for_replaced_driver (self, BATON_CODE_RETURN_DRIVER_REPLACED,
                                baton_planning_choose_module (self, display));
      baton_planning_look_for_crashes (self, display,
                                       display->built_in != NULL
                                           ? display->built_in
                                           : baton_planning_choose_module (self, display));
    }

  if (!is_on_host)
    look_for_driver_to_return_to (self);
  else if (self->to == BATON_SIDE_GUEST)
    look_at_loaded_driver (self);
}

/*
 * A card that is used here may have come back in parts, when a driver did not take one of them.
 *
 * Returns: whether one is missing
 */
gboolean
baton_planning_look_for_lost_drivers (BatonPlanning *self)
{
  gboolean found = FALSE;

  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (!baton_planning_lost_driver (self, function))
        continue;
      baton_planning_add (self, BATON_CODE_COMPANION_LOST_DRIVER, function->address, "card",
                          baton_card_get_name (self->card), "device", function->name, "address",
                          function->address, "module",
                          baton_planning_choose_module (self, function));
      found = TRUE;
    }

  return found;
}
