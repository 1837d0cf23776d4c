/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonChildEnd:
 * @BATON_CHILD_RETURNED: the call came back, with success or an errno
 * @BATON_CHILD_CRASHED: the child was killed inside the kernel: its code has crashed there
 * @BATON_CHILD_STUCK: it did not come back in time, and is still there
 * @BATON_CHILD_NOT_STARTED: no child could be made
 */
typedef enum
{
  BATON_CHILD_RETURNED,
  BATON_CHILD_CRASHED,
  BATON_CHILD_STUCK,
  BATON_CHILD_NOT_STARTED,
} BatonChildEnd;

/**
 * BatonChildFunc: what the child does: one call that may block; returns 0 or an errno
 */
typedef int (*BatonChildFunc) (gpointer data);

typedef void (*BatonStalledFunc) (gpointer data);

#define BATON_CHILD_SOFT_MS 5000
#define BATON_CHILD_HARD_MS 120000

BatonChildEnd baton_child_run (BatonWaiter *waiter,
                               BatonChildFunc func,
                               gpointer func_data,
                               BatonStalledFunc stalled,
                               gpointer stalled_data,
                               guint soft_ms,
                               guint hard_ms,
                               int *ret_errno);

G_END_DECLS
