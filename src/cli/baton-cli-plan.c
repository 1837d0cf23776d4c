/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-plan.h"

#include "baton-cli-closes.h"
#include "baton-cli-print.h"
#include "baton-cli-words.h"
#include "baton-client-result.h"
#include "baton-helper-command.h"
#include "baton-json.h"
#include "baton-logout.h"
#include "baton-self-look.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* Where this user has a session manager, which asks his programs what to save. */
static gboolean
can_log_out (void)
{
  g_autoptr (GDBusConnection) bus =
      getuid () != 0 ? g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL) : NULL;

  return bus != NULL && baton_logout_is_possible (bus);
}

/* Replaces @option of @arguments by @text, as it was typed. */
static void
put_as_typed (GStrv arguments, const char *option, const char *text)
{
  for (guint i = 0; arguments[i] != NULL; i++)
    if (strcmp (arguments[i], option) == 0)
      {
        g_free (arguments[i]);
        arguments[i] = g_strconcat (option, "=", text, NULL);
        return;
      }
}

/**
 * baton_cli_build_request:
 * @cli: the command line
 * @side: `guest` or `host`, as typed
 * @cards: cards, as typed
 * @error: return location for an error
 *
 * Makes a request of the command line, but for the processes to close: those have to be seen first.
 *
 * Returns: (transfer full): the request
 */
BatonRequest *
baton_cli_build_request (BatonCli *cli,
                         const char *side,
                         const char *const *cards,
                         GError **error)
{
  g_autoptr (BatonRequest) draft = baton_request_new ();
  g_autoptr (BatonRequest) request = NULL;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) arguments = NULL;

  for (guint i = 0; cards[i] != NULL; i++)
    {
      char *address = baton_cli_find_card (cli, cards[i], error);

      if (address == NULL)
        return NULL;
      g_ptr_array_add (addresses, address);
    }
  g_ptr_array_add (addresses, NULL);

  g_strfreev (draft->cards);
  draft->cards = (GStrv) g_ptr_array_free (g_steal_pointer (&addresses), FALSE);
  draft->end_session = (cli->options & BATON_CLI_END_SESSION) != 0;
  draft->log_out = draft->end_session && can_log_out ();
  draft->let_open = (cli->options & BATON_CLI_LET_OPEN) != 0;
  draft->may_not_return = (cli->options & BATON_CLI_MAY_NOT_RETURN) != 0;
  draft->when_free = (cli->options & BATON_CLI_WHEN_FREE) != 0;
  draft->until_free = (cli->options & BATON_CLI_UNTIL_FREE) != 0;
  draft->start_guest = g_strdup (cli->start_guest);

  /* One grammar decides what may be asked, here as in the helper. */
  arguments = baton_request_to_arguments (draft);
  g_free (arguments[0]);
  arguments[0] = g_strdup (side);
  if (cli->minutes != NULL)
    put_as_typed (arguments, "--until-free", cli->minutes);
  request = baton_request_new_from_arguments ((const char *const *) arguments, error);
  if (request != NULL)
    request->uid = baton_helper_command_get_asker ();

  return g_steal_pointer (&request);
}

/* Whether the helper could not be asked at all, so that this user's own eyes must do. */
static gboolean
is_refused_by_client (JsonObject *result)
{
  const BatonCodeInfo *info = baton_code_get_info (baton_client_result_get_code (result));

  return info != NULL && info->kind == BATON_CODE_KIND_CLIENT;
}

/* Root sees for a preview what the helper would see: to start it for that, and to hear from it what is
 * on this computer, would take twice as long. `plan` shows what the helper says. */
static gboolean
sees_enough (BatonCli *cli)
{
  return strcmp (cli->verb, "plan") != 0 && baton_helper_client_has_its_rights (cli->client);
}

static BatonCliOutput *
plan (BatonCli *cli, BatonRequest *request)
{
  g_auto (GStrv) words = baton_request_to_arguments (request);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (BatonCliOutput) output = NULL;
  g_autofree char *text = NULL;

  if (sees_enough (cli))
    return baton_cli_look (cli, BATON_LOOK_HOLDERS, request);

  g_ptr_array_add (arguments, (gpointer) "plan");
  for (guint i = 0; words[i] != NULL; i++)
    g_ptr_array_add (arguments, words[i]);
  g_ptr_array_add (arguments, NULL);

  output = baton_cli_run (cli, (const char *const *) arguments->pdata, BATON_CLI_RUN_QUIET);
  if (!is_refused_by_client (output->result))
    return g_steal_pointer (&output);

  text = baton_cli_describe_text (output->result);
  g_printerr ("batonctl: %s\n%s\n", text,
              _ ("This plan is made with your own rights: processes of other users are seen "
                 "with sudo alone."));

  return baton_cli_look (cli, BATON_LOOK_HOLDERS, request);
}

/**
 * baton_cli_is_own_look:
 * @cli: the command line
 * @output: a plan
 *
 * Returns: %TRUE if it was made without the helper and its rights, so that there may be more to see
 */
gboolean
baton_cli_is_own_look (BatonCli *cli, BatonCliOutput *output)
{
  return !baton_helper_client_has_its_rights (cli->client) &&
         g_strcmp0 (baton_json_get_string (baton_view_get_hello (output->view), "by"),
                    "self") == 0;
}

/**
 * baton_cli_preview:
 * @cli: the command line
 * @request: what is asked for; the processes to close are added to it
 * @error: return location for an error
 *
 * Makes the plan, and shows nothing yet. Processes are named by their number alone on a command
 * line: the plan says which ones these are now, and their start times go with the request.
 *
 * Returns: (transfer full): what the helper said
 */
BatonCliOutput *
baton_cli_preview (BatonCli *cli, BatonRequest *request, GError **error)
{
  g_autoptr (BatonCliOutput) output = plan (cli, request);

  if ((cli->options & (BATON_CLI_CLOSE | BATON_CLI_CLOSE_ALL)) == 0)
    return g_steal_pointer (&output);

  for (guint i = 0; request->cards[i] != NULL; i++)
    baton_cli_add_closes (cli, request,
                          baton_view_get_holders (output->view, request->cards[i]));
  /* Who has the card that stands in is found in the plan alone. */
  baton_cli_add_found (cli, request, output->view);
  if (!baton_cli_check_closes (cli, request, baton_cli_is_own_look (cli, output), error))
    return NULL;
  if (request->closes->len == 0)
    return g_steal_pointer (&output);

  return plan (cli, request);
}

static const char *
describe_severity (const char *severity, BatonCliPaint *ret_paint)
{
  *ret_paint = BATON_CLI_PLAIN;

  if (g_strcmp0 (severity, "blocker") == 0)
    {
      *ret_paint = BATON_CLI_RED;
      return _ ("In the way:");
    }
  if (g_strcmp0 (severity, "warning") == 0)
    {
      *ret_paint = BATON_CLI_YELLOW;
      return _ ("Warning:");
    }

  return _ ("Note:");
}

/* How to give a consent that is not given yet. */
static void
print_consent (BatonCli *cli, const char *consent, const char *subject)
{
  g_autofree char *pid = g_strdup (subject != NULL ? subject : "PID");

  pid[strcspn (pid, ":")] = '\0';

  if (g_strcmp0 (consent, "close") == 0)
    {
      if ((cli->options & BATON_CLI_CLOSE_ALL) == 0 &&
          (cli->closes == NULL || !g_strv_contains ((const char *const *) cli->closes, pid)))
        /* Translators: %s is the number of a process. */
        g_print (_ ("    With --close %s or --close-all Baton closes it.\n"), pid);
    }
  else if (g_strcmp0 (consent, "end-session") == 0)
    {
      if ((cli->options & BATON_CLI_END_SESSION) == 0)
        g_print ("    %s\n", _ ("With --end-session Baton goes on all the same."));
    }
  else if (g_strcmp0 (consent, "let-open") == 0)
    {
      if ((cli->options & BATON_CLI_LET_OPEN) == 0)
        g_print ("    %s\n", _ ("With --let-open Baton gives you access."));
    }
  else if (g_strcmp0 (consent, "may-not-return") == 0)
    {
      if ((cli->options & BATON_CLI_MAY_NOT_RETURN) == 0)
        g_print ("    %s\n", _ ("With --may-not-return Baton goes on all the same."));
    }
}

static void
print_finding (BatonCli *cli, JsonObject *finding)
{
  BatonCliPaint paint = BATON_CLI_PLAIN;
  const char *word = describe_severity (baton_json_get_string (finding, "severity"), &paint);
  g_autofree char *painted = baton_cli_paint (cli, paint, word);
  g_autofree char *text = baton_cli_describe_text (finding);
  g_autofree char *remedy = baton_cli_describe_remedy (finding);

  g_print ("%s %s\n", painted, text != NULL ? text : "");
  if (remedy != NULL)
    g_print ("    %s\n", remedy);
  print_consent (cli, baton_json_get_string (finding, "consent"),
                 baton_json_get_string (finding, "subject"));
}

/* Which card that is, its findings have said. */
static void
print_step_of_stand_in (guint n, const char *text, const char *detail)
{
  if (g_strcmp0 (detail, BATON_IF_NEEDED) == 0)
    /* Translators: %s is a step that is about the card which shows the desktop while the other one is
     * with a virtual machine, and is only done if a driver does not take that card. */
    g_print (_ ("%3u  Stand-in: %s, only if its driver does not take the card\n"), n, text);
  else
    /* Translators: %s is a step that is about the card which shows the desktop while the other one is
     * with a virtual machine. */
    g_print (_ ("%3u  Stand-in: %s\n"), n, text);
}

/**
 * baton_cli_print_plan:
 * @cli: the command line
 * @view: what the helper said
 *
 * Prints the findings, then the steps, in words.
 */
void
baton_cli_print_plan (BatonCli *cli, BatonView *view)
{
  JsonObject *object = baton_view_get_plan (view);
  JsonArray *findings = baton_json_get_array (object, "findings");
  JsonArray *steps = baton_json_get_array (object, "steps");
  guint n_steps = baton_json_count (steps);

  for (guint i = 0; i < baton_json_count (findings); i++)
    print_finding (cli, baton_json_nth_object (findings, i));

  if (baton_json_get_boolean (object, "ends_session"))
    g_print ("%s\n", _ ("Your desktop session ends."));

  if (n_steps == 0)
    return;

  g_print (ngettext ("%u step:\n", "%u steps:\n", n_steps), n_steps);
  for (guint i = 0; i < n_steps; i++)
    {
      JsonObject *step = baton_json_nth_object (steps, i);
      const char *id = baton_json_get_string (step, "id");
      const char *detail = baton_json_get_string (step, "detail");
      g_autofree char *text = baton_cli_describe_planned_step (id != NULL ? id : "", detail);

      if (baton_json_get_string (step, "card") != NULL)
        {
          print_step_of_stand_in (i + 1, text, detail);
          continue;
        }
      if (g_strcmp0 (detail, BATON_IF_NEEDED) == 0)
        /* Translators: %s is a step, which is only done if a driver does not take the card. */
        g_print (_ ("%3u  %s, only if its driver does not take the card\n"), i + 1, text);
      else
        g_print ("%3u  %s\n", i + 1, text);
    }
}

/**
 * baton_cli_plan:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_plan (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request = NULL;
  g_autoptr (BatonCliOutput) output = NULL;

  request = baton_cli_build_request (self, self->words[0],
                                     (const char *const *) self->words + 1, &error);
  if (request != NULL)
    output = baton_cli_preview (self, request, &error);
  if (output == NULL)
    return baton_cli_end_with_error (self, error);

  if (self->writer != NULL)
    {
      baton_cli_write_output (self, output);
    }
  else
    {
      baton_cli_print_plan (self, output->view);
      baton_cli_print_result (self, output->result);
    }

  return baton_client_result_get_exit (output->result);
}
