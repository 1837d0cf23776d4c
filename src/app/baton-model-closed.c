/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-model-private.h"

#include "baton-closed-request.h"
#include "baton-json.h"
#include "baton-request-copy.h"

/**
 * baton_model_get_closed:
 *
 * Returns: (transfer none) (nullable): what Baton has closed of this user, %NULL for root
 */
BatonClosed *
baton_model_get_closed (BatonModel *self)
{
  g_autoptr (BatonRoot) root = NULL;

  g_return_val_if_fail (BATON_IS_MODEL (self), NULL);

  if (self->has_closed)
    return self->closed;

  self->has_closed = TRUE;
  root = baton_root_new_system (NULL);
  if (root != NULL)
    self->closed = baton_closed_new_for_user (root);

  return self->closed;
}

/**
 * baton_model_set_closed:
 * @self: a model
 * @closed: (nullable): what was closed of this user
 *
 * Has it kept elsewhere.
 */
void
baton_model_set_closed (BatonModel *self, BatonClosed *closed)
{
  g_return_if_fail (BATON_IS_MODEL (self));

  if (closed != NULL)
    baton_closed_ref (closed);
  g_clear_pointer (&self->closed, baton_closed_unref);
  self->closed = closed;
  self->has_closed = TRUE;
}

typedef struct
{
  BatonClosed *closed;
  BatonRequest *request;
} Note;

static void
free_note (gpointer data)
{
  Note *note = data;

  baton_closed_unref (note->closed);
  baton_request_free (note->request);
  g_free (note);
}

static void
note_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Note *note = data;
  g_autoptr (GError) error = NULL;

  /* What could not be noted is not offered: it is closed all the same, as was agreed. */
  if (!baton_closed_note_request (note->closed, note->request, &error))
    g_warning ("what is closed will not be offered to be opened again: %s", error->message);
  g_task_return_boolean (task, TRUE);
}

/* Notes how what @request closes is started again, while it is still there, and calls back. */
void
baton_model_note_closed_async (BatonModel *self,
                               const BatonRequest *request,
                               GAsyncReadyCallback callback,
                               gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  Note *note = g_new0 (Note, 1);

  note->closed = baton_closed_ref (baton_model_get_closed (self));
  note->request = baton_request_copy (request);
  g_task_set_source_tag (task, baton_model_note_closed_async);
  g_task_set_task_data (task, note, free_note);
  g_task_run_in_thread (task, note_in_thread);
}

/* Keeps of what was noted for our own handoff what it has really closed. */
void
baton_model_settle_closed (BatonModel *self)
{
  const char *card = baton_handoff_get_card (self->handoff);

  if (baton_model_get_closed (self) != NULL && card != NULL)
    baton_closed_settle (self->closed, card, baton_view_get_step_events (self->hand_view),
                         baton_view_get_result (self->hand_view) != NULL);
}

/* What was noted by who did not wait for the end, such as a window that was closed. */
void
baton_model_settle_reported (BatonModel *self)
{
  if (baton_model_get_closed (self) != NULL)
    baton_closed_settle_report (self->closed,
                                baton_view_get_report (baton_model_get_view (self)));
}
