/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include <stdio.h>

/* The kernel's version as one number, so that ranges can be compared. */
#define KERNEL(major, minor) ((major) *1000 + (minor))

/*
 * Drivers that bring the kernel down when they get a card back. Each row names where it was seen;
 * drivers without a way to let go are found by looking at the kernel itself instead
 * (BatonSystem.modules_without_remove).
 */
static const struct
{
  const char *driver;
  guint first_kernel;
  guint last_kernel;
  const char *source;
} crashing_drivers[] = {
  /* QEMU's card, idle, no client: unbind works, the bind that follows oopses. 6.1 survives it. */
  { "qxl", KERNEL (6, 12), G_MAXUINT, "Linux 6.12, qxl: unbind and bind of an idle card" },
};

/*
 * AMD's families that stay as the guest left them until they lose power, unless the module
 * vendor-reset knows them (its README, "Currently supported devices"). Device ids as in the
 * tables of Linux, drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c.
 */
static const struct
{
  guint16 first_id;
  guint16 last_id;
  const char *family;
} amd_reset_bugs[] = {
  { 0x66a0, 0x66af, "Vega 20" },    { 0x67c0, 0x67df, "Polaris 10" },
  { 0x67e0, 0x67ff, "Polaris 11" }, { 0x6860, 0x687f, "Vega 10" },
  { 0x6980, 0x699f, "Polaris 12" }, { 0x69a0, 0x69af, "Vega 12" },
  { 0x6fdf, 0x6fdf, "Polaris 20" }, { 0x7310, 0x731f, "Navi 10" },
  { 0x7340, 0x734f, "Navi 14" },    { 0x7360, 0x7362, "Navi 12" },
};

#define VENDOR_AMD 0x1002

static guint
parse_kernel (const char *release)
{
  guint major = 0;
  guint minor = 0;

  /* A release that cannot be read is taken for the newest: what is known to crash is refused. */
  if (release == NULL || sscanf (release, "%3u.%3u", &major, &minor) != 2)
    return G_MAXUINT;

  return KERNEL (major, minor);
}

static void
look_for_crashes (BatonPlanning *self, const BatonFunction *function, const char *driver)
{
  const char *release = self->machine->system->kernel_release;
  guint kernel = parse_kernel (release);

  for (guint i = 0; i < G_N_ELEMENTS (crashing_drivers); i++)
    if (g_strcmp0 (driver, crashing_drivers[i].driver) == 0 &&
        kernel >= crashing_drivers[i].first_kernel && kernel <= crashing_drivers[i].last_kernel)
      baton_planning_add (self, BATON_CODE_DRIVER_CRASHES, function->address, "driver", driver,
                          "release", release, "source", crashing_drivers[i].source);
}

/* Whether the driver that a function has now can let go of it. */
static void
look_at_current_driver (BatonPlanning *self, const BatonFunction *function)
{
  const BatonSystem *system = self->machine->system;

  /* NVIDIA's own driver waits for ever for users that no descriptor shows (NVIDIA
   * open-gpu-kernel-modules, nv-pci.c, nv_pci_remove_helper), so it needs a way of its own. */
  if (g_strcmp0 (function->driver, "nvidia") == 0)
    {
      baton_planning_add (self, BATON_CODE_NVIDIA_NOT_YET, function->address, "card",
                          baton_card_get_name (self->card), "driver", function->driver);
      return;
    }

  if (baton_planning_is_module_in (system->modules_without_remove, function->driver))
    baton_planning_add (self, BATON_CODE_DRIVER_WITHOUT_REMOVE, function->address, "driver",
                        function->driver, "release", system->kernel_release);

  look_for_crashes (self, function, function->driver);
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
  gboolean to_guest = self->plan->to == BATON_SIDE_GUEST;
  const char *first = display->modules != NULL ? display->modules[0] : NULL;
  const BatonBlacklist *blacklist = NULL;

  if (baton_planning_choose_module (self, display) != NULL)
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

static void
look_for_reset_bug (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;

  if (display->vendor_id != VENDOR_AMD ||
      baton_planning_is_module_loaded (self, "vendor_reset"))
    return;

  for (guint i = 0; i < G_N_ELEMENTS (amd_reset_bugs); i++)
    if (display->device_id >= amd_reset_bugs[i].first_id &&
        display->device_id <= amd_reset_bugs[i].last_id)
      baton_planning_add (self, BATON_CODE_RESET_BUG, display->address, "card",
                          baton_card_get_name (self->card), "family", amd_reset_bugs[i].family);
}

/* Whether the drivers let the card go, and whether one takes it back. */
void
baton_planning_look_at_drivers (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  gboolean is_on_host = baton_function_is_on_host (display);

  if (self->plan->to == BATON_SIDE_GUEST)
    {
      for (guint i = 0; i < self->card->functions->len; i++)
        {
          const BatonFunction *function = self->card->functions->pdata[i];

          if (baton_planning_moves_to_guest (self, function) && function->driver != NULL)
            look_at_current_driver (self, function);
        }

      look_for_reset_bug (self);
    }
  else if (!is_on_host)
    {
      look_for_crashes (self, display, baton_planning_choose_module (self, display));
    }

  if (!is_on_host)
    look_for_driver_to_return_to (self);
  else if (self->plan->to == BATON_SIDE_GUEST)
    look_at_loaded_driver (self);
}
