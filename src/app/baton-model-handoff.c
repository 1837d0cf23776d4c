/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-model-private.h"

#include "baton-client-result.h"
#include "baton-closed-request.h"
#include "baton-json.h"
#include "baton-result-words.h"

static gboolean
has_ended (BatonModel *self)
{
  return baton_handoff_get_phase (self->handoff) == BATON_HANDOFF_ENDED;
}

static void
set_handoff (BatonModel *self, BatonHandoff *handoff)
{
  if (self->handoff == handoff)
    return;

  if (self->handoff != NULL && !has_ended (self) &&
      baton_handoff_get_id (self->handoff) != NULL)
    g_hash_table_add (self->aside_ids, g_strdup (baton_handoff_get_id (self->handoff)));
  g_set_object (&self->handoff, handoff);
  g_signal_emit_by_name (self, "handoff-changed");
}

static gboolean
is_about (JsonObject *report, BatonHandoff *handoff)
{
  return report != NULL && g_strcmp0 (baton_json_get_string (report, "handoff"),
                                      baton_handoff_get_id (handoff)) == 0;
}

static void
note_settled (BatonModel *self)
{
  const char *id = baton_handoff_get_id (self->handoff);

  if (id == NULL)
    return;

  g_free (self->settled_id);
  self->settled_id = g_strdup (id);
}

static gboolean
is_followed (BatonModel *self)
{
  return self->handoff != NULL && !baton_handoff_is_ours (self->handoff) && !has_ended (self);
}

/* How the one that it had made room for ended is to be read first: see baton_model_dismiss(). */
static gboolean
is_put_off (BatonModel *self, const char *id)
{
  return self->handoff != NULL && has_ended (self) &&
         g_hash_table_contains (self->aside_ids, id);
}

/* The watch tells of every handoff, ours included; ours is followed where it was started. To a
 * watch the end of a handoff comes as its report: a result is the end of the watch itself. One that
 * waits for its virtual machine makes room for another, and is come back to when that has ended. */
void
baton_model_follow_foreign (BatonModel *self)
{
  BatonView *view = baton_model_get_view (self);
  const char *id = baton_view_get_handoff (view);
  JsonObject *report = baton_view_get_report (view);
  gboolean ours = self->hand_client != NULL;

  if (ours)
    return;

  if (is_followed (self) && is_about (report, self->handoff))
    {
      note_settled (self);
      baton_handoff_end (self->handoff, report);
      g_signal_emit_by_name (self, "handoff-changed");
    }
  else if (is_followed (self) &&
           (id == NULL || g_strcmp0 (id, baton_handoff_get_id (self->handoff)) == 0))
    baton_handoff_update (self->handoff, view);
  else if (id != NULL && g_strcmp0 (id, self->settled_id) != 0 && !is_put_off (self, id))
    {
      g_autoptr (BatonHandoff) handoff = baton_handoff_new (NULL, NULL, FALSE);

      baton_handoff_update (handoff, view);
      set_handoff (self, handoff);
    }
}

static void
on_hand_event_cb (BatonModel *self, BatonEvent *event, const char *line)
{
  if (self->hand_view == NULL)
    return;

  baton_view_feed (self->hand_view, event);
  baton_model_answer_step (self, event);
  /* The end is told by the finish of the run, which also knows of ends without a result. */
  if (baton_view_get_result (self->hand_view) == NULL)
    baton_handoff_update (self->handoff, self->hand_view);
}

/* Our own handoff's result comes before its report, and once it is there a program without a window
 * has nothing left to wait for. An end that nobody carried out has no handoff to tell of. */
static void
tell_result (BatonModel *self, JsonObject *result)
{
  g_autoptr (JsonObject) report = json_object_new ();
  JsonArray *cards = json_array_new ();
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  if (baton_handoff_get_card (self->handoff) != NULL)
    json_array_add_string_element (cards, baton_handoff_get_card (self->handoff));
  json_object_iter_init (&iter, result);
  while (json_object_iter_next (&iter, &key, &value))
    json_object_set_member (report, key, json_node_copy (value));
  json_object_set_array_member (report, "cards", cards);
  if (baton_handoff_get_to (self->handoff) != NULL)
    json_object_set_string_member (report, "to", baton_handoff_get_to (self->handoff));
  baton_model_tell_report (self, report, FALSE);
}

static void
settle (BatonModel *self, JsonObject *result)
{
  BatonCode code = result != NULL ? baton_client_result_get_code (result) : BATON_CODE_NONE;
  g_autofree char *card = g_strdup (baton_handoff_get_card (self->handoff));
  BatonSide to = BATON_SIDE_GUEST;

  note_settled (self);
  baton_model_settle_closed (self);
  baton_handoff_end (self->handoff, result);
  baton_side_from_string (baton_handoff_get_to (self->handoff), &to);
  g_clear_object (&self->hand_client);
  g_clear_object (&self->hand_leave);
  g_clear_pointer (&self->hand_view, baton_view_free);

  if (code == BATON_CODE_PLAN_CHANGED)
    {
      set_handoff (self, NULL);
      baton_model_say (self, result);
      g_signal_emit_by_name (self, "replan", card, (guint) to);
    }
  else if (baton_result_words_is_quiet (result))
    {
      set_handoff (self, NULL);
      baton_model_say (self, result);
    }
  else
    {
      if (baton_json_get_string (result, "handoff") != NULL)
        tell_result (self, result);
      g_signal_emit_by_name (self, "handoff-changed");
    }

  /* The watch is silent about one that waits, and has told of it already. */
  baton_model_follow_foreign (self);
  g_signal_emit_by_name (self, "changed", (guint) BATON_VIEW_RESULT);
}

static void
on_handed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonModel) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);

  /* Not one that was left to itself. */
  if (self->hand_client != BATON_HELPER_CLIENT (source))
    return;
  if (end == NULL)
    g_warning ("the handoff could not be followed: %s", error->message);
  settle (self, end);
}

static char **
build_arguments (const char *verb, const BatonRequest *request)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) arguments = baton_request_to_arguments (request);

  g_strv_builder_add (builder, verb);
  g_strv_builder_addv (builder, (const char **) arguments);

  return g_strv_builder_end (builder);
}

/* What is carried out as soon as it is noted what it closes. */
typedef struct
{
  BatonHelperClient *client;
  GStrv arguments;
} Start;

static void
start_hand (BatonModel *self, Start *start)
{
  /* Unless the model has ended meanwhile. */
  if (self->hand_client == start->client)
    baton_helper_client_run_async (start->client, (const char *const *) start->arguments,
                                   self->hand_leave, on_handed_cb, g_object_ref (self));
  g_object_unref (start->client);
  g_strfreev (start->arguments);
  g_free (start);
}

static void
on_closed_noted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  start_hand (BATON_MODEL (source), data);
}

/* A handoff that waits for its virtual machine may do so for days, and another card is not to wait
 * for that. It goes on by itself, and the watch tells of it again when nothing else goes on. */
static void
leave_handoff (BatonModel *self)
{
  g_cancellable_cancel (self->hand_leave);
  /* What it has said is read until the main loop hears of that, and is no part of the next one. */
  g_signal_handlers_disconnect_by_func (self->hand_client, on_hand_event_cb, self);
  g_clear_object (&self->hand_client);
  g_clear_object (&self->hand_leave);
  g_clear_pointer (&self->hand_view, baton_view_free);
}

/**
 * baton_model_hand:
 * @self: a model
 * @request: what was accepted, with its digest
 *
 * Starts a handoff. It goes on if this program ends.
 */
void
baton_model_hand (BatonModel *self, const BatonRequest *request)
{
  g_autoptr (BatonHandoff) handoff = NULL;
  Start *start = NULL;

  g_return_if_fail (BATON_IS_MODEL (self));

  if (self->watch == NULL ||
      (self->hand_client != NULL && !baton_handoff_is_waiting (self->handoff)))
    return;
  if (self->hand_client != NULL)
    leave_handoff (self);

  handoff = baton_handoff_new (request->cards[0], baton_side_to_string (request->to), TRUE);
  self->hand_view = baton_view_new ();
  self->hand_leave = g_cancellable_new ();
  self->hand_client = baton_model_create_client (self);
  g_signal_connect_object (self->hand_client, "event", G_CALLBACK (on_hand_event_cb), self,
                           G_CONNECT_SWAPPED);
  set_handoff (self, handoff);
  start = g_new0 (Start, 1);
  start->client = g_object_ref (self->hand_client);
  start->arguments = build_arguments ("hand", request);
  if (baton_closed_request_closes (request) && baton_model_get_closed (self) != NULL)
    baton_model_note_closed_async (self, request, on_closed_noted_cb, start);
  else
    start_hand (self, start);
}

/**
 * baton_model_cancel:
 * @self: a model
 *
 * Asks the handoff that goes on to stop, whoever has started it.
 */
void
baton_model_cancel (BatonModel *self)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if (self->handoff == NULL)
    return;

  if (self->hand_client != NULL)
    baton_helper_client_ask_cancel (self->hand_client);
  else
    {
      const char *const arguments[] = { "cancel", baton_handoff_get_id (self->handoff), NULL };

      baton_model_run_verb (self, arguments);
    }

  if (baton_handoff_get_phase (self->handoff) == BATON_HANDOFF_RUNNING)
    baton_handoff_note_cancel (self->handoff);
}

/**
 * baton_model_dismiss:
 * @self: a model
 *
 * The end of the last handoff has been read. One that has waited meanwhile is shown again.
 */
void
baton_model_dismiss (BatonModel *self)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if (self->handoff == NULL || !has_ended (self))
    return;

  set_handoff (self, NULL);
  baton_model_follow_foreign (self);
}

/**
 * baton_model_get_handoff:
 *
 * Returns: (transfer none) (nullable): the handoff that goes on, or has ended and was not dismissed
 */
BatonHandoff *
baton_model_get_handoff (BatonModel *self)
{
  g_return_val_if_fail (BATON_IS_MODEL (self), NULL);

  return self->handoff;
}
