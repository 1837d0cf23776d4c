/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-handoff.h"

G_BEGIN_DECLS

/* For baton-handoff.c, which knows how far it is, and baton-handoff-steps.c, which knows its steps. */

struct _BatonHandoff
{
  GObject parent_instance;

  /* owned */
  char *id;
  char *card;
  char *to;
  JsonArray *steps;
  GPtrArray *events; /* element i: the last step event about step i + 1, or NULL */
  JsonObject *result;

  gboolean is_ours;
  gboolean cancel_noted;
  gboolean undoing;
  gboolean ended;
  gint current;
  guint n_earlier; /* step events that were about an earlier plan of the same handoff */
  gint64 started_us;
  gint64 ended_us;
};

GPtrArray *baton_handoff_create_events (void);
void baton_handoff_take_plan (BatonHandoff *self, JsonObject *plan, guint n_events);
void baton_handoff_take_steps (BatonHandoff *self, JsonArray *events);
gboolean baton_handoff_is_at (BatonHandoff *self, const char *kind);
gboolean baton_handoff_is_cancel_heard (BatonHandoff *self);

G_END_DECLS
