/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-device-session.h"

#include <string.h>

/* References used below:
 *  SESSION - systemd, src/login/logind-session.c, session_save() and session_save_devices(): one file
 *    a session below /run/systemd/sessions, KEY=VALUE a line; DEVICES has MAJOR:MINOR and a space for
 *    each device that TakeDevice() has given to it. It is logind's own and "do not parse" stands in it:
 *    what cannot be found there is not known, and no harm comes of that. The D-Bus interface says nothing
 *    of a session's devices.
 */

#define SESSIONS "systemd/sessions"

#define MAX_SESSION (64 * 1024)
/* More sessions than anybody has. */
#define MAX_SESSIONS 256

/**
 * baton_device_session_free:
 * @self: (nullable): a session
 */
void
baton_device_session_free (BatonDeviceSession *self)
{
  if (self == NULL)
    return;

  g_free (self->id);
  g_free (self->user);
  g_free (self->seat);
  g_free (self);
}

/* Returns: (transfer full) (nullable): the value of the first line that begins with @key and = */
static char *
dup_value (char **lines, const char *key)
{
  gsize length = strlen (key);

  for (guint i = 0; lines[i] != NULL; i++)
    if (strncmp (lines[i], key, length) == 0 && lines[i][length] == '=' &&
        lines[i][length + 1] != '\0')
      return g_strdup (lines[i] + length + 1);

  return NULL;
}

static gboolean
has_device (char **lines, guint major, guint minor)
{
  g_autofree char *devices = dup_value (lines, "DEVICES");
  g_autofree char *wanted = g_strdup_printf ("%u:%u", major, minor);
  g_auto (GStrv) words = g_strsplit (devices != NULL ? devices : "", " ", -1);

  return g_strv_contains ((const char *const *) words, wanted);
}

static BatonDeviceSession *
read_session (BatonRoot *root, const char *id, guint major, guint minor)
{
  g_autofree char *path = g_build_filename (SESSIONS, id, NULL);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, path, MAX_SESSION, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  g_autoptr (BatonDeviceSession) self = NULL;

  if (!has_device (lines, major, minor))
    return NULL;

  self = g_new0 (BatonDeviceSession, 1);
  self->id = g_strdup (id);
  self->user = dup_value (lines, "USER");
  self->seat = dup_value (lines, "SEAT");

  return self->user != NULL && self->seat != NULL ? g_steal_pointer (&self) : NULL;
}

/**
 * baton_device_session_find:
 * @root: where to look
 * @major: a device's number
 * @minor: likewise
 *
 * Returns: (transfer full) (nullable): the session that the device was given to, as far as logind has
 *   noted it (SESSION)
 */
BatonDeviceSession *
baton_device_session_find (BatonRoot *root, guint major, guint minor)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_RUN, SESSIONS, NULL);

  for (guint i = 0; names != NULL && i < names->len && i < MAX_SESSIONS; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      BatonDeviceSession *found;

      /* Beside each is a pipe, by which the session's end is seen: 2.ref. */
      if (strchr (name, '.') != NULL)
        continue;
      found = read_session (root, name, major, minor);
      if (found != NULL)
        return found;
    }

  return NULL;
}
