/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notify.h"

#include <glib/gi18n.h>

#include "baton-event.h"
#include "baton-json.h"
#include "baton-result-words.h"

#define SEEN_FILE "seen-report"

/**
 * baton_notify_build:
 * @report: a report of the contract
 *
 * Returns: (transfer full): the notification of how a handoff ended; urgent where it went wrong
 */
GNotification *
baton_notify_build (JsonObject *report)
{
  g_autofree char *title =
      baton_result_words_dup_title (report, baton_json_get_string (report, "to"));
  g_autofree char *text = baton_result_words_dup_text (report);
  GNotification *notification = g_notification_new (title);
  g_autoptr (GIcon) icon = g_themed_icon_new (BATON_APP_ID);
  JsonArray *cards = baton_json_get_array (report, "cards");
  const char *card =
      baton_json_count (cards) > 0 ? json_array_get_string_element (cards, 0) : NULL;

  g_notification_set_icon (notification, icon);
  if (text != NULL)
    g_notification_set_body (notification, text);
  g_notification_set_priority (notification, baton_result_words_is_urgent (report)
                                                 ? G_NOTIFICATION_PRIORITY_URGENT
                                                 : G_NOTIFICATION_PRIORITY_NORMAL);
  g_notification_set_default_action (notification, "app.activate");
  g_notification_add_button (notification, _ ("Show Report"), "app.report");
  /* Returning asks for the password, so it cannot happen behind a click alone. */
  if (card != NULL && baton_json_get_int (report, "exit", -1) == BATON_EXIT_DONE &&
      g_strcmp0 (baton_json_get_string (report, "to"), "guest") == 0)
    g_notification_add_button_with_target (notification, _ ("Return to Host"), "app.return",
                                           "s", card);

  return notification;
}

/**
 * baton_notify_holds:
 * @report: a report of the contract
 * @boot_id: (nullable): what tells this boot from every other
 *
 * A restart ends every handoff: that a card is with the guests was so before it.
 *
 * Returns: %TRUE if what @report tells can still be so
 */
gboolean
baton_notify_holds (JsonObject *report, const char *boot_id)
{
  const char *reported = baton_json_get_string (report, "boot_id");

  if (baton_json_get_int (report, "exit", -1) != BATON_EXIT_DONE ||
      g_strcmp0 (baton_json_get_string (report, "to"), "guest") != 0)
    return TRUE;

  return boot_id != NULL && g_strcmp0 (reported, boot_id) == 0;
}

/**
 * baton_notify_dup_key:
 * @report: a report of the contract
 *
 * Returns: (transfer full): what tells it from the reports before and after
 */
char *
baton_notify_dup_key (JsonObject *report)
{
  const char *handoff = baton_json_get_string (report, "handoff");
  const char *boot_id = baton_json_get_string (report, "boot_id");
  const char *code = baton_json_get_string (report, "code");

  /* What a handoff came to may change after its end: one that was to bring the card back by itself
   * brings it back, or says that nothing comes of it. */
  if (handoff != NULL)
    return code != NULL ? g_strconcat (handoff, " ", code, NULL) : g_strdup (handoff);

  return g_strdup_printf ("%" G_GINT64_FORMAT " %s", baton_json_get_int (report, "at", 0),
                          boot_id != NULL ? boot_id : "");
}

/**
 * baton_notify_was_seen:
 * @state_directory: this user's directory for Baton's state
 * @key: a report's key
 *
 * Returns: %TRUE if this user was told of the report
 */
gboolean
baton_notify_was_seen (const char *state_directory, const char *key)
{
  g_autofree char *path = g_build_filename (state_directory, SEEN_FILE, NULL);
  g_autofree char *seen = NULL;

  return g_file_get_contents (path, &seen, NULL, NULL) && g_strcmp0 (seen, key) == 0;
}

/**
 * baton_notify_note_seen:
 * @state_directory: this user's directory for Baton's state
 * @key: the key of the report that this user has been told of
 */
void
baton_notify_note_seen (const char *state_directory, const char *key)
{
  g_autofree char *path = g_build_filename (state_directory, SEEN_FILE, NULL);
  g_autoptr (GError) error = NULL;

  /* Not to be able to remember costs one notification too many at the next login. */
  if (g_mkdir_with_parents (state_directory, 0700) < 0 ||
      !g_file_set_contents_full (path, key, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_debug ("could not note that the report was seen: %s, ignoring",
             error != NULL ? error->message : path);
}
