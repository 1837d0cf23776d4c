/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-ask.h"
#include "baton-cli-closes.h"
#include "baton-cli-plan.h"
#include "baton-cli-reopen.h"
#include "baton-client-result.h"
#include "baton-json.h"

#include <glib/gi18n.h>

/* A plan that changes under our hands is shown and asked again, but not for ever. */
#define MAX_PLANS 5

static gboolean
is_agreed (BatonCli *cli, const BatonRequest *request)
{
  if ((cli->options & BATON_CLI_YES) != 0)
    return TRUE;

  return request->to == BATON_SIDE_GUEST
             ? baton_cli_ask (_ ("Hand the card to virtual machines? [y/N]"))
             : baton_cli_ask (_ ("Take the card back? [y/N]"));
}

static BatonCliOutput *
carry_out (BatonCli *cli, const BatonRequest *request)
{
  g_auto (GStrv) words = baton_request_to_arguments (request);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  BatonCliOutput *output = NULL;

  g_ptr_array_add (arguments, (gpointer) "hand");
  for (guint i = 0; words[i] != NULL; i++)
    g_ptr_array_add (arguments, words[i]);
  g_ptr_array_add (arguments, NULL);

  baton_cli_reopen_note (cli, request);

  output = baton_cli_run (cli, (const char *const *) arguments->pdata,
                          BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);
  baton_cli_reopen_settle (cli, request->cards[0], output);

  return output;
}

/* Whether the plan leaves something to do, and may be carried out. */
static gboolean
is_ready (BatonCliOutput *output)
{
  JsonObject *plan = baton_view_get_plan (output->view);

  return baton_client_result_get_exit (output->result) == BATON_EXIT_DONE &&
         baton_json_get_string (plan, "digest") != NULL &&
         baton_json_count (baton_json_get_array (plan, "steps")) > 0;
}

static int
end_with_preview (BatonCli *cli, BatonCliOutput *output)
{
  if (cli->writer != NULL)
    baton_cli_write_output (cli, output);
  else
    baton_cli_print_result (cli, output->result);

  return baton_client_result_get_exit (output->result);
}

static int
end_without_agreement (void)
{
  g_print ("%s\n", _ ("Nothing was done."));

  return BATON_EXIT_CANCELLED;
}

/* Shows the plan that @request leads to, and asks. Returns: %TRUE if it may be carried out, with
 * its digest in @request and @ret_own_look set; else @ret_status is the exit status */
static gboolean
agree (BatonCli *cli, BatonRequest *request, gboolean *ret_own_look, int *ret_status)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonCliOutput) preview = baton_cli_preview (cli, request, &error);

  if (preview == NULL)
    {
      *ret_status = baton_cli_refuse (cli, error->message);
      return FALSE;
    }

  if (cli->writer == NULL)
    baton_cli_print_plan (cli, preview->view);

  if ((cli->options & BATON_CLI_DRY_RUN) != 0 || !is_ready (preview))
    {
      *ret_status = end_with_preview (cli, preview);
      return FALSE;
    }

  /* With --json the plan has not been shown: nobody can agree to it, on a terminal either. */
  if ((cli->options & BATON_CLI_YES) == 0 && (!cli->interactive || cli->writer != NULL))
    {
      *ret_status = baton_cli_refuse (
          cli, _ ("nobody can be asked here: give --yes to do it without a question"));
      return FALSE;
    }

  if (!is_agreed (cli, request))
    {
      *ret_status = end_without_agreement ();
      return FALSE;
    }

  g_free (request->expect);
  request->expect =
      g_strdup (baton_json_get_string (baton_view_get_plan (preview->view), "digest"));
  *ret_own_look = baton_cli_is_own_look (cli, preview);

  return TRUE;
}

/* Whether the helper has refused for processes that the preview could not see and that were to be
 * closed. Its digest stands: closing has consents of its own. */
static gboolean
takes_more (BatonCli *cli, BatonRequest *request, BatonCliOutput *output)
{
  return cli->writer == NULL &&
         baton_client_result_get_code (output->result) == BATON_CODE_REFUSED &&
         baton_cli_add_found (cli, request, output->view);
}

/* Shows the plan of the helper that has refused, and asks again: now it names who is closed. */
static gboolean
agree_to_more (BatonCli *cli, BatonRequest *request, BatonCliOutput *output)
{
  baton_cli_print_result (cli, output->result);
  baton_cli_print_plan (cli, output->view);

  return is_agreed (cli, request);
}

/* What stands in the way since the preview is named where the end says that something does. */
static void
print_new_plan (BatonCli *cli, BatonCliOutput *output)
{
  BatonCode code = baton_client_result_get_code (output->result);

  if (cli->writer == NULL && (code == BATON_CODE_REFUSED || code == BATON_CODE_PLAN_CHANGED))
    baton_cli_print_plan (cli, output->view);
}

/**
 * baton_cli_hand:
 * @self: the command line
 *
 * `guest` and `host`: shows the plan, asks, and has exactly that plan carried out.
 *
 * Returns: the exit status
 */
int
baton_cli_hand (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonCliOutput) output = NULL;
  g_autoptr (BatonRequest) request = NULL;
  g_autofree char *card = NULL;
  BatonSide to = BATON_SIDE_GUEST;
  gboolean is_own_look = FALSE;
  int status = 0;

  for (guint i = 0; i < MAX_PLANS; i++)
    {
      if (request != NULL && !agree_to_more (self, request, output))
        return end_without_agreement ();

      /* Who holds the card is looked up anew for each plan, and so is who is to be closed. */
      if (request == NULL)
        {
          request = baton_cli_build_request (self, self->verb,
                                             (const char *const *) self->words, &error);
          if (request == NULL)
            return baton_cli_end_with_error (self, error);
          if (!agree (self, request, &is_own_look, &status))
            return status;
        }

      g_clear_pointer (&output, baton_cli_output_free);
      output = carry_out (self, request);
      if (is_own_look && takes_more (self, request, output))
        continue;

      g_free (card);
      card = g_strdup (request->cards[0]);
      to = request->to;
      g_clear_pointer (&request, baton_request_free);
      if (baton_client_result_get_code (output->result) != BATON_CODE_PLAN_CHANGED ||
          self->writer != NULL || (self->options & BATON_CLI_YES) != 0)
        break;

      baton_cli_print_result (self, output->result);
    }
  print_new_plan (self, output);
  status = baton_cli_finish (self, output);
  baton_cli_reopen_offer (self, card, to, output->result);

  return status;
}
