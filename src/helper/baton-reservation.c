/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-reservation.h"

#include <unistd.h>

#include "baton-bus.h"
#include "baton-drop.h"
#include "baton-error.h"

/* References used below:
 *  RESERVE - the desktop's device reservation, org.freedesktop.ReserveDevice1 (PulseAudio's
 *            reserve.txt): the owner of the name has the device; asked with RequestRelease and a
 *            higher priority it lets go, and lets its name be replaced. Who asks with the highest
 *            of all need not offer the interface itself
 *  DBUS    - D-Bus specification, org.freedesktop.DBus.RequestName
 */

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define RESERVE_INTERFACE "org.freedesktop.ReserveDevice1"
#define RESERVE_PATH "/org/freedesktop/ReserveDevice1/"

/* Of ours; the child has no deadlines of its own, because it can be ended. */
#define DEADLINE_US (5 * G_USEC_PER_SEC)

/* DBUS: flags and answers of RequestName. */
enum
{
  REPLACE_EXISTING = 2,
  DO_NOT_QUEUE = 4,
};
enum
{
  PRIMARY_OWNER = 1,
  IN_QUEUE = 2,
};

typedef struct
{
  guint uid;
  const char *bus;
  const char *device;
  pid_t sender;
} Question;

static gboolean
request_name (GDBusConnection *connection,
              const char *name,
              guint flags,
              guint *ret_answer,
              GError **error)
{
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_sync (connection, BUS_NAME, BUS_PATH, BUS_NAME, "RequestName",
                                   g_variant_new ("(su)", name, flags), G_VARIANT_TYPE ("(u)"),
                                   G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, error);

  if (reply != NULL)
    g_variant_get (reply, "(u)", ret_answer);

  return reply != NULL;
}

static gboolean
request_release (GDBusConnection *connection,
                 const char *name,
                 const char *device,
                 GError **error)
{
  g_autofree char *path = g_strconcat (RESERVE_PATH, device, NULL);
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_sync (connection, name, path, RESERVE_INTERFACE, "RequestRelease",
                                   g_variant_new ("(i)", G_MAXINT32), G_VARIANT_TYPE ("(b)"),
                                   G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL, error);
  gboolean granted = FALSE;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(b)", &granted);
  if (!granted)
    g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "the sound server refused");

  return granted;
}

static void
on_name_acquired_cb (GDBusConnection *connection,
                     const char *sender,
                     const char *path,
                     const char *interface,
                     const char *signal,
                     GVariant *parameters,
                     gpointer data)
{
  gboolean *acquired = data;

  *acquired = TRUE;
}

/* An owner may keep its name for a moment after it has said yes: the queue is waited for. */
static gboolean
take_name (GDBusConnection *connection, const char *name, GError **error)
{
  gboolean acquired = FALSE;
  guint answer = 0;

  g_dbus_connection_signal_subscribe (connection, BUS_NAME, BUS_NAME, "NameAcquired", BUS_PATH,
                                      name, G_DBUS_SIGNAL_FLAGS_NONE, on_name_acquired_cb,
                                      &acquired, NULL);
  if (!request_name (connection, name, REPLACE_EXISTING, &answer, error))
    return FALSE;
  while (answer == IN_QUEUE && !acquired && !g_dbus_connection_is_closed (connection))
    g_main_context_iteration (NULL, TRUE);
  if (answer == PRIMARY_OWNER || acquired)
    return TRUE;

  g_set_error (error, BATON_ERROR, BATON_ERROR_BUSY, "the reservation was not given up");

  return FALSE;
}

static gboolean
acquire (GDBusConnection *connection, const char *device, GError **error)
{
  g_autofree char *name = g_strconcat (RESERVE_INTERFACE ".", device, NULL);
  guint answer = 0;

  if (!request_name (connection, name, DO_NOT_QUEUE, &answer, error))
    return FALSE;

  return answer == PRIMARY_OWNER || (request_release (connection, name, device, error) &&
                                     take_name (connection, name, error));
}

/* The bus lets root in as little as a stranger, and whatever is on it is a stranger to root. */
static void
reserve (int socket, gpointer data)
{
  const Question *question = data;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  if (baton_drop_become (question->uid, &error))
    {
      baton_errand_end_with (question->sender);
      connection = baton_bus_connect (question->bus, &error);
    }
  if (connection != NULL && acquire (connection, question->device, &error))
    {
      baton_errand_answer (socket, -1, NULL);
      baton_errand_stay (socket);
      return;
    }
  if (error != NULL)
    g_dbus_error_strip_remote_error (error);
  baton_errand_answer (socket, -1, error);
}

/**
 * baton_reservation_new:
 * @root: the roots
 * @waiter: what waits
 * @uid: a user, not root
 * @device: a device that the desktop knows how to reserve, such as `Audio1`
 * @error: return location for an error
 *
 * Asks whoever has the device on the user's session bus to let go of it, with the highest priority
 * there is (RESERVE). The one who asks is a child that has become that user and keeps no right:
 * nothing that answers is believed, and one that does not answer is given up.
 *
 * Returns: (transfer full) (nullable): the reservation, which lasts until it is freed
 */
BatonErrand *
baton_reservation_new (
    BatonRoot *root, BatonWaiter *waiter, guint uid, const char *device, GError **error)
{
  g_autofree char *socket = g_strdup_printf ("user/%u/bus", uid);
  g_autofree char *bus = baton_root_build_path (root, BATON_ROOT_RUN, socket);
  Question question = { .uid = uid, .bus = bus, .device = device, .sender = getpid () };
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, reserve, &question, error);

  if (errand == NULL ||
      !baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error))
    return NULL;

  return g_steal_pointer (&errand);
}
