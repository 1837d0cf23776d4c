/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-closed-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-closed-session.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-json.h"
#include "baton-pci-address.h"
#include "baton-process.h"

#define SUFFIX ".json"
#define MAX_FILE_BYTES (8 * 1024 * 1024)

struct _BatonClosed
{
  /* owned */
  BatonRoot *root;
  char *directory;
  char *boot_id;
};

/**
 * baton_closed_new:
 * @root: where processes and the boot's id are read
 * @directory: where it is kept
 *
 * Returns: (transfer full): what was closed of who owns @directory
 */
BatonClosed *
baton_closed_new (BatonRoot *root, const char *directory)
{
  BatonClosed *self = g_atomic_rc_box_new0 (BatonClosed);

  self->root = baton_root_ref (root);
  self->directory = g_strdup (directory);
  self->boot_id =
      baton_root_read_line (root, BATON_ROOT_PROC, "sys/kernel/random/boot_id", NULL);

  return self;
}

/**
 * baton_closed_new_for_user:
 * @root: where processes and the boot's id are read
 *
 * Returns: (transfer full) (nullable): what was closed of the user who runs this program; %NULL for
 *   root, who starts nothing and whose `$HOME` may be somebody else's
 */
BatonClosed *
baton_closed_new_for_user (BatonRoot *root)
{
  g_autofree char *directory =
      g_build_filename (g_get_user_state_dir (), "baton", "closed", NULL);

  return geteuid () != 0 && getuid () == geteuid () ? baton_closed_new (root, directory) : NULL;
}

static void
clear (gpointer data)
{
  BatonClosed *self = data;

  baton_root_unref (self->root);
  g_free (self->directory);
  g_free (self->boot_id);
}

/**
 * baton_closed_ref:
 * @self: what was closed
 *
 * Returns: (transfer full): @self
 */
BatonClosed *
baton_closed_ref (BatonClosed *self)
{
  return g_atomic_rc_box_acquire (self);
}

/**
 * baton_closed_unref:
 * @self: (nullable): what was closed
 *
 * Gives a reference back.
 */
void
baton_closed_unref (BatonClosed *self)
{
  if (self != NULL)
    g_atomic_rc_box_release_full (self, clear);
}

/**
 * baton_closed_get_root:
 *
 * Returns: (transfer none): where processes are read
 */
BatonRoot *
baton_closed_get_root (BatonClosed *self)
{
  return self->root;
}

static char *
build_path (BatonClosed *self, const char *card)
{
  g_autofree char *name = g_strconcat (card, SUFFIX, NULL);

  return g_build_filename (self->directory, name, NULL);
}

/* What is started must be what this user has noted, and nobody else. */
static gboolean
is_own (int fd, mode_t type, const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  struct stat info;

  if (fstat (fd, &info) == 0 && (info.st_mode & S_IFMT) == type && info.st_uid == geteuid () &&
      (info.st_mode & (S_IWGRP | S_IWOTH)) == 0)
    return TRUE;

  g_set_error (error, BATON_ERROR, BATON_ERROR_PERMISSION,
               /* Translators: the name of a file */
               _ ("“%s” is not this user’s alone: somebody else could have written it"), shown);

  return FALSE;
}

static gboolean
set_errno (GError **error, const char *path, int errsv)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv), "“%s”: %s", shown,
               g_strerror (errsv));

  return FALSE;
}

/* Returns: -1 with @error; %BATON_ERROR_NOT_FOUND where nothing was ever noted */
static int
open_directory (BatonClosed *self, GError **error)
{
  baton_autofd int fd = open (self->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0)
    {
      set_errno (error, self->directory, errno);
      return -1;
    }

  return is_own (fd, S_IFDIR, self->directory, error) ? baton_fd_steal (&fd) : -1;
}

static char *
read_all (int fd, gsize *ret_length)
{
  g_autoptr (GString) text = g_string_new (NULL);
  char block[4096];
  gssize n;

  while ((n = TEMP_FAILURE_RETRY (read (fd, block, sizeof block))) > 0 &&
         text->len <= MAX_FILE_BYTES)
    g_string_append_len (text, block, n);
  if (n != 0)
    return NULL;
  *ret_length = text->len;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
read_file (BatonClosed *self, const char *card, gsize *ret_length, GError **error)
{
  g_autofree char *path = build_path (self, card);
  g_autofree char *name = g_path_get_basename (path);
  baton_autofd int directory_fd = open_directory (self, error);
  baton_autofd int fd = -1;
  char *text;

  if (directory_fd < 0)
    return NULL;
  fd = openat (directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    {
      set_errno (error, path, errno);
      return NULL;
    }
  if (!is_own (fd, S_IFREG, path, error))
    return NULL;
  text = read_all (fd, ret_length);
  if (text == NULL)
    set_errno (error, path, EIO);

  return text;
}

static GPtrArray *
new_programs (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
}

/* Returns: (transfer full) (nullable): %NULL where it is of another boot, or not ours to read */
static GPtrArray *
parse (BatonClosed *self, const char *text, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GPtrArray) programs = new_programs ();
  JsonObject *object;
  JsonArray *list;

  if (!json_parser_load_from_data (parser, text, (gssize) length, NULL) ||
      json_parser_get_root (parser) == NULL ||
      !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  object = json_node_get_object (json_parser_get_root (parser));
  list = baton_json_get_array (object, "programs");
  if (baton_json_get_int (object, "v", 0) != 1 || self->boot_id == NULL ||
      g_strcmp0 (baton_json_get_string (object, "boot_id"), self->boot_id) != 0)
    return NULL;

  for (guint i = 0; i < baton_json_count (list); i++)
    {
      BatonClosedProgram *program =
          baton_closed_program_new_from_json (baton_json_nth_object (list, i));

      if (program == NULL)
        return NULL;
      g_ptr_array_add (programs, program);
    }

  return g_steal_pointer (&programs);
}

/* Returns: (transfer full) (nullable): all that is noted, nothing where nothing is; %NULL with
 * @error where it may not be believed */
GPtrArray *
baton_closed_load (BatonClosed *self, const char *card, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gsize length = 0;
  g_autofree char *text = read_file (self, card, &length, &failure);
  GPtrArray *programs;

  if (text == NULL && !g_error_matches (failure, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }

  programs = text != NULL ? parse (self, text, length) : NULL;

  return programs != NULL ? programs : new_programs ();
}

static char *
to_text (BatonClosed *self, GPtrArray *programs, gsize *ret_length)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();
  JsonArray *list = json_array_new ();

  json_object_set_int_member (object, "v", 1);
  baton_json_set_string (object, "boot_id", self->boot_id);
  for (guint i = 0; i < programs->len; i++)
    json_array_add_object_element (
        list, baton_closed_program_to_json (g_ptr_array_index (programs, i)));
  json_object_set_array_member (object, "programs", list);
  json_node_take_object (node, object);
  json_generator_set_root (generator, node);

  return json_generator_to_data (generator, ret_length);
}

/* Returns: whether it is noted; nothing is where there is nothing to note */
gboolean
baton_closed_save (BatonClosed *self, const char *card, GPtrArray *programs, GError **error)
{
  g_autofree char *path = build_path (self, card);
  baton_autofd int directory_fd = -1;
  g_autofree char *text = NULL;
  gsize length = 0;

  if (programs->len == 0)
    {
      baton_closed_forget (self, card);
      return TRUE;
    }
  if (g_mkdir_with_parents (self->directory, 0700) < 0)
    return set_errno (error, self->directory, errno);
  directory_fd = open_directory (self, error);
  if (directory_fd < 0)
    return FALSE;
  text = to_text (self, programs, &length);

  return g_file_set_contents_full (path, text, (gssize) length, G_FILE_SET_CONTENTS_CONSISTENT,
                                   0600, error);
}

static void
save_or_ignore (BatonClosed *self, const char *card, GPtrArray *programs)
{
  g_autoptr (GError) error = NULL;

  if (!baton_closed_save (self, card, programs, &error))
    g_debug ("could not note what was closed: %s, ignoring", error->message);
}

/**
 * baton_closed_note:
 * @self: what was closed
 * @card: address of the card for which programs are to be closed
 * @programs: (element-type BatonClosedProgram): them; taken out of it
 * @error: return location for an error
 *
 * Notes what is about to be closed, beside what was closed before and not opened again.
 *
 * Returns: whether it is noted
 */
gboolean
baton_closed_note (BatonClosed *self, const char *card, GPtrArray *programs, GError **error)
{
  g_autoptr (GPtrArray) noted = NULL;

  if (programs->len == 0)
    return TRUE;
  noted = baton_closed_load (self, card, error);
  if (noted == NULL)
    return FALSE;

  /* What an earlier handoff was allowed to close, and nobody knows whether it did, is settled. */
  for (guint i = noted->len; i > 0; i--)
    if (!((BatonClosedProgram *) g_ptr_array_index (noted, i - 1))->is_closed)
      g_ptr_array_remove_index (noted, i - 1);
  while (programs->len > 0)
    g_ptr_array_add (noted, g_ptr_array_steal_index (programs, 0));

  return baton_closed_save (self, card, noted, error);
}

/* Returns: (nullable): what became last of the step that closes it */
static const char *
find_state (const BatonClosedProgram *program, JsonArray *steps)
{
  const char *state = NULL;

  for (guint i = 0; i < baton_json_count (steps); i++)
    {
      JsonObject *step = baton_json_nth_object (steps, i);
      const char *id = baton_json_get_string (step, "id");

      if (id != NULL && baton_closed_program_has_step (program, id) &&
          g_strcmp0 (baton_json_get_string (step, "state"), "start") != 0)
        state = baton_json_get_string (step, "state");
    }

  return state;
}

/**
 * baton_closed_settle:
 * @self: what was closed
 * @card: address of a card
 * @steps: (nullable): what became of a handoff's steps: its `step` events, or those of its report
 * @has_ended: nothing more comes of that handoff
 *
 * Keeps of what was noted what was really closed: what had let go by itself, or was let be, is none
 * of Baton's doing. Neither is a session that goes on.
 */
void
baton_closed_settle (BatonClosed *self, const char *card, JsonArray *steps, gboolean has_ended)
{
  g_autoptr (GPtrArray) noted = baton_closed_load (self, card, NULL);
  gboolean is_changed = FALSE;

  for (guint i = noted != NULL ? noted->len : 0; i > 0; i--)
    {
      BatonClosedProgram *program = g_ptr_array_index (noted, i - 1);
      const char *state = program->is_closed ? NULL : find_state (program, steps);

      if (program->is_closed || (state == NULL && !has_ended))
        continue;
      is_changed = TRUE;
      program->is_closed = g_strcmp0 (state, "ok") == 0;
      if (!program->is_closed)
        g_ptr_array_remove_index (noted, i - 1);
    }

  if (is_changed)
    save_or_ignore (self, card, noted);
  baton_closed_settle_session (self, card, has_ended);
}

/**
 * baton_closed_settle_report:
 * @self: what was closed
 * @report: (nullable): what the last handoff came to
 *
 * Settles what was noted where who noted it had gone before the end.
 */
void
baton_closed_settle_report (BatonClosed *self, JsonObject *report)
{
  JsonArray *cards = baton_json_get_array (report, "cards");

  if (report == NULL || self->boot_id == NULL ||
      g_strcmp0 (baton_json_get_string (report, "boot_id"), self->boot_id) != 0)
    return;

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      const char *card = baton_json_node_get_string (json_array_get_element (cards, i));

      if (card != NULL && baton_pci_address_is_valid (card))
        baton_closed_settle (self, card, baton_json_get_array (report, "steps"), FALSE);
    }
}

static int
compare_cards (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * baton_closed_list_cards:
 * @self: what was closed
 *
 * Returns: (transfer full) (element-type utf8): addresses of the cards for which something is noted
 */
GPtrArray *
baton_closed_list_cards (BatonClosed *self)
{
  GPtrArray *cards = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (self->directory, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      gsize length = strlen (name);
      g_autofree char *card = NULL;

      if (!g_str_has_suffix (name, SUFFIX))
        continue;
      card = g_strndup (name, length - strlen (SUFFIX));
      if (g_str_has_suffix (card, BATON_CLOSED_SESSION_SUFFIX))
        card[strlen (card) - strlen (BATON_CLOSED_SESSION_SUFFIX)] = '\0';
      if (baton_pci_address_is_valid (card) &&
          !g_ptr_array_find_with_equal_func (cards, card, g_str_equal, NULL))
        g_ptr_array_add (cards, g_steal_pointer (&card));
    }
  g_ptr_array_sort (cards, compare_cards);

  return cards;
}

/* Whether one of those that were closed is there all the same. */
gboolean
baton_closed_runs (BatonClosed *self, const BatonClosedProgram *program)
{
  for (guint i = 0; program->closes[i] != NULL; i++)
    {
      int pid = (int) g_ascii_strtoll (program->closes[i], NULL, 10);
      g_autofree char *path = g_strdup_printf ("%d", pid);
      const char *start_time = strchr (program->closes[i], ':');
      g_autoptr (BatonProcess) process = NULL;

      if (start_time == NULL || !baton_root_exists (self->root, BATON_ROOT_PROC, path))
        continue;
      process = baton_process_new (self->root, pid, NULL);
      if (process != NULL && g_strcmp0 (process->start_time, start_time + 1) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_closed_list:
 * @self: what was closed
 * @card: address of a card
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type BatonClosedProgram): the programs that were closed for it
 *   and not opened again; %NULL with @error where what is noted may not be believed
 */
GPtrArray *
baton_closed_list (BatonClosed *self, const char *card, GError **error)
{
  g_autoptr (GPtrArray) programs = baton_closed_load (self, card, error);

  for (guint i = programs != NULL ? programs->len : 0; i > 0; i--)
    {
      const BatonClosedProgram *program = g_ptr_array_index (programs, i - 1);

      if (!program->is_closed || baton_closed_runs (self, program))
        g_ptr_array_remove_index (programs, i - 1);
    }

  return g_steal_pointer (&programs);
}

/**
 * baton_closed_forget:
 * @self: what was closed
 * @card: address of a card
 *
 * Nothing of it is offered any more.
 */
void
baton_closed_forget (BatonClosed *self, const char *card)
{
  g_autofree char *path = build_path (self, card);

  if (g_unlink (path) < 0 && errno != ENOENT)
    g_debug ("could not remove “%s”: %s, ignoring", path, g_strerror (errno));
}
