/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-always-close.h"

#include <glib/gi18n.h>

#include "baton-json.h"
#include "baton-pci-address.h"
#include "baton-program-id.h"

#define KEY_PROGRAMS "programs"
#define MAX_FILE_BYTES 65536

struct _BatonAlwaysClose
{
  GObject parent_instance;

  /* owned */
  GFile *file;
  GKeyFile *key_file; /* NULL until it was read, and where it cannot be */
  char *etag;         /* of the file as it was read; NULL where there was none */
  char *problem;

  gboolean is_loading;
  gboolean is_saving;
  gboolean save_again;
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonAlwaysClose, baton_always_close, G_TYPE_OBJECT)

static void
tell (BatonAlwaysClose *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* Another card may come to an address: its programs are others. */
static char *
dup_group (JsonObject *card)
{
  const char *address = baton_json_get_string (card, "address");
  const char *vendor = baton_json_get_string (card, "vendor_id");
  const char *device = baton_json_get_string (card, "device_id");
  g_autofree char *ids = g_strdup_printf ("%s:%s", vendor, device);

  if (address == NULL || !baton_pci_address_is_valid (address) ||
      !g_regex_match_simple ("^[0-9a-f]{4}:[0-9a-f]{4}$", ids, G_REGEX_DOLLAR_ENDONLY, 0))
    return NULL;

  return g_strdup_printf ("%s@%s", ids, address);
}

static void
set_unreadable (BatonAlwaysClose *self, const GError *error)
{
  g_autofree char *name = g_file_get_parse_name (self->file);

  g_free (self->problem);
  /* Translators: the name of a file, and what is wrong with it */
  self->problem =
      g_strdup_printf (_ ("What you always close is not known: “%s” cannot be read: "
                          "%s. It was left as it is. Mend it or remove it."),
                       name, error->message);
}

static void
set_unwritten (BatonAlwaysClose *self, const GError *error)
{
  g_autofree char *name = g_file_get_parse_name (self->file);

  g_free (self->problem);
  /* Translators: the name of a file, and why it was not written */
  self->problem = g_strdup_printf (
      _ ("What you chose could not be kept: “%s” was not written: %s"), name, error->message);
}

static void
take_contents (BatonAlwaysClose *self, const char *contents, gsize length)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autoptr (GError) error = NULL;

  if (length > MAX_FILE_BYTES)
    g_set_error_literal (&error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
                         _ ("it is too long"));
  else if (length > 0)
    g_key_file_load_from_data (key_file, contents, length, G_KEY_FILE_KEEP_COMMENTS, &error);

  g_clear_pointer (&self->key_file, g_key_file_unref);
  if (error == NULL)
    self->key_file = g_steal_pointer (&key_file);
  else
    set_unreadable (self, error);
}

static void
on_loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonAlwaysClose) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  gsize length = 0;

  self->is_loading = FALSE;
  g_clear_pointer (&self->etag, g_free);
  if (g_file_load_contents_finish (G_FILE (source), result, &contents, &length, &self->etag,
                                   &error))
    take_contents (self, contents, length);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    take_contents (self, "", 0);
  else
    {
      g_clear_pointer (&self->key_file, g_key_file_unref);
      set_unreadable (self, error);
    }

  tell (self);
}

static void
load (BatonAlwaysClose *self)
{
  self->is_loading = TRUE;
  g_file_load_contents_async (self->file, NULL, on_loaded_cb, g_object_ref (self));
}

/* What is to be written, for a thread: making a directory may wait for a disk as well. */
typedef struct
{
  GFile *file;
  char *text;
  gsize length;
  char *etag;
  char *new_etag;
} Save;

static void
free_save (gpointer data)
{
  Save *save = data;

  g_object_unref (save->file);
  g_free (save->text);
  g_free (save->etag);
  g_free (save->new_etag);
  g_free (save);
}

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Save *save = data;
  g_autoptr (GFile) directory = g_file_get_parent (save->file);
  g_autoptr (GError) error = NULL;

  /* Where it cannot be made, the next line says why. */
  g_file_make_directory_with_parents (directory, NULL, NULL);
  if (g_file_replace_contents (save->file, save->text, save->length, save->etag, FALSE,
                               G_FILE_CREATE_PRIVATE, &save->new_etag, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void save (BatonAlwaysClose *self);

static void
on_saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  BatonAlwaysClose *self = BATON_ALWAYS_CLOSE (source);
  Save *done = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  self->is_saving = FALSE;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_free (self->etag);
      self->etag = g_steal_pointer (&done->new_etag);
      if (self->save_again)
        save (self);
    }
  else
    {
      /* What is on disk holds, whoever has written it. */
      self->save_again = FALSE;
      set_unwritten (self, error);
      load (self);
    }

  tell (self);
}

static void
save (BatonAlwaysClose *self)
{
  g_autoptr (GTask) task = NULL;
  Save *next = NULL;

  self->save_again = self->is_saving;
  if (self->is_saving)
    return;

  next = g_new0 (Save, 1);
  next->file = g_object_ref (self->file);
  next->text = g_key_file_to_data (self->key_file, &next->length, NULL);
  /* No file has this one: where there was none, one that has come meanwhile is not ours. */
  next->etag = g_strdup (self->etag != NULL ? self->etag : "none");
  self->is_saving = TRUE;
  task = g_task_new (self, NULL, on_saved_cb, NULL);
  g_task_set_source_tag (task, save);
  g_task_set_task_data (task, next, free_save);
  g_task_run_in_thread (task, save_in_thread);
}

static void
baton_always_close_finalize (GObject *object)
{
  BatonAlwaysClose *self = BATON_ALWAYS_CLOSE (object);

  g_object_unref (self->file);
  g_clear_pointer (&self->key_file, g_key_file_unref);
  g_free (self->etag);
  g_free (self->problem);

  G_OBJECT_CLASS (baton_always_close_parent_class)->finalize (object);
}

static void
baton_always_close_class_init (BatonAlwaysCloseClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = baton_always_close_finalize;

  /**
   * BatonAlwaysClose::changed:
   *
   * It was read or changed, or a change was kept or could not be.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 0);
}

static void
baton_always_close_init (BatonAlwaysClose *self)
{
}

/**
 * baton_always_close_new:
 * @file: where it is kept: a key file of the user's
 *
 * Returns: (transfer full): what is always closed; nothing, until the file was read
 */
BatonAlwaysClose *
baton_always_close_new (GFile *file)
{
  BatonAlwaysClose *self = g_object_new (BATON_TYPE_ALWAYS_CLOSE, NULL);

  self->file = g_object_ref (file);
  load (self);

  return self;
}

/**
 * baton_always_close_read_again:
 * @self: what is always closed
 *
 * For a window that begins to show it: the file may have been mended or edited meanwhile.
 */
void
baton_always_close_read_again (BatonAlwaysClose *self)
{
  g_return_if_fail (BATON_IS_ALWAYS_CLOSE (self));

  if (baton_always_close_is_busy (self))
    return;

  g_clear_pointer (&self->problem, g_free);
  load (self);
}

/**
 * baton_always_close_is_busy:
 *
 * Returns: %TRUE while the file is read or written
 */
gboolean
baton_always_close_is_busy (BatonAlwaysClose *self)
{
  g_return_val_if_fail (BATON_IS_ALWAYS_CLOSE (self), FALSE);

  return self->is_loading || self->is_saving;
}

/**
 * baton_always_close_can_change:
 *
 * Returns: %TRUE if the file was read: what is not understood is not written over
 */
gboolean
baton_always_close_can_change (BatonAlwaysClose *self)
{
  g_return_val_if_fail (BATON_IS_ALWAYS_CLOSE (self), FALSE);

  return self->key_file != NULL && !self->is_loading;
}

/**
 * baton_always_close_get_problem:
 *
 * Returns: (nullable): a sentence for people: why it is not known, or what could not be kept
 */
const char *
baton_always_close_get_problem (BatonAlwaysClose *self)
{
  g_return_val_if_fail (BATON_IS_ALWAYS_CLOSE (self), NULL);

  return self->problem;
}

static GStrv
list_entries (BatonAlwaysClose *self, const char *group)
{
  GStrv entries = NULL;

  if (group != NULL && self->key_file != NULL)
    entries = g_key_file_get_string_list (self->key_file, group, KEY_PROGRAMS, NULL, NULL);

  return entries != NULL ? entries : g_new0 (char *, 1);
}

/**
 * baton_always_close_list:
 * @self: what is always closed
 * @card: (nullable): a card of the contract
 *
 * Returns: (transfer full): the programs that are always closed for this card, see
 *   baton_program_id_dup()
 */
GStrv
baton_always_close_list (BatonAlwaysClose *self, JsonObject *card)
{
  g_autofree char *group = dup_group (card);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) entries = NULL;

  g_return_val_if_fail (BATON_IS_ALWAYS_CLOSE (self), NULL);

  entries = list_entries (self, group);
  for (guint i = 0; entries[i] != NULL; i++)
    if (baton_program_id_is_valid (entries[i]))
      g_strv_builder_add (builder, entries[i]);

  return g_strv_builder_end (builder);
}

/**
 * baton_always_close_has_all:
 * @self: what is always closed
 * @card: (nullable): a card of the contract
 * @programs: (nullable): some programs, see baton_program_id_list()
 *
 * Returns: %TRUE if there are any, and each of them is always closed for this card
 */
gboolean
baton_always_close_has_all (BatonAlwaysClose *self,
                            JsonObject *card,
                            const char *const *programs)
{
  g_auto (GStrv) known = baton_always_close_list (self, card);

  if (programs == NULL || *programs == NULL)
    return FALSE;

  for (; *programs != NULL; programs++)
    if (!g_strv_contains ((const char *const *) known, *programs))
      return FALSE;

  return TRUE;
}

static void
set_entries (BatonAlwaysClose *self, const char *group, GPtrArray *entries)
{
  g_auto (GStrv) keys = NULL;

  if (entries->len > 0)
    {
      g_key_file_set_string_list (self->key_file, group, KEY_PROGRAMS,
                                  (const char *const *) entries->pdata, entries->len);
      return;
    }

  g_key_file_remove_key (self->key_file, group, KEY_PROGRAMS, NULL);
  keys = g_key_file_get_keys (self->key_file, group, NULL, NULL);
  if (keys != NULL && *keys == NULL)
    g_key_file_remove_group (self->key_file, group, NULL);
}

/**
 * baton_always_close_set:
 * @self: what is always closed
 * @card: a card of the contract
 * @programs: programs of it
 * @always: whether they are always closed from now on, or asked for each time
 *
 * Holds at once, and is written to the file. Where that fails, it is read again: what could not be
 * kept does not hold.
 */
void
baton_always_close_set (BatonAlwaysClose *self,
                        JsonObject *card,
                        const char *const *programs,
                        gboolean always)
{
  g_autofree char *group = dup_group (card);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  g_auto (GStrv) entries = NULL;

  g_return_if_fail (BATON_IS_ALWAYS_CLOSE (self));

  if (group == NULL || !baton_always_close_can_change (self))
    return;

  /* What another version has written there stays. */
  entries = list_entries (self, group);
  for (guint i = 0; entries[i] != NULL; i++)
    if (!g_strv_contains (programs, entries[i]))
      g_ptr_array_add (kept, entries[i]);
  for (guint i = 0; always && programs[i] != NULL; i++)
    if (baton_program_id_is_valid (programs[i]))
      g_ptr_array_add (kept, (gpointer) programs[i]);
  set_entries (self, group, kept);

  g_clear_pointer (&self->problem, g_free);
  save (self);
  tell (self);
}
