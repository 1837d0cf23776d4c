/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-view.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define BATON_TYPE_HANDOFF (baton_handoff_get_type ())
G_DECLARE_FINAL_TYPE (BatonHandoff, baton_handoff, BATON, HANDOFF, GObject)

/**
 * BatonHandoffPhase:
 * @BATON_HANDOFF_ASKING: the helper has not spoken yet: a password may be asked for
 * @BATON_HANDOFF_RUNNING: steps are being taken
 * @BATON_HANDOFF_CANCELLING: it was asked to stop, or is putting things back
 * @BATON_HANDOFF_ENDED: there is a result, or there will be none
 */
typedef enum
{
  BATON_HANDOFF_ASKING,
  BATON_HANDOFF_RUNNING,
  BATON_HANDOFF_CANCELLING,
  BATON_HANDOFF_ENDED,
} BatonHandoffPhase;

BatonHandoff *baton_handoff_new (const char *card, const char *to, gboolean is_ours);

void baton_handoff_update (BatonHandoff *self, BatonView *view);
void baton_handoff_note_cancel (BatonHandoff *self);
void baton_handoff_end (BatonHandoff *self, JsonObject *result);

const char *baton_handoff_get_id (BatonHandoff *self);
const char *baton_handoff_get_card (BatonHandoff *self);
const char *baton_handoff_get_to (BatonHandoff *self);
gboolean baton_handoff_is_ours (BatonHandoff *self);
BatonHandoffPhase baton_handoff_get_phase (BatonHandoff *self);
gboolean baton_handoff_is_waiting (BatonHandoff *self);
gboolean baton_handoff_is_wait_cancelled (BatonHandoff *self);
gboolean baton_handoff_is_stalled (BatonHandoff *self);
gboolean baton_handoff_can_cancel (BatonHandoff *self);
gint64 baton_handoff_get_elapsed_s (BatonHandoff *self);

guint baton_handoff_get_n_steps (BatonHandoff *self);
guint baton_handoff_get_n_done (BatonHandoff *self);
JsonObject *baton_handoff_get_step (BatonHandoff *self, guint index);
const char *baton_handoff_get_step_state (BatonHandoff *self, guint index);
JsonObject *baton_handoff_get_step_event (BatonHandoff *self, guint index);
gint baton_handoff_get_current (BatonHandoff *self);
JsonObject *baton_handoff_get_result (BatonHandoff *self);

G_END_DECLS
