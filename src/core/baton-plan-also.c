/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* What the card's owner lets travel with it, and what this computer would lose by that. */

static void
look_at_disk (BatonPlanning *self, const BatonFunction *function, const BatonPlugged *disk)
{
  if (disk->mounted_at != NULL)
    baton_planning_add (self, BATON_CODE_ALSO_DISK_MOUNTED, disk->name, "disk", disk->device,
                        "name", disk->name, "device", function->name, "place",
                        disk->mounted_at);
  else if (disk->used_by != NULL)
    baton_planning_add (self, BATON_CODE_ALSO_DISK_IN_USE, disk->name, "disk", disk->device,
                        "name", disk->name, "device", function->name, "user", disk->used_by);
  else
    baton_planning_add (self, BATON_CODE_ALSO_TAKES_ALONG, disk->name, "name", disk->device,
                        "device", function->name);
}

/* Whoever is here over the network would not come back to say so. */
static void
look_at_network (BatonPlanning *self,
                 const BatonFunction *function,
                 const BatonPlugged *network)
{
  if (network->used_by != NULL)
    baton_planning_add (self, BATON_CODE_ALSO_DEFAULT_ROUTE, network->name, "interface",
                        network->used_by, "device", function->name);
  else
    baton_planning_add (self, BATON_CODE_ALSO_TAKES_ALONG, network->name, "name",
                        network->device, "device", function->name);
}

static void
look_at_keyboard (BatonPlanning *self,
                  const BatonFunction *function,
                  const BatonPlugged *keyboard)
{
  if (!self->card->keyboard_stays)
    baton_planning_add (self, BATON_CODE_ALSO_ONLY_KEYBOARD, keyboard->name, "keyboard",
                        keyboard->device, "device", function->name);
  else
    baton_planning_add (self, BATON_CODE_ALSO_TAKES_ALONG, keyboard->name, "name",
                        keyboard->device, "device", function->name);
}

static void
look_at_belongings (BatonPlanning *self, const BatonFunction *function)
{
  for (guint i = 0; function->plugged != NULL && i < function->plugged->len; i++)
    {
      const BatonPlugged *plugged = function->plugged->pdata[i];

      switch (plugged->kind)
        {
        case BATON_PLUGGED_DISK:
          look_at_disk (self, function, plugged);
          break;
        case BATON_PLUGGED_NETWORK:
          look_at_network (self, function, plugged);
          break;
        case BATON_PLUGGED_KEYBOARD:
          look_at_keyboard (self, function, plugged);
          break;
        }
    }
}

static void
add_traveller (BatonPlanning *self, const BatonAlso *also)
{
  const BatonFunction *function = also->function;
  g_autofree char *identity = baton_function_dup_identity (function);

  baton_planning_add (self, BATON_CODE_ALSO_TRAVELS, also->address, "address", also->address,
                      "device", function->name, "card", baton_card_get_name (self->card));
  if (also->identity == NULL)
    baton_planning_add (self, BATON_CODE_ALSO_UNIDENTIFIED, also->address, "address",
                        also->address, "device", function->name, "identity", identity);
  if (baton_planning_moves_to_guest (self, function))
    look_at_belongings (self, function);
}

static void
look_at_place (BatonPlanning *self, const BatonAlso *also)
{
  const char *address = also->address;
  const BatonFunction *function = also->function;
  const char *device = function != NULL ? function->name : NULL;
  const char *card = baton_card_get_name (self->card);
  g_autofree char *found = function != NULL ? baton_function_dup_identity (function) : NULL;

  switch (also->place)
    {
    case BATON_ALSO_TRAVELS:
      add_traveller (self, also);
      break;
    case BATON_ALSO_MISSING:
      baton_planning_add (self, BATON_CODE_ALSO_MISSING, address, "address", address, "card",
                          card);
      break;
    case BATON_ALSO_OTHER_DEVICE:
      baton_planning_add (self, BATON_CODE_OTHER_DEVICE_AT_ADDRESS, address, "address", address,
                          "identity", also->identity, "device", device, "found", found);
      break;
    case BATON_ALSO_FIXED:
      baton_planning_add (self, BATON_CODE_ALSO_FIXED, address, "address", address, "device",
                          device, "card", card);
      break;
    case BATON_ALSO_PARKED:
      baton_planning_add (self, BATON_CODE_ALSO_PARKED, address, "address", address, "device",
                          device);
      break;
    case BATON_ALSO_TAKEN:
      baton_planning_add (self, BATON_CODE_ALSO_WITH_GUEST, address, "address", address,
                          "device", device);
      break;
    case BATON_ALSO_OWN:
    case BATON_ALSO_STAYS:
    default:
      break;
    }
}

/* On the way back it comes as it is found: nothing is taken from this computer then. */
void
baton_planning_look_at_also (BatonPlanning *self)
{
  if (self->to != BATON_SIDE_GUEST)
    return;

  for (guint i = 0; self->card->also != NULL && i < self->card->also->len; i++)
    look_at_place (self, self->card->also->pdata[i]);
}
