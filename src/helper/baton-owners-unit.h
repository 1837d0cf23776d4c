/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"

G_BEGIN_DECLS

gboolean
baton_owners_unit_runs (BatonStepContext *context, const char *unit, gboolean fallback);

BatonOutcome baton_owners_unit_stop (BatonStepContext *context,
                                     const char *unit,
                                     gboolean and_triggers,
                                     BatonTrouble *trouble);
BatonOutcome baton_owners_unit_put_stop_back (BatonStepContext *context,
                                              const char *unit,
                                              BatonTrouble *trouble);
BatonOutcome
baton_owners_unit_start (BatonStepContext *context, const char *unit, BatonTrouble *trouble);
BatonOutcome baton_owners_unit_put_start_back (BatonStepContext *context,
                                               const char *unit,
                                               BatonTrouble *trouble);

G_END_DECLS
