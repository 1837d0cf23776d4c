/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-program-id.h"

#include <gio/gdesktopappinfo.h>
#include <glib/gi18n.h>
#include <string.h>

#include "baton-json.h"

/* References used below:
 *  DESKTOPS - systemd.io/DESKTOP_ENVIRONMENTS: the scope of an app has a random part in its name
 *  UNIT5    - systemd.unit(5): what a unit's name is made of, and that it has at most 255 bytes
 */

/* A service of the computer and one of the user's own may have the same name. */
#define OF_SYSTEM "system/"
#define MAX_PROGRAM (255 + sizeof OF_SYSTEM - 1) /* UNIT5 */

/**
 * baton_program_id_is_valid:
 * @text: from a file or another program
 *
 * Names come from control groups, which their owners choose, and from a file that anybody may have
 * edited: an entry is one only if this program could have written it.
 *
 * Returns: %TRUE if @text can name a program
 */
gboolean
baton_program_id_is_valid (const char *text)
{
  const char *name = g_str_has_prefix (text, OF_SYSTEM) ? text + strlen (OF_SYSTEM) : text;

  if (strlen (text) > MAX_PROGRAM || *name == '.' || *name == '-')
    return FALSE;

  for (const char *c = name; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr (":-_.\\@", *c) == NULL)
      return FALSE;

  return g_str_has_suffix (name, ".service") ||
         (name == text && g_str_has_suffix (name, ".desktop"));
}

static gboolean
loses_no_more (JsonObject *holder)
{
  static const char *const kinds[] = { "app", "service", "sound", NULL };
  const char *kind = baton_json_get_string (holder, "kind");

  return kind != NULL && g_strv_contains (kinds, kind);
}

/**
 * baton_program_id_dup:
 * @holder: (nullable): a holder of the contract
 * @uid: who asks
 *
 * What of a process is the same the next time: its application, or the service that it belongs to.
 * A scope is named anew at each start (DESKTOPS), and a name or a command line says what its process
 * likes it to say. What another person runs is not this user's to close without being asked.
 *
 * Returns: (transfer full) (nullable): `ID.desktop`, `UNIT.service` or, for one of the computer's,
 *   `system/UNIT.service`; %NULL where nothing is the same, or more is lost than a program
 */
char *
baton_program_id_dup (JsonObject *holder, guint uid)
{
  const char *app_id = baton_json_get_string (holder, "app_id");
  const char *unit = baton_json_get_string (holder, "unit");
  gint64 owner = baton_json_get_int (holder, "uid", -1);
  g_autofree char *program = NULL;

  if (!loses_no_more (holder) || (owner != (gint64) uid && owner != 0))
    return NULL;

  if (owner == (gint64) uid && app_id != NULL)
    program = g_strconcat (app_id, ".desktop", NULL);
  else if (unit != NULL && g_str_has_suffix (unit, ".service"))
    program = g_strconcat (owner == (gint64) uid ? "" : OF_SYSTEM, unit, NULL);

  return program != NULL && baton_program_id_is_valid (program) ? g_steal_pointer (&program)
                                                                : NULL;
}

/**
 * baton_program_id_list:
 * @holders: (element-type JsonObject): what a plan would close
 * @uid: who asks
 *
 * Returns: (transfer full) (nullable): their programs, each once; %NULL where one of them cannot be
 *   known again
 */
GStrv
baton_program_id_list (GPtrArray *holders, guint uid)
{
  g_autoptr (GPtrArray) programs = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < holders->len; i++)
    {
      char *program = baton_program_id_dup (holders->pdata[i], uid);

      if (program == NULL)
        return NULL;
      if (g_ptr_array_find_with_equal_func (programs, program, g_str_equal, NULL))
        g_free (program);
      else
        g_ptr_array_add (programs, program);
    }
  g_ptr_array_add (programs, NULL);
  g_ptr_array_set_free_func (programs, NULL);

  return (GStrv) g_ptr_array_free (g_steal_pointer (&programs), FALSE);
}

/**
 * baton_program_id_dup_name:
 * @program: a program, see baton_program_id_dup()
 *
 * Returns: (transfer full): its name, as the user knows it
 */
char *
baton_program_id_dup_name (const char *program)
{
  g_autoptr (GDesktopAppInfo) app = NULL;

  if (g_str_has_prefix (program, OF_SYSTEM))
    /* Translators: the name of a service that belongs to the computer, not to a user */
    return g_strdup_printf (_ ("%s of the system"), program + strlen (OF_SYSTEM));

  if (g_str_has_suffix (program, ".desktop"))
    app = g_desktop_app_info_new (program);

  return g_strdup (app != NULL ? g_app_info_get_display_name (G_APP_INFO (app)) : program);
}

/**
 * baton_program_id_dup_icon:
 * @program: a program, see baton_program_id_dup()
 *
 * Returns: (transfer full): its icon, else one for its kind
 */
GIcon *
baton_program_id_dup_icon (const char *program)
{
  g_autoptr (GDesktopAppInfo) app = NULL;
  GIcon *icon = NULL;

  if (!g_str_has_suffix (program, ".desktop"))
    return g_themed_icon_new ("baton-service-symbolic");

  app = g_desktop_app_info_new (program);
  if (app != NULL)
    icon = g_app_info_get_icon (G_APP_INFO (app));

  return icon != NULL ? g_object_ref (icon) : g_themed_icon_new ("baton-program-symbolic");
}
