/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-plan.h"
#include "baton-trouble.h"

G_BEGIN_DECLS

/**
 * BatonProgress:
 *
 * What has become of each step of a plan: told as it happens, and kept for the report.
 */
typedef struct _BatonProgress BatonProgress;

BatonProgress *baton_progress_new (BatonEventWriter *events, GPtrArray *steps);
void baton_progress_free (BatonProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonProgress, baton_progress_free)

void baton_progress_set_begun (BatonProgress *self, guint i);
gboolean baton_progress_has_begun (BatonProgress *self, guint i);
void baton_progress_tell (BatonProgress *self,
                          guint i,
                          BatonStepState state,
                          const BatonTrouble *trouble);
char *baton_progress_dup_closed_programs (BatonProgress *self);
JsonNode *baton_progress_to_json (BatonProgress *self);

G_END_DECLS
