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

/* A handoff that waits for a virtual machine holds no lock, and has a card away from the host. */
static gboolean
may_have_handoff (BatonMachine *machine)
{
  for (guint i = 0; i < machine->cards->len; i++)
    if (((const BatonCard *) machine->cards->pdata[i])->side != BATON_SIDE_HOST)
      return TRUE;

  return machine->system->handoff != NULL;
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
        return baton_cli_fail (self, BATON_CODE_LOOK_FAILED, error->message);
      if (!may_have_handoff (machine))
        return end_without_handoff (self);
    }

  /* Without a name the helper finds it: what is in the lock only root may read. */
  if (id != NULL && !is_id (id))
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
