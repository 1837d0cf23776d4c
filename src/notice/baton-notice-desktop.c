/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-desktop.h"

#include <glib/gi18n.h>

#include "baton-desktop-app.h"
#include "baton-text.h"

/* References used below:
 *  NOTIFY - Desktop Notifications Specification 1.2: the summary is plain, the body may be markup,
 *    actions are pairs of a key and a label, and that of the key "default" is a click on the whole;
 *    1.3: ActivationToken comes before ActionInvoked
 *  DBUSACTIVATION - Desktop Entry Specification, "D-Bus Activation": ActivateAction() of
 *    org.freedesktop.Application, at the path that the application's id makes
 */

#define SERVICE "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"

/* Who shows notifications may have to be started first. */
#define PATIENCE_MS 20000
/* Our window too, and on a busy computer that takes longer. */
#define WINDOW_PATIENCE_MS 120000

#define MAX_NAME 64
#define URGENCY_NORMAL 1

struct _BatonNoticeDesktop
{
  /* owned */
  GDBusConnection *bus;
  GPtrArray *shown; /* of Shown */
  GCancellable *cancellable;
  guint subscription;
};

/* One notification. */
typedef struct
{
  gboolean is_withdrawn; /* nothing is left of it but an answer that is awaited */
  guint id;              /* 0 while that is awaited */

  /* owned */
  char *card;
  char *program;
  char *token;
} Shown;

static void
free_shown (gpointer data)
{
  Shown *shown = data;

  g_free (shown->card);
  g_free (shown->program);
  g_free (shown->token);
  g_free (shown);
}

static Shown *
find_shown (BatonNoticeDesktop *self, guint id)
{
  for (guint i = 0; i < self->shown->len; i++)
    {
      Shown *shown = g_ptr_array_index (self->shown, i);

      if (id != 0 && shown->id == id)
        return shown;
    }

  return NULL;
}

/* Other programs' notifications wake us only while one of ours is on the screen. */
static void
forget (BatonNoticeDesktop *self, Shown *shown)
{
  g_ptr_array_remove (self->shown, shown);
  if (self->shown->len == 0 && self->subscription != 0)
    {
      g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
      self->subscription = 0;
    }
}

static void
close_notification (BatonNoticeDesktop *self, guint id)
{
  g_dbus_connection_call (self->bus, SERVICE, PATH, SERVICE, "CloseNotification",
                          g_variant_new ("(u)", id), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          PATIENCE_MS, NULL, NULL, NULL);
}

static void
on_window_asked_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    g_printerr ("baton-notice: could not open the window: %s\n", error->message);
}

/* The window is started by the bus where it does not run (DBUSACTIVATION). */
static void
ask_window (BatonNoticeDesktop *self, const char *action, const Shown *shown)
{
  g_autofree char *path = g_strconcat ("/", BATON_APP_ID, NULL);
  GVariantBuilder parameters;
  GVariantBuilder platform;

  g_strdelimit (path, ".", '/');
  g_variant_builder_init (&parameters, G_VARIANT_TYPE ("av"));
  g_variant_builder_add (&parameters, "v", g_variant_new_string (shown->card));
  g_variant_builder_init (&platform, G_VARIANT_TYPE_VARDICT);
  if (shown->token != NULL)
    {
      g_variant_builder_add (&platform, "{sv}", "activation-token",
                             g_variant_new_string (shown->token));
      g_variant_builder_add (&platform, "{sv}", "desktop-startup-id",
                             g_variant_new_string (shown->token));
    }

  g_dbus_connection_call (
      self->bus, BATON_APP_ID, path, "org.freedesktop.Application", "ActivateAction",
      g_variant_new ("(sava{sv})", action, &parameters, &platform), NULL,
      G_DBUS_CALL_FLAGS_NONE, WINDOW_PATIENCE_MS, self->cancellable, on_window_asked_cb, NULL);
}

static void
on_signal_cb (GDBusConnection *bus,
              const char *sender,
              const char *path,
              const char *interface,
              const char *signal,
              GVariant *parameters,
              gpointer data)
{
  BatonNoticeDesktop *self = data;
  Shown *shown;
  const char *text = NULL;
  guint id = 0;

  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(us)")))
    g_variant_get (parameters, "(u&s)", &id, &text);
  else if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(uu)")))
    g_variant_get (parameters, "(uu)", &id, NULL);
  shown = find_shown (self, id);
  if (shown == NULL)
    return;

  if (g_str_equal (signal, "NotificationClosed"))
    {
      forget (self, shown);
    }
  else if (g_str_equal (signal, "ActivationToken") && text != NULL)
    {
      g_free (shown->token);
      shown->token = g_strdup (text);
    }
  else if (g_str_equal (signal, "ActionInvoked"))
    {
      ask_window (self, g_strcmp0 (text, "keep-off") == 0 ? "keep-off" : "show-card", shown);
    }
}

/* What an answer belongs to may be gone with the desktop that asked. */
typedef struct
{
  BatonNoticeDesktop *desktop; /* borrowed: the call is cancelled with it */
  Shown *shown;                /* borrowed */
} Asked;

static void
on_told_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Asked *asked = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  guint id = 0;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (reply == NULL)
    {
      g_printerr ("baton-notice: could not show a notification: %s\n", error->message);
      forget (asked->desktop, asked->shown);
      return;
    }

  g_variant_get (reply, "(u)", &id);
  if (asked->shown->is_withdrawn)
    {
      close_notification (asked->desktop, id);
      forget (asked->desktop, asked->shown);
      return;
    }
  asked->shown->id = id;
}

/**
 * baton_notice_desktop_new:
 * @bus: the session's bus
 *
 * Returns: (transfer full): a screen with nothing on it
 */
BatonNoticeDesktop *
baton_notice_desktop_new (GDBusConnection *bus)
{
  BatonNoticeDesktop *self = g_new0 (BatonNoticeDesktop, 1);

  self->bus = g_object_ref (bus);
  self->shown = g_ptr_array_new_with_free_func (free_shown);
  self->cancellable = g_cancellable_new ();

  return self;
}

/**
 * baton_notice_desktop_free:
 * @self: (nullable): a screen
 */
void
baton_notice_desktop_free (BatonNoticeDesktop *self)
{
  if (self == NULL)
    return;

  g_cancellable_cancel (self->cancellable);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  g_ptr_array_unref (self->shown);
  g_object_unref (self->cancellable);
  g_object_unref (self->bus);
  g_free (self);
}

static char *
dup_title (const BatonNoticeEvent *event, const BatonCard *card)
{
  g_autoptr (GDesktopAppInfo) app = baton_desktop_app_find (event->app_id);
  g_autofree char *program = baton_text_clean (
      app != NULL ? g_app_info_get_display_name (G_APP_INFO (app)) : event->name, -1, MAX_NAME,
      NULL, NULL);

  /* Translators: the name of a program, and of a graphics card */
  return g_strdup_printf (_ ("%s started using %s"), program, baton_card_get_name (card));
}

/**
 * baton_notice_desktop_tell:
 * @self: a screen
 * @event: who has started to use a card
 * @card: that card, with its name
 *
 * Shows it. Where nobody shows notifications, the journal has it.
 */
void
baton_notice_desktop_tell (BatonNoticeDesktop *self,
                           const BatonNoticeEvent *event,
                           const BatonCard *card)
{
  Shown *shown = g_new0 (Shown, 1);
  Asked *asked = g_new0 (Asked, 1);
  g_autofree char *title = dup_title (event, card);
  g_autoptr (GStrvBuilder) actions = g_strv_builder_new ();
  g_auto (GStrv) pairs = NULL;
  GVariantBuilder hints;

  shown->card = g_strdup (event->card);
  shown->program = g_strdup (event->program);
  g_ptr_array_add (self->shown, shown);
  asked->desktop = self;
  asked->shown = shown;
  if (self->subscription == 0)
    self->subscription =
        g_dbus_connection_signal_subscribe (self->bus, SERVICE, SERVICE, NULL, PATH, NULL,
                                            G_DBUS_SIGNAL_FLAGS_NONE, on_signal_cb, self, NULL);

  g_strv_builder_add_many (actions, "default", _ ("Show"), "show", _ ("Show"), NULL);
  if (!card->kept_off)
    /* Translators: a button that asks for "Keep the Desktop Off This Card" */
    g_strv_builder_add_many (actions, "keep-off", _ ("Keep Off"), NULL);
  pairs = g_strv_builder_end (actions);
  g_variant_builder_init (&hints, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&hints, "{sv}", "desktop-entry", g_variant_new_string (BATON_APP_ID));
  g_variant_builder_add (&hints, "{sv}", "urgency", g_variant_new_byte (URGENCY_NORMAL));

  g_dbus_connection_call (
      self->bus, SERVICE, PATH, SERVICE, "Notify",
      g_variant_new ("(susss^asa{sv}i)", "Baton", 0u, BATON_APP_ID, title,
                     _ ("The card can be handed to a virtual machine only after this program "
                        "lets it go."),
                     pairs, &hints, -1),
      G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, PATIENCE_MS, self->cancellable,
      on_told_cb, asked);
}

/* Where the answer is still awaited, that is when it happens. */
static void
take_off (BatonNoticeDesktop *self, Shown *shown)
{
  shown->is_withdrawn = TRUE;
  if (shown->id == 0)
    return;
  close_notification (self, shown->id);
  forget (self, shown);
}

/**
 * baton_notice_desktop_withdraw:
 * @self: a screen
 * @event: who uses a card no longer
 *
 * Takes what was said of it off the screen.
 */
void
baton_notice_desktop_withdraw (BatonNoticeDesktop *self, const BatonNoticeEvent *event)
{
  for (guint i = self->shown->len; i > 0; i--)
    {
      Shown *shown = g_ptr_array_index (self->shown, i - 1);

      if (!shown->is_withdrawn && g_str_equal (shown->card, event->card) &&
          g_str_equal (shown->program, event->program))
        take_off (self, shown);
    }
}

/**
 * baton_notice_desktop_withdraw_all:
 * @self: a screen
 *
 * Takes everything off the screen: nobody is going to listen to its buttons any more.
 */
void
baton_notice_desktop_withdraw_all (BatonNoticeDesktop *self)
{
  for (guint i = self->shown->len; i > 0; i--)
    take_off (self, g_ptr_array_index (self->shown, i - 1));
  g_dbus_connection_flush_sync (self->bus, NULL, NULL);
}
