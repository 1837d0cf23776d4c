/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* References used below:
 *  NV-REMOVE - open-gpu-kernel-modules kernel-open/nvidia/nv-pci.c, nv_pci_remove_helper()
 *  NVKMS - kernel-open/nvidia-modeset: with nvidia_drm's modeset=1 every card stays in use
 *  CHAR-DEV - Linux fs/char_dev.c, chrdev_open(): each open file counts the owner of its operations
 *    (fops_get()), and that of the device once more where it has one (cdev_get())
 *  NV-BUFFERS - kernel-open/nvidia/nv-dmabuf.c: a buffer that was passed on counts the module too
 *  FBCON - Linux drivers/gpu/drm/drm_fbdev_ttm.c, fb_open(): "No need to take a ref for fbcon
 *    because it unbinds on unregister"
 *  NV-INIT - kernel-open/nvidia/nv.c, nvidia_init_module(): ends with ENODEV ("No NVIDIA devices
 *    probed") where no card could be taken, and so where each has another driver or an override
 */

/* CHAR-DEV */
#define MAX_USES_OF_FILE 2

static gboolean
is_on_nvidia (const BatonFunction *function)
{
  return g_strcmp0 (function->driver, BATON_NVIDIA_DRIVER) == 0;
}

static BatonNvidiaWay
find_way (const BatonPlanning *self)
{
  return baton_nvidia_find_way (self->machine->system->nvidia->version);
}

/* Returns: (nullable): a card that stays, and that the same driver has */
static const BatonFunction *
find_other_card (const BatonPlanning *self)
{
  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *function = self->machine->functions->pdata[i];

      if (is_on_nvidia (function) && !baton_card_travels (self->card, function->address))
        return function;
    }

  return NULL;
}

/* Whether this plan takes the card away from NVIDIA's own driver. */
gboolean
baton_planning_leaves_nvidia (const BatonPlanning *self)
{
  return self->to == BATON_SIDE_GUEST && is_on_nvidia (self->card->display) &&
         baton_planning_moves_to_guest (self, self->card->display);
}

/* Whether @unit is one of the driver's services and is stopped for the handoff. */
gboolean
baton_planning_stops_nvidia_unit (const BatonPlanning *self, const char *unit)
{
  const BatonNvidia *nvidia = self->machine->system->nvidia;

  return unit != NULL && baton_planning_leaves_nvidia (self) &&
         g_strv_contains ((const char *const *) nvidia->units, unit);
}

/* Whether @function has no driver any more when the driver's module is gone. */
gboolean
baton_planning_goes_with_nvidia (const BatonPlanning *self, const BatonFunction *function)
{
  return is_on_nvidia (function) && find_way (self) == BATON_NVIDIA_UNLOAD;
}

/*
 * What stands on the driver and has to go before the card can. Where the driver stays, that is its
 * display part alone, which keeps the card in use (NVKMS); and where another card needs that, it
 * stays as well, and the driver is asked whether it can do without this card.
 */
static gboolean
is_unloaded (const BatonPlanning *self, const BatonNvidiaModule *module)
{
  if (g_str_equal (module->name, BATON_NVIDIA_DRIVER))
    return FALSE;
  if (find_way (self) == BATON_NVIDIA_UNLOAD)
    return TRUE;

  return find_other_card (self) == NULL && (g_str_equal (module->name, "nvidia_drm") ||
                                            g_str_equal (module->name, "nvidia_modeset"));
}

/* Only root may read how the display part was loaded; a look without rights says nothing. */
static gboolean
shows_desktops (const BatonPlanning *self)
{
  return g_strcmp0 (self->machine->system->nvidia->modeset, "Y") == 0;
}

/* What keeps the driver where it is, or says that it goes. A display part that another card needs
 * stays for it, and with modeset=1 keeps this one as well (NVKMS): the driver would say so when
 * programs have been closed in vain. */
static void
look_at_other_cards (BatonPlanning *self)
{
  const BatonNvidia *nvidia = self->machine->system->nvidia;
  const BatonFunction *other = find_other_card (self);

  if (find_way (self) == BATON_NVIDIA_UNBIND)
    {
      if (other != NULL && shows_desktops (self))
        baton_planning_add (self, BATON_CODE_NVIDIA_MODESET_SHARED, other->address, "card",
                            baton_card_get_name (self->card), "other", other->name, "address",
                            other->address);
      return;
    }

  if (other != NULL)
    baton_planning_add (self, BATON_CODE_NVIDIA_OTHER_CARD, other->address, "card",
                        baton_card_get_name (self->card), "other", other->name, "address",
                        other->address, "version",
                        nvidia->version != NULL ? nvidia->version : "unknown");
  else
    baton_planning_add (self, BATON_CODE_NVIDIA_LEAVES, self->card->display->address, "card",
                        baton_card_get_name (self->card), "version",
                        nvidia->version != NULL ? nvidia->version : "unknown");
}

/*
 * Uses that are seen: each descriptor and each mapping of a process is two at most (CHAR-DEV), and
 * the text console is none (FBCON), nor is who has the card's sound alone, which another driver
 * counts. Of a process that draws, buffers may be in use that nobody sees (NV-BUFFERS); one of the
 * driver's own services has none.
 *
 * Returns: %FALSE where it cannot be told how many there are
 */
static gboolean
count_seen_uses (const BatonPlanning *self, guint *ret_n_uses)
{
  *ret_n_uses = 0;
  if (self->holders == NULL || !self->holders->complete)
    return FALSE;

  for (guint i = 0; i < self->holders->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->holders->pdata[i];

      if (baton_planning_has_only_sound (self, holder))
        continue;
      if (baton_planning_is_in_the_way (self, holder) ||
          baton_planning_goes_with_owners_unit (self, holder))
        return FALSE;
      *ret_n_uses += MAX_USES_OF_FILE * holder->n_uses;
    }

  return TRUE;
}

/*
 * A count that would stay when everybody has gone: told before programs are closed and services
 * stopped in vain. Where it cannot be told, the same is asked again when the modules are unloaded,
 * which comes before anything is unbound.
 */
static void
look_at_count (BatonPlanning *self, const BatonNvidiaModule *module)
{
  g_autofree char *count = NULL;
  gboolean is_driver = g_str_equal (module->name, BATON_NVIDIA_DRIVER);
  guint n_seen = 0;
  int n_left;

  if (!count_seen_uses (self, &n_seen) ||
      !(is_unloaded (self, module) || (is_driver && find_other_card (self) == NULL)))
    return;
  n_left = module->refcount - (int) g_strv_length (module->users) - (int) n_seen;
  if (n_left <= 0)
    return;

  count = g_strdup_printf ("%d", n_left);
  baton_planning_add (self, BATON_CODE_NVIDIA_COUNT_STUCK, module->name, "module", module->name,
                      "count", count);
}

static void
look_at_stack (BatonPlanning *self)
{
  GPtrArray *modules = self->machine->system->nvidia->modules;

  for (guint i = 0; i < modules->len; i++)
    {
      const BatonNvidiaModule *module = modules->pdata[i];

      /* What Baton cannot load again as it was, it does not unload. */
      if (is_unloaded (self, module) && !baton_nvidia_is_own_module (module->name))
        baton_planning_add (self, BATON_CODE_NVIDIA_MODULE_IN_WAY, module->name, "module",
                            module->name);
      look_at_count (self, module);
    }
}

/* One that stays for another card is a matter of its own. */
static void
look_at_display_part (BatonPlanning *self)
{
  const BatonNvidia *nvidia = self->machine->system->nvidia;
  const char *fbdev = g_strcmp0 (nvidia->fbdev, "Y") == 0 ? "1" : "0";

  if (nvidia->modeset == NULL || (shows_desktops (self) && find_other_card (self) != NULL))
    return;

  baton_planning_add (
      self,
      shows_desktops (self) ? BATON_CODE_NVIDIA_MODESET_ON : BATON_CODE_NVIDIA_MODESET_OFF,
      self->card->display->address, "card", baton_card_get_name (self->card), "fbdev", fbdev);
}

static void
look_at_units (BatonPlanning *self)
{
  GStrv units = self->machine->system->nvidia->units;

  for (guint i = 0; units[i] != NULL; i++)
    baton_planning_add (self, BATON_CODE_UNIT_STOPS, units[i], "unit", units[i]);
}

/* What NVIDIA's own driver needs that other drivers do not. */
void
baton_planning_look_at_nvidia (BatonPlanning *self)
{
  if (!baton_planning_leaves_nvidia (self))
    return;

  look_at_other_cards (self);
  look_at_stack (self);
  look_at_display_part (self);
  look_at_units (self);
}

/* The services keep the card in use, so they go first; last started, first stopped. */
void
baton_planning_add_nvidia_stops (BatonPlanning *self)
{
  GStrv units = self->machine->system->nvidia->units;

  for (guint i = g_strv_length (units); i > 0; i--)
    if (baton_planning_stops_nvidia_unit (self, units[i - 1]))
      baton_planning_add_step (self, BATON_STEP_STOP_UNIT, units[i - 1], NULL);
}

/*
 * All that can be refused comes before anything is unbound: modules that somebody still uses, and
 * the driver's own word that nobody uses the card, without which neither an unbind nor the end of
 * its module comes back (NV-REMOVE).
 */
void
baton_planning_add_nvidia_unloads (BatonPlanning *self)
{
  GPtrArray *modules = self->machine->system->nvidia->modules;

  if (!baton_planning_leaves_nvidia (self))
    return;

  for (guint i = 0; i < modules->len; i++)
    {
      const BatonNvidiaModule *module = modules->pdata[i];

      if (is_unloaded (self, module))
        baton_planning_add_step (self, BATON_STEP_UNLOAD_MODULE, module->name, NULL);
    }
  baton_planning_add_step (self, BATON_STEP_PROVE_UNUSED, self->card->display->address, NULL);
}

/* Whether @module can only be loaded while there is a card that it may take (NV-INIT). */
gboolean
baton_planning_module_takes_card (const char *module)
{
  return g_str_equal (module, BATON_NVIDIA_DRIVER);
}

static gboolean
returns_to_nvidia (const BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;

  return baton_planning_moves_to_host (self, display) &&
         g_strcmp0 (baton_planning_choose_module (self, display), BATON_NVIDIA_DRIVER) == 0;
}

/* When nothing keeps it from the card any more; to bind the card is then left to do only where
 * the driver was there for another (NV-INIT). */
void
baton_planning_add_nvidia_load (BatonPlanning *self)
{
  if (returns_to_nvidia (self) && !baton_planning_is_module_loaded (self, BATON_NVIDIA_DRIVER))
    baton_planning_add_step (self, BATON_STEP_LOAD_MODULE, BATON_NVIDIA_DRIVER,
                             BATON_TAKES_CARD);
}

/*
 * The driver's display part finds the cards that are there when it is loaded, so it comes after
 * the bind. Which of its modules and services were there before, the helper's record alone knows.
 */
void
baton_planning_add_nvidia_return (BatonPlanning *self)
{
  const char *const *modules = baton_nvidia_list_upper_modules ();
  const BatonNvidia *nvidia = self->machine->system->nvidia;

  if (!returns_to_nvidia (self))
    return;

  for (guint i = 0; modules[i] != NULL; i++)
    if (!baton_planning_is_module_loaded (self, modules[i]))
      baton_planning_add_step (self, BATON_STEP_LOAD_MODULE, modules[i], BATON_AS_BEFORE);

  for (guint i = 0; nvidia->installed_units[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) nvidia->units, nvidia->installed_units[i]))
      baton_planning_add_step (self, BATON_STEP_START_UNIT, nvidia->installed_units[i],
                               BATON_AS_BEFORE);
}
