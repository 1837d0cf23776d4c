/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-handoff-dir.h"

/* @id and @name: (nullable): where in the place it was, as far as is known. */
void
baton_handoff_place_set_error (GError **error,
                               const char *what,
                               const char *place,
                               const char *id,
                               const char *name,
                               int errsv)
{
  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
               "could not %s '%s%s%s%s%s': %s", what, place, id != NULL ? "/" : "",
               id != NULL ? id : "", name != NULL ? "/" : "", name != NULL ? name : "",
               g_strerror (errsv));
}

/* Root acts on what lies here. A directory that somebody else owns, or may write to, was not made
 * by us, and a link is not followed. */
static int
enter (int parent,
       const char *place,
       const char *name,
       mode_t mode,
       gboolean create,
       GError **error)
{
  struct stat found;
  baton_autofd int fd = -1;
  gboolean made = create && mkdirat (parent, name, mode) == 0;

  fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &found) < 0)
    {
      baton_handoff_place_set_error (error, "open the directory", place, NULL, NULL, errno);
      return -1;
    }
  /* The umask took what others need to get in. */
  if (made && fchmod (fd, mode) < 0)
    {
      baton_handoff_place_set_error (error, "open the directory", place, NULL, NULL, errno);
      return -1;
    }
  if (!made && create &&
      (found.st_uid != geteuid () || (found.st_mode & (S_IWGRP | S_IWOTH)) != 0))
    {
      g_set_error (
          error, BATON_ERROR, BATON_ERROR_PERMISSION,
          "the directory '%s' of '%s' belongs to somebody else, or others may write to it",
          name, place);
      return -1;
    }

  return baton_fd_steal (&fd);
}

/**
 * baton_handoff_place_open:
 * @root: the roots
 * @place: %BATON_HANDOFF_PLACE or %BATON_SETTINGS_PLACE
 * @create: make it where it is not there
 * @error: return location for an error
 *
 * Returns: a descriptor of the place that the caller closes, or -1
 */
int
baton_handoff_place_open (BatonRoot *root, const char *place, gboolean create, GError **error)
{
  baton_autofd int ours =
      enter (baton_root_get_fd (root, BATON_ROOT_RUN), place, "baton", 0755, create, error);

  return ours >= 0 ? enter (ours, place, strrchr (place, '/') + 1, 0700, create, error) : -1;
}

/**
 * baton_handoff_place_make_id:
 * @ret_id: room for %BATON_HANDOFF_ID_DIGITS and a zero
 * @error: return location for an error
 *
 * Returns: %TRUE if @ret_id is a name that nobody can guess
 */
gboolean
baton_handoff_place_make_id (char *ret_id, GError **error)
{
  guint8 bytes[BATON_HANDOFF_ID_DIGITS / 2];

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                   "could not choose a name for the handoff: %s", g_strerror (errno));
      return FALSE;
    }

  for (guint i = 0; i < sizeof bytes; i++)
    g_snprintf (ret_id + 2 * i, 3, "%02x", bytes[i]);

  return TRUE;
}

/* A directory that could not be filled would be taken for a handoff that waits for its worker. */
void
baton_handoff_place_clear (int parent, const char *id)
{
  static const char *const names[] = { BATON_HANDOFF_REQUEST, BATON_HANDOFF_EVENTS,
                                       BATON_HANDOFF_CANCEL, BATON_HANDOFF_WAITS };
  baton_autofd int fd = openat (parent, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  for (guint i = 0; fd >= 0 && i < G_N_ELEMENTS (names); i++)
    unlinkat (fd, names[i], 0);
  unlinkat (parent, id, AT_REMOVEDIR);
}

/**
 * baton_handoff_id_is_valid:
 * @id: text from anywhere
 *
 * Returns: whether @id could name a handoff: 32 lower-case hexadecimal digits
 */
gboolean
baton_handoff_id_is_valid (const char *id)
{
  return id != NULL && strlen (id) == BATON_HANDOFF_ID_DIGITS &&
         strspn (id, "0123456789abcdef") == BATON_HANDOFF_ID_DIGITS;
}

/**
 * baton_handoff_place_remove:
 * @root: the roots
 * @place: %BATON_HANDOFF_PLACE or %BATON_SETTINGS_PLACE
 * @id: a directory there
 *
 * Removes what is known of a handoff. What cannot be removed stays: it is only memory, and is gone
 * with the next start of the machine.
 */
void
baton_handoff_place_remove (BatonRoot *root, const char *place, const char *id)
{
  baton_autofd int all = baton_handoff_place_open (root, place, FALSE, NULL);

  if (all >= 0)
    baton_handoff_place_clear (all, id);
}
