/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-application.h"
#include "baton-steps.h"

G_BEGIN_DECLS

/**
 * BatonCloseFilter: whether @holder is one of those who are to end
 * @data: what the caller knows of them
 */
typedef gboolean (*BatonCloseFilter) (const BatonHolder *holder, gconstpointer data);

/**
 * BatonCloser:
 * @context: (borrowed): the handoff
 * @filter: who is to end
 * @data: for @filter
 * @application: (borrowed) (nullable): what all of them belong to, if its other processes are asked to
 *   end as well where they start them anew
 * @ret_left: (out) (optional) (transfer full): who has the card when none of those has it any more
 *
 * What ends those who have the card.
 */
typedef struct
{
  BatonStepContext *context;
  BatonCloseFilter filter;
  gconstpointer data;
  BatonApplication *application;
  BatonHolders **ret_left;
} BatonCloser;

BatonOutcome baton_closer_run (const BatonCloser *self, BatonTrouble *trouble);
int
baton_closer_signal (BatonStepContext *context, int pid, const char *start_time, int number);

G_END_DECLS
