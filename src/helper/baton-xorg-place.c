/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-xorg-place.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-state-file.h"
#include "baton-xorg-file.h"

/* References used below:
 *  RENAME - rename(2): within a directory it is done as a whole, and RENAME_NOREPLACE puts nothing in the
 *           place of anything; a file system that does not know it says EINVAL
 */

/* What the owner's file becomes that cannot stay in its place; Xorg reads neither. */
#define KEPT_SUFFIX ".baton-kept"
#define MAX_KEPT 9

/* Where Xorg's files are, while something is done there. */
typedef struct
{
  /* borrowed */
  const BatonXorgState *state;
  GPtrArray *problems;
  BatonTrouble *trouble;

  /* owned */
  int dir;
  char *name; /* of the copy of the guest's file */
  char *temporary;
  char *aside;    /* of the host's, or NULL */
  BatonCode code; /* of what is said where it fails */
} Place;

static void
place_clear (Place *self)
{
  baton_fd_clear (&self->dir);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->temporary, g_free);
  g_clear_pointer (&self->aside, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static char *
dup_shown (const char *name)
{
  g_autofree char *path = g_build_filename (BATON_XORG_DIRECTORY, name, NULL);

  return baton_root_dup_shown_path (BATON_ROOT_ETC, path);
}

static gboolean
fail (Place *self, const char *name, const char *reason, int errsv)
{
  g_autofree char *shown = dup_shown (name);

  baton_trouble_set (self->trouble, self->code, errsv, "file", shown, "reason",
                     reason != NULL ? reason : g_strerror (errsv), NULL);

  return FALSE;
}

static gboolean
place_open (Place *self, BatonRoot *root)
{
  g_autofree char *reason = NULL;
  const BatonXorgState *state = self->state;

  self->name = baton_xorg_file_build_name (state->card);
  self->temporary = g_strdup_printf (".%s.new", self->name);
  self->aside =
      state->host != NULL ? g_strconcat (state->host, BATON_XORG_ASIDE_SUFFIX, NULL) : NULL;
  self->dir = baton_xorg_file_open_directory (root, &reason);

  return self->dir >= 0 ||
         fail (self, state->host != NULL ? state->host : self->name, reason, 0);
}

static gboolean
has_entry (const Place *self, const char *name)
{
  struct stat info;

  return fstatat (self->dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* RENAME. Returns: 0, or why not */
static int
move (const Place *self, const char *from, const char *to)
{
  if (renameat2 (self->dir, from, self->dir, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL)
    return errno;
  if (has_entry (self, to))
    return EEXIST;

  return renameat (self->dir, from, self->dir, to) == 0 ? 0 : errno;
}

/* Whether what lies there is what was put there, byte for byte. */
static gboolean
is_ours (const Place *self)
{
  baton_autofd int fd =
      openat (self->dir, self->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  g_autofree char *bytes = NULL;
  gsize length = 0;
  gsize wanted_length = 0;
  const void *wanted = g_bytes_get_data (self->state->bytes, &wanted_length);
  struct stat info;
  int errsv = 0;

  if (fd < 0 || fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    return FALSE;
  bytes = baton_xorg_file_read_fd (fd, &length, &errsv);

  return bytes != NULL && length == wanted_length &&
         (length == 0 || memcmp (bytes, wanted, length) == 0);
}

static gboolean
write_copy (Place *self)
{
  gsize length = 0;
  const void *bytes = g_bytes_get_data (self->state->bytes, &length);
  baton_autofd int fd = -1;
  int errsv;

  if (has_entry (self, self->name))
    return is_ours (self) || fail (self, self->name, NULL, EEXIST);

  /* One that was left behind. */
  unlinkat (self->dir, self->temporary, 0);
  fd = openat (self->dir, self->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               0600);
  if (fd < 0)
    return fail (self, self->name, NULL, errno);
  if (fchmod (fd, self->state->mode) < 0 || !baton_write_fully (fd, bytes, length) ||
      fsync (fd) < 0)
    errsv = errno;
  else
    errsv = move (self, self->temporary, self->name);
  if (errsv == 0)
    return TRUE;
  unlinkat (self->dir, self->temporary, 0);

  return fail (self, self->name, NULL, errsv);
}

static gboolean
move_aside (Place *self)
{
  int errsv = move (self, self->state->host, self->aside);

  /* It is there already. */
  if (errsv == ENOENT && has_entry (self, self->aside))
    return TRUE;

  return errsv == 0 || fail (self, self->state->host, NULL, errsv);
}

static gboolean
bring_to_disk (Place *self)
{
  return fsync (self->dir) == 0 ||
         fail (self, self->state->host != NULL ? self->state->host : self->name, NULL, errno);
}

/**
 * baton_xorg_place:
 * @root: the roots
 * @state: what is to be otherwise, which is on the disk already
 * @trouble: why it could not be done; what was done is then to be put back
 *
 * Makes Xorg's directory what it is to be while a guest has the card. What is so already stays.
 *
 * Returns: %TRUE if it is, on the disk as well
 */
gboolean
baton_xorg_place (BatonRoot *root, const BatonXorgState *state, BatonTrouble *trouble)
{
  g_auto (Place) self = { .state = state,
                          .trouble = trouble,
                          .dir = -1,
                          .code = BATON_CODE_XORG_NOT_PLACED };

  return place_open (&self, root) && (state->bytes == NULL || write_copy (&self)) &&
         (state->host == NULL || move_aside (&self)) && bring_to_disk (&self);
}

/**
 * baton_xorg_is_placed:
 * @root: the roots
 * @state: a state
 *
 * Returns: whether Xorg's directory is what it is to be while a guest has the card
 */
gboolean
baton_xorg_is_placed (BatonRoot *root, const BatonXorgState *state)
{
  g_auto (BatonTrouble) ignored = BATON_TROUBLE_INIT;
  g_auto (Place) self = { .state = state,
                          .trouble = &ignored,
                          .dir = -1,
                          .code = BATON_CODE_XORG_NOT_PLACED };

  return place_open (&self, root) && (state->bytes == NULL || is_ours (&self)) &&
         (state->host == NULL ||
          (!has_entry (&self, state->host) && has_entry (&self, self.aside)));
}

static void
add_problem (Place *self, BatonCode code, const char *file, const char *key, const char *value)
{
  g_autofree char *shown = dup_shown (file);
  BatonTrouble *problem = g_new0 (BatonTrouble, 1);

  baton_trouble_set (problem, code, 0, "file", shown, key, value, NULL);
  g_ptr_array_add (self->problems, problem);
}

/* Out of Xorg's sight, and told: it is somebody's work. */
static gboolean
keep (Place *self, const char *from, const char *file, BatonCode code)
{
  int errsv = EEXIST;

  for (guint i = 1; i <= MAX_KEPT; i++)
    {
      g_autofree char *kept = i == 1 ? g_strconcat (file, KEPT_SUFFIX, NULL)
                                     : g_strdup_printf ("%s%s-%u", file, KEPT_SUFFIX, i);
      g_autofree char *shown = dup_shown (kept);

      errsv = move (self, from, kept);
      if (errsv == EEXIST)
        continue;
      if (errsv != 0)
        break;
      add_problem (self, code, file, "kept", shown);
      return TRUE;
    }

  return fail (self, file, NULL, errsv);
}

static gboolean
take_copy_away (Place *self)
{
  unlinkat (self->dir, self->temporary, 0);
  if (!has_entry (self, self->name))
    return TRUE;
  if (!is_ours (self))
    return keep (self, self->name, self->name, BATON_CODE_XORG_FILE_KEPT);

  return unlinkat (self->dir, self->name, 0) == 0 || errno == ENOENT ||
         fail (self, self->name, NULL, errno);
}

/* It may have been done before. What is gone is told, and not looked for ever after. */
static gboolean
bring_host_back (Place *self)
{
  int errsv = move (self, self->aside, self->state->host);

  if (errsv == EEXIST)
    return keep (self, self->aside, self->state->host, BATON_CODE_XORG_FILE_REPLACED);
  if (errsv == ENOENT && has_entry (self, self->state->host))
    return TRUE;
  if (errsv == ENOENT)
    {
      g_autofree char *reason =
          g_strdup_printf ("“%s”, under which it was kept, is gone", self->aside);

      add_problem (self, self->code, self->state->host, "reason", reason);
      return TRUE;
    }

  return errsv == 0 || fail (self, self->state->host, NULL, errsv);
}

/**
 * baton_xorg_put_back:
 * @root: the roots
 * @state: what is otherwise
 * @problems: (element-type BatonTrouble): takes what was kept because somebody has changed it
 * @trouble: why it could not be done
 *
 * Makes Xorg's directory what it was before the card left. To do it twice, or to be killed and do it
 * again, is harmless. One part that fails does not keep the other.
 *
 * Returns: %TRUE if it is, on the disk as well
 */
gboolean
baton_xorg_put_back (BatonRoot *root,
                     const BatonXorgState *state,
                     GPtrArray *problems,
                     BatonTrouble *trouble)
{
  g_auto (Place) self = { .state = state,
                          .problems = problems,
                          .trouble = trouble,
                          .dir = -1,
                          .code = BATON_CODE_XORG_NOT_PUT_BACK };
  gboolean is_back = TRUE;

  if (!place_open (&self, root))
    return FALSE;
  if (state->host != NULL)
    is_back = bring_host_back (&self);
  if (state->bytes != NULL)
    is_back = take_copy_away (&self) && is_back;

  return is_back && bring_to_disk (&self);
}

/**
 * baton_xorg_forget_if_back:
 * @root: the roots
 * @card: a card that is back
 * @error: return location for an error
 *
 * What could not be put back stays noted: the next boot tries it once more.
 *
 * Returns: %FALSE if it could not be forgotten that something was otherwise
 */
gboolean
baton_xorg_forget_if_back (BatonRoot *root, const char *card, GError **error)
{
  g_autoptr (BatonXorgState) state = baton_xorg_state_load (root, card, NULL);
  g_auto (BatonTrouble) ignored = BATON_TROUBLE_INIT;
  g_auto (Place) self = { .state = state,
                          .trouble = &ignored,
                          .dir = -1,
                          .code = BATON_CODE_XORG_NOT_PUT_BACK };

  if (state == NULL || !place_open (&self, root) || has_entry (&self, self.name) ||
      (state->host != NULL && has_entry (&self, self.aside)))
    return TRUE;

  return baton_xorg_state_forget (root, card, error);
}
