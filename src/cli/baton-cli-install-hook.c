/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-run.h"

/**
 * baton_cli_install_hook:
 * @self: the command line
 *
 * Has libvirt hand cards over by Baton when a virtual machine starts, or no longer.
 *
 * Returns: the exit status
 */
int
baton_cli_install_hook (BatonCli *self)
{
  const char *arguments[] = { "install-hook",
                              (self->options & BATON_CLI_UNDO) != 0 ? "--undo" : NULL, NULL };
  g_autoptr (BatonCliOutput) output =
      baton_cli_run (self, arguments, BATON_CLI_RUN_LIVE | BATON_CLI_RUN_ASKS);

  return baton_cli_finish (self, output);
}
