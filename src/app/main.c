/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>

#include <glib/gi18n.h>

#include "baton-application.h"

int
main (int argc, char **argv)
{
  g_autoptr (BatonApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, BATON_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  /* The id is the name: dialogs then belong to the window, and the window to its desktop entry. */
  g_set_prgname (BATON_APP_ID);
  application = baton_application_new ();

  return g_application_run (G_APPLICATION (application), argc, argv);
}
