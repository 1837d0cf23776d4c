/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"

G_BEGIN_DECLS

BatonOutcome baton_owners_unit_stop_for_guest (BatonStepContext *context,
                                               const char *unit,
                                               gboolean and_triggers,
                                               BatonTrouble *trouble);
BatonOutcome baton_owners_unit_run_stop (BatonStepContext *context,
                                         const char *unit,
                                         guint patience_ms,
                                         BatonTrouble *trouble);
gboolean baton_owners_unit_is_left (BatonStepContext *context, const char *unit);

G_END_DECLS
