/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed.h"
#include "baton-profile.h"

G_BEGIN_DECLS

/* What ended with a session that a handoff has ended: it needs a desktop to be opened again in, and
 * not the card. */

BatonOpenAgain baton_closed_read_wish (BatonClosed *self, const char *card);
gboolean baton_closed_has_desktop (void);

gboolean baton_closed_note_session (BatonClosed *self,
                                    const char *card,
                                    GPtrArray *programs,
                                    GError **error);
void baton_closed_settle_session (BatonClosed *self, const char *card, gboolean has_ended);

GPtrArray *baton_closed_list_session (BatonClosed *self, const char *card, GError **error);
void baton_closed_note_told (BatonClosed *self, const char *card);
void baton_closed_forget_session (BatonClosed *self, const char *card);

G_END_DECLS
