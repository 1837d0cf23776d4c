/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

G_BEGIN_DECLS

/**
 * BatonView:
 *
 * What a reader of the contract's lines knows by now: the machine, who holds each card, the plan,
 * the running handoff with its steps, the last report. Feed it events; lists that span several
 * lines (`snap`, `more`) replace what was known when their last line has come.
 */
typedef struct _BatonView BatonView;

BatonView *baton_view_new (void);
void baton_view_free (BatonView *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonView, baton_view_free)

/**
 * BatonViewChange: what an event changed
 */
typedef enum
{
  BATON_VIEW_NOTHING = 0,
  BATON_VIEW_HELLO = 1 << 0,
  BATON_VIEW_MACHINE = 1 << 1,
  BATON_VIEW_HOLDERS = 1 << 2,
  BATON_VIEW_PLAN = 1 << 3,
  BATON_VIEW_STEP = 1 << 4,
  BATON_VIEW_LOG = 1 << 5,
  BATON_VIEW_HEARTBEAT = 1 << 6,
  BATON_VIEW_REPORT = 1 << 7,
  BATON_VIEW_RESULT = 1 << 8,
} BatonViewChange;

guint baton_view_feed (BatonView *self, const BatonEvent *event);

JsonObject *baton_view_get_hello (BatonView *self);
JsonObject *baton_view_get_machine (BatonView *self);
JsonArray *baton_view_get_cards (BatonView *self);
JsonObject *baton_view_find_card (BatonView *self, const char *address);
JsonArray *baton_view_get_groups (BatonView *self);
JsonArray *baton_view_get_handmade (BatonView *self);
JsonObject *baton_view_get_holders (BatonView *self, const char *card);
JsonObject *baton_view_get_plan (BatonView *self);
JsonArray *baton_view_get_step_events (BatonView *self);
JsonObject *baton_view_get_report (BatonView *self);
JsonObject *baton_view_get_result (BatonView *self);
const char *baton_view_get_handoff (BatonView *self);

G_END_DECLS
