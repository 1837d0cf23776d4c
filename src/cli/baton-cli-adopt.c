/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-ask.h"
#include "baton-cli-plan.h"
#include "baton-cli-print.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-text.h"

#include <glib/gi18n.h>

/* What changes under our hands is shown and asked again, but not for ever. */
#define MAX_LOOKS 5

/* Returns: (transfer full) (element-type JsonObject): what is set up by hand for @card; its elements are
 * the view's */
static GPtrArray *
list_lines (BatonView *view, const char *card)
{
  JsonArray *all = baton_view_get_handmade (view);
  GPtrArray *lines = g_ptr_array_new ();

  for (guint i = 0; i < baton_json_count (all); i++)
    {
      JsonObject *line = baton_json_nth_object (all, i);

      if (g_strcmp0 (baton_json_get_string (line, "card"), card) == 0)
        g_ptr_array_add (lines, line);
    }

  return lines;
}

static void
print_place (BatonCli *cli, JsonObject *line)
{
  const char *file = baton_json_get_string (line, "file");
  gint64 number = baton_json_get_int (line, "line", 0);
  g_autofree char *place = NULL;
  g_autofree char *painted = NULL;

  if (number > 0)
    /* Translators: the name of a file, and the number of a line in it */
    place = g_strdup_printf (_ ("%s, line %u:"), file, (guint) number);
  else
    place = g_strdup_printf ("%s:", file);
  painted = baton_cli_paint (cli, BATON_CLI_BOLD, place);
  g_print ("%s\n    %s\n", painted, baton_json_get_string (line, "text"));
}

static void
print_instead (BatonCli *cli, JsonObject *line)
{
  g_autoptr (GHashTable) args = baton_json_dup_args (line, "args");
  gboolean by_hand = baton_json_get_boolean (line, "by_hand");
  BatonCode code = BATON_CODE_NONE;
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;
  g_autofree char *painted = NULL;

  if (!baton_code_from_string (baton_json_get_string (line, "instead"), &code))
    return;
  text = baton_code_dup_text (code, args);
  remedy = baton_code_dup_remedy (code, args);
  painted = baton_cli_paint (cli, by_hand ? BATON_CLI_YELLOW : BATON_CLI_GREEN,
                             by_hand ? _ ("By hand:") : _ ("Instead:"));
  g_print ("  %s %s\n", painted, text);
  if (remedy != NULL)
    g_print ("    %s\n", remedy);
}

/* Whether what is said of one line goes for the next one as well. */
static gboolean
is_same (JsonObject *one, JsonObject *other)
{
  return other != NULL &&
         g_strcmp0 (baton_json_get_string (one, "file"),
                    baton_json_get_string (other, "file")) == 0 &&
         g_strcmp0 (baton_json_get_string (one, "instead"),
                    baton_json_get_string (other, "instead")) == 0 &&
         json_object_equal (baton_json_get_object (one, "args"),
                            baton_json_get_object (other, "args"));
}

static void
print_lines (BatonCli *cli, GPtrArray *lines)
{
  for (guint i = 0; i < lines->len; i++)
    {
      print_place (cli, lines->pdata[i]);
      if (!is_same (lines->pdata[i], i + 1 < lines->len ? lines->pdata[i + 1] : NULL))
        print_instead (cli, lines->pdata[i]);
    }
}

static int
end_of_card (BatonCli *cli, JsonObject *card, BatonExit status, BatonCode code)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (args, (gpointer) "card",
                       (gpointer) baton_json_get_string (card, "name"));

  return baton_cli_end (cli, status, code, args);
}

static int
end_with_look (BatonCli *cli, BatonCliOutput *look)
{
  JsonObject *result = NULL;

  if (cli->writer == NULL)
    return BATON_EXIT_DONE;
  result = baton_client_result_new (BATON_EXIT_DONE, BATON_CODE_LOOKED, NULL, NULL, 0);
  baton_cli_write_seen (cli, look, result);
  json_object_unref (result);

  return BATON_EXIT_DONE;
}

/* Shows what there is, and asks. Returns: (transfer full) (nullable): the digest of what was agreed to;
 * %NULL with @ret_status where nothing is to be done */
static char *
agree (BatonCli *cli, BatonCliOutput *look, const char *address, int *ret_status)
{
  JsonObject *card = baton_view_find_card (look->view, address);
  g_autoptr (GPtrArray) lines = list_lines (look->view, address);
  const char *digest = baton_json_get_string (card, "adopt_digest");

  if (card == NULL)
    *ret_status = baton_cli_finish (cli, look);
  else if (baton_json_get_boolean (card, "adopted"))
    *ret_status = end_of_card (cli, card, BATON_EXIT_REFUSED, BATON_CODE_ADOPT_ALREADY);
  else if (lines->len == 0 || digest == NULL)
    *ret_status = end_of_card (cli, card, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_ADOPT);
  else
    {
      if (cli->writer == NULL)
        print_lines (cli, lines);
      if ((cli->options & BATON_CLI_DRY_RUN) != 0)
        *ret_status = end_with_look (cli, look);
      /* With --json nothing has been shown: nobody can agree to it, on a terminal either. */
      else if ((cli->options & BATON_CLI_YES) != 0)
        return g_strdup (digest);
      else if (!cli->interactive || cli->writer != NULL)
        *ret_status = baton_cli_refuse (
            cli, _ ("nobody can be asked here: give --yes to do it without a question"));
      else if (baton_cli_ask (_ ("Move this aside, and let Baton do it? [y/N]")))
        return g_strdup (digest);
      else
        {
          g_print ("%s\n", _ ("Nothing was done."));
          *ret_status = BATON_EXIT_CANCELLED;
        }
    }

  return NULL;
}

static BatonCliOutput *
run (BatonCli *cli, const char *card, const char *option, const char *value)
{
  const char *arguments[] = { "adopt", card, option, value, NULL };

  return baton_cli_run (cli, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);
}

static int
adopt (BatonCli *cli, const char *card)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request =
      baton_cli_build_request (cli, "guest", (const char *const *) cli->words, &error);
  g_autoptr (BatonCliOutput) output =
      request != NULL ? baton_cli_preview (cli, request, &error) : NULL;
  int status = BATON_EXIT_DONE;

  if (output == NULL)
    return baton_cli_end_with_error (cli, error);
  for (guint i = 0; i < MAX_LOOKS; i++)
    {
      g_autofree char *digest = agree (cli, output, card, &status);
      BatonCliOutput *done = NULL;

      if (digest == NULL)
        return status;
      done = run (cli, card, "--expect", digest);
      g_clear_pointer (&output, baton_cli_output_free);
      output = done;
      if (baton_client_result_get_code (output->result) != BATON_CODE_ADOPT_CHANGED ||
          cli->writer != NULL || (cli->options & BATON_CLI_YES) != 0)
        break;
      baton_cli_print_result (cli, output->result);
    }

  return baton_cli_finish (cli, output);
}

/**
 * baton_cli_adopt:
 * @self: the command line
 *
 * Shows what is set up by hand for a card and what Baton does instead, asks, and has exactly that moved
 * aside; or has it put back.
 *
 * Returns: the exit status
 */
int
baton_cli_adopt (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *card = baton_cli_find_card (self, self->words[0], &error);
  g_autoptr (BatonCliOutput) output = NULL;

  if (card == NULL)
    return baton_cli_end_with_error (self, error);
  if ((self->options & BATON_CLI_UNDO) == 0)
    return adopt (self, card);
  if ((self->options & BATON_CLI_DRY_RUN) != 0)
    return baton_cli_refuse (
        self, _ ("--undo puts everything back and shows nothing first: give one of the two"));
  output = run (self, card, "--undo", NULL);

  return baton_cli_finish (self, output);
}
