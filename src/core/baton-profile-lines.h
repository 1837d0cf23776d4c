/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonProfileLine:
 * @text: the line, with what ends it
 * @section: the card whose section it is in, the section's first line included; or %NULL
 * @key: the key in it, or %NULL
 * @value: the key's value, or %NULL
 * @value_at: where in @text the value begins
 * @opens: it is the first line of its section
 * @is_comment: it is a comment
 *
 * A line of `baton.conf`, so that what is not to change stays byte for byte as its owner wrote it.
 */
typedef struct
{
  char *text;
  char *section;
  char *key;
  char *value;
  gsize value_at;
  gboolean opens;
  gboolean is_comment;
} BatonProfileLine;

GPtrArray *baton_profile_lines_new (const char *text);
BatonProfileLine *baton_profile_line_new (const char *text, gsize length, const char *section);
void baton_profile_line_free (BatonProfileLine *self);
char *baton_profile_lines_to_text (GPtrArray *lines);

G_END_DECLS
