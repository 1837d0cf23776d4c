/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process-unit.h"

#include <string.h>

/* References used below:
 *  DESKTOPS - systemd.io/DESKTOP_ENVIRONMENTS, "XDG standardization for applications":
 *             app[-LAUNCHER]-APPID-RANDOM.scope, app[-LAUNCHER]-APPID[@RANDOM].service
 *  UNIT5    - systemd.unit(5), "String Escaping for Inclusion in Unit Names"
 *  DBUS     - dbus-broker and dbus-daemon with systemd: dbus-:BUS-NAME@N.service
 *  SNAPD    - snapd sandbox/cgroup: snap.NAME.APP-UUID.scope, snap.NAME.APP.UUID.scope
 *  FLATPAK  - flatpak common/flatpak-run.c, flatpak_run_in_transient_unit(): app-flatpak-ID-PID.scope
 *  MACHINED - libvirt src/util/virsystemd.c, virSystemdMakeScopeName(): machine-NAME.scope, and
 *             virSystemdGenerateMachineName..(): qemu-ID-NAME
 */

#define MAX_UNIT 255 /* UNIT5 */
#define FLATPAK "flatpak-"

/* Users make control groups of any name below their own, so a unit is one only if systemd
 * itself could have named it so (UNIT5). */
static gboolean
is_unit_name (const char *text, gsize length)
{
  if (length == 0 || length > MAX_UNIT)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i]) && strchr (":-_.\\@", text[i]) == NULL)
      return FALSE;

  return TRUE;
}

static gboolean
is_app_id (const char *text)
{
  if (*text == '\0' || *text == '.' || *text == '-')
    return FALSE;

  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("-_.", *text) == NULL)
      return FALSE;

  return TRUE;
}

/* The manager of a user's units, whose own are below it: user@1000.service */
static gboolean
is_user_manager (const char *unit)
{
  const char *text;

  if (!g_str_has_prefix (unit, "user@"))
    return FALSE;
  text = unit + strlen ("user@");
  text += strspn (text, "0123456789");

  return text[-1] != '@' && strcmp (text, ".service") == 0;
}

/* From the root: only slices and a user's manager stand above a unit, and what is below the first
 * one is its own. In there a container's systemd, or anybody who was given the group, gives names
 * that are units nowhere else. */
static char *
find_unit (const char *cgroup)
{
  g_auto (GStrv) names = g_strsplit (cgroup, "/", -1);
  const char *manager = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    {
      const char *name = names[i];

      if (*name == '\0')
        continue;
      if (!is_unit_name (name, strlen (name)))
        break;
      if (g_str_has_suffix (name, ".slice"))
        continue;
      if (manager == NULL && is_user_manager (name))
        {
          manager = name;
          continue;
        }
      if (g_str_has_suffix (name, ".service") || g_str_has_suffix (name, ".scope"))
        return g_strdup (name);
      break;
    }

  return g_strdup (manager);
}

/**
 * baton_process_unit_unescape:
 * @text: a part of a unit's name
 *
 * UNIT5: `\x2d` is the byte 0x2d. What is no such escape stays as it is.
 *
 * Returns: (transfer full): what was escaped, raw bytes
 */
char *
baton_process_unit_unescape (const char *text)
{
  GString *plain = g_string_new (NULL);

  for (; *text != '\0'; text++)
    {
      if (text[0] == '\\' && text[1] == 'x' && g_ascii_isxdigit (text[2]) &&
          g_ascii_isxdigit (text[3]))
        {
          g_string_append_c (plain, (char) ((g_ascii_xdigit_value (text[2]) << 4) |
                                            g_ascii_xdigit_value (text[3])));
          text += 3;
        }
      else
        {
          g_string_append_c (plain, *text);
        }
    }

  return g_string_free (plain, FALSE);
}

static char *
accept_app_id (const char *escaped)
{
  g_autofree char *app_id = baton_process_unit_unescape (escaped);

  return is_app_id (app_id) ? g_steal_pointer (&app_id) : NULL;
}

/* Flatpak does not escape the dashes that an id may have in its last part (FLATPAK). */
static char *
parse_flatpak (const char *body)
{
  const char *id = body + strlen (FLATPAK);
  const char *dash = strrchr (id, '-');
  g_autofree char *name = dash != NULL ? g_strndup (id, (gsize) (dash - id)) : NULL;

  return name != NULL ? accept_app_id (name) : NULL;
}

/* `gnome-org.gnome.Console-1234`, `flatpak-org.x.Y-1234`, `org.kde.dolphin-1234`: dashes that
 * belong to a part are escaped, so the id is the last part but the random one (DESKTOPS). */
static char *
parse_app_scope (const char *body)
{
  g_auto (GStrv) parts = g_strsplit (body, "-", -1);
  guint n = g_strv_length (parts);

  if (g_str_has_prefix (body, FLATPAK))
    return parse_flatpak (body);

  return n >= 2 ? accept_app_id (parts[n - 2]) : NULL;
}

/* The random part of a service comes after an @, and may be missing (DESKTOPS). */
static char *
parse_app_service (const char *body)
{
  g_autofree char *name = g_strndup (body, strcspn (body, "@"));
  const char *dash = strrchr (name, '-');

  return accept_app_id (dash != NULL ? dash + 1 : name);
}

/* The desktop entry of a snap's application is NAME_APP.desktop (SNAPD). */
static char *
parse_snap (const char *body)
{
  g_auto (GStrv) parts = g_strsplit (body, ".", -1);
  guint n = g_strv_length (parts);
  g_autofree char *app = NULL;
  g_autofree char *app_id = NULL;

  if (n < 2)
    return NULL;

  app = g_strdup (parts[1]);
  /* a random part of 36 characters after a dash, where it is not after a dot */
  if (n == 2 && strlen (app) > 37 && app[strlen (app) - 37] == '-')
    app[strlen (app) - 37] = '\0';
  app_id = g_strdup_printf ("%s_%s", parts[0], app);

  return is_app_id (app_id) ? g_steal_pointer (&app_id) : NULL;
}

/* `qemu-1-win11` (MACHINED); other programs register the plain name. */
static char *
parse_machine (const char *escaped)
{
  g_autofree char *name = baton_process_unit_unescape (escaped);
  const char *rest = name;

  if (g_str_has_prefix (name, "qemu-") && g_ascii_isdigit (name[5]))
    {
      rest = name + 5;
      while (g_ascii_isdigit (*rest))
        rest++;
      rest = *rest == '-' && rest[1] != '\0' ? rest + 1 : name;
    }

  return *rest != '\0' ? g_strdup (rest) : NULL;
}

static gboolean
strip (const char *text, const char *prefix, const char *suffix, char **ret_body)
{
  if (!g_str_has_prefix (text, prefix) || !g_str_has_suffix (text, suffix) ||
      strlen (text) < strlen (prefix) + strlen (suffix))
    return FALSE;

  g_free (*ret_body);
  *ret_body =
      g_strndup (text + strlen (prefix), strlen (text) - strlen (prefix) - strlen (suffix));
  return TRUE;
}

/**
 * baton_process_unit_parse:
 * @self: (out caller-allocates): to be cleared by the caller
 * @cgroup: (nullable): path of a control group, raw bytes (hostile)
 *
 * Takes a control group's path apart by systemd's and the desktops' rules for names. What was
 * not made by them is left %NULL, not guessed.
 */
void
baton_process_unit_parse (BatonProcessUnit *self, const char *cgroup)
{
  g_autofree char *body = NULL;

  *self = (BatonProcessUnit){ 0 };
  self->unit = cgroup != NULL ? find_unit (cgroup) : NULL;
  if (self->unit == NULL)
    return;

  if (strip (self->unit, "app-", ".scope", &body))
    self->app_id = parse_app_scope (body);
  else if (strip (self->unit, "app-", ".service", &body))
    self->app_id = parse_app_service (body);
  else if (strip (self->unit, "snap.", ".scope", &body))
    self->app_id = parse_snap (body);
  else if (strip (self->unit, "machine-", ".scope", &body))
    self->machine = parse_machine (body);
  else if (strip (self->unit, "dbus-:", ".service", &body) &&
           strstr (cgroup, "/app.slice/") != NULL)
    self->app_id = parse_app_service (body);
  else
    self->is_service = g_str_has_suffix (self->unit, ".service");

  if (self->app_id != NULL || g_str_has_prefix (self->unit, "app-"))
    self->scope = g_strdup (self->unit);
}

/**
 * baton_process_unit_clear:
 * @self: where a process runs
 *
 * Frees what @self has, not @self.
 */
void
baton_process_unit_clear (BatonProcessUnit *self)
{
  g_clear_pointer (&self->unit, g_free);
  g_clear_pointer (&self->scope, g_free);
  g_clear_pointer (&self->app_id, g_free);
  g_clear_pointer (&self->machine, g_free);
}
