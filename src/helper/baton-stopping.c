/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-stopping.h"

#include "baton-bus.h"
#include "baton-errand.h"
#include "baton-error.h"
#include "baton-front-start.h"
#include "baton-systemd-job.h"

/* References used below:
 *  SD-STATE - org.freedesktop.systemd1(5), the manager's property SystemState: `stopping` from the
 *    moment that shutdown.target is to be reached
 */

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define STOPPING "stopping"

/* A bus that does not answer within that time is itself about to end. */
#define PATIENCE_MS 2000

/* A little more, so that the answer is heard. */
#define DEADLINE_US (3 * G_USEC_PER_SEC)

/* Needs none of the roots' directories, which an errand has not. */
static gboolean
ask_systemd (BatonRoot *root)
{
  g_autoptr (GDBusConnection) connection = baton_bus_connect_system (root, NULL);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) value = NULL;

  if (connection != NULL)
    reply = g_dbus_connection_call_sync (
        connection, BATON_SYSTEMD_NAME, BATON_SYSTEMD_PATH, PROPERTIES, "Get",
        g_variant_new ("(ss)", BATON_SYSTEMD_MANAGER, "SystemState"), G_VARIANT_TYPE ("(v)"),
        G_DBUS_CALL_FLAGS_NO_AUTO_START, PATIENCE_MS, NULL, NULL);
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(v)", &value);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) &&
         g_str_equal (g_variant_get_string (value, NULL), STOPPING);
}

/**
 * baton_is_stopping:
 * @root: the roots
 *
 * Returns: whether systemd is on its way to switch this computer off or to restart it (SD-STATE);
 *   %FALSE where nobody says so
 */
gboolean
baton_is_stopping (BatonRoot *root)
{
  return baton_front_has_systemd (root) && ask_systemd (root);
}

/* In a child that has nothing else to do. */
static void
ask (int socket, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!ask_systemd (data))
    g_set_error (&error, BATON_ERROR, BATON_ERROR_NOT_FOUND, "nobody says so");
  baton_errand_answer (socket, -1, error);
}

/**
 * baton_is_stopping_by_errand:
 * @root: the roots
 * @waiter: what waits
 *
 * For the worker, which has neither a bus nor threads.
 *
 * Returns: as baton_is_stopping()
 */
gboolean
baton_is_stopping_by_errand (BatonRoot *root, BatonWaiter *waiter)
{
  g_autoptr (BatonErrand) errand = NULL;

  if (!baton_front_has_systemd (root))
    return FALSE;
  errand = baton_errand_new (root, waiter, ask, root, NULL);

  return errand != NULL &&
         baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, NULL);
}
