/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-login-report.h"

#include <json-glib/json-glib.h>
#include <stdlib.h>

#include "baton-closed-session.h"
#include "baton-event.h"
#include "baton-login-reopen.h"
#include "baton-login-wait.h"
#include "baton-notify-reopen.h"
#include "baton-notify.h"
#include "baton-root.h"

/* What follows the start of a login screen: that it stays is watched for some seconds. */
#define PATIENCE_MS 30000

static JsonNode *
read_report (BatonRoot *root)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize length = 0;

  text = baton_root_read_file (root, BATON_ROOT_VAR, "lib/baton/report.json", BATON_MAX_LINE_IN,
                               &length, &error);
  if (text == NULL)
    return NULL;

  return json_from_string (text, &error);
}

/* References used below:
 *  GNOTIFICATION - gio/gnotificationbackend.c and its backends: org.gtk.Notifications where
 *                  somebody has that name, else org.freedesktop.Notifications, unasked
 *  DBUS          - D-Bus Specification, "Message Bus Messages"
 */

static GVariant *
call_bus (GDBusConnection *bus, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
      parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  if (reply == NULL)
    g_debug ("%s: %s, ignoring", method, error->message);

  return reply;
}

/* Whoever shows notifications may be started by the first of them, or later in the same login. A
 * message to nobody is lost without a word (GNOTIFICATION), so the receiver is started before: the
 * bus answers when it is there, or cannot be (DBUS). */
static gboolean
has_receiver (GDBusConnection *bus)
{
  static const char *const names[] = { "org.gtk.Notifications",
                                       "org.freedesktop.Notifications" };
  g_autoptr (GVariant) started = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GVariant) reply =
          call_bus (bus, "NameHasOwner", g_variant_new ("(s)", names[i]));
      gboolean is_owned = FALSE;

      if (reply != NULL)
        g_variant_get (reply, "(b)", &is_owned);
      if (is_owned)
        return TRUE;
    }

  started = call_bus (bus, "StartServiceByName",
                      g_variant_new ("(su)", "org.freedesktop.Notifications", 0));

  return started != NULL;
}

/* What there is to tell of. */
typedef struct
{
  JsonNode *report; /* NULL where it was told */
  char *report_key;
  BatonClosed *closed;
  GPtrArray *cards;   /* those for which a session was ended, and its user was not told */
  GPtrArray *results; /* what became of what was opened again unasked */
} News;

static void
news_clear (News *self)
{
  g_clear_pointer (&self->report, json_node_unref);
  g_free (self->report_key);
  g_clear_pointer (&self->cards, g_ptr_array_unref);
  g_clear_pointer (&self->results, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (News, news_clear)

static void
find_report (News *self, BatonRoot *root, const char *state_directory)
{
  g_autoptr (JsonNode) node = read_report (root);
  g_autofree char *boot_id = NULL;
  g_autofree char *key = NULL;

  /* No report is the usual case. A broken one is told of by whoever looks at it. */
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  if (self->closed != NULL)
    baton_closed_settle_report (self->closed, json_node_get_object (node));
  boot_id = baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", NULL);
  key = baton_notify_dup_key (json_node_get_object (node));
  if (!baton_notify_holds (json_node_get_object (node), boot_id) ||
      baton_notify_was_seen (state_directory, key))
    return;
  self->report = g_steal_pointer (&node);
  self->report_key = g_steal_pointer (&key);
}

static gboolean
is_untold (BatonClosed *closed, const char *card)
{
  g_autoptr (GPtrArray) programs = baton_closed_list_session (closed, card, NULL);

  for (guint i = 0; programs != NULL && i < programs->len; i++)
    if (!((BatonClosedProgram *) programs->pdata[i])->is_told)
      return TRUE;

  return FALSE;
}

static void
find_ended_sessions (News *self)
{
  self->cards = self->closed != NULL ? baton_closed_list_cards (self->closed)
                                     : g_ptr_array_new_with_free_func (g_free);
  for (guint i = self->cards->len; i > 0; i--)
    if (!is_untold (self->closed, self->cards->pdata[i - 1]))
      g_ptr_array_remove_index (self->cards, i - 1);
}

static void
send_report (GApplication *application, JsonObject *report)
{
  g_autoptr (GNotification) notification = baton_notify_build (report);

  g_application_send_notification (application, BATON_NOTIFY_ID, notification);
}

static void
send_offer (GApplication *application, BatonClosed *closed, const char *card)
{
  g_autoptr (GPtrArray) programs = baton_closed_list_session (closed, card, NULL);
  g_autoptr (GNotification) notification = NULL;

  if (programs == NULL || programs->len == 0)
    return;
  notification = baton_notify_reopen_build (card, programs);
  g_application_send_notification (application, BATON_NOTIFY_REOPEN_ID, notification);
}

static void
send_problems (GApplication *application, GPtrArray *results)
{
  g_autoptr (GNotification) notification = baton_notify_reopen_build_problems (results);

  if (notification != NULL)
    g_application_send_notification (application, BATON_NOTIFY_REOPEN_ID, notification);
}

/* Returns: %TRUE if the notifications have left this process, for somebody */
static gboolean
send (GApplication *application, News *news)
{
  GDBusConnection *bus = g_application_get_dbus_connection (application);

  if (bus == NULL || !has_receiver (bus))
    return FALSE;

  if (news->report != NULL)
    send_report (application, json_node_get_object (news->report));
  for (guint i = 0; i < news->cards->len; i++)
    send_offer (application, news->closed, news->cards->pdata[i]);
  if (news->results->len > 0)
    send_problems (application, news->results);

  /* The messages are still in this process, and this process is about to end. */
  return g_dbus_connection_flush_sync (bus, NULL, NULL);
}

static void
note_told (News *news, const char *state_directory)
{
  if (news->report != NULL)
    baton_notify_note_seen (state_directory, news->report_key);
  for (guint i = 0; i < news->cards->len; i++)
    baton_closed_note_told (news->closed, news->cards->pdata[i]);
}

/**
 * baton_login_report:
 * @application: the application, not registered
 * @root: where the report is
 * @state_directory: this user's directory for Baton's state
 * @closed: (nullable): what Baton has closed of this user
 *
 * Tells how the last handoff ended, if nobody of this user's was there to see it: the session may
 * have been what had to end. Then it is offered as well to open again what was open in it, or it is
 * opened, as the card's owner wants it. Started by the desktop at each login, so it is over at once when there is nothing to tell; one whose login
 * screen has just come back is about to end, and is waited for.
 *
 * Returns: the exit status
 */
int
baton_login_report (GApplication *application,
                    BatonRoot *root,
                    const char *state_directory,
                    BatonClosed *closed)
{
  g_autoptr (GError) error = NULL;
  g_auto (News) news = { .closed = closed };

  baton_login_wait (root, PATIENCE_MS);
  find_report (&news, root, state_directory);
  news.results = baton_login_reopen (closed);
  find_ended_sessions (&news);
  if (news.report == NULL && news.cards->len == 0 && news.results->len == 0)
    return EXIT_SUCCESS;

  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("baton: the session bus could not be reached: %s\n", error->message);
      return EXIT_FAILURE;
    }

  /* A Baton that runs tells of it itself, and notes that it did; only it can send. */
  if (g_application_get_is_remote (application))
    return EXIT_SUCCESS;

  if (send (application, &news))
    note_told (&news, state_directory);

  return EXIT_SUCCESS;
}
