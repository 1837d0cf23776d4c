/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <string.h>

#include "baton-kept-off.h"
#include "baton-pci-address.h"
#include "baton-stand-in.h"
#include "baton-unit-note.h"
#include "baton-xorg-file.h"

#define VENDOR_AMD_GRAPHICS 0x1002
#define VENDOR_AMD_PROCESSOR 0x1022
#define VENDOR_INTEL 0x8086

#define CLASS_3D 0x0302

/* Several display functions in one slot are one card (the second head of older ones), and
 * the first gives it its name. A virtual function of SR-IOV stands for itself: it shares
 * its slot with its physical function by arithmetic only, and travels alone. */
static gboolean
leads_a_card (BatonMachine *machine, const BatonFunction *function)
{
  if (!baton_function_is_display (function) || function->is_bridge)
    return FALSE;
  if (function->is_virtual)
    return TRUE;

  for (guint i = 0; i < machine->functions->len; i++)
    {
      const BatonFunction *other = g_ptr_array_index (machine->functions, i);

      if (other == function)
        return TRUE;
      if (baton_function_is_display (other) && !other->is_virtual &&
          baton_pci_address_same_slot (other->address, function->address))
        return FALSE;
    }

  return TRUE;
}

static BatonFunction *
find_parent (BatonMachine *machine, const BatonFunction *function)
{
  BatonFunction *parent =
      function->parent != NULL ? baton_machine_find_function (machine, function->parent) : NULL;

  return parent != NULL && parent->is_bridge ? parent : NULL;
}

static gboolean
is_below (BatonMachine *machine, const BatonFunction *function, const BatonFunction *bridge)
{
  /* The tree is no deeper than there are functions, and a recorded one may be wrong. */
  for (guint i = 0; function != NULL && i < machine->functions->len; i++)
    {
      function = find_parent (machine, function);
      if (function == bridge)
        return TRUE;
    }

  return FALSE;
}

/* What else a card's own switch may carry: its sound function. Anything more (a network
 * or USB controller, another card) shows that the switch is a mainboard's or that of an
 * external enclosure. */
static gboolean
fits_behind_own_switch (const BatonFunction *display, const BatonFunction *function)
{
  if (function->vendor_id != display->vendor_id)
    return FALSE;

  return function->is_bridge || baton_function_is_sound (function) ||
         baton_pci_address_same_slot (function->address, display->address);
}

/* AMD's cards (from Vega on) and Intel's (Arc) carry a switch: an upstream and a
 * downstream port of the card's vendor right above the display function. AMD's processors
 * and chipsets are another vendor (1022), Intel's are not, so what lies behind the switch
 * is looked at as well. Returns its upstream port, or NULL. */
static const BatonFunction *
find_own_switch (BatonMachine *machine, const BatonFunction *display)
{
  const BatonFunction *downstream, *upstream;

  if (display->vendor_id != VENDOR_AMD_GRAPHICS && display->vendor_id != VENDOR_INTEL)
    return NULL;

  downstream = find_parent (machine, display);
  upstream = downstream != NULL ? find_parent (machine, downstream) : NULL;
  if (upstream == NULL || downstream->vendor_id != display->vendor_id ||
      upstream->vendor_id != display->vendor_id)
    return NULL;

  /* A switch hangs below a port; what sits on a root bus is a port of the processor. */
  if (upstream->parent == NULL)
    return NULL;

  for (guint i = 0; i < machine->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (machine->functions, i);

      if (is_below (machine, function, upstream) && !fits_behind_own_switch (display, function))
        return NULL;
    }

  return upstream;
}

/* What sits in the display's slot is the card's where the card's maker made it. The graphics in
 * AMD's processors (1002, their HDMI sound too) share their slot with the security processor, two
 * USB controllers and the computer's own sound, and graphics of a management processor share it
 * with what manages the computer: each under another vendor's number (pci.ids; PCI 3.0, 6.2.1,
 * vendor id). Sound of a third maker is still the card's: emulated displays have it so, and a
 * computer's main sound is found beside AMD's graphics alone. */
static gboolean
shares_slot_as_companion (const BatonFunction *display, const BatonFunction *function)
{
  if (!baton_pci_address_same_slot (function->address, display->address))
    return FALSE;
  if (function->vendor_id == display->vendor_id)
    return TRUE;

  return baton_function_is_sound (function) && function->vendor_id != VENDOR_AMD_PROCESSOR;
}

static GPtrArray *
collect_functions (BatonMachine *machine, BatonFunction *display)
{
  const BatonFunction *own_switch = find_own_switch (machine, display);
  GPtrArray *functions = g_ptr_array_new ();

  g_ptr_array_add (functions, display);
  if (display->is_virtual)
    return functions;

  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (machine->functions, i);

      if (function == display || function->is_bridge || function->is_virtual)
        continue;
      if (shares_slot_as_companion (display, function) ||
          (own_switch != NULL && is_below (machine, function, own_switch)))
        g_ptr_array_add (functions, function);
    }

  return functions;
}

static void
add_member (GPtrArray *members, const BatonFunction *function, gboolean travels)
{
  BatonMember *member = g_new0 (BatonMember, 1);

  member->function = function;
  member->travels = travels;
  g_ptr_array_add (members, member);
}

/* Companions can be in groups of their own, and a guest is given all of each group. */
static GPtrArray *
collect_members (BatonMachine *machine, const BatonCard *card)
{
  GPtrArray *members = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < card->functions->len; i++)
    add_member (members, g_ptr_array_index (card->functions, i), TRUE);

  for (guint i = 0; i < machine->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (machine->functions, i);
      gboolean shares = FALSE;

      if (function->group == NULL || baton_card_travels (card, function->address))
        continue;
      for (guint j = 0; j < card->functions->len; j++)
        {
          const BatonFunction *own = g_ptr_array_index (card->functions, j);

          shares = shares || g_strcmp0 (own->group, function->group) == 0;
        }
      if (shares)
        add_member (members, function, FALSE);
    }

  return members;
}

/* Whoever has something on a USB port open meets its end as if it were unplugged, and a driver that
 * serves it waits for nobody. Of a controller that is to travel along that is its owner's wish; a port
 * of the card itself is easily forgotten. */
static gboolean
is_unplugged_harmlessly (const BatonCard *card,
                         const BatonFunction *function,
                         const BatonNode *node)
{
  return baton_function_is_usb (function) && baton_card_is_also (card, function) &&
         node->kind != BATON_NODE_VFIO_GROUP && node->kind != BATON_NODE_VFIO_DEVICE;
}

static GPtrArray *
collect_nodes (const BatonCard *card)
{
  GPtrArray *nodes = g_ptr_array_new ();
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < card->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (card->functions, i);

      for (guint j = 0; j < function->nodes->len; j++)
        {
          BatonNode *node = g_ptr_array_index (function->nodes, j);

          if (is_unplugged_harmlessly (card, function, node))
            continue;
          /* Functions of one group share /dev/vfio/N. */
          if (g_hash_table_add (known, node->path))
            g_ptr_array_add (nodes, node);
        }
    }

  return nodes;
}

static BatonCard *
build_card (BatonMachine *machine, BatonFunction *display)
{
  BatonCard *card = g_new0 (BatonCard, 1);

  card->display = display;
  card->functions = collect_functions (machine, display);
  card->side = baton_card_compute_side (card);

  return card;
}

/* What is to be known of all that travels, once that is known. */
static void
complete_card (BatonLook *self, BatonMachine *machine, BatonCard *card)
{
  const BatonFunction *display = card->display;

  card->members = collect_members (machine, card);
  for (guint i = 0; i < card->functions->len; i++)
    {
      baton_look_read_nodes (self, g_ptr_array_index (card->functions, i));
      if (self->purpose != BATON_LOOK_TO_PLAN)
        continue;
      baton_look_read_silence (self, g_ptr_array_index (card->functions, i));
      if (!baton_card_is_also (card, g_ptr_array_index (card->functions, i)))
        baton_look_read_plugged (self, g_ptr_array_index (card->functions, i));
    }
  if (self->purpose == BATON_LOOK_TO_PLAN)
    {
      baton_look_read_also_belongings (self, machine, card);
      card->unit_notes = baton_unit_notes_load (self->root, display->address);
      card->stand_in_noted = baton_stand_in_load (self->root, display->address);
      card->xorg_noted = baton_xorg_file_is_noted (self->root, display->address);
    }
  card->nodes = collect_nodes (card);
  card->outputs = baton_look_read_outputs (self, display);
  card->guests = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_guest_free);

  /* boot_vga exists for class 0300 alone; a display of class 0380 shows it by the
   * firmware's framebuffer. */
  card->boot_display = display->boot_vga ||
                       g_strcmp0 (machine->system->framebuffer_function, display->address) == 0;
}

/* A desktop needs a driver of this computer (or the firmware's framebuffer) and a
 * connector. A driver that shows no connectors (NVIDIA's without modesetting) is believed
 * unless the class says that there are none: 3D controllers render for other cards. */
static gboolean
could_show_desktop (BatonMachine *machine, const BatonCard *card)
{
  if (g_strcmp0 (machine->system->framebuffer_function, card->display->address) == 0 &&
      card->side != BATON_SIDE_GUEST)
    return TRUE;
  if (!baton_function_is_on_host (card->display))
    return FALSE;
  if (card->outputs->len > 0)
    return TRUE;

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == BATON_NODE_DRM_PRIMARY)
        return FALSE;
    }

  return card->display->class_code >> 8 != CLASS_3D;
}

static void
mark_only_display (BatonMachine *machine)
{
  BatonCard *only = NULL;

  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (machine->cards, i);

      card->could_show_desktop = could_show_desktop (machine, card);
    }

  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (machine->cards, i);

      if (!card->could_show_desktop)
        continue;
      if (only != NULL)
        return;
      only = card;
    }

  if (only != NULL)
    only->only_display = TRUE;
}

static void
mark_kept_off (BatonLook *self, BatonMachine *machine)
{
  g_autoptr (GPtrArray) kept_off = baton_kept_off_read (self->root);

  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (machine->cards, i);
      const BatonKeptOff *found = baton_kept_off_find (kept_off, card->display);

      card->kept_off = found != NULL;
      card->programs_kept_off = found != NULL && found->programs;
    }
}

/* Finds the cards among the functions of @machine and completes what travels. */
void
baton_look_find_cards (BatonLook *self, BatonMachine *machine)
{
  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (machine->functions, i);

      if (leads_a_card (machine, function))
        g_ptr_array_add (machine->cards, build_card (machine, function));
    }

  baton_look_find_also (self, machine);
  for (guint i = 0; i < machine->cards->len; i++)
    complete_card (self, machine, g_ptr_array_index (machine->cards, i));

  mark_only_display (machine);
  if (self->purpose != BATON_LOOK_TO_CHECK)
    mark_kept_off (self, machine);
}
