/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-reopen.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "baton-client-result.h"
#include "baton-closed-look.h"
#include "baton-json.h"
#include "baton-reopen.h"
#include "baton-text.h"

#define REPORT "lib/baton/report.json"
#define MAX_REPORT_BYTES (4 * 1024 * 1024)

/* Somebody else's wait for this to end may have been given up: what became of it is in the report,
 * which the next handoff writes over. */
static void
settle_earlier (BatonCli *cli, BatonClosed *closed)
{
  gsize length = 0;
  g_autofree char *text =
      baton_root_read_file (cli->root, BATON_ROOT_VAR, REPORT, MAX_REPORT_BYTES, &length, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (text != NULL && json_parser_load_from_data (parser, text, (gssize) length, NULL) &&
      json_parser_get_root (parser) != NULL &&
      JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    baton_closed_settle_report (closed, json_node_get_object (json_parser_get_root (parser)));
}

/**
 * baton_cli_reopen_note:
 * @cli: the command line
 * @request: what is about to be carried out
 *
 * Notes how to start again what it closes, while that is still there. Where it cannot be noted, it
 * is not offered.
 */
void
baton_cli_reopen_note (BatonCli *cli, const BatonRequest *request)
{
  g_autoptr (BatonClosed) closed = baton_closed_new_for_user (cli->root);
  g_autoptr (GPtrArray) programs = NULL;
  g_autoptr (GError) error = NULL;

  if (closed == NULL)
    return;
  settle_earlier (cli, closed);
  if (request->closes->len == 0)
    return;

  programs = baton_closed_look_in_time (cli->root, request, getuid ());
  if (!baton_closed_note (closed, request->cards[0], programs, &error))
    /* Translators: %s is a reason */
    g_printerr (_ ("batonctl: what is closed will not be offered to be opened again: %s\n"),
                error->message);
}

static char *
join_names (GPtrArray *programs)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; i < programs->len; i++)
    {
      g_autofree char *name = baton_reopen_dup_name (g_ptr_array_index (programs, i));

      g_strv_builder_add (builder, name);
    }
  names = g_strv_builder_end (builder);

  return g_strjoinv (", ", names);
}

/* Whether the card is where programs can use it, by how the handoff ended. */
static gboolean
is_back (BatonSide to, JsonObject *result)
{
  switch (baton_client_result_get_exit (result))
    {
    case BATON_EXIT_DONE:
      return to == BATON_SIDE_HOST;
    case BATON_EXIT_CANCELLED:
    case BATON_EXIT_ROLLED_BACK:
      return to == BATON_SIDE_GUEST;
    case BATON_EXIT_DEGRADED:
      return baton_client_result_get_code (result) == BATON_CODE_RETURNED_WITH_PROBLEMS;
    default:
      return FALSE;
    }
}

/**
 * baton_cli_reopen_settle:
 * @cli: the command line
 * @card: address of the card of the handoff
 * @output: how it was carried out
 *
 * Keeps of what was noted what was really closed.
 */
void
baton_cli_reopen_settle (BatonCli *cli, const char *card, BatonCliOutput *output)
{
  g_autoptr (BatonClosed) closed = baton_closed_new_for_user (cli->root);

  if (closed != NULL)
    baton_closed_settle (closed, card, baton_view_get_step_events (output->view),
                         baton_view_get_result (output->view) != NULL);
}

/**
 * baton_cli_reopen_offer:
 * @cli: the command line
 * @card: address of the card of a handoff
 * @to: where it was to go
 * @result: what came of it
 *
 * Says what can be opened again, where the card is back.
 */
void
baton_cli_reopen_offer (BatonCli *cli, const char *card, BatonSide to, JsonObject *result)
{
  g_autoptr (BatonClosed) closed = baton_closed_new_for_user (cli->root);
  g_autoptr (GPtrArray) programs = NULL;
  g_autofree char *names = NULL;

  if (closed == NULL || cli->writer != NULL || !is_back (to, result))
    return;
  programs = baton_closed_list (closed, card, NULL);
  if (programs == NULL || programs->len == 0)
    return;

  names = join_names (programs);
  /* Translators: names of programs, and the address of a card. What is after the colon is typed. */
  g_print (_ ("Closed for this card: %s. To open them again: batonctl reopen %s\n"), names,
           card);
}

static int
end (BatonCli *cli, BatonExit status, BatonCode code, GHashTable *args)
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

static int
end_with_results (BatonCli *cli, GPtrArray *results)
{
  g_autoptr (GHashTable) args = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  BatonCode code = baton_reopen_describe (results, args);

  switch ((guint) code)
    {
    case BATON_CODE_REOPENED:
      return end (cli, BATON_EXIT_DONE, code, args);
    case BATON_CODE_REOPENED_IN_PART:
      return end (cli, BATON_EXIT_DEGRADED, code, args);
    default:
      return end (cli, BATON_EXIT_ERROR, code, args);
    }
}

/* Returns: (nullable): one of @cards that is not with this computer now */
static const char *
find_away (BatonMachine *machine, GPtrArray *cards)
{
  for (guint i = 0; i < cards->len; i++)
    {
      BatonCard *card = baton_machine_find_card (machine, g_ptr_array_index (cards, i));

      if (card == NULL || card->side != BATON_SIDE_HOST)
        return g_ptr_array_index (cards, i);
    }

  return NULL;
}

static void
forget (BatonClosed *closed, GPtrArray *cards)
{
  for (guint i = 0; i < cards->len; i++)
    baton_closed_forget (closed, g_ptr_array_index (cards, i));
}

static int
end_with_reason (BatonCli *cli, const char *reason)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (args, (gpointer) "reason", (gpointer) reason);

  return end (cli, BATON_EXIT_ERROR, BATON_CODE_REOPENS_UNREADABLE, args);
}

/* @programs: (element-type BatonClosedProgram): of @cards, those that were closed and are not there */
static int
reopen (BatonCli *cli, BatonClosed *closed, GPtrArray *cards, GPtrArray *programs)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_autofree char *names = join_names (programs);
  const char *away;

  g_hash_table_insert (args, (gpointer) "programs", names);
  if ((cli->options & BATON_CLI_FORGET) != 0)
    {
      forget (closed, cards);
      return end (cli, BATON_EXIT_DONE, BATON_CODE_REOPENS_FORGOTTEN, args);
    }

  machine = baton_machine_new_to_show (cli->root, &error);
  if (machine == NULL)
    return baton_cli_fail (cli, BATON_CODE_LOOK_FAILED, error->message);
  away = find_away (machine, cards);
  if (away != NULL)
    {
      g_hash_table_insert (args, (gpointer) "card", (gpointer) away);
      return end (cli, BATON_EXIT_REFUSED, BATON_CODE_REOPENS_LATER, args);
    }

  /* Offered once: what is started twice was not running twice. */
  forget (closed, cards);
  results = baton_reopen (cli->root, programs);

  return end_with_results (cli, results);
}

/**
 * baton_cli_reopen:
 * @self: the command line
 *
 * Starts again what Baton has closed of this user for a card, or for every card.
 *
 * Returns: the exit status
 */
int
baton_cli_reopen (BatonCli *self)
{
  g_autoptr (BatonClosed) closed = baton_closed_new_for_user (self->root);
  g_autoptr (GPtrArray) cards = NULL;
  g_autoptr (GPtrArray) programs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
  g_autoptr (GHashTable) no_args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;

  if (closed == NULL)
    return end (self, BATON_EXIT_REFUSED, BATON_CODE_REOPENS_NOT_ROOT, no_args);
  settle_earlier (self, closed);
  if (self->words[0] == NULL)
    {
      cards = baton_closed_list_cards (closed);
    }
  else
    {
      char *card = baton_cli_find_card (self, self->words[0], &error);

      if (card == NULL)
        return baton_cli_end_with_error (self, error);
      cards = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (cards, card);
    }

  for (guint i = cards->len; i > 0; i--)
    {
      g_autoptr (GPtrArray) found =
          baton_closed_list (closed, g_ptr_array_index (cards, i - 1), &error);

      if (found == NULL)
        return end_with_reason (self, error->message);
      if (found->len == 0)
        g_ptr_array_remove_index (cards, i - 1);
      while (found->len > 0)
        g_ptr_array_add (programs, g_ptr_array_steal_index (found, 0));
    }
  if (programs->len == 0)
    return end (self, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_REOPEN, no_args);

  return reopen (self, closed, cards, programs);
}
