/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-request.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonPlanSummary: what a plan comes to for the person who decides about it
 *
 * @n_blockers: what stands in the way and no consent sets aside
 * @offers_options: the person may choose how it is done: nothing stands in the way, or nothing but that
 *   the only screen would go and not come back by itself, which is one of the choices
 * @n_closes: applications that its button would close, and services that it would stop
 * @n_services: those of them that are services, which run again when the card is back
 * @may_not_return: its button takes the risk that the card stays away
 * @ends_session: its button logs out
 * @as_always: this user always closes these applications for this card
 * @closed_app: (nullable): name of the application, where it is one; borrowed
 */
typedef struct
{
  guint n_blockers;
  gboolean offers_options;
  guint n_closes;
  guint n_services;
  gboolean may_not_return;
  gboolean ends_session;
  gboolean as_always;
  const char *closed_app;
} BatonPlanSummary;

void baton_plan_words_summarise (JsonObject *plan, BatonPlanSummary *ret_summary);
gboolean baton_plan_words_is_destructive (const BatonPlanSummary *summary);
char *
baton_plan_words_dup_button (const BatonPlanSummary *summary, BatonSide to, gboolean when_free);
char *baton_plan_words_dup_duration (JsonObject *report, const char *card, BatonSide to);
char *baton_plan_words_dup_prospect (const BatonPlanSummary *summary,
                                     const BatonRequest *request,
                                     guint n_steps,
                                     JsonObject *report);
gboolean baton_plan_words_add_consents (JsonObject *plan, BatonRequest *request);

G_END_DECLS
