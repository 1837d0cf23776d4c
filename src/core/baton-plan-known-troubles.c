/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include <stdio.h>

/* What others have paid for: drivers, cards and kernels that are known not to come through a
 * handoff. A row is added with the place where it was seen, and goes when the cause is gone. */

#define VENDOR_AMD 0x1002

/* The kernel's version as one number, so that ranges can be compared. */
#define KERNEL(major, minor, patch) (((major) *1000 + (minor)) * 1000 + (patch))

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
  /* Its interrupt handler outlives it, and the next interrupt on that line reads memory that is
   * unmapped by then: the kernel panics at the bind that follows, though nobody used the card. */
  { "qxl", 0, G_MAXUINT, "qxl_irq_handler, seen on Linux 6.1 and 6.12" },
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

/* Cards and kernels with which vfio-pci has been seen to crash when it lets go of the card. */
static const struct
{
  guint16 vendor_id;
  guint16 device_id;
  guint first_kernel;
  guint last_kernel;
  const char *source;
} crashing_returns[] = {
  /* RX 9070: general protection fault in vfio_pci_core_sriov_configure at every unbind. */
  { VENDOR_AMD, 0x7550, KERNEL (7, 2, 2), KERNEL (7, 2, 2), "CachyOS/linux-cachyos#1023" },
};

static guint
parse_kernel (const char *release)
{
  guint major = 0;
  guint minor = 0;
  guint patch = 0;

  /* A release that cannot be read is taken for the newest: what is known to crash is refused. */
  if (release == NULL || sscanf (release, "%3u.%3u.%3u", &major, &minor, &patch) < 2)
    return G_MAXUINT;

  return KERNEL (major, minor, patch);
}

/* Whether the kernel would not survive that @function gets @driver (back). */
void
baton_planning_look_for_crashes (BatonPlanning *self,
                                 const BatonFunction *function,
                                 const char *driver)
{
  const char *release = self->machine->system->kernel_release;
  guint kernel = parse_kernel (release);

  for (guint i = 0; i < G_N_ELEMENTS (crashing_drivers); i++)
    if (g_strcmp0 (driver, crashing_drivers[i].driver) == 0 &&
        kernel >= crashing_drivers[i].first_kernel && kernel <= crashing_drivers[i].last_kernel)
      baton_planning_add (self, BATON_CODE_DRIVER_CRASHES, function->address, "driver", driver,
                          "release", release, "source", crashing_drivers[i].source);
}

/* Returns: (nullable): the family that @function is of, where it is one of those */
static const char *
find_reset_bug (const BatonFunction *function)
{
  for (guint i = 0; function->vendor_id == VENDOR_AMD && i < G_N_ELEMENTS (amd_reset_bugs); i++)
    if (function->device_id >= amd_reset_bugs[i].first_id &&
        function->device_id <= amd_reset_bugs[i].last_id)
      return amd_reset_bugs[i].family;

  return NULL;
}

/*
 * Returns: (nullable): the one method that resets a card which is known to need a reset; NULL for any
 *   other card, and where that method is not there
 */
const char *
baton_planning_get_needed_reset (const BatonPlanning *self)
{
  /* From Linux 5.15 on the kernel asks vendor-reset under this name, and only where it is told to
   * (gnif/vendor-reset, README: udev/99-vendor-reset.rules). */
  return find_reset_bug (self->card->display) != NULL &&
                 baton_planning_is_module_loaded (self, "vendor_reset")
             ? "device_specific"
             : NULL;
}

static void
look_for_reset_bug (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  const char *family = find_reset_bug (display);

  if (family != NULL && !baton_planning_is_module_loaded (self, "vendor_reset"))
    baton_planning_add (self, BATON_CODE_RESET_BUG, display->address, "card",
                        baton_card_get_name (self->card), "family", family);
}

static void
look_for_crashing_return (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  const char *release = self->machine->system->kernel_release;
  guint kernel = parse_kernel (release);

  for (guint i = 0; i < G_N_ELEMENTS (crashing_returns); i++)
    if (display->vendor_id == crashing_returns[i].vendor_id &&
        display->device_id == crashing_returns[i].device_id &&
        kernel >= crashing_returns[i].first_kernel && kernel <= crashing_returns[i].last_kernel)
      baton_planning_add (self, BATON_CODE_RETURN_CRASHES, display->address, "card",
                          baton_card_get_name (self->card), "release", release, "source",
                          crashing_returns[i].source);
}

/* Whether the card is known not to come back as it was. */
void
baton_planning_look_for_bad_returns (BatonPlanning *self)
{
  look_for_reset_bug (self);
  look_for_crashing_return (self);
}
