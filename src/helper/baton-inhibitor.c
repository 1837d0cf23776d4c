/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-inhibitor.h"

#include <gio/gunixfdlist.h>

#include "baton-bus.h"
#include "baton-errand.h"
#include "baton-error.h"
#include "baton-fd.h"

/* References used below:
 *  LOGIND - org.freedesktop.login1(5), method Inhibit
 */

#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"

#define WHO "Baton"

/* Of ours, and a little less for the call, so that its own reason is heard. */
#define DEADLINE_US (4 * G_USEC_PER_SEC)
#define CALL_TIMEOUT_MS 3000

struct _BatonInhibitor
{
  BatonWaiter *waiter; /* borrowed */

  /* owned */
  int fd;
};

typedef struct
{
  BatonRoot *root;
  const char *what;
  const char *why;
} Question;

/* logind is not started for this: where it does not run, nobody asks it before a sleep either. */
static int
ask_logind (const Question *question, GError **error)
{
  g_autoptr (GDBusConnection) connection = baton_bus_connect_system (question->root, error);
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) reply = NULL;
  int handle = -1;

  if (connection == NULL)
    return -1;
  reply = g_dbus_connection_call_with_unix_fd_list_sync (
      connection, LOGIND_NAME, LOGIND_PATH, LOGIND_MANAGER, "Inhibit",
      g_variant_new ("(ssss)", question->what, WHO, question->why, "block"),
      G_VARIANT_TYPE ("(h)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT_MS, NULL, &fds,
      NULL, error);
  if (reply == NULL)
    return -1;
  g_variant_get (reply, "(h)", &handle);
  if (fds == NULL)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "logind's answer holds no lock");
      return -1;
    }

  return g_unix_fd_list_get (fds, handle, error);
}

static void
fetch (int socket, gpointer data)
{
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = ask_logind (data, &error);

  if (error != NULL)
    g_dbus_error_strip_remote_error (error);
  baton_errand_answer (socket, fd, error);
}

/**
 * baton_inhibitor_new:
 * @root: the roots
 * @waiter: what waits
 * @what: %BATON_INHIBIT_ALL or %BATON_INHIBIT_SLEEP
 * @why: a sentence for people, which desktops show
 * @error: return location for an error
 *
 * Asks logind not to let the computer sleep, or not to let it be switched off either (LOGIND). A
 * restart that root insists on goes through all the same, and is a cancel.
 *
 * Returns: (transfer full) (nullable): holds until it is freed
 */
BatonInhibitor *
baton_inhibitor_new (
    BatonRoot *root, BatonWaiter *waiter, const char *what, const char *why, GError **error)
{
  Question question = { .root = root, .what = what, .why = why };
  g_autoptr (BatonErrand) errand = baton_errand_new (root, waiter, fetch, &question, error);
  BatonInhibitor *self;
  int fd = -1;

  if (errand == NULL ||
      !baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, &fd, error))
    return NULL;
  if (fd < 0)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "logind's answer holds no lock");
      return NULL;
    }

  self = g_new0 (BatonInhibitor, 1);
  self->waiter = waiter;
  self->fd = fd;
  baton_waiter_keep_from_children (waiter, fd);

  return self;
}

void
baton_inhibitor_free (BatonInhibitor *self)
{
  baton_waiter_forget (self->waiter, self->fd);
  baton_fd_clear (&self->fd);
  g_free (self);
}
