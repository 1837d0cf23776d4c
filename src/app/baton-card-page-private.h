/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-adopt-row.h"
#include "baton-banner.h"
#include "baton-card-notice.h"
#include "baton-card-page.h"
#include "baton-card-plan.h"
#include "baton-keep-off-row.h"
#include "baton-reopen-box.h"
#include "baton-section.h"
#include "baton-state-box.h"
#include "baton-words.h"

G_BEGIN_DECLS

/* For baton-card-page.c and baton-card-findings.c, which has what is in the way. */

struct _BatonCardPage
{
  GtkBox parent_instance;

  /* owned */
  BatonModel *model;
  BatonCardPlan *plan;

  BatonVerb verb;
  BatonCardNotice notice;
  GtkWindow *plan_window; /* weak */

  /* from the template */
  BatonBanner *banner;
  BatonStateBox *state_box;
  GtkButton *verb_button;
  GtkLabel *verb_label;
  BatonReopenBox *reopen_box;
  BatonReopenBox *session_box;
  BatonSection *findings_section;
  BatonSection *notes_section;
  BatonSection *holders_section;
  GtkWidget *run_list;
  GtkWidget *keep_off_list;
  BatonKeepOffRow *keep_off_row;
  BatonKeepOffRow *keep_programs_off_row;
  GtkWidget *adopt_list;
  BatonAdoptRow *adopt_row;
  BatonSection *travels_section;
  BatonSection *details_section;
};

void baton_card_page_show_findings (BatonCardPage *self);
gboolean baton_card_page_needs_answer (JsonObject *plan);

G_END_DECLS
