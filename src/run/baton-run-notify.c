/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-run-notify.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

#include "baton-text.h"

/* Long enough for a notification service that has to be started, short enough that nobody waits for
 * one that hangs. */
#define PATIENCE_MS 5000

/**
 * baton_run_notify:
 * @program: a program that was not started
 * @text: why: a clause
 *
 * Says it on the screen: who starts a program from a menu sees no terminal. Where nobody shows
 * notifications, nothing happens; what was written to standard error is in the journal.
 */
void
baton_run_notify (const char *program, const char *text)
{
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autofree char *base = g_path_get_basename (program);
  g_autofree char *shown = g_utf8_make_valid (base, -1);
  g_autofree char *sentence = baton_text_to_sentence (text);
  g_autofree char *body = g_markup_escape_text (sentence, -1);
  g_autofree char *summary = NULL;
  g_autoptr (GVariant) answer = NULL;
  GVariantBuilder hints;

  if (bus == NULL)
    return;

  /* Translators: the name of a program */
  summary = g_strdup_printf (_ ("“%s” Was Not Started"), shown);
  g_variant_builder_init (&hints, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&hints, "{sv}", "desktop-entry", g_variant_new_string (BATON_APP_ID));

  /* Desktop Notifications Specification 1.2: the summary is plain, the body may be markup. */
  answer = g_dbus_connection_call_sync (
      bus, "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
      "org.freedesktop.Notifications", "Notify",
      g_variant_new ("(susssasa{sv}i)", "Baton", 0u, BATON_APP_ID, summary, body, NULL, &hints,
                     -1),
      G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, PATIENCE_MS, NULL, NULL);
}
