/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-executor.h"
#include "baton-inhibitor.h"

G_BEGIN_DECLS

/* For baton-executor.c, which goes forward, baton-executor-ladder.c, which finds another way, and
 * baton-executor-back.c, which goes back. */

struct _BatonExecutor
{
  /* borrowed */
  BatonStepContext *context;
  GPtrArray *steps;
  GPtrArray *remembered;
  BatonJournal *journal;
  const char *card_name;
  const char *why_inhibited;

  /* owned */
  BatonProgress *progress;
  BatonInhibitor *inhibitor;

  gboolean found_free;
  gboolean found_free_to_unbind;
  gboolean found_no_guest;

  /* Everybody may open the card by now, and so it is not taken back on somebody's wish. */
  gboolean shared;
  gboolean told_too_late;

  /* What was begun can only be ended: a record that cannot be written stops nothing more. */
  gboolean goes_on;
};

const BatonStepClass *baton_executor_get_class (BatonExecutor *self, guint i);
void baton_executor_turn_to (BatonExecutor *self, guint i);
void baton_executor_inhibit (BatonExecutor *self);
BatonOutcome baton_executor_do_step (BatonExecutor *self, guint i, BatonTrouble *trouble);
gboolean baton_executor_climb (BatonExecutor *self, guint *i, const BatonTrouble *trouble);
void baton_executor_record_if_possible (BatonExecutor *self, guint i, const char *state);
void baton_executor_record_stuck (BatonExecutor *self, guint i, const BatonTrouble *trouble);
void baton_executor_add_problem (BatonExecutor *self, const BatonTrouble *trouble);

BatonEnd *baton_executor_end_done (BatonExecutor *self);
BatonEnd *baton_executor_end_stuck (BatonExecutor *self, guint i, const BatonTrouble *trouble);
BatonEnd *
baton_executor_roll_back (BatonExecutor *self, gboolean cancelled, const BatonTrouble *cause);

G_END_DECLS
