/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-trouble.h"

G_BEGIN_DECLS

/**
 * BatonEnd:
 * @status: what it came to
 * @code: which sentence says so
 * @args: (element-type utf8 utf8): values for that sentence
 * @at_step: (nullable): id of the step that decided it
 * @troubles: what its sentence tells of, as `troubles` of the contract
 *
 * How a handoff ended.
 */
typedef struct
{
  BatonExit status;
  BatonCode code;
  GHashTable *args;
  char *at_step;
  JsonArray *troubles;
} BatonEnd;

BatonEnd *baton_end_new (BatonExit status, BatonCode code, ...) G_GNUC_NULL_TERMINATED;
BatonEnd *baton_end_new_stuck (const BatonTrouble *trouble);
BatonEnd *baton_end_new_from_json (JsonNode *node);
JsonNode *baton_end_to_json (const BatonEnd *self);
void baton_end_free (BatonEnd *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonEnd, baton_end_free)

void baton_end_set_cause (BatonEnd *self, const BatonTrouble *cause);
void baton_end_add_problem (BatonEnd *self, const BatonTrouble *problem);
void baton_end_add_problems (BatonEnd *self, GPtrArray *problems);
void baton_end_set_step (BatonEnd *self, const BatonStep *step);
void baton_end_emit (const BatonEnd *self, BatonEventWriter *events, gint64 start_us);

G_END_DECLS
