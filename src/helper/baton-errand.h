/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sys/types.h>

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonErrand:
 *
 * A child that talks to another program in our place. Who answers slowly, wrongly or never keeps
 * the errand waiting, not the handoff; and no library brings its threads and locks into the worker.
 * Unlike the child of a write (#BatonChildFunc) it waits for no driver, and may be killed.
 */
typedef struct _BatonErrand BatonErrand;

/**
 * BatonErrandFunc: what the child does; it ends when this returns
 * @socket: where it answers with baton_errand_answer()
 */
typedef void (*BatonErrandFunc) (int socket, gpointer data);

BatonErrand *baton_errand_new (BatonRoot *root,
                               BatonWaiter *waiter,
                               BatonErrandFunc func,
                               gpointer func_data,
                               GError **error);
BatonWait baton_errand_await (BatonErrand *self, gint64 deadline_us, gboolean cancellable);
void baton_errand_recall (BatonErrand *self);
gboolean baton_errand_hear (BatonErrand *self, gint64 deadline_us, int *ret_fd, GError **error);
void baton_errand_free (BatonErrand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonErrand, baton_errand_free)

void baton_errand_end_with (pid_t sender);
void baton_errand_answer (int socket, int fd, const GError *error);
void baton_errand_stay (int socket);

G_END_DECLS
