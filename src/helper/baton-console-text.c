/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-console-text.h"

#include <string.h>

#include "baton-desktop.h"

/* The helper speaks to no user in particular, and so to all in English; and the font of a console may lack
 * whatever is not in ASCII. */

/* What no console takes for anything but itself, whatever a unit or a card is called. */
static char *
dup_plain (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  char *plain = g_str_to_ascii (valid, "C");

  for (char *at = plain; *at != '\0'; at++)
    if (!g_ascii_isprint (*at))
      *at = '?';

  return plain;
}

/* A word that is longer than a line is broken where the line ends. */
static void
append_word (GString *text, gsize *column, const char *word)
{
  gsize length = strlen (word);

  if (*column > 0 && *column + 1 + length > BATON_CONSOLE_COLUMNS)
    {
      g_string_append_c (text, '\n');
      *column = 0;
    }
  else if (*column > 0)
    {
      g_string_append_c (text, ' ');
      (*column)++;
    }
  for (gsize i = 0; i < length; i++)
    {
      if (*column == BATON_CONSOLE_COLUMNS)
        {
          g_string_append_c (text, '\n');
          *column = 0;
        }
      g_string_append_c (text, word[i]);
      (*column)++;
    }
}

static void
append_paragraph (GString *text, const char *sentences)
{
  g_autofree char *plain = dup_plain (sentences);
  g_auto (GStrv) words = g_strsplit (plain, " ", -1);
  gsize column = 0;

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      append_word (text, &column, words[i]);
  g_string_append (text, "\n\n");
}

/* To be typed as it stands there. */
static void
append_command (GString *text, const char *command)
{
  g_string_append_printf (text, "    %s\n\n", command);
}

/* Fit to be typed: systemd finds it by its alias as well, its journal only by its own name. */
static gboolean
is_typable (const char *unit)
{
  for (const char *at = unit; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("@.-_", *at) == NULL)
      return FALSE;

  return *unit != '-' && *unit != '\0';
}

static void
append_what_happened (GString *text, const BatonConsoleText *self)
{
  g_autofree char *card = self->name != NULL
                              ? g_strdup_printf ("%s (%s)", self->name, self->card)
                              : g_strdup (self->card);
  g_autofree char *where = g_strdup_printf (
      self->is_away
          ? "The graphics card %s is with virtual machines now, and there is no login screen."
          : "The graphics card %s is with this computer, and there is no login screen.",
      card);

  append_paragraph (text, where);
  append_paragraph (text, self->problem);
}

/**
 * baton_console_text_build:
 * @self: what there is to say
 *
 * Says what happened, and the one command that helps, to whoever knows neither this program nor what it
 * does.
 *
 * Returns: (transfer full): lines of %BATON_CONSOLE_COLUMNS columns at most, of printable ASCII
 */
char *
baton_console_text_build (const BatonConsoleText *self)
{
  GString *text = g_string_new ("\n");
  const char *unit = is_typable (self->unit) ? self->unit : BATON_DISPLAY_MANAGER;
  g_autofree char *journal = g_strdup_printf ("journalctl -b -u %s", unit);
  g_autofree char *command = self->is_away
                                 ? g_strdup_printf ("sudo batonctl host %s", self->card)
                                 : g_strdup_printf ("sudo systemctl restart %s", unit);

  append_what_happened (text, self);
  append_paragraph (text, self->is_away
                              ? "To bring the card back, and the login screen with it, press "
                                "Ctrl+Alt+F2 to log in, and type:"
                              : "To try again, press Ctrl+Alt+F2 to log in, and type:");
  append_command (text, command);
  append_paragraph (text, "What it has said itself is in its journal:");
  append_command (text, journal);

  return g_string_free (text, FALSE);
}
