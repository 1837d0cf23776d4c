/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonLock:
 *
 * `/run/baton/lock`, the one lock: held by whoever works on a card, and by every child of his that
 * is stuck in the kernel, since it is inherited with its descriptor.
 */
typedef struct _BatonLock BatonLock;

BatonLock *
baton_lock_take (BatonRoot *root, const char *handoff, char **ret_owner, GError **error);
BatonLock *baton_lock_wait (BatonRoot *root, const char *handoff, guint wait_s, GError **error);
BatonLock *
baton_lock_await (BatonRoot *root, const char *handoff, BatonWaiter *waiter, GError **error);
char *baton_lock_read_handoff (BatonRoot *root);
gboolean baton_lock_is_taker_alive (BatonRoot *root);
void baton_lock_release (BatonLock *self);
void baton_lock_leave (BatonLock *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonLock, baton_lock_release)

G_END_DECLS
