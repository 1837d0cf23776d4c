/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-edit.h"

#include <string.h>

#include "baton-profile-lines.h"

#define IDENTITY "identity"

typedef struct
{
  const BatonProfileChanges *changes;
  const char *identity;
  gboolean has_set;
  gboolean has_taken_away;

  /* owned */
  GPtrArray *lines;
} Edit;

static BatonProfileLine *
get_line (Edit *self, guint i)
{
  return self->lines->pdata[i];
}

static gboolean
is_in_section (Edit *self, guint i)
{
  return g_strcmp0 (get_line (self, i)->section, self->changes->card) == 0;
}

/* Returns: where the section begins; the number of lines where there is none */
static guint
find_section (Edit *self)
{
  guint i = 0;

  while (i < self->lines->len && !is_in_section (self, i))
    i++;

  return i;
}

/* Returns: where the key stands in the card's section; the number of lines where it does not */
static guint
find_key (Edit *self, const char *key)
{
  guint i = 0;

  while (i < self->lines->len &&
         (!is_in_section (self, i) || g_strcmp0 (get_line (self, i)->key, key) != 0))
    i++;

  return i;
}

/* A file from another system keeps its line ends. */
static const char *
get_line_end (Edit *self)
{
  return self->lines->len > 0 && g_str_has_suffix (get_line (self, 0)->text, "\r\n") ? "\r\n"
                                                                                     : "\n";
}

static void
insert (Edit *self, guint at, const char *content)
{
  g_autofree char *text = g_strconcat (content, get_line_end (self), NULL);
  const char *section = at > 0 ? get_line (self, at - 1)->section : NULL;

  /* The last line of a file need not be ended. */
  if (at > 0 && !g_str_has_suffix (get_line (self, at - 1)->text, "\n"))
    {
      BatonProfileLine *before = get_line (self, at - 1);
      g_autofree char *open = before->text;

      before->text = g_strconcat (open, get_line_end (self), NULL);
    }
  g_ptr_array_insert (self->lines, (gint) at,
                      baton_profile_line_new (text, strlen (text), section));
}

static void
insert_key (Edit *self, guint at, const char *key, const char *value)
{
  g_autofree char *content = g_strconcat (key, "=", value, NULL);

  insert (self, at, content);
}

static void
add_section (Edit *self)
{
  g_autofree char *header = g_strdup_printf ("[%s]", self->changes->card);

  /* One line apart, whatever stands there: taking the section away again takes the same line. */
  if (self->lines->len > 0)
    insert (self, self->lines->len, "");
  insert (self, self->lines->len, header);
}

/* Only the value: what stands around it is its owner's way of writing. */
static void
replace_value (Edit *self, guint at, const char *value)
{
  const BatonProfileLine *line = get_line (self, at);
  g_autofree char *begin = g_strndup (line->text, line->value_at);
  g_autofree char *text =
      g_strconcat (begin, value, line->text + line->value_at + strlen (line->value), NULL);
  BatonProfileLine *changed = baton_profile_line_new (text, strlen (text), line->section);

  baton_profile_line_free (get_line (self, at));
  self->lines->pdata[at] = changed;
}

static void
set_key (Edit *self, const char *key, const char *value)
{
  guint at = find_key (self, key);
  guint last;

  if (at < self->lines->len && g_strcmp0 (get_line (self, at)->value, value) == 0)
    return;

  self->has_set = TRUE;
  if (at < self->lines->len)
    {
      replace_value (self, at, value);
      return;
    }
  if (find_section (self) == self->lines->len)
    add_section (self);

  /* After the last key: what follows that may be about the next section. */
  last = find_section (self);
  for (guint i = last; i < self->lines->len; i++)
    if (is_in_section (self, i) && get_line (self, i)->key != NULL)
      last = i;
  insert_key (self, last + 1, key, value);
}

static void
take_key_away (Edit *self, const char *key)
{
  guint at = find_key (self, key);

  if (at == self->lines->len)
    return;

  self->has_taken_away = TRUE;
  g_ptr_array_remove_index (self->lines, at);
}

/* A section without one would be obeyed for whatever card a new device has shifted there. */
static void
add_identity (Edit *self)
{
  if (self->has_set && self->identity != NULL &&
      !baton_profile_changes_name (self->changes, IDENTITY) &&
      find_key (self, IDENTITY) == self->lines->len)
    insert_key (self, find_section (self) + 1, IDENTITY, self->identity);
}

/* Whether nothing is left of the section but what Baton writes by itself. */
static gboolean
is_section_empty (Edit *self)
{
  for (guint i = find_section (self); i < self->lines->len && is_in_section (self, i); i++)
    {
      const BatonProfileLine *line = get_line (self, i);

      if (line->is_comment)
        return FALSE;
      if (line->key != NULL && (g_strcmp0 (line->key, IDENTITY) != 0 ||
                                g_strcmp0 (line->value, self->identity) != 0))
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_blank (const BatonProfileLine *line)
{
  return line->text[strspn (line->text, " \t\r\n")] == '\0';
}

static void
remove_empty_section (Edit *self)
{
  guint begin = find_section (self);

  if (!self->has_taken_away || begin == self->lines->len || !is_section_empty (self))
    return;

  while (begin < self->lines->len && is_in_section (self, begin))
    g_ptr_array_remove_index (self->lines, begin);
  /* The line that kept it apart from what stands before it. */
  if (begin == self->lines->len && begin > 0 && is_blank (get_line (self, begin - 1)))
    g_ptr_array_remove_index (self->lines, begin - 1);
}

static BatonProfileProblem *
dup_problem (const BatonProfileProblem *problem)
{
  return baton_profile_problem_new (problem->file, problem->line, problem->key,
                                    problem->reason);
}

/* Returns: what the reader of the file finds wrong with it, or NULL */
static BatonProfileProblem *
find_problem (const char *card, const char *file, const char *text, gsize length)
{
  g_autoptr (BatonProfile) profile = baton_profile_new_from_text (card, file, text, length);

  return profile->problem != NULL ? dup_problem (profile->problem) : NULL;
}

/* What is changed now would be obeyed for a card that its section is not meant for, or by none. */
static BatonProfileProblem *
find_other_card (Edit *self, const char *file)
{
  guint at = find_key (self, IDENTITY);
  g_autofree char *reason = NULL;

  if (at == self->lines->len || self->identity == NULL ||
      baton_profile_changes_name (self->changes, IDENTITY) ||
      g_ascii_strcasecmp (get_line (self, at)->value, self->identity) == 0)
    return NULL;

  reason = g_strdup_printf ("it names another card than the one at %s, which has %s",
                            self->changes->card, self->identity);

  return baton_profile_problem_new (file, at + 1, IDENTITY, reason);
}

/* A word that is no key is not taken away: as a line of the file it is refused by the file's reader. */
static void
apply (Edit *self)
{
  for (guint i = 0; self->changes->keys[i] != NULL; i++)
    if (*self->changes->values[i] != '\0' || !baton_profile_has_key (self->changes->keys[i]))
      set_key (self, self->changes->keys[i], self->changes->values[i]);
    else
      take_key_away (self, self->changes->keys[i]);

  add_identity (self);
  remove_empty_section (self);
}

/**
 * baton_profile_edit:
 * @changes: what is to change
 * @identity: (nullable): the card's identity, as in #BatonProfile.identity: a section that says
 *   something gets it as well
 * @file: the file's name, for people
 * @text: what the file holds
 * @length: how many bytes
 * @ret_text: (out): the new text, with %BATON_PROFILE_EDIT_CHANGED
 * @ret_problem: (out): what is wrong, with %BATON_PROFILE_EDIT_MISTAKE, and with
 *   %BATON_PROFILE_EDIT_REFUSED, where the line is that of the text that would have been
 *
 * Changes one card's section of a settings file. Comments, blank lines, the order and all other
 * sections stay byte for byte; a section that is not there comes to the end, and one that is left
 * without keys goes unless it holds a comment. Both texts are read by the code that reads the file.
 *
 * Returns: what became of it
 */
BatonProfileEdit
baton_profile_edit (const BatonProfileChanges *changes,
                    const char *identity,
                    const char *file,
                    const char *text,
                    gsize length,
                    char **ret_text,
                    BatonProfileProblem **ret_problem)
{
  BatonProfileProblem *problem = find_problem (changes->card, file, text, length);
  g_autoptr (GPtrArray) lines = NULL;
  g_autofree char *changed = NULL;
  Edit self = { .changes = changes, .identity = identity };

  if (problem == NULL)
    {
      lines = self.lines = baton_profile_lines_new (text);
      problem = find_other_card (&self, file);
    }
  if (problem != NULL)
    {
      *ret_problem = problem;
      return BATON_PROFILE_EDIT_MISTAKE;
    }

  apply (&self);
  changed = baton_profile_lines_to_text (lines);
  problem = find_problem (changes->card, file, changed, strlen (changed));
  if (problem != NULL)
    {
      *ret_problem = problem;
      return BATON_PROFILE_EDIT_REFUSED;
    }
  if (g_str_equal (changed, text))
    return BATON_PROFILE_EDIT_SAME;

  *ret_text = g_steal_pointer (&changed);

  return BATON_PROFILE_EDIT_CHANGED;
}
