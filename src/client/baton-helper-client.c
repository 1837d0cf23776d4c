/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-client.h"

#include "baton-client-result.h"
#include "baton-error-tap.h"
#include "baton-helper-command.h"
#include "baton-helper-input.h"
#include "baton-helper-output.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* pkexec's own statuses, pkexec(1): the prompt was dismissed; not authorised, or no such program. */
#define PKEXEC_DISMISSED 126
#define PKEXEC_REFUSED 127

#define CHUNK_BYTES 65536

struct _BatonHelperClient
{
  GObject parent_instance;

  /* owned */
  GStrv command;
  char *helper_path;

  /* owned, of the run that is under way */
  GTask *task;
  GSubprocess *process;
  BatonHelperInput *input;
  BatonHelperOutput *output;
  BatonErrorTap *errors;
  GCancellable *reading;
  GSource *cancelled_source;
  gint64 started_us;
  gboolean asked_to_stop;
  gboolean output_ended;
  gboolean process_ended;
};

enum
{
  SIGNAL_EVENT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonHelperClient, baton_helper_client, G_TYPE_OBJECT)

static void read_more (BatonHelperClient *self);

static void
forget_run (BatonHelperClient *self)
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

  forget_run (self);
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

/* The helper has ended without a result, or never began. What it did is unknown unless it cannot
 * have done anything. */
static void
explain_silence (BatonHelperClient *self)
{
  gboolean has_exited = g_subprocess_get_if_exited (self->process);
  int status = has_exited ? g_subprocess_get_exit_status (self->process) : -1;

  if (baton_helper_output_is_greeted (self->output))
    return_code (self, BATON_EXIT_ERROR, BATON_CODE_OUTCOME_UNKNOWN);
  else if (self->asked_to_stop || status == PKEXEC_DISMISSED)
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
      g_signal_emit (self, signals[SIGNAL_EVENT], 0, event, line);
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
  forget_run (self);
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

/**
 * baton_helper_client_run_async:
 * @self: a client
 * @arguments: (array zero-terminated=1): a verb of the helper, and what follows it
 * @cancellable: (nullable): to give up
 * @callback: called when the helper has ended
 * @user_data: for @callback
 *
 * Runs the helper, through pkexec unless the caller is root, and emits #BatonHelperClient::event
 * for each line of its output. Must be called from the main thread: the parent-death signal that
 * pkexec sets fires when the thread ends that started it (prctl(2)).
 *
 * Cancelling @cancellable ends a password prompt that is still waiting, and otherwise only stops
 * listening: the handoff goes on. To cancel the handoff, call baton_helper_client_ask_cancel().
 *
 * One run at a time: another fails with %G_IO_ERROR_PENDING.
 */
void
baton_helper_client_run_async (BatonHelperClient *self,
                               const char *const *arguments,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = NULL;
  BatonCode code = BATON_CODE_NONE;

  g_return_if_fail (BATON_IS_HELPER_CLIENT (self));
  g_return_if_fail (arguments != NULL && arguments[0] != NULL);

  g_task_set_source_tag (task, baton_helper_client_run_async);

  if (self->task != NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING,
                               "could not start the helper: it is running already");
      return;
    }
  if (g_task_return_error_if_cancelled (task))
    return;

  argv = baton_helper_command_build ((const char *const *) self->command, self->helper_path,
                                     arguments, &code);
  if (argv == NULL)
    {
      g_task_return_pointer (
          task, baton_client_result_new (BATON_EXIT_ERROR, code, "path", self->helper_path, 0),
          (GDestroyNotify) json_object_unref);
      return;
    }

  self->process = baton_helper_command_spawn ((const char *const *) argv, &error);
  if (self->process == NULL)
    {
      g_prefix_error (&error, "could not start '%s': ", argv[0]);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  self->task = g_steal_pointer (&task);
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

/**
 * baton_helper_client_run_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends a run. A helper that could not be asked, or that ended without a word, has a result too: one
 * of the client's own codes, with the same keys as the helper's. So @error is set only where the run
 * was given up, or pkexec itself could not be started.
 *
 * Returns: (transfer full): the `result`
 */
JsonObject *
baton_helper_client_run_finish (BatonHelperClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * baton_helper_client_is_greeted:
 * @self: a client
 *
 * Returns: %TRUE if the helper of the run that is under way has spoken: the password is behind us
 */
gboolean
baton_helper_client_is_greeted (BatonHelperClient *self)
{
  g_return_val_if_fail (BATON_IS_HELPER_CLIENT (self), FALSE);

  return self->output != NULL && baton_helper_output_is_greeted (self->output);
}

/**
 * baton_helper_client_ask_cancel:
 * @self: a client
 *
 * Asks for an end: of the password prompt where that still waits, else of the handoff, which is
 * rolled back. The run ends in its own time and says what came of it.
 */
void
baton_helper_client_ask_cancel (BatonHelperClient *self)
{
  g_return_if_fail (BATON_IS_HELPER_CLIENT (self));

  if (self->process == NULL)
    return;

  if (!baton_helper_output_is_greeted (self->output))
    {
      self->asked_to_stop = TRUE;
      g_subprocess_send_signal (self->process, SIGTERM);
      /* The helper may have begun in between, where the signal no longer reaches it. */
    }

  baton_helper_input_ask (self->input, BATON_COMMAND_CANCEL);
}

/**
 * baton_helper_client_ask_look:
 * @self: a client that runs `watch`
 *
 * Asks for a look at everything now.
 */
void
baton_helper_client_ask_look (BatonHelperClient *self)
{
  g_return_if_fail (BATON_IS_HELPER_CLIENT (self));

  if (self->input != NULL)
    baton_helper_input_ask (self->input, BATON_COMMAND_LOOK);
}

static void
baton_helper_client_finalize (GObject *object)
{
  BatonHelperClient *self = BATON_HELPER_CLIENT (object);

  forget_run (self);
  g_strfreev (self->command);
  g_free (self->helper_path);

  G_OBJECT_CLASS (baton_helper_client_parent_class)->finalize (object);
}

static void
baton_helper_client_class_init (BatonHelperClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = baton_helper_client_finalize;

  /**
   * BatonHelperClient::event:
   * @self: the client
   * @event: a #BatonEvent, borrowed
   * @line: the line that it was
   */
  signals[SIGNAL_EVENT] =
      g_signal_new ("event", BATON_TYPE_HELPER_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_STRING);

  /* A command to a helper that has just ended must not end us: GSocket does the same. */
  signal (SIGPIPE, SIG_IGN);
}

static void
baton_helper_client_init (BatonHelperClient *self)
{
}

/**
 * baton_helper_client_new:
 *
 * Returns: (transfer full): a client of the helper that is installed
 */
BatonHelperClient *
baton_helper_client_new (void)
{
  return baton_helper_client_new_for_command (NULL, BATON_HELPER_PATH);
}

/**
 * baton_helper_client_new_for_command:
 * @command: (nullable) (array zero-terminated=1): what starts the helper, %NULL for the usual way
 * @helper_path: where the helper is, in the one spelling that polkit's action has
 *
 * Returns: (transfer full): a client of that helper
 */
BatonHelperClient *
baton_helper_client_new_for_command (const char *const *command, const char *helper_path)
{
  BatonHelperClient *self = g_object_new (BATON_TYPE_HELPER_CLIENT, NULL);

  self->command = g_strdupv ((GStrv) command);
  self->helper_path = g_strdup (helper_path);

  return self;
}
