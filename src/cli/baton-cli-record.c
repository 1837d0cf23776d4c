/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli.h"
#include "baton-error.h"
#include "baton-record.h"

#include <glib/gi18n.h>

/**
 * baton_cli_record:
 * @self: the command line
 *
 * Writes down what core reads of this computer, so that it can become one of our tests.
 *
 * Returns: the exit status
 */
int
baton_cli_record (BatonCli *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = baton_machine_new (self->root, &error);

  if (machine == NULL)
    return baton_cli_fail (self, BATON_CODE_LOOK_FAILED, error->message);

  if (!baton_record_write (self->root, machine, self->words[0], &error))
    {
      /* Another directory is to be named; a full disk takes none. */
      if (g_error_matches (error, BATON_ERROR, BATON_ERROR_MISMATCH))
        return baton_cli_refuse (self, error->message);
      return baton_cli_fail (self, BATON_CODE_INTERNAL, error->message);
    }

  if (self->writer != NULL)
    {
      baton_event_writer_hello (self->writer, self->verb, "self");
      baton_event_writer_result (self->writer, BATON_EXIT_DONE, BATON_CODE_LOOKED, NULL, NULL,
                                 0);
    }
  else
    {
      /* Translators: %s is a directory. */
      g_print (
          _ ("This computer is recorded in “%s”. Look through it before you give it away.\n"),
          self->words[0]);
    }

  return BATON_EXIT_DONE;
}
