/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-record.h"
#include "baton-steps.h"

G_BEGIN_DECLS

void baton_step_context_begin (BatonStepContext *self,
                               BatonRoot *root,
                               BatonEventWriter *events,
                               BatonWaiter *waiter,
                               const BatonProfile *profile,
                               const BatonRecord *record);
void baton_step_context_turn_to (BatonStepContext *self, const BatonStep *step);
void baton_step_context_clear (BatonStepContext *self);

G_END_DECLS
