/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-print.h"
#include "baton-cli-run.h"
#include "baton-client-result.h"
#include "baton-profile-changes.h"
#include "baton-profile-values.h"
#include "baton-text.h"

#include <glib/gi18n.h>

static void
print_values (BatonCli *cli, const char *file, GPtrArray *values)
{
  g_autoptr (BatonCliTable) table =
      baton_cli_table_new (_ ("SETTING"), _ ("VALUE"), _ ("SAID BY"), NULL);

  for (guint i = 0; i < values->len; i++)
    {
      const BatonProfileValue *value = values->pdata[i];
      /* Translators: %s is a file and %u a line in it. */
      g_autofree char *line = g_strdup_printf (_ ("%s, line %u"), file, value->line);

      baton_cli_table_add (table, value->key, value->value != NULL ? value->value : "-",
                           value->line > 0 ? line : C_ ("setting", "default"), NULL);
    }

  baton_cli_table_print (table, cli);
}

static int
end (BatonCli *cli, BatonExit status, BatonCode code, GHashTable *args)
{
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;

  if (cli->writer != NULL)
    {
      baton_event_writer_result (cli->writer, status, code, args, NULL, 0);
    }
  else if (status != BATON_EXIT_DONE)
    {
      text = baton_code_fill (gettext (baton_code_get_info (code)->text), args);
      remedy = baton_code_fill (gettext (baton_code_get_info (code)->remedy), args);
      g_print ("%s\n%s\n", text, remedy);
    }

  return (int) status;
}

static int
end_with_problem (BatonCli *cli, const BatonProfileProblem *problem)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *line = g_strdup_printf ("%u", problem->line);

  g_hash_table_insert (args, (gpointer) "file", problem->file);
  g_hash_table_insert (args, (gpointer) "reason", problem->reason);
  if (problem->line == 0)
    return end (cli, BATON_EXIT_REFUSED, BATON_CODE_SETTINGS_UNUSABLE, args);

  g_hash_table_insert (args, (gpointer) "line", line);
  g_hash_table_insert (args, (gpointer) "key", problem->key);

  return end (cli, BATON_EXIT_REFUSED, BATON_CODE_SETTINGS_MISTAKE, args);
}

static int
show (BatonCli *cli, const char *card)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new_to_show (cli->root, &error);
  g_autofree char *file = NULL;
  g_autofree char *missing = NULL;
  g_autoptr (BatonProfileProblem) problem = NULL;
  g_autoptr (GPtrArray) values = NULL;

  if (machine == NULL)
    return baton_cli_fail (cli, BATON_CODE_LOOK_FAILED, error->message);
  if (baton_machine_find_card (machine, card) == NULL)
    {
      missing = g_strdup_printf (_ ("there is no graphics card at %s"), card);
      return baton_cli_refuse (cli, missing);
    }

  if (cli->writer != NULL)
    baton_event_writer_hello (cli->writer, cli->verb, "self");
  values = baton_profile_list_values (cli->root, card, &file, &problem);
  if (values == NULL)
    return end_with_problem (cli, problem);

  if (cli->writer != NULL)
    baton_event_writer_settings (cli->writer, card, file, values);
  else
    print_values (cli, file, values);

  return end (cli, BATON_EXIT_DONE, BATON_CODE_LOOKED, NULL);
}

/* What is no change at all costs nobody a password. */
static int
change (BatonCli *cli, const char *card)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (BatonProfileChanges) changes = NULL;
  g_autoptr (BatonCliOutput) output = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (arguments, (gpointer) "configure");
  g_ptr_array_add (arguments, (gpointer) card);
  for (guint i = 1; cli->words[i] != NULL; i++)
    g_ptr_array_add (arguments, cli->words[i]);
  g_ptr_array_add (arguments, NULL);

  changes = baton_profile_changes_new_from_arguments (
      (const char *const *) arguments->pdata + 1, &error);
  if (changes == NULL)
    return baton_cli_refuse (cli, error->message);

  output = baton_cli_run (cli, (const char *const *) arguments->pdata,
                          BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (cli, output);
}

/**
 * baton_cli_configure:
 * @self: the command line
 *
 * Shows what the settings say of a card, or has them changed.
 *
 * Returns: the exit status
 */
int
baton_cli_configure (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *card = baton_cli_find_card (self, self->words[0], &error);

  if (card == NULL)
    return baton_cli_end_with_error (self, error);

  return self->words[1] != NULL ? change (self, card) : show (self, card);
}
