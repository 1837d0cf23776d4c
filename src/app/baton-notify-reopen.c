/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notify-reopen.h"

#include <glib/gi18n.h>

#include "baton-reopen.h"
#include "baton-text.h"

/**
 * baton_notify_reopen_build:
 * @card: address of the card for which a session was ended
 * @programs: (element-type BatonClosedProgram): what was open in it
 *
 * Returns: (transfer full): the notification that offers to open it again
 */
GNotification *
baton_notify_reopen_build (const char *card, GPtrArray *programs)
{
  GNotification *notification = g_notification_new (_ ("Open Again What Was Open?"));
  g_autoptr (GIcon) icon = g_themed_icon_new (BATON_APP_ID);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *body = NULL;

  for (guint i = 0; i < programs->len; i++)
    {
      g_autofree char *name = baton_reopen_dup_name (programs->pdata[i]);

      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", name);
    }
  /* Translators: names of applications */
  body = g_strdup_printf (_ ("%s. What was not saved does not come back."), names->str);

  g_notification_set_icon (notification, icon);
  g_notification_set_body (notification, body);
  g_notification_set_default_action_and_target (notification, "app.show-card", "s", card);
  g_notification_add_button_with_target (notification, _ ("Open Again"), "app.reopen", "s",
                                         card);

  return notification;
}

/**
 * baton_notify_reopen_build_problems:
 * @results: (element-type BatonReopened): what became of what was to be opened again
 *
 * Returns: (transfer full) (nullable): the notification that says what could not be; %NULL where all of it
 *   was opened
 */
GNotification *
baton_notify_reopen_build_problems (GPtrArray *results)
{
  g_autoptr (GHashTable) args = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  BatonCode code = baton_reopen_describe (results, args);
  const BatonCodeInfo *info = baton_code_get_info (code);
  g_autoptr (GIcon) icon = NULL;
  g_autofree char *body = NULL;
  GNotification *notification;

  if (code == BATON_CODE_REOPENED)
    return NULL;

  notification = g_notification_new (gettext (info->title));
  icon = g_themed_icon_new (BATON_APP_ID);
  body = baton_code_fill (gettext (info->text), args);
  g_notification_set_icon (notification, icon);
  g_notification_set_body (notification, body);

  return notification;
}

/**
 * baton_notify_reopen_withdraw:
 *
 * It was opened again, or is not to be: nothing is offered any more.
 */
void
baton_notify_reopen_withdraw (void)
{
  GApplication *application = g_application_get_default ();

  if (application != NULL && g_application_get_is_registered (application))
    g_application_withdraw_notification (application, BATON_NOTIFY_REOPEN_ID);
}
