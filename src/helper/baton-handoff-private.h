/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handoff.h"
#include "baton-plan.h"
#include "baton-record.h"
#include "baton-steps.h"

G_BEGIN_DECLS

/* For baton-handoff.c, which carries it out, and baton-handoff-wait.c, which waits for the guest
 * that the card was handed to. */

/* One handoff from the look to the report. */
typedef struct
{
  /* borrowed */
  BatonRoot *root;
  BatonEventWriter *events;
  BatonWaiter *waiter;
  const BatonRequest *request;

  /* owned */
  BatonMachine *machine;
  BatonProfile *profile;
  BatonPlan *plan;
  BatonRecord *record;
  BatonStepContext context;

  gint64 start_us;
} BatonHandoff;

void baton_handoff_warn (BatonHandoff *self, const GError *error);
BatonStep *baton_handoff_split_off_wait (BatonHandoff *self);
gboolean baton_handoff_is_with_guest (const BatonEnd *end);
gboolean
baton_handoff_wait_for_guest (BatonHandoff *self, const BatonStep *step, BatonEnd **end);
void baton_handoff_bring_back (BatonHandoff *self, BatonEnd **end);

G_END_DECLS
