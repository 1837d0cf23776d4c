/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <signal.h>

#include "baton-event.h"

G_BEGIN_DECLS

/**
 * BatonWait:
 * @BATON_WAIT_READY: the descriptor has what was waited for
 * @BATON_WAIT_TIMEOUT: the deadline has come
 * @BATON_WAIT_CANCELLED: somebody asked to stop
 */
typedef enum
{
  BATON_WAIT_READY,
  BATON_WAIT_TIMEOUT,
  BATON_WAIT_CANCELLED,
} BatonWait;

#define BATON_WAIT_FOR_EVER G_MAXINT64

/**
 * BatonWaiter:
 *
 * The one place where a handoff waits: for a descriptor, the cancel file and a timer, writing the
 * heartbeat meanwhile.
 */
typedef struct _BatonWaiter BatonWaiter;

BatonWaiter *baton_waiter_new (BatonEventWriter *events, int handoff_dir, GError **error);
void baton_waiter_free (BatonWaiter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonWaiter, baton_waiter_free)

BatonWait
baton_waiter_wait (BatonWaiter *self, int fd, gint64 deadline_us, gboolean cancellable);
gboolean baton_waiter_hold_signals_back (sigset_t *ret_signals);
gboolean baton_waiter_is_cancelled (BatonWaiter *self);

void baton_waiter_keep_from_children (BatonWaiter *self, int fd);
void baton_waiter_forget (BatonWaiter *self, int fd);
void baton_waiter_close_kept (BatonWaiter *self);

G_END_DECLS
