/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-guest-wait.h"
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
  BatonLock **lock; /* let go while a guest is waited for */

  /* owned */
  BatonMachine *machine;
  BatonProfile *profile;
  BatonPlan *plan;
  BatonRecord *record;
  JsonNode *report; /* as it was kept */
  BatonStepContext context;

  gint64 start_us;
  gboolean has_waited;
  BatonGuestWaited waited;
} BatonHandoff;

void baton_handoff_warn (BatonHandoff *self, const GError *error);
BatonEnd *baton_handoff_prepare (BatonHandoff *self);
void baton_handoff_forget_look (BatonHandoff *self);
const BatonStep *baton_handoff_find_first_wait (BatonHandoff *self);
BatonEnd *baton_handoff_wait_and_prepare (BatonHandoff *self, const BatonStep *wait);
BatonStep *baton_handoff_split_off_wait (BatonHandoff *self);
void
baton_handoff_return_after_wait (BatonHandoff *self, const BatonStep *wait, BatonEnd **end);

G_END_DECLS
