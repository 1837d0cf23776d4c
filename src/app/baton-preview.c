/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-preview.h"

#include "baton-request-copy.h"
#include "baton-self-look.h"

struct _BatonPreview
{
  GObject parent_instance;

  /* owned */
  BatonHelperClient *client; /* NULL where plans are brought by the caller */
  GCancellable *cancellable;
  BatonView *view;      /* of the run that is under way */
  BatonRequest *wanted; /* the plan that is wanted now */
  JsonObject *plan;
  JsonObject *problem;
  JsonObject *refusal; /* why the helper made no plan */

  gboolean running;
  gboolean again; /* the machine has changed since the run began */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonPreview, baton_preview, G_TYPE_OBJECT)

static void run (BatonPreview *self);

static void
replace (JsonObject **place, JsonObject *object)
{
  if (object != NULL)
    json_object_ref (object);
  g_clear_pointer (place, json_object_unref);
  *place = object;
}

static void
on_event_cb (BatonPreview *self, BatonEvent *event, const char *line)
{
  if (self->view != NULL)
    baton_view_feed (self->view, event);
}

static void
finish (BatonPreview *self, JsonObject *end)
{
  JsonObject *plan = baton_view_get_plan (self->view);

  self->running = FALSE;
  if (self->again)
    {
      self->again = FALSE;
      run (self);
      return;
    }

  replace (&self->plan, plan);
  /* A plan that is blocked ends with "refused", which its findings explain better. */
  replace (&self->problem, plan == NULL ? end : NULL);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_looked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonPreview) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = baton_self_look_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  for (guint i = 0; events != NULL && i < events->len; i++)
    baton_view_feed (self->view, g_ptr_array_index (events, i));

  finish (self, self->refusal);
}

static void
on_planned_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonPreview) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (baton_view_get_plan (self->view) != NULL)
    {
      finish (self, end);
      return;
    }

  /* The helper may not be asked: what this user can see makes a plan as well, and its findings
   * say what could not be seen. Its digest is the one that the helper would come to. */
  replace (&self->refusal, end);
  baton_self_look_async ("plan", BATON_LOOK_HOLDERS, self->wanted, self->cancellable,
                         on_looked_cb, g_object_ref (self));
}

static void
run (BatonPreview *self)
{
  g_autoptr (GStrvBuilder) builder = NULL;
  g_auto (GStrv) arguments = NULL;
  g_auto (GStrv) argv = NULL;

  if (self->client == NULL || self->wanted == NULL)
    return;

  arguments = baton_request_to_arguments (self->wanted);
  builder = g_strv_builder_new ();
  g_strv_builder_add (builder, "plan");
  g_strv_builder_addv (builder, (const char **) arguments);
  argv = g_strv_builder_end (builder);

  g_clear_pointer (&self->view, baton_view_free);
  self->view = baton_view_new ();
  self->running = TRUE;
  baton_helper_client_run_async (self->client, (const char *const *) argv, self->cancellable,
                                 on_planned_cb, g_object_ref (self));
}

static void
baton_preview_dispose (GObject *object)
{
  BatonPreview *self = BATON_PREVIEW (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (baton_preview_parent_class)->dispose (object);
}

static void
baton_preview_finalize (GObject *object)
{
  BatonPreview *self = BATON_PREVIEW (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->view, baton_view_free);
  g_clear_pointer (&self->wanted, baton_request_free);
  g_clear_pointer (&self->plan, json_object_unref);
  g_clear_pointer (&self->problem, json_object_unref);
  g_clear_pointer (&self->refusal, json_object_unref);

  G_OBJECT_CLASS (baton_preview_parent_class)->finalize (object);
}

static void
baton_preview_class_init (BatonPreviewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = baton_preview_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_preview_finalize;

  /**
   * BatonPreview::changed:
   *
   * There is a plan, another plan, or a reason why there is none.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
}

static void
baton_preview_init (BatonPreview *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * baton_preview_new:
 * @client: (nullable) (transfer none): what asks the helper and runs nothing else, or %NULL where
 *   baton_preview_take() brings the plans
 *
 * Returns: (transfer full): a preview without a plan
 */
BatonPreview *
baton_preview_new (BatonHelperClient *client)
{
  BatonPreview *self = g_object_new (BATON_TYPE_PREVIEW, NULL);

  if (client != NULL)
    {
      self->client = g_object_ref (client);
      g_signal_connect_object (self->client, "event", G_CALLBACK (on_event_cb), self,
                               G_CONNECT_SWAPPED);
    }

  return self;
}

/**
 * baton_preview_ask:
 * @self: a preview
 * @request: what would be asked for
 *
 * Asks for the plan of @request as the machine is now. However often this is called while the helper
 * plans, it plans once more afterwards, and for the last request. The plan known so far stays until
 * the new one is there.
 */
void
baton_preview_ask (BatonPreview *self, const BatonRequest *request)
{
  g_return_if_fail (BATON_IS_PREVIEW (self));

  g_clear_pointer (&self->wanted, baton_request_free);
  self->wanted = baton_request_copy (request);

  if (self->running)
    self->again = TRUE;
  else
    run (self);
}

/**
 * baton_preview_take:
 * @self: a preview
 * @plan: (nullable): a plan of the contract
 *
 * Shows @plan from now on.
 */
void
baton_preview_take (BatonPreview *self, JsonObject *plan)
{
  g_return_if_fail (BATON_IS_PREVIEW (self));

  replace (&self->plan, plan);
  replace (&self->problem, NULL);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * baton_preview_is_busy:
 *
 * Returns: %TRUE while the helper plans: the plan known so far may be out of date
 */
gboolean
baton_preview_is_busy (BatonPreview *self)
{
  g_return_val_if_fail (BATON_IS_PREVIEW (self), FALSE);

  return self->running;
}

/**
 * baton_preview_get_plan:
 *
 * Returns: (transfer none) (nullable): the last plan
 */
JsonObject *
baton_preview_get_plan (BatonPreview *self)
{
  g_return_val_if_fail (BATON_IS_PREVIEW (self), NULL);

  return self->plan;
}

/**
 * baton_preview_get_problem:
 *
 * Returns: (transfer none) (nullable): the result that says why there is no plan
 */
JsonObject *
baton_preview_get_problem (BatonPreview *self)
{
  g_return_val_if_fail (BATON_IS_PREVIEW (self), NULL);

  return self->problem;
}
