/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-event.h"
#include "baton-move.h"
#include "baton-plan.h"

G_BEGIN_DECLS

/**
 * BatonRecord:
 * @handoff: its id
 * @boot_id: the boot that it belongs to: most of what it did is gone with it
 * @uid: who asked
 * @card_name: for sentences
 * @cards: addresses
 * @to: side they were to go to
 * @steps: (element-type BatonStep): the plan
 * @remembered: (element-type JsonNode): what the steps need to be undone, %NULL elements included
 * @own: (nullable): what is done with the card; %NULL only where nothing was carried out
 * @stand_in: (nullable): what is done with the card that stands in
 *
 * The journal's header: everything that somebody else needs to settle a handoff.
 */
typedef struct
{
  char *handoff;
  char *boot_id;
  guint uid;
  char *card_name;
  GStrv cards;
  BatonSide to;
  GPtrArray *steps;
  GPtrArray *remembered;
  BatonMove *own;
  BatonMove *stand_in;
} BatonRecord;

BatonRecord *baton_record_new (void);
BatonRecord *baton_record_new_for_plan (BatonRoot *root,
                                        const BatonRequest *request,
                                        const BatonPlan *plan,
                                        BatonMachine *machine,
                                        BatonEventWriter *events);
BatonRecord *baton_record_new_from_json (JsonNode *node, GError **error);
JsonNode *baton_record_to_json (const BatonRecord *self);
void baton_record_free (BatonRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonRecord, baton_record_free)

const BatonMove *baton_record_get_move (const BatonRecord *self, const BatonStep *step);
gboolean baton_record_note (const BatonRecord *self, BatonRoot *root, GError **error);
char *baton_record_read_boot_id (BatonRoot *root);
gboolean baton_record_settle_origin (const BatonRecord *self,
                                     BatonRoot *root,
                                     const BatonEnd *end,
                                     GError **error);

G_END_DECLS
