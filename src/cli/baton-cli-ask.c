/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-ask.h"

#include <glib/gi18n.h>
#include <stdio.h>

/**
 * baton_cli_ask:
 * @question: a question that is answered with yes or no
 *
 * Returns: whether whoever sits at the terminal said yes
 */
gboolean
baton_cli_ask (const char *question)
{
  char answer[16];

  g_printerr ("%s ", question);
  if (fgets (answer, sizeof answer, stdin) == NULL)
    {
      g_printerr ("\n");
      return FALSE;
    }

  /* Translators: the letter that means “yes” where this program asks, in lower case, ASCII. */
  return g_ascii_tolower (answer[0]) == C_ ("answer", "y")[0] ||
         g_ascii_tolower (answer[0]) == 'y';
}
