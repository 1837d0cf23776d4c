/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"

G_BEGIN_DECLS

gboolean baton_unbind_lock_is_taken (BatonStepContext *context, const char *address);
BatonOutcome
baton_unbind_lock_take (BatonStepContext *context, const char *address, BatonTrouble *trouble);
BatonOutcome baton_unbind_lock_give_back (BatonStepContext *context,
                                          const char *address,
                                          BatonTrouble *trouble);

G_END_DECLS
