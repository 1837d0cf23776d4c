/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-lines.h"

#include <string.h>

/* What the reader of the file takes for a line, a section, a key and a value (baton-profile.c). Only
 * a text that it has found no fault with is taken apart here. */

static gsize
count_spaces (const char *text)
{
  gsize n = 0;

  while (g_ascii_isspace (text[n]))
    n++;

  return n;
}

/**
 * baton_profile_line_new:
 * @text: a line
 * @length: how many bytes it has, with what ends it
 * @section: (nullable): the section it is in, where it does not open one itself
 *
 * Returns: (transfer full): the line
 */
BatonProfileLine *
baton_profile_line_new (const char *text, gsize length, const char *section)
{
  BatonProfileLine *self = g_new0 (BatonProfileLine, 1);
  g_autofree char *stripped = NULL;
  const char *equals = NULL;

  self->text = g_strndup (text, length);
  stripped = g_strstrip (g_strdup (self->text));
  self->section = g_strdup (section);
  self->is_comment = *stripped == '#';
  self->opens = *stripped == '[';
  equals = strchr (self->text, '=');

  if (self->opens)
    {
      g_free (self->section);
      self->section = g_strndup (stripped + 1, strlen (stripped) - 2);
    }
  else if (!self->is_comment && equals != NULL)
    {
      self->key = g_strstrip (g_strndup (self->text, (gsize) (equals - self->text)));
      self->value = g_strstrip (g_strdup (equals + 1));
      self->value_at = (gsize) (equals + 1 - self->text);
      if (*self->value != '\0')
        self->value_at += count_spaces (equals + 1);
    }

  return self;
}

/**
 * baton_profile_line_free:
 * @self: (nullable): a line
 */
void
baton_profile_line_free (BatonProfileLine *self)
{
  if (self == NULL)
    return;

  g_free (self->text);
  g_free (self->section);
  g_free (self->key);
  g_free (self->value);
  g_free (self);
}

static void
free_line (gpointer data)
{
  baton_profile_line_free (data);
}

/**
 * baton_profile_lines_new:
 * @text: a file that its reader has found no fault with
 *
 * Returns: (transfer full) (element-type BatonProfileLine): its lines
 */
GPtrArray *
baton_profile_lines_new (const char *text)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (free_line);
  const char *section = NULL;

  while (*text != '\0')
    {
      const char *end = strchr (text, '\n');
      gsize length = end != NULL ? (gsize) (end + 1 - text) : strlen (text);
      BatonProfileLine *line = baton_profile_line_new (text, length, section);

      section = line->section;
      g_ptr_array_add (lines, line);
      text += length;
    }

  return lines;
}

/**
 * baton_profile_lines_to_text:
 * @lines: (element-type BatonProfileLine): lines
 *
 * Returns: (transfer full): the file that they make
 */
char *
baton_profile_lines_to_text (GPtrArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    g_string_append (text, ((const BatonProfileLine *) lines->pdata[i])->text);

  return g_string_free (text, FALSE);
}
