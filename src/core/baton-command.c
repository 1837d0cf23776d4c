/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-command.h"

#include "baton-event-private.h"

/**
 * baton_command_parse:
 * @line: a line of a client's, without its newline
 * @length: its length, or -1 if it ends with a NUL
 * @ret_commands: (out): what it asks for: a set of #BatonCommand, empty where every key of it is
 *   unknown
 * @error: return location for an error
 *
 * Reads a line as bounded and as suspiciously as an event, since it comes from anybody.
 *
 * Returns: %TRUE if it is an object
 */
gboolean
baton_command_parse (const char *line, gssize length, guint *ret_commands, GError **error)
{
  g_autoptr (JsonObject) object = baton_event_parse_object (line, length, error);

  if (object == NULL)
    return FALSE;

  *ret_commands = (baton_json_get_boolean (object, "cancel") ? BATON_COMMAND_CANCEL : 0) |
                  (baton_json_get_boolean (object, "look") ? BATON_COMMAND_LOOK : 0);

  return TRUE;
}
