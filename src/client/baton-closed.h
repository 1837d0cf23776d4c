/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed-program.h"
#include "baton-request.h"

G_BEGIN_DECLS

/* What ended with a session is kept beside what was closed for the card alone. */
#define BATON_CLOSED_SESSION_SUFFIX ".session"

/**
 * BatonClosed:
 *
 * What Baton has closed of this user for a card, until it was opened again, somebody said that it
 * need not be, or the computer was restarted. Kept in files of the user's own, one for each card.
 * Reference counted; safe to use from several threads at once.
 */
typedef struct _BatonClosed BatonClosed;

BatonClosed *baton_closed_new (BatonRoot *root, const char *directory);
BatonClosed *baton_closed_new_for_user (BatonRoot *root);
BatonClosed *baton_closed_ref (BatonClosed *self);
void baton_closed_unref (BatonClosed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonClosed, baton_closed_unref)

BatonRoot *baton_closed_get_root (BatonClosed *self);

gboolean
baton_closed_note (BatonClosed *self, const char *card, GPtrArray *programs, GError **error);
void
baton_closed_settle (BatonClosed *self, const char *card, JsonArray *steps, gboolean has_ended);
void baton_closed_settle_report (BatonClosed *self, JsonObject *report);

GPtrArray *baton_closed_list_cards (BatonClosed *self);
GPtrArray *baton_closed_list (BatonClosed *self, const char *card, GError **error);
void baton_closed_forget (BatonClosed *self, const char *card);

G_END_DECLS
