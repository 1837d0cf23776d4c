/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-steps.h"

/* It changes nothing, and is waited for without the lock (baton_guest_wait()): before the first
 * step that changes something, or after the last. A guest that comes in the moment between is met by
 * the look before the card is unbound. */
static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return TRUE;
}

const BatonStepClass baton_step_wait_guest_class = {
  .cancel_before = TRUE,
  .observe = observe,
};
