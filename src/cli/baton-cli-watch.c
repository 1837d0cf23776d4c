/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-list.h"
#include "baton-cli-run.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-self-look.h"

#include <glib/gi18n.h>
#include <string.h>

#define ID_DIGITS 32

/**
 * baton_cli_watch:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_watch (BatonCli *self)
{
  static const char *const arguments[] = { "watch", NULL };
  g_autoptr (BatonCliOutput) output = baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE);

  /* Whoever watches ends it: that is no failure, and a watch has no result then. */
  if (baton_client_result_get_exit (output->result) == BATON_EXIT_DETACHED)
    return BATON_EXIT_DONE;

  /* Where the helper may not be asked, what this user can see is better than nothing. */
  if (baton_view_get_hello (output->view) == NULL)
    {
      g_autoptr (BatonCliOutput) seen =
          baton_cli_look (self, BATON_LOOK_HOLDERS | BATON_LOOK_REPORT, NULL);

      if (self->writer != NULL)
        {
          baton_cli_write_seen (self, seen, output->result);
          return baton_client_result_get_exit (output->result);
        }
      baton_cli_print_list (self, seen->view);
    }

  return baton_cli_finish (self, output);
}

static gboolean
is_id (const char *text)
{
  return text != NULL && strlen (text) == ID_DIGITS &&
         strspn (text, "0123456789abcdef") == ID_DIGITS;
}

/* The lock's text is root's: the helper's plan for any card names the handoff that is under way. */
static char *
ask_helper_for_handoff (BatonCli *cli, BatonMachine *machine)
{
  g_autoptr (BatonCliOutput) output = NULL;
  JsonArray *findings = NULL;
  const char *arguments[] = { "plan", "host", NULL, NULL };

  if (machine->cards->len == 0)
    return NULL;

  arguments[2] = baton_card_get_address (g_ptr_array_index (machine->cards, 0));
  output = baton_cli_run (cli, arguments, BATON_CLI_RUN_QUIET);
  findings = baton_json_get_array (baton_view_get_plan (output->view), "findings");

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      g_autoptr (GHashTable) args = NULL;

      if (finding == NULL ||
          baton_client_result_get_code (finding) != BATON_CODE_HANDOFF_UNDER_WAY)
        continue;

      args = baton_json_dup_args (finding, "args");
      return g_strdup (g_hash_table_lookup (args, "handoff"));
    }

  return NULL;
}

static int
end_without_handoff (BatonCli *cli)
{
  g_autoptr (JsonObject) result =
      baton_client_result_new (BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_CANCEL, NULL, NULL, 0);

  if (cli->writer != NULL)
    {
      baton_event_writer_hello (cli->writer, cli->verb, "self");
      baton_event_writer_result (cli->writer, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_CANCEL,
                                 NULL, NULL, 0);
    }
  else
    {
      baton_cli_print_result (cli, result);
    }

  return BATON_EXIT_DONE;
}

/**
 * baton_cli_cancel:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_cancel (BatonCli *self)
{
  g_autofree char *id = g_strdup (self->words[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonCliOutput) output = NULL;
  const char *arguments[] = { "cancel", NULL, NULL };

  if (id == NULL)
    {
      machine = baton_machine_new (self->root, &error);
      if (machine == NULL)
        return baton_cli_refuse (self, error->message);
      if (machine->system->handoff == NULL)
        return end_without_handoff (self);

      id = is_id (machine->system->handoff) ? g_strdup (machine->system->handoff)
                                            : ask_helper_for_handoff (self, machine);
    }

  if (!is_id (id))
    return baton_cli_refuse (self, _ ("the handoff’s name is needed: 32 hexadecimal digits, as "
                                      "“batonctl watch --json” shows them"));

  arguments[1] = id;
  output = baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (self, output);
}

/**
 * baton_cli_recover:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_recover (BatonCli *self)
{
  static const char *const arguments[] = { "recover", NULL };
  g_autoptr (BatonCliOutput) output =
      baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (self, output);
}
