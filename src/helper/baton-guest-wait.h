/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-lock.h"
#include "baton-steps.h"

G_BEGIN_DECLS

/**
 * BatonGuestWaited: why a card is to be taken back that nobody has asked for
 *
 * @unused_minutes: nobody has opened it within them; 0 where that is not why
 * @unfetched_s: libvirt has not asked for it within these seconds of its guest's end; 0 where that is not why
 */
typedef struct
{
  guint unused_minutes;
  guint unfetched_s;
} BatonGuestWaited;

BatonOutcome baton_guest_wait (BatonStepContext *context,
                               const BatonStep *step,
                               const char *handoff,
                               BatonLock **lock,
                               const char *hook_guest,
                               BatonGuestWaited *ret_why,
                               BatonTrouble *trouble);

G_END_DECLS
