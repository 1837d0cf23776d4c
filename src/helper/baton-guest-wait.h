/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-lock.h"
#include "baton-steps.h"

G_BEGIN_DECLS

BatonOutcome baton_guest_wait (BatonStepContext *context,
                               const BatonStep *step,
                               const char *handoff,
                               BatonLock **lock,
                               guint *ret_unused_minutes,
                               BatonTrouble *trouble);

G_END_DECLS
