/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-undo.h"

#include <stdarg.h>
#include <string.h>

#include "baton-text.h"

/**
 * baton_undo_new:
 * @root: the roots
 * @events: where it is told what became of each part
 * @machine: the machine, looked at to plan
 *
 * Returns: (transfer full): nothing taken back yet
 */
BatonUndo *
baton_undo_new (BatonRoot *root, BatonEventWriter *events, BatonMachine *machine)
{
  BatonUndo *self = g_new0 (BatonUndo, 1);

  self->root = root;
  self->events = events;
  self->machine = machine;
  self->gone = g_ptr_array_new_with_free_func (g_free);
  self->left = g_ptr_array_new_with_free_func (g_free);

  return self;
}

/**
 * baton_undo_free:
 * @self: (nullable): what was taken back
 */
void
baton_undo_free (BatonUndo *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->gone);
  g_ptr_array_unref (self->left);
  g_free (self);
}

/**
 * baton_undo_add_gone:
 * @self: what was taken back
 * @path: of a file that is not there any more, below `/etc`
 */
void
baton_undo_add_gone (BatonUndo *self, const char *path)
{
  g_ptr_array_add (self->gone, baton_root_dup_shown_path (BATON_ROOT_ETC, path));
}

/**
 * baton_undo_add_left:
 * @self: what was taken back
 * @path: of a file that is there still, below `/etc`
 * @reason: why, a clause
 */
void
baton_undo_add_left (BatonUndo *self, const char *path, const char *reason)
{
  g_autofree char *shown = baton_root_dup_shown_path (BATON_ROOT_ETC, path);

  g_ptr_array_add (self->left, g_strdup_printf ("%s (%s)", shown, reason));
}

/**
 * baton_undo_add_end:
 * @self: what was taken back
 * @path: of a file that is there still, below `/etc`
 * @end: (transfer full): how the part ended that was to take it away
 */
void
baton_undo_add_end (BatonUndo *self, const char *path, BatonEnd *end)
{
  g_autofree char *text = baton_code_dup_text (end->code, end->args);
  g_autofree char *shown = baton_root_dup_shown_path (BATON_ROOT_ETC, path);
  const char *file = g_hash_table_lookup (end->args, "file");
  const char *reason = g_hash_table_lookup (end->args, "reason");

  /* What is in the way is the file itself, or is named. It stands in the middle of a sentence. */
  if (g_str_has_suffix (text, "."))
    text[strlen (text) - 1] = '\0';
  baton_undo_add_left (self, path,
                       g_strcmp0 (file, shown) == 0 && reason != NULL ? reason : text);
  baton_end_free (end);
}

/**
 * baton_undo_say:
 * @self: what was taken back
 * @code: a code whose sentence tells what became of a part
 * @...: keys and values of its arguments, then %NULL
 */
void
baton_undo_say (BatonUndo *self, BatonCode code, ...)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *text = NULL;
  va_list list;
  const char *key;

  va_start (list, code);
  while ((key = va_arg (list, const char *)) != NULL)
    g_hash_table_insert (args, (gpointer) key, (gpointer) va_arg (list, const char *));
  va_end (list);
  text = baton_code_dup_text (code, args);
  baton_event_writer_log (self->events, "info", text);
}
