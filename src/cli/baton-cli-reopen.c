/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-reopen.h"

#include <glib/gi18n.h>

#include "baton-client-result.h"
#include "baton-closed-request.h"
#include "baton-closed-session.h"
#include "baton-json.h"
#include "baton-reopen.h"

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
  g_autoptr (GError) error = NULL;

  if (closed == NULL)
    return;
  settle_earlier (cli, closed);
  if (!baton_closed_note_request (closed, request, &error))
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

static void
offer_session (BatonClosed *closed, const char *card)
{
  g_autoptr (GPtrArray) programs = baton_closed_list_session (closed, card, NULL);
  g_autofree char *names = NULL;

  if (programs == NULL || programs->len == 0)
    return;
  names = join_names (programs);
  if (baton_closed_read_wish (closed, card) == BATON_OPEN_AGAIN_YES)
    {
      /* Translators: names of applications */
      g_print (
          _ ("Open in the session that has ended, and opened again at your next login: %s.\n"),
          names);
      return;
    }
  /* Translators: names of applications. What is after the colon is typed. */
  g_print (
      _ ("Open in the session that has ended: %s. To open them again after the next login: "
         "batonctl reopen\n"),
      names);
}

/**
 * baton_cli_reopen_offer:
 * @cli: the command line
 * @card: address of the card of a handoff
 * @to: where it was to go
 * @result: what came of it
 *
 * Says what can be opened again: where the card is back, and in the next session.
 */
void
baton_cli_reopen_offer (BatonCli *cli, const char *card, BatonSide to, JsonObject *result)
{
  g_autoptr (BatonClosed) closed = baton_closed_new_for_user (cli->root);
  g_autoptr (GPtrArray) programs = NULL;
  g_autofree char *names = NULL;

  if (closed == NULL || cli->writer != NULL)
    return;
  offer_session (closed, card);
  if (!is_back (to, result))
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
end_with_results (BatonCli *cli, GPtrArray *results)
{
  g_autoptr (GHashTable) args = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  BatonCode code = baton_reopen_describe (results, args);

  switch ((guint) code)
    {
    case BATON_CODE_REOPENED:
      return baton_cli_end (cli, BATON_EXIT_DONE, code, args);
    case BATON_CODE_REOPENED_IN_PART:
      return baton_cli_end (cli, BATON_EXIT_DEGRADED, code, args);
    default:
      return baton_cli_end (cli, BATON_EXIT_ERROR, code, args);
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

static int
end_with_reason (BatonCli *cli, const char *reason)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (args, (gpointer) "reason", (gpointer) reason);

  return baton_cli_end (cli, BATON_EXIT_ERROR, BATON_CODE_REOPENS_UNREADABLE, args);
}

/* What can be opened again, of the cards that were asked for. */
typedef struct
{
  GPtrArray *cards;
  GPtrArray *programs; /* closed for one of @cards alone */
  GPtrArray *session_cards;
  GPtrArray *session_programs; /* ended with a session that ended for one of @session_cards */
} Offer;

static GPtrArray *
new_programs (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
}

static void
offer_init (Offer *self)
{
  self->cards = g_ptr_array_new_with_free_func (g_free);
  self->programs = new_programs ();
  self->session_cards = g_ptr_array_new_with_free_func (g_free);
  self->session_programs = new_programs ();
}

static void
offer_clear (Offer *self)
{
  g_ptr_array_unref (self->cards);
  g_ptr_array_unref (self->programs);
  g_ptr_array_unref (self->session_cards);
  g_ptr_array_unref (self->session_programs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Offer, offer_clear)

static void
take (GPtrArray *found, const char *card, GPtrArray *programs, GPtrArray *cards)
{
  if (found->len > 0)
    g_ptr_array_add (cards, g_strdup (card));
  while (found->len > 0)
    g_ptr_array_add (programs, g_ptr_array_steal_index (found, 0));
}

static gboolean
add_card (Offer *self, BatonClosed *closed, const char *card, GError **error)
{
  g_autoptr (GPtrArray) found = baton_closed_list (closed, card, error);
  g_autoptr (GPtrArray) of_session =
      found != NULL ? baton_closed_list_session (closed, card, error) : NULL;

  if (of_session == NULL)
    return FALSE;
  take (found, card, self->programs, self->cards);
  take (of_session, card, self->session_programs, self->session_cards);

  return TRUE;
}

static int
end_with_programs (
    BatonCli *cli, BatonExit status, BatonCode code, GPtrArray *programs, const char *card)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *names = join_names (programs);

  g_hash_table_insert (args, (gpointer) "programs", names);
  if (card != NULL)
    g_hash_table_insert (args, (gpointer) "card", (gpointer) card);

  return baton_cli_end (cli, status, code, args);
}

/* Offered once: what is started twice was not running twice. */
static void
take_programs (GPtrArray *all, BatonClosed *closed, GPtrArray *cards, GPtrArray *programs)
{
  for (guint i = 0; i < cards->len; i++)
    baton_closed_forget (closed, g_ptr_array_index (cards, i));
  while (programs->len > 0)
    g_ptr_array_add (all, g_ptr_array_steal_index (programs, 0));
}

static void
take_session (GPtrArray *all, BatonClosed *closed, Offer *offer)
{
  for (guint i = 0; i < offer->session_cards->len; i++)
    baton_closed_forget_session (closed, g_ptr_array_index (offer->session_cards, i));
  while (offer->session_programs->len > 0)
    g_ptr_array_add (all, g_ptr_array_steal_index (offer->session_programs, 0));
}

static int
forget (BatonCli *cli, BatonClosed *closed, Offer *offer)
{
  g_autoptr (GPtrArray) all = new_programs ();

  take_programs (all, closed, offer->cards, offer->programs);
  take_session (all, closed, offer);

  return end_with_programs (cli, BATON_EXIT_DONE, BATON_CODE_REOPENS_FORGOTTEN, all, NULL);
}

/* What cannot be opened yet stays noted. */
static int
reopen (BatonCli *cli, BatonClosed *closed, Offer *offer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new_to_show (cli->root, &error);
  g_autoptr (GPtrArray) all = new_programs ();
  g_autoptr (GPtrArray) results = NULL;
  const char *away;

  if (machine == NULL)
    return baton_cli_fail (cli, BATON_CODE_LOOK_FAILED, error->message);
  away = find_away (machine, offer->cards);
  if (away == NULL)
    take_programs (all, closed, offer->cards, offer->programs);
  if (baton_closed_has_desktop ())
    take_session (all, closed, offer);
  if (all->len == 0)
    return away != NULL
               ? end_with_programs (cli, BATON_EXIT_REFUSED, BATON_CODE_REOPENS_LATER,
                                    offer->programs, away)
               : end_with_programs (cli, BATON_EXIT_REFUSED, BATON_CODE_REOPENS_AT_LOGIN,
                                    offer->session_programs, NULL);
  results = baton_reopen (cli->root, all);

  return end_with_results (cli, results);
}

/**
 * baton_cli_reopen:
 * @self: the command line
 *
 * Starts again what Baton has closed of this user for a card, or for every card, and what was open in
 * a session of his that it has ended.
 *
 * Returns: the exit status
 */
int
baton_cli_reopen (BatonCli *self)
{
  g_autoptr (BatonClosed) closed = baton_closed_new_for_user (self->root);
  g_autoptr (GPtrArray) cards = NULL;
  g_auto (Offer) offer = { 0 };
  g_autoptr (GHashTable) no_args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;

  offer_init (&offer);
  if (closed == NULL)
    return baton_cli_end (self, BATON_EXIT_REFUSED, BATON_CODE_REOPENS_NOT_ROOT, no_args);
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

  for (guint i = 0; i < cards->len; i++)
    if (!add_card (&offer, closed, g_ptr_array_index (cards, i), &error))
      return end_with_reason (self, error->message);
  if (offer.programs->len + offer.session_programs->len == 0)
    return baton_cli_end (self, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_REOPEN, no_args);

  return (self->options & BATON_CLI_FORGET) != 0 ? forget (self, closed, &offer)
                                                 : reopen (self, closed, &offer);
}
