/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

G_BEGIN_DECLS

/**
 * BatonWatchOutput:
 *
 * Tells a reader what it does not know yet: a picture that is the same as the last one, but for
 * its time, is not written again.
 */
typedef struct _BatonWatchOutput BatonWatchOutput;

BatonWatchOutput *baton_watch_output_new (BatonEventWriter *writer, GError **error);
void baton_watch_output_free (BatonWatchOutput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonWatchOutput, baton_watch_output_free)

void baton_watch_output_forget (BatonWatchOutput *self);
void baton_watch_output_machine (BatonWatchOutput *self, BatonMachine *machine);
void baton_watch_output_holders (BatonWatchOutput *self, BatonHolders *holders);
void baton_watch_output_report (BatonWatchOutput *self, JsonNode *report);

G_END_DECLS
