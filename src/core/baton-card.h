/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-also.h"
#include "baton-function.h"

G_BEGIN_DECLS

/**
 * BatonSide:
 * @BATON_SIDE_GUEST: the display function is on vfio and no travelling function is on a host driver
 * @BATON_SIDE_HOST: the display function is on another driver and none is on vfio
 * @BATON_SIDE_NONE: the display function is unbound and none is on vfio
 * @BATON_SIDE_SPLIT: anything else
 *
 * A companion that never had a driver is no disagreement.
 */
typedef enum
{
  BATON_SIDE_HOST,
  BATON_SIDE_GUEST,
  BATON_SIDE_NONE,
  BATON_SIDE_SPLIT,
} BatonSide;

const char *baton_side_to_string (BatonSide side);
gboolean baton_side_from_string (const char *text, BatonSide *ret_side);

/**
 * BatonOutput:
 * @name: connector without the card's number, e.g. `DP-1`
 * @connected: a monitor is plugged in
 * @monitor: the monitor's own name from its EDID, or %NULL
 */
typedef struct
{
  char *name;
  gboolean connected;
  char *monitor;
} BatonOutput;

void baton_output_free (BatonOutput *self);

/**
 * BatonGuest:
 * @name: name of the virtual machine, made from hostile bytes: valid UTF-8
 * @pid: its process
 */
typedef struct
{
  char *name;
  int pid;
} BatonGuest;

void baton_guest_free (BatonGuest *self);

/**
 * BatonMember:
 * @function: (borrowed): the function, owned by the machine
 * @travels: it goes where the card goes
 */
typedef struct
{
  const BatonFunction *function;
  gboolean travels;
} BatonMember;

/**
 * BatonCard:
 * @display: (borrowed): the display function
 * @functions: (element-type BatonFunction): what travels: @display first, then companions by address,
 *   then those of @also that travel
 * @also: (element-type BatonAlso) (nullable): what its owner lets travel along, or what went along
 * @also_noted: @also is what went along when the card left, whatever its owner says by now
 * @keyboard_stays: a keyboard is left when all that travels is gone; looked at where something
 *   travels along, and the machine is looked at to plan
 * @members: (element-type BatonMember): @functions, then what else is in the group
 * @side: where the card is; what travels along has no say in it
 * @boot_display: the firmware drew on it
 * @only_display: no other card of the machine could show a desktop
 * @could_show_desktop: it has a driver of this computer, or the firmware's picture, and a way out
 * @kept_off: Baton keeps this computer's desktop off it; looked at where it is shown or planned with
 * @programs_kept_off: and every program but those that baton-run lets in; looked at likewise
 * @outputs: (element-type BatonOutput): its connectors
 * @nodes: (element-type BatonNode): (borrowed elements): every device file of @functions
 * @unit_notes: (element-type BatonUnitNote) (nullable): what Baton has done to units for as long as
 *   the card is away; %NULL unless the machine was looked at to plan
 * @stand_in_noted: (nullable): the card that Baton has taken from vfio-pci to stand in for this one; looked
 *   at likewise
 * @xorg_noted: Xorg's files are as they are to be while a guest has it; looked at likewise
 * @guests: (element-type BatonGuest): virtual machines that have it open; empty unless holders were looked at
 *
 * A graphics card: a snapshot, read only, owned by its #BatonMachine.
 */
typedef struct
{
  const BatonFunction *display;
  GPtrArray *functions;
  GPtrArray *also;
  GPtrArray *members;
  BatonSide side;
  gboolean also_noted;
  gboolean keyboard_stays;
  gboolean boot_display;
  gboolean only_display;
  gboolean could_show_desktop;
  gboolean kept_off;
  gboolean programs_kept_off;
  GPtrArray *outputs;
  GPtrArray *nodes;
  GPtrArray *unit_notes;
  BatonAlso *stand_in_noted;
  gboolean xorg_noted;
  GPtrArray *guests;
} BatonCard;

void baton_card_free (BatonCard *self);

const char *baton_card_get_address (const BatonCard *self);
const char *baton_card_get_name (const BatonCard *self);
gboolean baton_card_is_answering (const BatonCard *self);
gboolean baton_card_travels (const BatonCard *self, const char *address);
gboolean baton_card_is_also (const BatonCard *self, const BatonFunction *function);
gboolean baton_card_has_function_on_vfio (const BatonCard *self);
BatonSide baton_card_compute_side (const BatonCard *self);

G_END_DECLS
