/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card-state.h"
#include "baton-end.h"
#include "baton-event.h"
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
 * @before: how the card stood
 * @origin: (nullable): how it stood before it left the host
 * @made_origin: this handoff was the one to remember @origin
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
  BatonCardState *before;
  BatonCardState *origin;
  gboolean made_origin;
} BatonRecord;

BatonRecord *baton_record_new (void);
BatonRecord *baton_record_new_for_plan (BatonRoot *root,
                                        const BatonRequest *request,
                                        const BatonPlan *plan,
                                        const BatonCard *card,
                                        BatonEventWriter *events);
BatonRecord *baton_record_new_from_json (JsonNode *node, GError **error);
JsonNode *baton_record_to_json (const BatonRecord *self);
void baton_record_free (BatonRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonRecord, baton_record_free)

char *baton_record_read_boot_id (BatonRoot *root);
gboolean baton_record_settle_origin (const BatonRecord *self,
                                     BatonRoot *root,
                                     const BatonEnd *end,
                                     GError **error);

G_END_DECLS
