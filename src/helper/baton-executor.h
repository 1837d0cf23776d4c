/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-journal.h"
#include "baton-progress.h"
#include "baton-steps.h"

G_BEGIN_DECLS

/**
 * BatonExecutor:
 *
 * Carries out the steps of a plan, one after the other, and puts back what was done where one of
 * them fails or somebody asks to stop.
 */
typedef struct _BatonExecutor BatonExecutor;

BatonExecutor *
baton_executor_new (BatonStepContext *context, GPtrArray *steps, GPtrArray *remembered);
void baton_executor_free (BatonExecutor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonExecutor, baton_executor_free)

GPtrArray *baton_executor_remember (BatonStepContext *context, GPtrArray *steps);
void baton_executor_set_journal (BatonExecutor *self, BatonJournal *journal);
void baton_executor_set_inhibits (BatonExecutor *self, const char *why);
void baton_executor_set_begun (BatonExecutor *self, guint n);

BatonEnd *baton_executor_run (BatonExecutor *self, const char *card_name);
BatonEnd *baton_executor_put_back (BatonExecutor *self, const char *card_name);

BatonProgress *baton_executor_get_progress (BatonExecutor *self);

G_END_DECLS
