/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

static void
look_at_outputs (BatonPlanning *self)
{
  g_autoptr (GString) outputs = g_string_new (NULL);

  for (guint i = 0; i < self->card->outputs->len; i++)
    {
      const BatonOutput *output = self->card->outputs->pdata[i];

      if (!output->connected)
        continue;
      if (outputs->len > 0)
        g_string_append (outputs, ", ");
      g_string_append (outputs, output->name);
      if (output->monitor != NULL)
        g_string_append_printf (outputs, " “%s”", output->monitor);
    }

  if (outputs->len > 0)
    baton_planning_add (self, BATON_CODE_MONITORS_GO_DARK, baton_card_get_address (self->card),
                        "outputs", outputs->str);
}

/* Whoever sits in front of it could not fetch it back. */
static void
look_at_last_screen (BatonPlanning *self)
{
  const char *address = baton_card_get_address (self->card);
  const char *card = baton_card_get_name (self->card);
  g_autofree char *minutes = g_strdup_printf ("%u", self->request->within_minutes);

  if (self->request->within_minutes > 1)
    baton_planning_add (self, BATON_CODE_SCREEN_GOES_WITHIN, address, "card", card, "minutes",
                        minutes);
  else
    baton_planning_add (self,
                        baton_planning_comes_back (self) ? BATON_CODE_SCREEN_GOES
                                                         : BATON_CODE_ONLY_DISPLAY,
                        address, "card", card);
}

static void
look_at_display (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  const char *card = baton_card_get_name (self->card);

  if (self->card->only_display && self->stand_in == NULL)
    look_at_last_screen (self);

  look_at_outputs (self);

  if (self->card->boot_display)
    baton_planning_add (self, BATON_CODE_BOOT_DISPLAY, display->address, "card", card);

  baton_planning_look_at_console (self);
}

/* Bytes of a device's name are cleaned where every finding's are. */
static void
add_plugged (BatonPlanning *self, const BatonPlugged *plugged)
{
  const char *card = baton_card_get_name (self->card);

  switch (plugged->kind)
    {
    case BATON_PLUGGED_DISK:
      baton_planning_add (self, BATON_CODE_USB_DISK, plugged->name, "card", card, "device",
                          plugged->device, "name", plugged->name);
      break;
    case BATON_PLUGGED_NETWORK:
      baton_planning_add (self, BATON_CODE_USB_NETWORK, plugged->name, "card", card, "device",
                          plugged->device, "name", plugged->name);
      break;
    case BATON_PLUGGED_KEYBOARD:
      baton_planning_add (self, BATON_CODE_USB_KEYBOARD, plugged->name, "card", card, "device",
                          plugged->device);
      break;
    }
}

/* A card with a USB-C port has the controller of it, and takes along what is plugged in there: a
 * disk loses what was not written yet, and whoever has no other keyboard nothing to come back
 * with. */
static void
look_at_plugged (BatonPlanning *self, const BatonFunction *function)
{
  for (guint i = 0; function->plugged != NULL && i < function->plugged->len; i++)
    add_plugged (self, function->plugged->pdata[i]);
}

/* vfio-pci refuses a physical function that has virtual ones (EBUSY), because they may be in use,
 * and to take them away could wait without end (Linux, drivers/vfio/pci/vfio_pci_core.c,
 * vfio_pci_core_register_device()). That is to be known before anything was unbound. */
static void
look_for_virtual_functions (BatonPlanning *self, const BatonFunction *function)
{
  guint n_virtual = 0;
  g_autofree char *count = NULL;

  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *other = self->machine->functions->pdata[i];

      if (g_strcmp0 (other->physical, function->address) == 0)
        n_virtual++;
    }
  if (n_virtual == 0)
    return;

  count = g_strdup_printf ("%u", n_virtual);
  baton_planning_add (self, BATON_CODE_VIRTUAL_FUNCTIONS, function->address, "card",
                      baton_card_get_name (self->card), "address", function->address, "count",
                      count);
}

/* What the functions that are about to be unbound have below them. */
static void
look_at_functions (BatonPlanning *self)
{
  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (!baton_planning_moves_to_guest (self, function))
        continue;
      look_for_virtual_functions (self, function);
      if (!baton_card_is_also (self->card, function))
        look_at_plugged (self, function);
    }
}

static gboolean
has_reset_method (const BatonFunction *function)
{
  return function->reset_methods != NULL && function->reset_methods[0] != NULL;
}

static gboolean
is_asleep (const BatonFunction *function)
{
  return function->power == BATON_POWER_D3HOT || function->power == BATON_POWER_D3COLD ||
         g_strcmp0 (function->runtime_status, "suspended") == 0;
}

/* What is lost with the card, and how well it stands the journey. */
void
baton_planning_look_at_card (BatonPlanning *self)
{
  const BatonFunction *display = self->card->display;
  const char *card = baton_card_get_name (self->card);

  if (self->to != BATON_SIDE_GUEST)
    return;

  look_at_display (self);
  baton_planning_look_at_sound (self);
  look_at_functions (self);

  if (!has_reset_method (display))
    baton_planning_add (self, BATON_CODE_NO_RESET, display->address, "card", card);
  if (display->removable)
    baton_planning_add (self, BATON_CODE_REMOVABLE, display->address, "card", card);
  if (is_asleep (display))
    baton_planning_add (self, BATON_CODE_ASLEEP, display->address, "card", card);
}
