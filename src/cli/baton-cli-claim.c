/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-run.h"

/* Beside a card a single function of one can be meant: its sound that nobody uses. */
static char *
find_function (BatonCli *self, const char *text)
{
  g_autoptr (BatonMachine) machine = baton_machine_new_to_show (self->root, NULL);
  const char *found = NULL;

  for (guint i = 0; machine != NULL && i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      for (guint j = 0; j < card->functions->len; j++)
        {
          const BatonFunction *function = g_ptr_array_index (card->functions, j);

          if (*text == '\0' || !g_str_has_suffix (function->address, text))
            continue;
          if (found != NULL)
            return NULL;
          found = function->address;
        }
    }

  return g_strdup (found);
}

/**
 * baton_cli_claim:
 * @self: the command line
 *
 * Has a card, or one of its functions, claimed at boot, or claimed no more.
 *
 * Returns: the exit status
 */
int
baton_cli_claim (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *card = baton_cli_find_card (self, self->words[0], &error);
  g_autofree char *function = card == NULL ? find_function (self, self->words[0]) : NULL;
  const char *address = card != NULL ? card : function;
  g_autoptr (BatonCliOutput) output = NULL;
  const char *arguments[] = { "claim", address,
                              (self->options & BATON_CLI_UNDO) != 0 ? "--undo" : NULL, NULL };

  if (address == NULL)
    return baton_cli_end_with_error (self, error);

  output = baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (self, output);
}
