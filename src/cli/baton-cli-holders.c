/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-list.h"
#include "baton-cli-print.h"
#include "baton-cli-run.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-self-look.h"

#include <glib/gi18n.h>

/* How it goes when that is consented to, or what it has to be stopped with. */
static char *
describe_closing (JsonObject *holder)
{
  const char *container = baton_json_get_string (holder, "container");
  const char *engine = baton_json_get_string (holder, "engine");
  const char *unit = baton_json_get_string (holder, "unit");

  if (container != NULL)
    /* Translators: the name of a container, and of what runs it, such as "Docker" */
    return g_strdup_printf (_ ("no, in container %s of %s"), container,
                            engine != NULL ? engine : "?");
  if (!baton_json_get_boolean (holder, "closable"))
    return g_strdup (_ ("no"));
  if (baton_json_get_string (holder, "service") != NULL && unit != NULL)
    /* Translators: the name of a service that would be stopped */
    return g_strdup_printf (_ ("yes, with %s"), unit);

  return g_strdup (_ ("yes"));
}

static void
add_holder (BatonCliTable *table, const char *card, JsonObject *holder)
{
  g_autofree char *nodes =
      baton_json_join_strings (baton_json_get_array (holder, "nodes"), ", ");
  g_autofree char *pid =
      g_strdup_printf ("%" G_GINT64_FORMAT, baton_json_get_int (holder, "pid", 0));
  const char *name = baton_json_get_string (holder, "name");
  const char *user = baton_json_get_string (holder, "user");
  const char *kind = baton_json_get_string (holder, "kind");
  g_autofree char *closing = describe_closing (holder);

  baton_cli_table_add (table, card, baton_json_get_int (holder, "pid", 0) > 0 ? pid : "-",
                       name != NULL ? name : "-", user != NULL ? user : "-",
                       kind != NULL ? kind : "-", closing, nodes, NULL);
}

static void
print_unreadable (gint64 n_unreadable)
{
  g_autofree char *line = NULL;

  if (n_unreadable <= 0)
    return;

  line = g_strdup_printf (ngettext ("%d process of another user could not be looked at: “sudo "
                                    "batonctl holders” shows it.",
                                    "%d processes of other users could not be looked at: “sudo "
                                    "batonctl holders” shows them.",
                                    (gulong) n_unreadable),
                          (int) MIN (n_unreadable, G_MAXINT));
  g_print ("%s\n", line);
}

static void
print_holders (BatonCli *cli, BatonView *view, const char *only)
{
  g_autoptr (BatonCliTable) table =
      baton_cli_table_new (_ ("CARD"), _ ("PID"), _ ("NAME"), _ ("USER"), _ ("KIND"),
                           _ ("MAY BE CLOSED"), _ ("DEVICE FILES"), NULL);
  JsonArray *cards = baton_view_get_cards (view);
  guint n_holders = 0;
  gint64 n_unreadable = 0;

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      const char *address = baton_json_get_string (baton_json_nth_object (cards, i), "address");
      JsonObject *holders = address != NULL ? baton_view_get_holders (view, address) : NULL;
      JsonArray *list = baton_json_get_array (holders, "holders");

      if (only != NULL && g_strcmp0 (address, only) != 0)
        continue;

      n_unreadable = MAX (n_unreadable, baton_json_get_int (holders, "unreadable", 0));
      for (guint j = 0; j < baton_json_count (list); j++, n_holders++)
        add_holder (table, address, baton_json_nth_object (list, j));
    }

  if (n_holders > 0)
    baton_cli_table_print (table, cli);
  else
    g_print ("%s\n", _ ("Nobody who can be seen is using a card."));

  print_unreadable (n_unreadable);
}

/**
 * baton_cli_holders:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_holders (BatonCli *self)
{
  g_autofree char *only = NULL;
  g_autofree char *missing = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonCliOutput) output = NULL;
  int status = 0;

  if (self->words[0] != NULL)
    {
      only = baton_cli_find_card (self, self->words[0], &error);
      if (only == NULL)
        return baton_cli_end_with_error (self, error);
    }

  output = baton_cli_look (self, BATON_LOOK_HOLDERS, NULL);
  if (only != NULL)
    baton_cli_find_seen_card (output, only, &missing);
  if (missing != NULL)
    return baton_cli_refuse (self, missing);

  status = baton_client_result_get_exit (output->result);

  if (self->writer != NULL)
    baton_cli_write_output (self, output);
  else if (status == BATON_EXIT_DONE)
    print_holders (self, output->view, only);
  else
    baton_cli_print_result (self, output->result);

  return status;
}
