/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>

#include "baton-cli-run.h"

/**
 * baton_cli_isolate:
 * @self: the command line
 *
 * Has the desktop kept off a card, and programs where that was asked for, or let on it again.
 *
 * Returns: the exit status
 */
int
baton_cli_isolate (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *card = baton_cli_find_card (self, self->words[0], &error);
  g_autoptr (BatonCliOutput) output = NULL;
  const char *option = (self->options & BATON_CLI_UNDO) != 0       ? "--undo"
                       : (self->options & BATON_CLI_PROGRAMS) != 0 ? "--programs"
                                                                   : NULL;
  const char *arguments[] = { "isolate", card, option, NULL };

  if ((self->options & BATON_CLI_UNDO) != 0 && (self->options & BATON_CLI_PROGRAMS) != 0)
    return baton_cli_refuse (
        self, _ ("--undo lets programs on the card as well: give one of the two options"));
  if (card == NULL)
    return baton_cli_end_with_error (self, error);

  output = baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (self, output);
}
