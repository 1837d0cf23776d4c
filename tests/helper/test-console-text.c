/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-console-text.h"

#include <string.h>

#define CARD "0000:01:00.0"

static char *
build (gboolean is_away, const char *name, const char *unit, const char *problem)
{
  const BatonConsoleText self = {
    .card = CARD,
    .name = name,
    .is_away = is_away,
    .unit = unit,
    .problem = problem,
  };
  char *text = baton_console_text_build (&self);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  /* Whatever is in it: lines that fit, of letters that no console obeys. */
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_assert_cmpuint (strlen (lines[i]), <=, BATON_CONSOLE_COLUMNS);
      for (const char *at = lines[i]; *at != '\0'; at++)
        g_assert_true (g_ascii_isprint (*at));
    }

  return text;
}

static void
test_away (void)
{
  g_autofree char *text = build (TRUE, "Radeon RX 6800", "lightdm.service",
                                 "The login screen (lightdm.service) was started, but does not "
                                 "stay up: it ends again and again.");

  g_assert_cmpstr (
      text, ==,
      "\n"
      "The graphics card Radeon RX 6800 (0000:01:00.0) is with virtual machines\n"
      "now, and there is no login screen.\n"
      "\n"
      "The login screen (lightdm.service) was started, but does not stay up: it\n"
      "ends again and again.\n"
      "\n"
      "To bring the card back, and the login screen with it, press Ctrl+Alt+F2 to\n"
      "log in, and type:\n"
      "\n"
      "    sudo batonctl host 0000:01:00.0\n"
      "\n"
      "What it has said itself is in its journal:\n"
      "\n"
      "    journalctl -b -u lightdm.service\n"
      "\n");
}

static void
test_here (void)
{
  g_autofree char *text = build (FALSE, NULL, "gdm.service", "It ends.");

  g_assert_nonnull (strstr (text, "The graphics card 0000:01:00.0 is with this computer"));
  g_assert_nonnull (strstr (text, "\n    sudo systemctl restart gdm.service\n"));
  g_assert_null (strstr (text, "batonctl"));
}

/* What a unit, a card or a service has for a name is shown, and neither obeyed nor to be typed. */
static void
test_hostile (void)
{
  static const char *const names[] = {
    "\033c\033[2J",
    "x\nsudo rm -rf /",
    "\xff\xfe",
    "$(reboot).service",
    "-rf",
    "",
    "Pr\xc3\xbc"
    "fling\xe2\x80\xae",
    "`id`",
  };
  g_autofree char *long_name = g_strnfill (300, 'x');
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *one = build (FALSE, names[i], names[i], names[i]);

      g_test_message ("%s", one);
      g_assert_nonnull (strstr (one, "\n    sudo systemctl restart display-manager.service\n"));
      g_assert_nonnull (strstr (one, "\n    journalctl -b -u display-manager.service\n"));
    }
  text = build (TRUE, long_name, "lightdm.service", long_name);
  g_assert_nonnull (strstr (text, "\n    sudo batonctl host " CARD "\n"));
}

static void
test_quotes (void)
{
  g_autofree char *text = build (TRUE, NULL, "lightdm.service", "“x” isn’t there");

  g_assert_nonnull (strstr (text, "\"x\" isn't there"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/console-text/away", test_away);
  g_test_add_func ("/helper/console-text/here", test_here);
  g_test_add_func ("/helper/console-text/hostile", test_hostile);
  g_test_add_func ("/helper/console-text/quotes", test_quotes);

  return g_test_run ();
}
