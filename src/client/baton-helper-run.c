/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-client-private.h"

#include "baton-client-result.h"

#include <signal.h>
#include <unistd.h>

/* pkexec's own statuses, pkexec(1): the prompt was dismissed; not authorised, or no such program. */
#define PKEXEC_DISMISSED 126
#define PKEXEC_REFUSED 127

#define CHUNK_BYTES 65536

static void read_more (BatonHelperClient *self);

/* There is none any more. */
void
baton_helper_run_forget (BatonHelperClient *self)
{
  if (self->cancelled_source != NULL)
    g_source_destroy (self->cancelled_source);
  g_clear_pointer (&self->cancelled_source, g_source_unref);
  g_clear_object (&self->process);
  g_clear_object (&self->reading);
  g_clear_object (&self->task);
  g_clear_pointer (&self->errors, baton_error_tap_unref);
  g_clear_pointer (&self->input, baton_helper_input_unref);
  g_clear_pointer (&self->output, baton_helper_output_free);
}

static void
return_result (BatonHelperClient *self, JsonObject *result)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  baton_helper_run_forget (self);
  g_task_return_pointer (task, result, (GDestroyNotify) json_object_unref);
}

static gint64
get_elapsed_ms (BatonHelperClient *self)
{
  return (g_get_monotonic_time () - self->started_us) / 1000;
}

static void
return_code (BatonHelperClient *self, BatonExit status, BatonCode code)
{
  return_result (self,
                 baton_client_result_new (status, code, NULL, NULL, get_elapsed_ms (self)));
}

/* A terminal sends Ctrl-C to everybody at once: pkexec may have ended of it before we hear of it
 * ourselves. */
static gboolean
was_interrupted (BatonHelperClient *self)
{
  return g_subprocess_get_if_signaled (self->process) &&
         g_subprocess_get_term_sig (self->process) == SIGINT;
}

/* The helper has ended without a result, or never began. What it did is unknown unless it cannot
 * have done anything. */
static void
explain_silence (BatonHelperClient *self)
{
  gboolean has_exited = g_subprocess_get_if_exited (self->process);
  int status = has_exited ? g_subprocess_get_exit_status (self->process) : -1;

  if (baton_helper_output_is_greeted (self->output))
    return_code (self, BATON_EXIT_ERROR, BATON_CODE_OUTCOME_UNKNOWN);
  else if (self->asked_to_stop || status == PKEXEC_DISMISSED || was_interrupted (self))
    return_code (self, BATON_EXIT_CANCELLED, BATON_CODE_DISMISSED);
  else if (status == PKEXEC_REFUSED)
    return_code (self, BATON_EXIT_REFUSED, BATON_CODE_NOT_AUTHORISED);
  else
    {
      /* Neither pkexec nor the helper ends so: what it said may be the only trace. */
      baton_error_tap_open (self->errors);
      return_code (self, BATON_EXIT_ERROR, BATON_CODE_OUTCOME_UNKNOWN);
    }
}

static void
finish_if_ended (BatonHelperClient *self)
{
  JsonObject *result = NULL;

  if (self->task == NULL || !self->output_ended || !self->process_ended)
    return;

  result = baton_helper_output_get_result (self->output);
  if (result != NULL)
    return_result (self, json_object_ref (result));
  else
    explain_silence (self);
}

/* Says what has come. A listener may give the run up, and with it the output. */
static void
emit_events (BatonHelperClient *self)
{
  while (self->output != NULL)
    {
      g_autofree char *line = NULL;
      g_autoptr (BatonEvent) event = baton_helper_output_pop (self->output, &line);

      if (baton_helper_output_is_greeted (self->output))
        baton_error_tap_open (self->errors);
      if (event == NULL)
        break;
      g_signal_emit_by_name (self, "event", event, line);
    }
}

static void
on_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (BatonHelperClient) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize length = 0;
  const char *data = NULL;

  /* The run that this read belonged to has been given up: the helper hears of it here. */
  if (self->process == NULL ||
      g_subprocess_get_stdout_pipe (self->process) != (gpointer) source)
    {
      g_input_stream_close (G_INPUT_STREAM (source), NULL, NULL);
      return;
    }

  data = chunk != NULL ? g_bytes_get_data (chunk, &length) : NULL;
  if (length == 0)
    {
      self->output_ended = TRUE;
      finish_if_ended (self);
      return;
    }

  baton_helper_output_push (self->output, data, length);
  emit_events (self);

  /* A watch of another version would go on for ever. */
  if (self->output != NULL && baton_helper_output_is_mismatch (self->output))
    {
      return_code (self, BATON_EXIT_MISMATCH, BATON_CODE_HELPER_OTHER_VERSION);
      g_input_stream_close (G_INPUT_STREAM (source), NULL, NULL);
      return;
    }

  read_more (self);
}

static void
read_more (BatonHelperClient *self)
{
  if (self->process == NULL)
    return;

  g_input_stream_read_bytes_async (g_subprocess_get_stdout_pipe (self->process), CHUNK_BYTES,
                                   G_PRIORITY_DEFAULT, self->reading, on_read_cb,
                                   g_object_ref (self));
}

static void
on_exited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (BatonHelperClient) self = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  if (self->process != G_SUBPROCESS (source))
    return;

  self->process_ended = TRUE;
  finish_if_ended (self);
}

/* Before the helper speaks, pkexec waits for the password and may be ended; after that it belongs
 * to root, and the one thing left is not to listen any more. The work goes on. */
static gboolean
on_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  BatonHelperClient *self = user_data;
  g_autoptr (GTask) task = NULL;

  if (self->task == NULL)
    return G_SOURCE_REMOVE;

  if (!baton_helper_output_is_greeted (self->output))
    g_subprocess_send_signal (self->process, SIGTERM);

  g_cancellable_cancel (self->reading);
  task = g_steal_pointer (&self->task);
  baton_helper_run_forget (self);
  g_task_return_error_if_cancelled (task);

  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (BatonHelperClient *self, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;

  self->cancelled_source = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->cancelled_source, G_SOURCE_FUNC (on_cancelled_cb), self, NULL);
  g_source_attach (self->cancelled_source, g_main_context_get_thread_default ());
}

/* @task: (transfer full): what is told of its end. The process has just been started. */
void
baton_helper_run_begin (BatonHelperClient *self, GTask *task, GCancellable *cancellable)
{
  self->task = task;
  self->reading = g_cancellable_new ();
  self->errors =
      baton_error_tap_new (g_subprocess_get_stderr_pipe (self->process), STDERR_FILENO);
  self->input = baton_helper_input_new (g_subprocess_get_stdin_pipe (self->process));
  self->output = baton_helper_output_new ();
  self->started_us = g_get_monotonic_time ();
  self->asked_to_stop = FALSE;
  self->output_ended = FALSE;
  self->process_ended = FALSE;

  watch_cancellable (self, cancellable);
  g_subprocess_wait_async (self->process, NULL, on_exited_cb, g_object_ref (self));
  read_more (self);
}
