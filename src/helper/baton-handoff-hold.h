/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handoff-dir.h"

G_BEGIN_DECLS

gboolean baton_handoff_hold_as_front (BatonHandoffDir *self, GError **error);
gboolean baton_handoff_hold_as_worker (int events_fd);

gboolean baton_handoff_hold_is_dropped (BatonHandoffDir *self);
gboolean baton_handoff_hold_clear (BatonRoot *root, BatonHandoffDir *self);
gboolean baton_handoff_hold_is_free (BatonHandoffDir *self);

G_END_DECLS
