/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-crc32c.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-state-file.h"

/* The file: MAGIC, then records: length and checksum, 32 bits each, lowest byte first, then that
 * many bytes of JSON. A checksum goes on from the one before it, so that a record that is whole
 * but stands in the wrong place is found like one that is damaged. Zeros follow the last one. */
#define MAGIC "baton journal 1\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define RECORD_HEAD_BYTES 8

/* While it is being made. It takes its name only when it is whole and on the disk. */
#define NEW_NAME ".journal.new"
#define BROKEN_NAME "journal.broken"

struct _BatonJournal
{
  /* owned */
  int fd;

  gsize length;
  guint32 crc;
};

static void
put_u32 (guint8 *at, guint32 value)
{
  guint32 little = GUINT32_TO_LE (value);

  memcpy (at, &little, sizeof little);
}

static guint32
get_u32 (const guint8 *at)
{
  guint32 little;

  memcpy (&little, at, sizeof little);

  return GUINT32_FROM_LE (little);
}

static char *
dup_shown_path (void)
{
  return baton_root_dup_shown_path (BATON_ROOT_VAR,
                                    BATON_STATE_DIRECTORY "/" BATON_JOURNAL_NAME);
}

static gboolean
set_journal_error (GError **error, const char *what, int errsv)
{
  g_autofree char *path = dup_shown_path ();

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
               "could not %s the journal '%s': %s", what, path, g_strerror (errsv));

  return FALSE;
}

/**
 * baton_journal_append:
 * @self: a journal
 * @record: an object
 * @error: return location for an error
 *
 * Returns: %TRUE if the record is on the disk
 */
gboolean
baton_journal_append (BatonJournal *self, JsonNode *record, GError **error)
{
  g_autofree char *json = json_to_string (record, FALSE);
  gsize json_length = strlen (json);
  gsize length = RECORD_HEAD_BYTES + json_length;
  g_autofree guint8 *bytes = g_malloc (length);
  guint32 crc = baton_crc32c (self->crc, json, json_length);

  if (self->length + length > BATON_JOURNAL_BYTES)
    return set_journal_error (error, "write", EFBIG);

  put_u32 (bytes, (guint32) json_length);
  put_u32 (bytes + 4, crc);
  memcpy (bytes + RECORD_HEAD_BYTES, json, json_length);
  if (lseek (self->fd, (off_t) self->length, SEEK_SET) < 0 ||
      !baton_write_fully (self->fd, bytes, length) || fdatasync (self->fd) < 0)
    return set_journal_error (error, "write", errno);

  self->length += length;
  self->crc = crc;

  return TRUE;
}

/**
 * baton_journal_append_step:
 * @self: a journal
 * @n: the step's place in the plan
 * @state: `intent`, `done`, `undo`, `undone` or `stuck`
 * @error: return location for an error
 *
 * Returns: %TRUE if the record is on the disk
 */
gboolean
baton_journal_append_step (BatonJournal *self, guint n, const char *state, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) record = json_node_new (JSON_NODE_OBJECT);

  json_object_set_int_member (object, "n", n);
  json_object_set_string_member (object, "state", state);
  json_node_set_object (record, object);

  return baton_journal_append (self, record, error);
}

/* All of its room is taken before anything is done, so that a disk that fills up later cannot
 * keep a record from being written: a full disk can only refuse (DESIGN §7). The zeros are really
 * written, because blocks that are only reserved still cost a metadata write at each record. */
static gboolean
take_room (int fd)
{
  g_autofree guint8 *zeros = g_malloc0 (BATON_JOURNAL_BYTES);

  return baton_write_fully (fd, zeros, BATON_JOURNAL_BYTES) &&
         pwrite (fd, MAGIC, MAGIC_BYTES, 0) == (ssize_t) MAGIC_BYTES && fsync (fd) == 0;
}

/* Never in the place of one that is not settled. A file system may know no flag of renameat2(2), as
 * ZFS before 2.2 (zpl_rename2()), and a link fails where there is something too. */
static gboolean
give_name (int dir)
{
  if (renameat2 (dir, NEW_NAME, dir, BATON_JOURNAL_NAME, RENAME_NOREPLACE) == 0)
    return TRUE;

  return errno == EINVAL && linkat (dir, NEW_NAME, dir, BATON_JOURNAL_NAME, 0) == 0 &&
         unlinkat (dir, NEW_NAME, 0) == 0;
}

static gboolean
make_journal (BatonJournal *self, int dir, JsonNode *header, GError **error)
{
  /* One that a crash left behind before anything was done. */
  unlinkat (dir, NEW_NAME, 0);
  self->fd = openat (dir, NEW_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (self->fd < 0 || !take_room (self->fd))
    return set_journal_error (error, "make room for", errno);
  if (!baton_journal_append (self, header, error))
    return FALSE;
  if (!give_name (dir))
    return set_journal_error (error, "make", errno);
  if (fsync (dir) < 0)
    {
      int errsv = errno;

      /* Nothing will be done, so there is nothing to settle: left behind, it would stand in the
       * way of every handoff until somebody calls for recovery. */
      unlinkat (dir, BATON_JOURNAL_NAME, 0);
      return set_journal_error (error, "make", errsv);
    }

  return TRUE;
}

/**
 * baton_journal_new:
 * @root: the roots
 * @header: the plan, the state that was, and what else recovery needs
 * @error: return location for an error
 *
 * Makes the journal of a handoff: allocated in full and synced, its directory
 * too. Fails where there is one already, which is not settled.
 *
 * Returns: (transfer full): the journal, or %NULL with nothing changed
 */
BatonJournal *
baton_journal_new (BatonRoot *root, JsonNode *header, GError **error)
{
  g_autoptr (BatonJournal) self = g_new0 (BatonJournal, 1);
  baton_autofd int dir =
      baton_state_open_directory (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, TRUE, error);

  self->fd = -1;
  self->length = MAGIC_BYTES;
  if (dir < 0)
    return NULL;
  if (!make_journal (self, dir, header, error))
    {
      unlinkat (dir, NEW_NAME, 0);
      return NULL;
    }

  return g_steal_pointer (&self);
}

void
baton_journal_free (BatonJournal *self)
{
  baton_fd_clear (&self->fd);
  g_free (self);
}

/**
 * baton_journal_parse:
 * @bytes: what a journal holds
 * @length: how many bytes
 *
 * Reads as far as the records are whole. What follows the last whole one
 * counts as never written, but is reported, since its effect may have begun.
 *
 * Returns: (transfer full): what could be read
 */
BatonJournalContent *
baton_journal_parse (const void *bytes, gsize length)
{
  BatonJournalContent *content = g_new0 (BatonJournalContent, 1);
  const guint8 *start = bytes;
  gsize at = MAGIC_BYTES;

  content->records = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  content->torn = TRUE;
  if (length < MAGIC_BYTES || memcmp (start, MAGIC, MAGIC_BYTES) != 0)
    return content;

  while (length - at >= RECORD_HEAD_BYTES)
    {
      guint32 json_length = get_u32 (start + at);
      const char *json = (const char *) start + at + RECORD_HEAD_BYTES;
      g_autofree char *text = NULL;
      g_autoptr (JsonNode) node = NULL;
      guint32 crc;

      if (json_length == 0)
        {
          /* A clean end is zeros to the end of the file. */
          content->torn = FALSE;
          for (gsize i = at; i < length; i++)
            content->torn |= start[i] != 0;
          break;
        }
      if (json_length > length - at - RECORD_HEAD_BYTES)
        break;
      crc = baton_crc32c (content->crc, json, json_length);
      if (crc != get_u32 (start + at + 4))
        break;
      text = g_strndup (json, json_length);
      node = json_from_string (text, NULL);
      if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
        break;
      if (content->header == NULL)
        content->header = g_steal_pointer (&node);
      else
        g_ptr_array_add (content->records, g_steal_pointer (&node));
      content->crc = crc;
      at += RECORD_HEAD_BYTES + json_length;
      content->length = at;
    }

  return content;
}

void
baton_journal_content_free (BatonJournalContent *self)
{
  g_clear_pointer (&self->header, json_node_unref);
  g_ptr_array_unref (self->records);
  g_free (self);
}

static BatonJournal *
refuse (GError **error, const char *why)
{
  g_autofree char *path = dup_shown_path ();

  g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "the journal '%s' %s", path, why);

  return NULL;
}

/* A link, a directory or a socket stands in its place (open(2)). */
static gboolean
is_no_file (int errsv)
{
  return errsv == ELOOP || errsv == EISDIR || errsv == ENXIO;
}

static gssize
read_all (int fd, guint8 *bytes, gsize length)
{
  gsize n_read = 0;

  while (n_read < length)
    {
      ssize_t n = pread (fd, bytes + n_read, length - n_read, (off_t) n_read);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      n_read += (gsize) n;
    }

  return (gssize) n_read;
}

/**
 * baton_journal_open:
 * @root: the roots
 * @ret_content: (out): what it holds
 * @error: return location for an error
 *
 * Opens the journal that a handoff left behind, to settle it: what is
 * appended takes the place of what was torn.
 *
 * Fails with %BATON_ERROR_NOT_FOUND where there is none, and with
 * %BATON_ERROR_PARSE where it is none of ours; after anything else it may be read another time.
 *
 * Returns: (transfer full): the journal, or %NULL
 */
BatonJournal *
baton_journal_open (BatonRoot *root, BatonJournalContent **ret_content, GError **error)
{
  g_autoptr (BatonJournal) self = g_new0 (BatonJournal, 1);
  g_autoptr (BatonJournalContent) content = NULL;
  g_autofree guint8 *bytes = g_malloc (BATON_JOURNAL_BYTES);
  struct stat info;
  gssize length;
  baton_autofd int dir =
      baton_state_open_directory (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, FALSE, error);

  self->fd = -1;
  if (dir < 0)
    return NULL;
  self->fd = openat (dir, BATON_JOURNAL_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (self->fd < 0 && is_no_file (errno))
    return refuse (error, "is no file");
  if (self->fd < 0 || fstat (self->fd, &info) < 0)
    {
      set_journal_error (error, "open", errno);
      return NULL;
    }
  length = S_ISREG (info.st_mode) ? read_all (self->fd, bytes, BATON_JOURNAL_BYTES) : 0;
  if (length < 0)
    {
      set_journal_error (error, "read", errno);
      return NULL;
    }
  content = baton_journal_parse (bytes, (gsize) length);
  if (content->header == NULL)
    return refuse (error, "is damaged from its beginning");
  self->length = content->length;
  self->crc = content->crc;
  *ret_content = g_steal_pointer (&content);

  return g_steal_pointer (&self);
}

gboolean
baton_journal_exists (BatonRoot *root)
{
  return baton_root_exists (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY "/" BATON_JOURNAL_NAME);
}

/**
 * baton_journal_remove:
 * @root: the roots
 * @error: return location for an error
 *
 * Says that the handoff is settled.
 *
 * Returns: %TRUE if there is no journal any more, on the disk as well
 */
gboolean
baton_journal_remove (BatonRoot *root, GError **error)
{
  return baton_state_remove (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, BATON_JOURNAL_NAME,
                             error);
}

/**
 * baton_journal_set_aside:
 * @root: the roots
 * @error: return location for an error
 *
 * Renames a journal that cannot be read, so that it can be looked into and
 * stands in nobody's way.
 *
 * Returns: %TRUE if there is no journal any more
 */
gboolean
baton_journal_set_aside (BatonRoot *root, GError **error)
{
  baton_autofd int dir =
      baton_state_open_directory (root, BATON_ROOT_VAR, BATON_STATE_DIRECTORY, FALSE, error);

  if (dir < 0)
    return FALSE;
  if (renameat (dir, BATON_JOURNAL_NAME, dir, BROKEN_NAME) < 0 || fsync (dir) < 0)
    return set_journal_error (error, "set aside", errno);

  return TRUE;
}
