/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonCommand:
 * @BATON_COMMAND_CANCEL: `{"cancel":true}`: stop and put everything back
 * @BATON_COMMAND_LOOK: `{"look":true}`: look at everything again now
 *
 * What a client may say to the helper on its standard input, one JSON object a line.
 */
typedef enum
{
  BATON_COMMAND_CANCEL = 1 << 0,
  BATON_COMMAND_LOOK = 1 << 1,
} BatonCommand;

gboolean
baton_command_parse (const char *line, gssize length, guint *ret_commands, GError **error);

G_END_DECLS
