/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "baton-request.h"
#include "baton-section.h"

G_BEGIN_DECLS

/* In front of a dark screen a minute is short for whoever starts a virtual machine by hand, and ten are
 * long for whoever cannot. */
#define BATON_PLAN_MINUTES 5

AdwActionRow *baton_plan_options_show (BatonSection *section,
                                       const BatonRequest *request,
                                       JsonObject *plan,
                                       gboolean offered,
                                       GCallback on_changed,
                                       GObject *owner);
gboolean baton_plan_options_choose_return (BatonRequest *request,
                                           JsonObject *plan,
                                           guint minutes_chosen);
gboolean baton_plan_options_is_offer (JsonObject *finding);
gboolean baton_plan_options_take (GtkWidget *row,
                                  BatonRequest *request,
                                  JsonObject *plan,
                                  guint *minutes_chosen);

G_END_DECLS
