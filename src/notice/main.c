/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>

#include "baton-notice.h"

static gboolean
on_signal_cb (gpointer data)
{
  g_main_loop_quit (data);

  return G_SOURCE_CONTINUE;
}

/* Started by the user's systemd while it is switched on: see baton(1). */
int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, BATON_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  root = baton_root_new_system (&error);
  if (root != NULL)
    bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    {
      g_printerr ("baton-notice: %s\n", error->message);
      return EXIT_FAILURE;
    }

  g_unix_signal_add (SIGTERM, on_signal_cb, loop);
  g_unix_signal_add (SIGINT, on_signal_cb, loop);
  baton_notice_run (root, bus, loop);

  return EXIT_SUCCESS;
}
