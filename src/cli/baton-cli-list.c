/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-list.h"

#include "baton-cli-print.h"
#include "baton-cli-run.h"
#include "baton-cli-words.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-self-look.h"

#include <glib/gi18n.h>

static gboolean
is_for_people (BatonCli *cli, BatonCliOutput *output)
{
  return cli->writer == NULL &&
         baton_client_result_get_exit (output->result) == BATON_EXIT_DONE;
}

/* Ends a verb that shows what it found by itself: only what went wrong is said in words. */
static int
end (BatonCli *cli, BatonCliOutput *output)
{
  if (cli->writer != NULL)
    baton_cli_write_output (cli, output);
  else if (baton_client_result_get_exit (output->result) != BATON_EXIT_DONE)
    baton_cli_print_result (cli, output->result);

  return baton_client_result_get_exit (output->result);
}

static const char *
or_dash (const char *text)
{
  return text != NULL && text[0] != '\0' ? text : "-";
}

/**
 * baton_cli_render_list:
 * @view: what is known
 *
 * Returns: (transfer full): what the list of cards says, to compare
 */
char *
baton_cli_render_list (BatonView *view)
{
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *cards = baton_view_get_cards (view);

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonObject *card = baton_json_nth_object (cards, i);
      g_autofree char *side = baton_cli_describe_side (card);

      g_string_append_printf (text, "%s %s %s %s\n",
                              or_dash (baton_json_get_string (card, "address")), side,
                              or_dash (baton_json_get_string (card, "driver")),
                              or_dash (baton_json_get_string (card, "group")));
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * baton_cli_print_list:
 * @cli: the command line
 * @view: what is known
 */
void
baton_cli_print_list (BatonCli *cli, BatonView *view)
{
  g_autoptr (BatonCliTable) table = baton_cli_table_new (_ ("ADDRESS"), _ ("CARD"), _ ("WHERE"),
                                                         _ ("DRIVER"), _ ("GROUP"), NULL);
  JsonArray *cards = baton_view_get_cards (view);

  if (baton_json_count (cards) == 0)
    {
      g_print ("%s\n", _ ("This computer has no graphics card that can be seen."));
      return;
    }

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonObject *card = baton_json_nth_object (cards, i);
      g_autofree char *side = baton_cli_describe_side (card);

      baton_cli_table_add (table, or_dash (baton_json_get_string (card, "address")),
                           or_dash (baton_json_get_string (card, "name")), side,
                           or_dash (baton_json_get_string (card, "driver")),
                           or_dash (baton_json_get_string (card, "group")), NULL);
    }

  baton_cli_table_print (table, cli);
}

/* Says so where there is no IOMMU, because every card is then the same. */
static void
print_iommu (BatonView *view)
{
  JsonObject *iommu = baton_json_get_object (baton_view_get_machine (view), "iommu");

  if (iommu == NULL || baton_json_get_boolean (iommu, "enabled"))
    return;

  g_print ("%s\n", _ ("The IOMMU is off, so no card can be handed to a virtual machine: "
                      "“batonctl doctor” says why."));
}

/**
 * baton_cli_list:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_list (BatonCli *self)
{
  g_autoptr (BatonCliOutput) output = baton_cli_look (self, BATON_LOOK_MACHINE, NULL);

  if (is_for_people (self, output))
    {
      baton_cli_print_list (self, output->view);
      print_iommu (output->view);
    }

  return end (self, output);
}

static void
print_field (BatonCli *cli, const char *name, const char *value)
{
  g_autofree char *painted = baton_cli_paint (cli, BATON_CLI_BOLD, name);

  if (value != NULL && value[0] != '\0')
    g_print ("%s %s\n", painted, value);
}

static void
print_functions (BatonCli *cli, JsonObject *card)
{
  JsonArray *functions = baton_json_get_array (card, "functions");
  g_autoptr (BatonCliTable) table =
      baton_cli_table_new (_ ("ADDRESS"), _ ("DEVICE"), _ ("DRIVER"), _ ("TRAVELS"), NULL);

  for (guint i = 0; i < baton_json_count (functions); i++)
    {
      JsonObject *function = baton_json_nth_object (functions, i);

      baton_cli_table_add (table, or_dash (baton_json_get_string (function, "address")),
                           or_dash (baton_json_get_string (function, "name")),
                           or_dash (baton_json_get_string (function, "driver")),
                           baton_json_get_boolean (function, "travels") ? _ ("yes") : _ ("no"),
                           NULL);
    }

  g_print ("\n");
  baton_cli_table_print (table, cli);
}

static char *
describe_outputs (JsonObject *card)
{
  JsonArray *outputs = baton_json_get_array (card, "outputs");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < baton_json_count (outputs); i++)
    {
      JsonObject *output = baton_json_nth_object (outputs, i);
      const char *monitor = baton_json_get_string (output, "monitor");

      if (!baton_json_get_boolean (output, "connected"))
        continue;
      if (text->len > 0)
        g_string_append (text, ", ");
      g_string_append (text, or_dash (baton_json_get_string (output, "name")));
      if (monitor != NULL)
        g_string_append_printf (text, " “%s”", monitor);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
print_card (BatonCli *cli, JsonObject *card)
{
  g_autofree char *side = baton_cli_describe_side (card);
  g_autofree char *outputs = describe_outputs (card);
  g_autofree char *nodes = baton_json_join_strings (baton_json_get_array (card, "nodes"), ", ");
  g_autofree char *resets =
      baton_json_join_strings (baton_json_get_array (card, "reset_methods"), ", ");
  g_autofree char *claimed =
      baton_json_join_strings (baton_json_get_array (card, "claimed_at_boot"), ", ");
  g_autofree char *ids =
      g_strdup_printf ("%s:%s", or_dash (baton_json_get_string (card, "vendor_id")),
                       or_dash (baton_json_get_string (card, "device_id")));

  print_field (cli, _ ("Card:"), baton_json_get_string (card, "name"));
  print_field (cli, _ ("Address:"), baton_json_get_string (card, "address"));
  print_field (cli, _ ("Vendor and device:"), ids);
  print_field (cli, _ ("Where:"), side);
  print_field (cli, _ ("Driver:"), or_dash (baton_json_get_string (card, "driver")));
  print_field (cli, _ ("IOMMU group:"), or_dash (baton_json_get_string (card, "group")));
  print_field (cli, _ ("Power state:"), baton_json_get_string (card, "power"));
  print_field (cli, _ ("Boot display:"),
               baton_json_get_boolean (card, "boot_display") ? _ ("yes") : _ ("no"));
  print_field (cli, _ ("Only display:"),
               baton_json_get_boolean (card, "only_display") ? _ ("yes") : _ ("no"));
  print_field (cli, _ ("Desktop kept off:"),
               baton_json_get_boolean (card, "kept_off") ? _ ("yes") : _ ("no"));
  if (baton_json_get_boolean (card, "programs_kept_off"))
    print_field (cli, _ ("Programs kept off:"), _ ("yes, but those that baton-run starts"));
  print_field (cli, _ ("Claimed at boot:"), or_dash (claimed));
  print_field (cli, _ ("Connected monitors:"), outputs);
  print_field (cli, _ ("Device files:"), nodes);
  print_field (cli, _ ("Reset methods:"), or_dash (resets));
  print_functions (cli, card);
}

/**
 * baton_cli_find_seen_card:
 * @output: what was seen
 * @address: a whole address
 * @reason: (out) (transfer full): where there is no such card, a clause that says so
 *
 * Returns: (nullable) (transfer none): the card; %NULL without a @reason where nothing was seen
 */
JsonObject *
baton_cli_find_seen_card (BatonCliOutput *output, const char *address, char **reason)
{
  JsonObject *card = baton_view_find_card (output->view, address);

  if (card == NULL && baton_client_result_get_exit (output->result) == BATON_EXIT_DONE)
    *reason = g_strdup_printf (_ ("there is no graphics card at %s"), address);

  return card;
}

/**
 * baton_cli_show:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_show (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = baton_cli_find_card (self, self->words[0], &error);
  g_autofree char *missing = NULL;
  g_autoptr (BatonCliOutput) output = NULL;
  JsonObject *card = NULL;

  if (address == NULL)
    return baton_cli_end_with_error (self, error);

  output = baton_cli_look (self, BATON_LOOK_HOLDERS, NULL);
  card = baton_cli_find_seen_card (output, address, &missing);
  if (missing != NULL)
    return baton_cli_refuse (self, missing);

  if (is_for_people (self, output))
    print_card (self, card);

  return end (self, output);
}

static void
add_group (BatonCliTable *table, JsonObject *group)
{
  JsonArray *functions = baton_json_get_array (group, "functions");

  for (guint i = 0; i < baton_json_count (functions); i++)
    {
      JsonObject *function = baton_json_nth_object (functions, i);

      baton_cli_table_add (table, or_dash (baton_json_get_string (group, "id")),
                           or_dash (baton_json_get_string (function, "address")),
                           or_dash (baton_json_get_string (function, "name")),
                           or_dash (baton_json_get_string (function, "driver")),
                           or_dash (baton_json_get_string (function, "card")), NULL);
    }
}

/**
 * baton_cli_groups:
 * @self: the command line
 *
 * Returns: the exit status
 */
int
baton_cli_groups (BatonCli *self)
{
  g_autoptr (BatonCliOutput) output = baton_cli_look (self, BATON_LOOK_MACHINE, NULL);
  g_autoptr (BatonCliTable) table = baton_cli_table_new (
      _ ("GROUP"), _ ("ADDRESS"), _ ("DEVICE"), _ ("DRIVER"), _ ("CARD"), NULL);
  JsonArray *groups = baton_view_get_groups (output->view);

  for (guint i = 0; i < baton_json_count (groups); i++)
    add_group (table, baton_json_nth_object (groups, i));

  if (is_for_people (self, output))
    {
      if (baton_json_count (groups) > 0)
        baton_cli_table_print (table, self);
      print_iommu (output->view);
    }

  return end (self, output);
}
