/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_UNIT_NOTES_DIRECTORY "baton/cards"

/**
 * BatonUnitNote:
 * @unit: a system unit
 * @with: the unit that its owner named: @unit itself, or one that took it along when it was stopped
 * @started: Baton has started it, for as long as the card is away; else Baton has stopped it
 *
 * What Baton has done to a unit that is to be undone when the card is back.
 */
typedef struct
{
  char *unit;
  char *with;
  gboolean started;
} BatonUnitNote;

BatonUnitNote *baton_unit_note_new (const char *unit, const char *with, gboolean started);
void baton_unit_note_free (BatonUnitNote *self);

char *baton_unit_notes_build_name (const char *card);
GPtrArray *baton_unit_notes_load (BatonRoot *root, const char *card);
JsonNode *baton_unit_notes_to_json (GPtrArray *notes);
gboolean baton_unit_notes_have (GPtrArray *notes, const char *unit, gboolean started);

G_END_DECLS
