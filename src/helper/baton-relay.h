/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonRelayFunc:
 * @event: what the worker has written
 * @line: the line itself
 * @length: its length, without the newline
 */
typedef void (*BatonRelayFunc) (const BatonEvent *event,
                                const char *line,
                                gsize length,
                                gpointer data);

/**
 * BatonRelay:
 *
 * Reads a handoff's `events` as they are appended. Only ever reads: the worker never waits for it.
 */
typedef struct _BatonRelay BatonRelay;

BatonRelay *baton_relay_new (int events_fd, BatonRelayFunc func, gpointer data);
void baton_relay_free (BatonRelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonRelay, baton_relay_free)

guint baton_relay_pump (BatonRelay *self);
int baton_relay_open_worker (BatonRelay *self, BatonRoot *root);
gboolean baton_relay_has_result (BatonRelay *self, int *ret_exit);

G_END_DECLS
