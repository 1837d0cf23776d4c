/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-reopen-scope.h"

/* References used below:
 *  DESKTOPS - systemd.io/DESKTOP_ENVIRONMENTS, "XDG standardization for applications":
 *    app-LAUNCHER-APPID-RANDOM.scope in app.slice, dashes of a part escaped
 *  UNIT5    - systemd.unit(5), "String Escaping for Inclusion in Unit Names"
 *  MANAGER  - org.freedesktop.systemd1(5), StartTransientUnit()
 */

/* A manager that does not answer is not waited for: the program runs. */
#define ANSWER_MS 3000

static char *
escape (const char *text)
{
  GString *escaped = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (g_ascii_isalnum (*text) || *text == '_' || (*text == '.' && escaped->len > 0))
      g_string_append_c (escaped, *text);
    else
      g_string_append_printf (escaped, "\\x%02x", (guchar) *text);

  return g_string_free (escaped, FALSE);
}

static char *
build_name (int pid, const char *app_id)
{
  g_autofree char *escaped = app_id != NULL ? escape (app_id) : NULL;

  return escaped != NULL ? g_strdup_printf ("app-baton-%s-%d.scope", escaped, pid)
                         : g_strdup_printf ("baton-reopened-%d.scope", pid);
}

/**
 * baton_reopen_scope_move:
 * @bus: (nullable): the session bus
 * @pid: a program that was just started
 * @app_id: (nullable): desktop id without `.desktop`, where it is an application
 *
 * Gives the program a scope of its own, as a desktop does (DESKTOPS): in the one of whoever started
 * it, it would be taken for a part of that, and be closed with it. Where there is no systemd it stays
 * where it is.
 */
void
baton_reopen_scope_move (GDBusConnection *bus, int pid, const char *app_id)
{
  g_autofree char *name = build_name (pid, app_id);
  GVariantBuilder properties;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;
  guint32 number = (guint32) pid;

  if (bus == NULL || pid <= 1)
    return;

  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  g_variant_builder_add (
      &properties, "(sv)", "PIDs",
      g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, &number, 1, sizeof number));
  g_variant_builder_add (&properties, "(sv)", "Slice", g_variant_new_string ("app.slice"));
  g_variant_builder_add (&properties, "(sv)", "CollectMode",
                         g_variant_new_string ("inactive-or-failed"));
  reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
      "org.freedesktop.systemd1.Manager", "StartTransientUnit",
      g_variant_new ("(ssa(sv)a(sa(sv)))", name, "fail", &properties, NULL), NULL,
      G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, &error);
  if (reply == NULL)
    g_debug ("could not give process %d a scope: %s, ignoring", pid, error->message);
}
