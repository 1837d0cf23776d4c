/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"
#include "baton-watch.h"

G_BEGIN_DECLS

struct _BatonModel
{
  GObject parent_instance;

  /* owned */
  GStrv command; /* what starts the helper, NULL for the usual way */
  char *helper_path;
  BatonWatch *watch; /* NULL where the caller feeds the view */
  BatonView *own_view;
  BatonHandoff *handoff;
  BatonHelperClient *hand_client; /* carries our handoff out; NULL for somebody else's */
  GCancellable *hand_leave;       /* leaves it to itself */
  BatonView *hand_view;
  BatonAlwaysClose *always_close; /* NULL until somebody asks for it */
  BatonClosed *closed;            /* NULL for root, and until somebody asks */
  gboolean has_closed;            /* somebody has */
  char *settled_id;               /* handoff that has been shown to its end */
  GHashTable *aside_ids;        /* handoffs that have made room for another before their end */
  char *report_key;             /* of the last report that was told of */
  gint64 started_s;             /* wall clock, as a report's `at` */
  GDBusConnection *session_bus; /* NULL until a session manager was seen on it */
  guint manager_watches[2];     /* of baton_logout_list_managers() */
  gboolean has_manager[2];

  JsonObject *problem;
};

BatonHelperClient *baton_model_create_client (BatonModel *self);
void baton_model_say (BatonModel *self, JsonObject *result);
void baton_model_tell_report (BatonModel *self, JsonObject *report, gboolean is_old);
void baton_model_run_verb (BatonModel *self, const char *const *arguments);
void baton_model_note_closed_async (BatonModel *self,
                                    const BatonRequest *request,
                                    GAsyncReadyCallback callback,
                                    gpointer data);
void baton_model_settle_closed (BatonModel *self);
void baton_model_settle_reported (BatonModel *self);
void baton_model_follow_foreign (BatonModel *self);
void baton_model_look_for_managers (BatonModel *self);
void baton_model_forget_managers (BatonModel *self);
void baton_model_answer_step (BatonModel *self, BatonEvent *event);

G_END_DECLS
