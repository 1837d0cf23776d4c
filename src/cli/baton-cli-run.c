/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-run.h"

#include "baton-cli-agent.h"
#include "baton-cli-live.h"
#include "baton-cli-print.h"
#include "baton-cli-words.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-logout.h"
#include "baton-process.h"
#include "baton-self-look.h"
#include "baton-text.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct
{
  BatonCli *cli;
  BatonCliOutput *output;
  GCancellable *cancellable;
  GMainLoop *loop;
  BatonCliLive *live;
  guint flags;
  GCancellable *logout; /* owned; NULL where it is no handoff of our own */
  gboolean asked_to_cancel;
  gboolean detached;
} Run;

/**
 * baton_cli_output_free:
 * @self: (nullable): an output
 */
void
baton_cli_output_free (BatonCliOutput *self)
{
  if (self == NULL)
    return;

  baton_view_free (self->view);
  g_clear_pointer (&self->result, json_object_unref);
  g_ptr_array_unref (self->lines);
  g_free (self);
}

static BatonCliOutput *
output_new (void)
{
  BatonCliOutput *self = g_new0 (BatonCliOutput, 1);

  self->view = baton_view_new ();
  self->lines = g_ptr_array_new_with_free_func (g_free);

  return self;
}

static void
take_event (BatonCliOutput *output, const BatonEvent *event, const char *line)
{
  g_ptr_array_add (output->lines, g_strdup (line));
  baton_view_feed (output->view, event);
}

static void
detach (Run *run)
{
  run->detached = TRUE;
  g_cancellable_cancel (run->cancellable);
}

/* Then the handoff would wait for what nobody was asked for. */
static void
on_logout_asked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *reason = NULL;
  g_autofree char *text = NULL;

  if (baton_logout_ask_finish (G_DBUS_CONNECTION (source), result, &error) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  reason = baton_text_clean (error->message, -1, BATON_PROCESS_MAX_COMMAND, NULL, NULL);
  /* Translators: %s is a reason */
  text = g_strdup_printf (_ ("The desktop could not be asked to log you out: %s"), reason);
  baton_cli_live_say (run->live, text);
  baton_helper_client_ask_cancel (run->cli->client);
}

/* Of a handoff of our own alone: who watches somebody else's is not logged out for it. */
static void
answer_step (Run *run, JsonObject *step)
{
  g_autoptr (GDBusConnection) bus = NULL;

  if (run->logout == NULL || !baton_logout_is_asked_by (baton_json_get_string (step, "id"),
                                                        baton_json_get_string (step, "state")))
    return;
  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (bus == NULL)
    {
      baton_helper_client_ask_cancel (run->cli->client);
      return;
    }
  baton_logout_ask_async (bus, run->logout, on_logout_asked_cb, run);
}

static void
on_event_cb (BatonHelperClient *client, BatonEvent *event, const char *line, gpointer user_data)
{
  Run *run = user_data;
  guint what = 0;

  if ((run->flags & BATON_CLI_RUN_LIVE) == 0)
    {
      take_event (run->output, event, line);
      return;
    }

  /* Lines that are shown are not kept: a watch may go on for weeks. */
  what = baton_view_feed (run->output->view, event);
  if ((what & BATON_VIEW_STEP) != 0)
    answer_step (run, event->object);
  if (run->cli->writer == NULL)
    {
      baton_cli_live_take (run->live, run->output->view, what, event);
      return;
    }

  baton_event_writer_relay (run->cli->writer, line, -1);
  if (baton_event_writer_is_gone (run->cli->writer))
    detach (run);
}

static void
on_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GError) error = NULL;
  JsonObject *end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);

  if (end == NULL && run->detached)
    end = baton_client_result_new (BATON_EXIT_DETACHED, BATON_CODE_DETACHED, NULL, NULL, 0);
  else if (end == NULL)
    end = baton_client_result_new (BATON_EXIT_ERROR, BATON_CODE_INTERNAL, "reason",
                                   error->message, 0);

  run->output->result = end;
  g_main_loop_quit (run->loop);
}

/* The first Ctrl-C asks for an end, the second goes away and lets the work go on. */
static gboolean
on_interrupted_cb (gpointer user_data)
{
  Run *run = user_data;

  if (run->asked_to_cancel || baton_cli_live_is_watch (run->live))
    {
      detach (run);
      return G_SOURCE_CONTINUE;
    }

  run->asked_to_cancel = TRUE;
  /* What comes of it is the result's to say: a wait for a virtual machine puts nothing back. */
  baton_cli_live_say (run->live,
                      _ ("Asked to stop. Press Ctrl+C again to leave it to itself."));
  baton_helper_client_ask_cancel (run->cli->client);

  return G_SOURCE_CONTINUE;
}

/* A terminal that is gone detaches: the handoff goes on. */
static gboolean
on_hung_up_cb (gpointer user_data)
{
  detach (user_data);

  return G_SOURCE_CONTINUE;
}

/**
 * baton_cli_run:
 * @cli: the command line
 * @arguments: a verb of the helper and what follows it
 * @flags: set of #BatonCliRunFlags
 *
 * Runs the helper to its end.
 *
 * Returns: (transfer full): what it said
 */
BatonCliOutput *
baton_cli_run (BatonCli *cli, const char *const *arguments, guint flags)
{
  Run run = { .cli = cli, .flags = flags };
  BatonCliAgent *agent = NULL;
  guint sources[3] = { 0 };
  gulong handler = 0;

  if ((flags & BATON_CLI_RUN_ASKS) != 0)
    agent = baton_cli_agent_start (cli);

  run.output = output_new ();
  run.logout = strcmp (arguments[0], "hand") == 0 ? g_cancellable_new () : NULL;
  run.cancellable = g_cancellable_new ();
  run.loop = g_main_loop_new (NULL, FALSE);
  run.live = baton_cli_live_new (cli, arguments[0]);
  handler = g_signal_connect (cli->client, "event", G_CALLBACK (on_event_cb), &run);

  if ((flags & BATON_CLI_RUN_LIVE) != 0)
    {
      sources[0] = g_unix_signal_add (SIGINT, on_interrupted_cb, &run);
      sources[1] = g_unix_signal_add (SIGHUP, on_hung_up_cb, &run);
      sources[2] = g_unix_signal_add (SIGTERM, on_hung_up_cb, &run);
    }

  baton_helper_client_run_async (cli->client, arguments, run.cancellable, on_done_cb, &run);
  g_main_loop_run (run.loop);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if (sources[i] != 0)
      g_source_remove (sources[i]);

  g_signal_handler_disconnect (cli->client, handler);
  if (run.logout != NULL)
    g_cancellable_cancel (run.logout);
  g_clear_object (&run.logout);
  baton_cli_live_free (run.live);
  g_main_loop_unref (run.loop);
  g_object_unref (run.cancellable);
  baton_cli_agent_stop (agent);

  return run.output;
}

/* Returns: what was written to @fd, as lines */
static GStrv
read_lines (int fd)
{
  off_t size = lseek (fd, 0, SEEK_END);
  g_autofree char *text = g_malloc0 ((gsize) MAX (size, 0) + 1);

  if (size < 0 || pread (fd, text, (gsize) size, 0) != size)
    text[0] = '\0';

  return g_strsplit (text, "\n", -1);
}

/**
 * baton_cli_look:
 * @cli: the command line
 * @parts: set of #BatonLookParts
 * @request: (nullable): what to plan for
 *
 * Looks without the helper, with this user's rights.
 *
 * Returns: (transfer full): what can be seen, in the helper's words
 */
BatonCliOutput *
baton_cli_look (BatonCli *cli, guint parts, BatonRequest *request)
{
  BatonCliOutput *output = output_new ();
  g_autoptr (BatonEventWriter) writer = NULL;
  g_auto (GStrv) lines = NULL;
  int fd = memfd_create ("batonctl", MFD_CLOEXEC);

  writer = baton_event_writer_new (fd, NULL);
  baton_self_look (cli->root, cli->verb, parts, request, writer);
  lines = read_lines (fd);
  if (fd >= 0)
    close (fd);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) event = baton_event_parse (lines[i], -1, NULL);

      if (event != NULL)
        take_event (output, event, lines[i]);
    }

  if (baton_view_get_result (output->view) != NULL)
    output->result = json_object_ref (baton_view_get_result (output->view));
  else
    output->result = baton_client_result_new (BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED,
                                              "reason", _ ("there is no memory for it"), 0);

  return output;
}

/**
 * baton_cli_print_result:
 * @cli: the command line
 * @result: a `result`
 *
 * Prints what it came to and what to do about it, for people.
 */
void
baton_cli_print_result (BatonCli *cli, JsonObject *result)
{
  int status = baton_client_result_get_exit (result);
  BatonCliPaint paint = status == BATON_EXIT_DONE ? BATON_CLI_GREEN : BATON_CLI_RED;
  g_autofree char *text = baton_cli_describe_text (result);
  g_autofree char *remedy = baton_cli_describe_remedy (result);
  g_autofree char *painted = NULL;

  if (text == NULL)
    return;

  painted = baton_cli_paint (cli, paint, text);
  g_print ("%s\n", painted);
  if (remedy != NULL)
    g_print ("%s\n", remedy);
}

static void
write_result (BatonCli *cli, JsonObject *result)
{
  g_autoptr (GHashTable) args = baton_json_dup_args (result, "args");

  if (cli->writer == NULL)
    return;

  baton_event_writer_result (cli->writer, (BatonExit) baton_client_result_get_exit (result),
                             baton_client_result_get_code (result), args, NULL,
                             baton_json_get_int (result, "elapsed_ms", 0));
}

/* `hello` comes first in every output: where the helper did not say it, we do. */
static void
write_hello (BatonCli *cli, BatonCliOutput *output)
{
  if (baton_view_get_hello (output->view) == NULL)
    baton_event_writer_hello (cli->writer, cli->verb, "self");
}

/**
 * baton_cli_write_output:
 * @cli: the command line, with `--json`
 * @output: an output whose lines were kept
 *
 * Prints the lines as they are.
 */
void
baton_cli_write_output (BatonCli *cli, BatonCliOutput *output)
{
  write_hello (cli, output);
  for (guint i = 0; i < output->lines->len; i++)
    baton_event_writer_relay (cli->writer, g_ptr_array_index (output->lines, i), -1);

  if (baton_view_get_result (output->view) == NULL)
    write_result (cli, output->result);
}

/**
 * baton_cli_write_seen:
 * @cli: the command line, with `--json`
 * @seen: what this user can see
 * @result: why the helper does not tell more
 *
 * Prints what can be seen, with @result in the place of its own: one output has one.
 */
void
baton_cli_write_seen (BatonCli *cli, BatonCliOutput *seen, JsonObject *result)
{
  write_hello (cli, seen);
  for (guint i = 0; i + 1 < seen->lines->len; i++)
    baton_event_writer_relay (cli->writer, g_ptr_array_index (seen->lines, i), -1);

  write_result (cli, result);
}

/**
 * baton_cli_end:
 * @cli: the command line
 * @status: what it came to
 * @code: the code that says so
 * @args: (element-type utf8 utf8): its arguments
 *
 * Ends what was done without the helper, with the one `result` or in words.
 *
 * Returns: the exit status
 */
int
baton_cli_end (BatonCli *cli, BatonExit status, BatonCode code, GHashTable *args)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;

  if (cli->writer != NULL)
    {
      baton_event_writer_hello (cli->writer, cli->verb, "self");
      baton_event_writer_result (cli->writer, status, code, args, NULL, 0);
      return (int) status;
    }

  text = baton_code_fill (gettext (info->text), args);
  g_print ("%s\n", text);
  if (info->remedy != NULL)
    {
      remedy = baton_code_fill (gettext (info->remedy), args);
      g_print ("%s\n", remedy);
    }

  return (int) status;
}

/**
 * baton_cli_finish:
 * @cli: the command line
 * @output: an output that was shown live
 *
 * Ends it: with `--json` by the one `result` where the helper gave none, else in words.
 *
 * Returns: the exit status
 */
int
baton_cli_finish (BatonCli *cli, BatonCliOutput *output)
{
  if (cli->writer == NULL)
    {
      baton_cli_print_result (cli, output->result);
    }
  else if (baton_view_get_result (output->view) == NULL)
    {
      write_hello (cli, output);
      write_result (cli, output->result);
    }

  return baton_client_result_get_exit (output->result);
}
