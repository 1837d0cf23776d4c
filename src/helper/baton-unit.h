/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"

G_BEGIN_DECLS

gboolean baton_unit_is_nvidias (const char *unit);
gboolean baton_unit_is_running (BatonStepContext *context, const char *unit);
BatonOutcome baton_unit_stop (BatonStepContext *context,
                              const char *unit,
                              guint patience_ms,
                              BatonTrouble *trouble);
BatonOutcome baton_unit_start (BatonStepContext *context,
                               const char *unit,
                               guint patience_ms,
                               BatonTrouble *trouble);

G_END_DECLS
