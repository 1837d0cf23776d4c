/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-helper-client-private.h"

#include "baton-client-result.h"
#include "baton-helper-command.h"

#include <signal.h>
#include <unistd.h>

G_DEFINE_FINAL_TYPE (BatonHelperClient, baton_helper_client, G_TYPE_OBJECT)

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

  baton_helper_run_begin (self, g_steal_pointer (&task), cancellable);
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
 * baton_helper_client_get_path:
 * @self: a client
 *
 * Returns: where the helper is that it asks
 */
const char *
baton_helper_client_get_path (BatonHelperClient *self)
{
  g_return_val_if_fail (BATON_IS_HELPER_CLIENT (self), NULL);

  return self->helper_path;
}

/**
 * baton_helper_client_has_its_rights:
 * @self: a client
 *
 * Returns: %TRUE if this program may do what the helper may, which sees no more than it then
 */
gboolean
baton_helper_client_has_its_rights (BatonHelperClient *self)
{
  g_return_val_if_fail (BATON_IS_HELPER_CLIENT (self), FALSE);

  return self->command == NULL && geteuid () == 0;
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

  baton_helper_run_forget (self);
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
