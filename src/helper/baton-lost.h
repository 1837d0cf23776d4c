/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonWorkerState:
 * @BATON_WORKER_UNKNOWN: none has said yet who it is
 * @BATON_WORKER_LIVES: it is there
 * @BATON_WORKER_GONE: it has ended; a child of its may still be stuck in the kernel
 */
typedef enum
{
  BATON_WORKER_UNKNOWN,
  BATON_WORKER_LIVES,
  BATON_WORKER_GONE,
} BatonWorkerState;

BatonWorkerState baton_lost_find_worker (BatonRoot *root, const char *id);
void baton_lost_tell_all (BatonRoot *root, const BatonEnd *unreadable, gint64 start_us);

G_END_DECLS
