/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch.h"

#include "baton-client-result.h"
#include "baton-self-look.h"

struct _BatonWatch
{
  GObject parent_instance;

  /* owned */
  BatonHelperClient *client;
  BatonView *view;
  GCancellable *watching;
  GCancellable *looking;
  JsonObject *problem;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonWatch, baton_watch, G_TYPE_OBJECT)

static void look_ourselves (BatonWatch *self);

static void
feed (BatonWatch *self, const BatonEvent *event)
{
  guint what = baton_view_feed (self->view, event);

  if (what != BATON_VIEW_NOTHING)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0, what);
}

static void
on_event_cb (BatonHelperClient *client, BatonEvent *event, const char *line, gpointer user_data)
{
  BatonWatch *self = user_data;

  if (self->watching != NULL)
    feed (self, event);
}

static void
set_problem (BatonWatch *self, JsonObject *problem)
{
  g_clear_pointer (&self->problem, json_object_unref);
  self->problem = problem;
}

static void
on_looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (BatonWatch) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = baton_self_look_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->looking);

  if (events == NULL)
    {
      set_problem (self, baton_client_result_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED,
                                                  "reason", error->message, 0));
      g_signal_emit (self, signals[SIGNAL_CHANGED], 0, (guint) BATON_VIEW_HELLO);
      return;
    }

  for (guint i = 0; i < events->len; i++)
    feed (self, g_ptr_array_index (events, i));
}

/* What this user can see is better than nothing, and baton_watch_get_problem() says what is
 * missing. */
static void
look_ourselves (BatonWatch *self)
{
  if (self->looking != NULL)
    return;

  self->looking = g_cancellable_new ();
  baton_self_look_async ("watch", BATON_LOOK_HOLDERS | BATON_LOOK_REPORT, NULL, self->looking,
                         on_looked_cb, g_object_ref (self));
}

static void
on_watch_ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (BatonWatch) self = user_data;
  g_autoptr (GError) error = NULL;
  JsonObject *ended =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);

  /* Stopped; perhaps started again since. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_clear_object (&self->watching);
  set_problem (self, ended != NULL
                         ? ended
                         : baton_client_result_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED,
                                                    "reason", error->message, 0));
  look_ourselves (self);
}

/**
 * baton_watch_start:
 * @self: a watch
 *
 * Begins to watch, through the helper where it may be asked. Where it may not, or where it has
 * ended, the watch looks once with this user's own rights, and again for each baton_watch_look();
 * starting it again asks the helper again.
 *
 * A watch that was started lives until baton_watch_stop().
 */
void
baton_watch_start (BatonWatch *self)
{
  static const char *const arguments[] = { "watch", NULL };

  g_return_if_fail (BATON_IS_WATCH (self));

  if (self->watching != NULL)
    return;

  set_problem (self, NULL);
  self->watching = g_cancellable_new ();
  baton_helper_client_run_async (self->client, arguments, self->watching, on_watch_ended_cb,
                                 g_object_ref (self));
}

/**
 * baton_watch_stop:
 * @self: a watch
 *
 * Ends watching. What is known stays in the view.
 */
void
baton_watch_stop (BatonWatch *self)
{
  g_return_if_fail (BATON_IS_WATCH (self));

  if (self->watching != NULL)
    g_cancellable_cancel (self->watching);
  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->watching);
  g_clear_object (&self->looking);
}

/**
 * baton_watch_look:
 * @self: a watch
 *
 * Asks for a look at everything now, because an inherited descriptor gives no event: when a window
 * gets the focus, and after a handoff that the helper could not show.
 */
void
baton_watch_look (BatonWatch *self)
{
  g_return_if_fail (BATON_IS_WATCH (self));

  if (self->watching != NULL)
    baton_helper_client_ask_look (self->client);
  else
    look_ourselves (self);
}

/**
 * baton_watch_get_view:
 * @self: a watch
 *
 * Returns: (transfer none): what is known
 */
BatonView *
baton_watch_get_view (BatonWatch *self)
{
  g_return_val_if_fail (BATON_IS_WATCH (self), NULL);

  return self->view;
}

/**
 * baton_watch_get_problem:
 * @self: a watch
 *
 * Returns: (transfer none) (nullable): the `result` with which the helper ended or could not be
 *   asked; %NULL while it watches
 */
JsonObject *
baton_watch_get_problem (BatonWatch *self)
{
  g_return_val_if_fail (BATON_IS_WATCH (self), NULL);

  return self->problem;
}

static void
baton_watch_dispose (GObject *object)
{
  BatonWatch *self = BATON_WATCH (object);

  baton_watch_stop (self);
  g_clear_object (&self->client);

  G_OBJECT_CLASS (baton_watch_parent_class)->dispose (object);
}

static void
baton_watch_finalize (GObject *object)
{
  BatonWatch *self = BATON_WATCH (object);

  baton_view_free (self->view);
  set_problem (self, NULL);

  G_OBJECT_CLASS (baton_watch_parent_class)->finalize (object);
}

static void
baton_watch_class_init (BatonWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = baton_watch_dispose;
  object_class->finalize = baton_watch_finalize;

  /**
   * BatonWatch::changed:
   * @self: the watch
   * @what: set of #BatonViewChange
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", BATON_TYPE_WATCH, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
baton_watch_init (BatonWatch *self)
{
  self->view = baton_view_new ();
}

/**
 * baton_watch_new_for_client:
 * @client: (transfer none): a client that runs nothing else
 *
 * Returns: (transfer full): a watch that asks through @client
 */
BatonWatch *
baton_watch_new_for_client (BatonHelperClient *client)
{
  BatonWatch *self = g_object_new (BATON_TYPE_WATCH, NULL);

  self->client = g_object_ref (client);
  g_signal_connect_object (client, "event", G_CALLBACK (on_event_cb), self, 0);

  return self;
}
