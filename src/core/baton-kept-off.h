/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

/* Below /etc. After 71-seat.rules, which tags the nodes of every card, and before 73-seat-late.rules,
 * which acts on the seat that they have then. */
#define BATON_KEPT_OFF_RULES "udev/rules.d/72-baton-kept-off.rules"

/* The seat that a kept-off card has. Nobody sits there, and logind makes none of this name, since it
 * has no master. */
#define BATON_KEPT_OFF_SEAT "seat-baton"

/* More graphics cards than a computer has. */
#define BATON_KEPT_OFF_MAX 64

/**
 * BatonKeptOff:
 * @address: canonical address of the display function
 * @vendor_id: its vendor
 * @device_id: its device
 * @is_nvidia: NVIDIA's own driver has it on this computer
 * @programs: programs are kept off it as well, but those that baton-run lets in
 *
 * A card that the desktop is kept off. Another card at its address is not meant.
 */
typedef struct
{
  char *address;
  guint16 vendor_id;
  guint16 device_id;
  gboolean is_nvidia;
  gboolean programs;
} BatonKeptOff;

/**
 * BatonKeptOffObstacle:
 * @BATON_KEPT_OFF_POSSIBLE: nothing is in the way
 * @BATON_KEPT_OFF_BOOT_DISPLAY: the firmware drew on it, and the desktop begins there
 * @BATON_KEPT_OFF_NO_OTHER: no other card could show the desktop now
 *
 * Why the desktop cannot be kept off a card.
 */
typedef enum
{
  BATON_KEPT_OFF_POSSIBLE,
  BATON_KEPT_OFF_BOOT_DISPLAY,
  BATON_KEPT_OFF_NO_OTHER,
} BatonKeptOffObstacle;

BatonKeptOff *baton_kept_off_new (const char *address,
                                  guint16 vendor_id,
                                  guint16 device_id,
                                  gboolean is_nvidia);
BatonKeptOff *baton_kept_off_new_for_card (const BatonCard *card);
void baton_kept_off_free (BatonKeptOff *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonKeptOff, baton_kept_off_free)

char *baton_kept_off_build_rules (GPtrArray *cards);
GPtrArray *baton_kept_off_parse_rules (const char *text);
GPtrArray *baton_kept_off_read (BatonRoot *root);
const BatonKeptOff *baton_kept_off_find (GPtrArray *cards, const BatonFunction *display);
BatonKeptOffObstacle baton_kept_off_find_obstacle (BatonMachine *machine,
                                                   const BatonCard *card);

G_END_DECLS
