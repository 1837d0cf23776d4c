/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-model-private.h"

#include "baton-json.h"
#include "baton-notify.h"
#include "baton-result-words.h"

enum
{
  SIGNAL_CHANGED,
  SIGNAL_HANDOFF_CHANGED,
  SIGNAL_REPLAN,
  SIGNAL_MESSAGE,
  SIGNAL_REPORT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonModel, baton_model, G_TYPE_OBJECT)

/* Returns: (transfer full): a client of the helper that this model asks */
BatonHelperClient *
baton_model_create_client (BatonModel *self)
{
  return baton_helper_client_new_for_command ((const char *const *) self->command,
                                              self->helper_path);
}

/* Tells of a result that needs no answer. */
void
baton_model_say (BatonModel *self, JsonObject *result)
{
  g_autofree char *text = baton_result_words_dup_text (result);

  if (text != NULL)
    g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, text);
}

/* Tells of a report, unless that was the last one; @is_old: it was there before this program. */
void
baton_model_tell_report (BatonModel *self, JsonObject *report, gboolean is_old)
{
  g_autofree char *key = baton_notify_dup_key (report);

  if (g_strcmp0 (key, self->report_key) == 0)
    return;

  g_free (self->report_key);
  self->report_key = g_steal_pointer (&key);
  g_signal_emit (self, signals[SIGNAL_REPORT], 0, report, is_old);
}

/* What happened before the window was there is told at login. Where nothing ever happened before,
 * the first report that is heard of is news all the same. */
static void
take_report (BatonModel *self)
{
  JsonObject *report = baton_view_get_report (baton_model_get_view (self));
  gboolean is_old =
      self->report_key == NULL && baton_json_get_int (report, "at", 0) < self->started_s;

  if (report != NULL)
    baton_model_tell_report (self, report, is_old);
}

/**
 * baton_model_take_change:
 * @self: a model
 * @what: #BatonViewChange flags
 *
 * The view knows something new.
 */
void
baton_model_take_change (BatonModel *self, guint what)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if ((what & (BATON_VIEW_PLAN | BATON_VIEW_STEP | BATON_VIEW_REPORT)) != 0)
    baton_model_follow_foreign (self);
  if ((what & BATON_VIEW_REPORT) != 0)
    {
      baton_model_settle_reported (self);
      take_report (self);
    }

  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, what);
}

static void
on_watch_changed_cb (BatonModel *self, guint what)
{
  baton_model_set_problem (self, baton_watch_get_problem (self->watch));
  baton_model_take_change (self, what);
}

/* For the verbs that take a moment and say how it went. */
static void
on_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonModel) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);

  if (end != NULL)
    baton_model_say (self, end);
  else
    g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, error->message);

  baton_model_look (self);
}

/* Runs a verb of which only the end is of interest, and tells of it. */
void
baton_model_run_verb (BatonModel *self, const char *const *arguments)
{
  g_autoptr (BatonHelperClient) client = NULL;

  if (self->watch == NULL)
    return;

  client = baton_model_create_client (self);
  baton_helper_client_run_async (client, arguments, NULL, on_done_cb, g_object_ref (self));
}

/**
 * baton_model_recover:
 * @self: a model
 *
 * Settles a handoff that was cut off.
 */
void
baton_model_recover (BatonModel *self)
{
  static const char *const arguments[] = { "recover", NULL };

  g_return_if_fail (BATON_IS_MODEL (self));

  baton_model_run_verb (self, arguments);
}

/**
 * baton_model_look:
 * @self: a model
 *
 * Looks at everything now. A descriptor that is inherited or passed gives no event, so this is done
 * whenever the window comes to the front.
 */
void
baton_model_look (BatonModel *self)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if (self->watch != NULL)
    baton_watch_look (self->watch);
}

static void
baton_model_dispose (GObject *object)
{
  BatonModel *self = BATON_MODEL (object);

  if (self->watch != NULL)
    baton_watch_stop (self->watch);
  g_clear_object (&self->watch);
  g_clear_object (&self->handoff);
  g_clear_object (&self->hand_client);
  g_clear_object (&self->hand_leave);
  g_clear_object (&self->always_close);
  baton_model_forget_managers (self);

  G_OBJECT_CLASS (baton_model_parent_class)->dispose (object);
}

static void
baton_model_finalize (GObject *object)
{
  BatonModel *self = BATON_MODEL (object);

  g_clear_pointer (&self->closed, baton_closed_unref);
  g_clear_pointer (&self->own_view, baton_view_free);
  g_clear_pointer (&self->hand_view, baton_view_free);
  g_free (self->settled_id);
  g_hash_table_unref (self->aside_ids);
  g_free (self->report_key);
  g_free (self->helper_path);
  g_strfreev (self->command);
  g_clear_pointer (&self->problem, json_object_unref);

  G_OBJECT_CLASS (baton_model_parent_class)->finalize (object);
}

static void
baton_model_class_init (BatonModelClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_model_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_model_finalize;

  /**
   * BatonModel::changed:
   * @what: #BatonViewChange flags
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  /**
   * BatonModel::handoff-changed:
   *
   * A handoff has begun, has ended, or its end was dismissed.
   */
  signals[SIGNAL_HANDOFF_CHANGED] = g_signal_new ("handoff-changed", type, G_SIGNAL_RUN_LAST, 0,
                                                  NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * BatonModel::replan:
   * @card: its address
   * @to: the #BatonSide that it was to go to
   *
   * The plan that was accepted no longer holds: the new one is to be decided about.
   */
  signals[SIGNAL_REPLAN] = g_signal_new ("replan", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
  /**
   * BatonModel::message:
   * @text: a sentence that needs no answer
   */
  signals[SIGNAL_MESSAGE] = g_signal_new ("message", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * BatonModel::report:
   * @report: a #JsonObject
   * @is_first: it was there when the model began to look
   */
  signals[SIGNAL_REPORT] = g_signal_new ("report", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_BOOLEAN);
}

static void
baton_model_init (BatonModel *self)
{
  self->started_s = g_get_real_time () / G_USEC_PER_SEC;
  self->aside_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * baton_model_new:
 *
 * Returns: (transfer full): a model of this machine; baton_model_start() makes it look
 */
BatonModel *
baton_model_new (void)
{
  return baton_model_new_for_command (NULL, BATON_HELPER_PATH);
}

/**
 * baton_model_new_for_command:
 * @command: (nullable) (array zero-terminated=1): what starts the helper, %NULL for the usual way
 * @helper_path: where the helper is
 *
 * Returns: (transfer full): a model that asks that helper
 */
BatonModel *
baton_model_new_for_command (const char *const *command, const char *helper_path)
{
  BatonModel *self = g_object_new (BATON_TYPE_MODEL, NULL);
  g_autoptr (BatonHelperClient) client = NULL;

  self->command = g_strdupv ((GStrv) command);
  self->helper_path = g_strdup (helper_path);
  client = baton_model_create_client (self);
  self->watch = baton_watch_new_for_client (client);
  g_signal_connect_object (self->watch, "changed", G_CALLBACK (on_watch_changed_cb), self,
                           G_CONNECT_SWAPPED);

  return self;
}

/**
 * baton_model_new_for_view:
 * @view: (transfer full): a view that the caller feeds
 *
 * Returns: (transfer full): a model that shows @view and asks no helper
 */
BatonModel *
baton_model_new_for_view (BatonView *view)
{
  BatonModel *self = g_object_new (BATON_TYPE_MODEL, NULL);

  self->own_view = view;

  return self;
}

/**
 * baton_model_start:
 * @self: a model
 *
 * Begins to look, or tries again where looking failed.
 */
void
baton_model_start (BatonModel *self)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if (self->watch != NULL)
    {
      baton_watch_start (self->watch);
      baton_model_look_for_managers (self);
    }
}

/**
 * baton_model_get_view:
 *
 * Returns: (transfer none): what is known
 */
BatonView *
baton_model_get_view (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), NULL);

  return self->watch != NULL ? baton_watch_get_view (self->watch) : self->own_view;
}

/**
 * baton_model_has_looked:
 *
 * Returns: %TRUE if the machine is known
 */
gboolean
baton_model_has_looked (BatonModel *self)
{
  return baton_view_get_machine (baton_model_get_view (self)) != NULL;
}

/**
 * baton_model_get_problem:
 *
 * Returns: (transfer none) (nullable): the result that says why less than everything can be seen,
 *   %NULL where nothing is missing
 */
JsonObject *
baton_model_get_problem (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), NULL);

  return self->problem;
}

/**
 * baton_model_set_problem:
 * @self: a model
 * @problem: (nullable): the result that says why less than everything can be seen
 */
void
baton_model_set_problem (BatonModel *self, JsonObject *problem)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if (problem != NULL)
    json_object_ref (problem);
  g_clear_pointer (&self->problem, json_object_unref);
  self->problem = problem;
}

/**
 * baton_model_can_ask:
 *
 * Returns: whether there is a helper to ask
 */
gboolean
baton_model_can_ask (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), FALSE);

  return self->watch != NULL;
}

/**
 * baton_model_new_client:
 *
 * Returns: (transfer full) (nullable): what asks the helper once more, if the model does
 */
BatonHelperClient *
baton_model_new_client (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), NULL);

  return baton_model_can_ask (self) ? baton_model_create_client (self) : NULL;
}

/**
 * baton_model_create_preview:
 *
 * Returns: (transfer full): a preview that asks the helper if the model does
 */
BatonPreview *
baton_model_create_preview (BatonModel *self)
{
  g_autoptr (BatonHelperClient) client = baton_model_new_client (self);

  return baton_preview_new (client);
}

/**
 * baton_model_get_always_close:
 *
 * Returns: (transfer none): the programs that this user always closes for a card
 */
BatonAlwaysClose *
baton_model_get_always_close (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), NULL);

  if (self->always_close == NULL)
    {
      g_autoptr (GFile) file = g_file_new_build_filename (g_get_user_config_dir (), "baton",
                                                          "always-close.ini", NULL);

      self->always_close = baton_always_close_new (file);
    }

  return self->always_close;
}
