/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-event.h"
#include "baton-fd.h"
#include "baton-handoff-hold.h"
#include "baton-handoff-place.h"

/* A request with 8 cards and the longest list of consents that the grammar lets through. */
#define MAX_REQUEST_BYTES (256 * 1024)

struct _BatonHandoffDir
{
  const char *place;
  char id[BATON_HANDOFF_ID_DIGITS + 1];

  /* owned */
  int fd;
};

static gboolean
write_file (BatonHandoffDir *self, const char *name, const char *text, GError **error)
{
  gsize length = strlen (text);
  baton_autofd int fd =
      openat (self->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  for (gsize done = 0; fd >= 0 && done < length;)
    {
      gssize n = write (fd, text + done, length - done);

      if (n < 0 && errno != EINTR)
        baton_fd_clear (&fd);
      done += n > 0 ? (gsize) n : 0;
    }

  if (fd < 0)
    baton_handoff_place_set_error (error, "write", self->place, self->id, name, errno);

  return fd >= 0;
}

static BatonHandoffDir *
make (BatonRoot *root, const char *place, const char *order, GError **error)
{
  g_autoptr (BatonHandoffDir) self = g_new0 (BatonHandoffDir, 1);
  baton_autofd int all = -1;

  self->place = place;
  self->fd = -1;
  all = baton_handoff_place_open (root, place, TRUE, error);
  if (all < 0 || !baton_handoff_place_make_id (self->id, error))
    return NULL;

  if (mkdirat (all, self->id, 0700) < 0)
    {
      baton_handoff_place_set_error (error, "make the directory", place, self->id, NULL, errno);
      return NULL;
    }
  self->fd = openat (all, self->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->fd < 0)
    baton_handoff_place_set_error (error, "open the directory", place, self->id, NULL, errno);

  if (self->fd < 0 || !baton_handoff_hold_as_front (self, error) ||
      !write_file (self, BATON_HANDOFF_EVENTS, "", error) ||
      !write_file (self, BATON_HANDOFF_REQUEST, order, error))
    {
      baton_handoff_place_clear (all, self->id);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * baton_handoff_dir_new:
 * @root: the roots
 * @verb: what the worker is to do: `hand` or `recover`
 * @request: (nullable): the handoff
 * @uid: who asks
 * @error: return location for an error
 *
 * Makes the place where front and worker meet, under a name that nobody can guess: an empty
 * `events`, and then the `request`, which is what a worker acts on. It is held until it is freed:
 * what nobody holds is cleared away.
 *
 * Returns: (transfer full): the directory, or %NULL, and then nothing is left of it
 */
BatonHandoffDir *
baton_handoff_dir_new (
    BatonRoot *root, const char *verb, const BatonRequest *request, guint uid, GError **error)
{
  g_autofree char *order = baton_handoff_order_to_text (verb, request, NULL, uid);

  return make (root, BATON_HANDOFF_PLACE, order, error);
}

/**
 * baton_handoff_dir_new_for_settings:
 * @root: the roots
 * @order: what is to be changed
 * @error: return location for an error
 *
 * The same for a change of files, which is no handoff and stands apart from them.
 *
 * Returns: (transfer full): the directory, or %NULL, and then nothing is left of it
 */
BatonHandoffDir *
baton_handoff_dir_new_for_settings (BatonRoot *root, const char *order, GError **error)
{
  return make (root, BATON_SETTINGS_PLACE, order, error);
}

static BatonHandoffDir *
open_in (BatonRoot *root, const char *place, const char *id, GError **error)
{
  g_autoptr (BatonHandoffDir) self = g_new0 (BatonHandoffDir, 1);
  baton_autofd int all = -1;

  self->place = place;
  self->fd = -1;
  if (!baton_handoff_id_is_valid (id))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE,
                   "the name of a handoff is %d hexadecimal digits", BATON_HANDOFF_ID_DIGITS);
      return NULL;
    }
  g_strlcpy (self->id, id, sizeof self->id);

  all = baton_handoff_place_open (root, place, FALSE, error);
  if (all < 0)
    return NULL;
  self->fd = openat (all, self->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->fd < 0)
    {
      baton_handoff_place_set_error (error, "open the directory", place, self->id, NULL, errno);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * baton_handoff_dir_open:
 * @root: the roots
 * @id: its id, as anybody may have written it
 * @error: return location for an error
 *
 * Returns: (transfer full): the directory, or %NULL with %BATON_ERROR_PARSE where @id is none and
 *   %BATON_ERROR_NOT_FOUND where there is no such handoff
 */
BatonHandoffDir *
baton_handoff_dir_open (BatonRoot *root, const char *id, GError **error)
{
  return open_in (root, BATON_HANDOFF_PLACE, id, error);
}

/**
 * baton_handoff_dir_open_settings:
 * @root: the roots
 * @id: its id, as anybody may have written it
 * @error: return location for an error
 *
 * Returns: (transfer full): the directory of a change of the settings, or %NULL
 */
BatonHandoffDir *
baton_handoff_dir_open_settings (BatonRoot *root, const char *id, GError **error)
{
  return open_in (root, BATON_SETTINGS_PLACE, id, error);
}

/**
 * baton_handoff_dir_free:
 * @self: (nullable): a directory
 */
void
baton_handoff_dir_free (BatonHandoffDir *self)
{
  if (self == NULL)
    return;

  baton_fd_clear (&self->fd);
  g_free (self);
}

/**
 * baton_handoff_dir_get_id:
 * @self: a directory
 *
 * Returns: its id
 */
const char *
baton_handoff_dir_get_id (BatonHandoffDir *self)
{
  return self->id;
}

/**
 * baton_handoff_dir_dup_events_path:
 * @self: a directory
 *
 * Returns: (transfer full): where its `events` are below `/run`
 */
char *
baton_handoff_dir_dup_events_path (BatonHandoffDir *self)
{
  return g_build_filename (self->place, self->id, BATON_HANDOFF_EVENTS, NULL);
}

/**
 * baton_handoff_dir_get_fd:
 * @self: a directory
 *
 * Returns: its descriptor, which stays its own
 */
int
baton_handoff_dir_get_fd (BatonHandoffDir *self)
{
  return self->fd;
}

/**
 * baton_handoff_dir_open_events:
 * @self: a directory
 * @flags: `O_RDONLY`, or `O_WRONLY | O_APPEND` for the worker
 * @error: return location for an error
 *
 * Returns: a descriptor of `events` that the caller closes, or -1
 */
int
baton_handoff_dir_open_events (BatonHandoffDir *self, int flags, GError **error)
{
  int fd = openat (self->fd, BATON_HANDOFF_EVENTS, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

  if (fd < 0)
    baton_handoff_place_set_error (error, "open", self->place, self->id, BATON_HANDOFF_EVENTS,
                                   errno);

  return fd;
}

static char *
read_request (BatonHandoffDir *self, GError **error)
{
  g_autofree char *text = g_malloc (MAX_REQUEST_BYTES + 1);
  baton_autofd int fd =
      openat (self->fd, BATON_HANDOFF_REQUEST, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  gsize length = 0;
  gssize n = 1;

  while (fd >= 0 && n > 0 && length < MAX_REQUEST_BYTES)
    {
      n = read (fd, text + length, MAX_REQUEST_BYTES - length);
      length += n > 0 ? (gsize) n : 0;
    }

  if (fd < 0 || n < 0)
    {
      baton_handoff_place_set_error (error, "read", self->place, self->id,
                                     BATON_HANDOFF_REQUEST, errno);
      return NULL;
    }

  text[length] = '\0';
  return g_steal_pointer (&text);
}

/**
 * baton_handoff_dir_take_order:
 * @self: a directory
 * @error: return location for an error
 *
 * Reads the request and unlinks it, so that it is carried out once, whoever starts the worker's
 * unit again. Fails with %BATON_ERROR_NOT_FOUND where it was taken or withdrawn already.
 *
 * Returns: (transfer full): what to do
 */
BatonHandoffOrder *
baton_handoff_dir_take_order (BatonHandoffDir *self, GError **error)
{
  g_autofree char *text = read_request (self, error);

  if (text == NULL)
    return NULL;
  if (unlinkat (self->fd, BATON_HANDOFF_REQUEST, 0) < 0)
    {
      baton_handoff_place_set_error (error, "take", self->place, self->id,
                                     BATON_HANDOFF_REQUEST, errno);
      return NULL;
    }

  return baton_handoff_order_new_from_text (text, error);
}

/**
 * baton_handoff_dir_withdraw:
 * @self: a directory
 *
 * Takes the request back. A worker without one ends at once.
 *
 * Returns: %TRUE if no worker has taken it, so that nothing was or will be done
 */
gboolean
baton_handoff_dir_withdraw (BatonHandoffDir *self)
{
  return unlinkat (self->fd, BATON_HANDOFF_REQUEST, 0) == 0;
}

/**
 * baton_handoff_dir_remove:
 * @root: the roots
 * @self: a directory
 *
 * Leaves nothing of it.
 */
void
baton_handoff_dir_remove (BatonRoot *root, BatonHandoffDir *self)
{
  baton_handoff_place_remove (root, self->place, self->id);
}

/**
 * baton_handoff_dir_give_up:
 * @root: the roots
 * @self: a directory
 *
 * Takes the request back, and leaves nothing of a handoff that has no result and will have none.
 *
 * Returns: %TRUE if no worker has taken it, so that nothing was or will be done
 */
gboolean
baton_handoff_dir_give_up (BatonRoot *root, BatonHandoffDir *self)
{
  if (!baton_handoff_dir_withdraw (self))
    return FALSE;
  baton_handoff_dir_remove (root, self);

  return TRUE;
}

/**
 * baton_handoff_dir_ask_cancel:
 * @self: a directory
 * @error: return location for an error
 *
 * Asks the handoff to stop; asking again changes nothing.
 *
 * Returns: %TRUE if it is asked
 */
gboolean
baton_handoff_dir_ask_cancel (BatonHandoffDir *self, GError **error)
{
  g_autoptr (GError) cause = NULL;

  /* Whoever else asks may do so at this very moment. */
  if (write_file (self, BATON_HANDOFF_CANCEL, "", &cause) ||
      faccessat (self->fd, BATON_HANDOFF_CANCEL, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));

  return FALSE;
}

/**
 * baton_handoff_dir_has_ended:
 * @self: a directory
 *
 * Returns: whether its `events` hold the result, which is their last line
 */
gboolean
baton_handoff_dir_has_ended (BatonHandoffDir *self)
{
  g_autofree char *tail = g_malloc (BATON_MAX_LINE_OUT + 1);
  g_autoptr (BatonEvent) event = NULL;
  baton_autofd int fd = baton_handoff_dir_open_events (self, O_RDONLY, NULL);
  struct stat file;
  const char *begin = NULL;
  gssize n;

  if (fd < 0 || fstat (fd, &file) < 0 || !S_ISREG (file.st_mode))
    return FALSE;

  n = pread (fd, tail, BATON_MAX_LINE_OUT + 1, MAX (0, file.st_size - BATON_MAX_LINE_OUT - 1));
  if (n < 2 || tail[n - 1] != '\n')
    return FALSE;

  begin = memrchr (tail, '\n', (gsize) n - 1);
  begin = begin != NULL ? begin + 1 : tail;
  event = baton_event_parse (begin, tail + n - 1 - begin, NULL);

  return event != NULL && g_str_equal (event->type, "result");
}
