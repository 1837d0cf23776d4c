/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonInhibitor:
 *
 * What keeps the computer from sleeping and from being switched off: a descriptor that logind gave
 * out, and which ends with the last copy of it. No child of a write gets one, so that a driver
 * that never answers does not keep the computer awake for ever.
 */
typedef struct _BatonInhibitor BatonInhibitor;

/* A lid that is closed is not asked about sleep: LidSwitchIgnoreInhibited= is on by default
 * (logind.conf(5)), and only the low-level lock is always honoured. */
#define BATON_INHIBIT_SLEEP "sleep:handle-lid-switch"
#define BATON_INHIBIT_ALL "sleep:shutdown:handle-lid-switch"

BatonInhibitor *baton_inhibitor_new (
    BatonRoot *root, BatonWaiter *waiter, const char *what, const char *why, GError **error);
void baton_inhibitor_free (BatonInhibitor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonInhibitor, baton_inhibitor_free)

G_END_DECLS
