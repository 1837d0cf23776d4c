/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade-private.h"

#include <string.h>

#include "baton-libvirt-hook.h"
#include "baton-pci-words.h"
#include "baton-system-private.h"

/* References used below:
 *  HOOKS - libvirt docs/hooks.rst: scripts in /etc/libvirt/hooks and NAME.d below it
 */

#define HOOKS "libvirt/hooks"

#define VENDOR_AMD 0x1002
#define VENDOR_INTEL 0x8086
#define VENDOR_NVIDIA 0x10de

/* Who cannot unbind a card takes its whole driver out, and names no card in it. */
static const struct
{
  guint16 vendor;
  const char *module; /* with underscores */
} modules[] = {
  { VENDOR_NVIDIA, "nvidia" },     { VENDOR_NVIDIA, "nvidia_drm" },
  { VENDOR_NVIDIA, "nvidia_uvm" }, { VENDOR_NVIDIA, "nvidia_modeset" },
  { VENDOR_NVIDIA, "nouveau" },    { VENDOR_AMD, "amdgpu" },
  { VENDOR_AMD, "radeon" },        { VENDOR_INTEL, "i915" },
  { VENDOR_INTEL, "xe" },
};

typedef struct
{
  char *path;
  char *text;
  gboolean is_taken; /* by the card that is looked at */
} Script;

typedef void (*VisitLine) (
    Script *script, const char *line, gsize length, guint number, gpointer);

static void
script_free (gpointer data)
{
  Script *self = data;

  g_free (self->path);
  g_free (self->text);
  g_free (self);
}

static GPtrArray *
read_scripts (BatonRoot *root)
{
  g_autoptr (GPtrArray) files = baton_system_list_hook_files (root, HOOKS);
  GPtrArray *scripts = g_ptr_array_new_with_free_func (script_free);

  for (guint i = 0; i < files->len; i++)
    {
      const char *path = g_ptr_array_index (files, i);
      Script *script = NULL;
      char *text = NULL;
      gsize length = 0;

      if (strcmp (path, BATON_HOOK_SCRIPT) != 0)
        text = baton_root_read_file (root, BATON_ROOT_ETC, path, BATON_MAX_HOOK_BYTES, &length,
                                     NULL);
      if (text == NULL)
        continue;
      /* A shell reads on behind it. */
      for (gsize j = 0; j < length; j++)
        if (text[j] == '\0')
          text[j] = ' ';
      script = g_new0 (Script, 1);
      script->path = g_strdup (path);
      script->text = text;
      g_ptr_array_add (scripts, script);
    }

  return scripts;
}

/* What is commented out does nothing. */
static void
visit_lines (Script *script, VisitLine visit, gpointer data)
{
  guint number = 0;

  for (const char *line = script->text; *line != '\0'; line += *line == '\n')
    {
      gsize length = strcspn (line, "\n");

      number++;
      if (line[strspn (line, " \t")] != '#')
        visit (script, line, length, number, data);
      line += length;
    }
}

/* Returns: (transfer full) (nullable): the next word that a module, an option or a program may be, with
 * underscores */
static char *
next_word (const char *line, gsize length, gsize *at)
{
  gsize start;

  while (*at < length && !g_ascii_isalnum (line[*at]) && line[*at] != '_' && line[*at] != '-')
    (*at)++;
  start = *at;
  while (*at < length && (g_ascii_isalnum (line[*at]) || line[*at] == '_' || line[*at] == '-'))
    (*at)++;

  return *at > start ? g_strdelimit (g_strndup (line + start, *at - start), "-", '_') : NULL;
}

static void
on_line_unloads (Script *script, const char *line, gsize length, guint number, gpointer data)
{
  gboolean *unloads = data;
  gboolean is_modprobe = FALSE;
  gsize at = 0;
  char *next;

  while ((next = next_word (line, length, &at)) != NULL)
    {
      g_autofree char *word = next;

      is_modprobe |= strcmp (word, "modprobe") == 0;
      /* "-r", with what else stands in one word with it. */
      if (strcmp (word, "rmmod") == 0 ||
          (is_modprobe && (strcmp (word, "__remove") == 0 ||
                           (word[0] == '_' && word[1] != '_' && strchr (word, 'r') != NULL))))
        *unloads = TRUE;
    }
}

typedef struct
{
  /* borrowed */
  BatonHandmadeSearch *search;
  GPtrArray *scripts;
  const BatonCard *card;

  gboolean
      unloads; /* the script that is looked at, the driver of the only card of its vendor */
  gboolean has_more;
} Look;

static void
take (
    Look *self, Script *script, const char *line, gsize length, guint number, GPtrArray *names)
{
  BatonHandmade *one =
      baton_handmade_search_add (self->search, BATON_HANDMADE_HOOK, self->card, BATON_ROOT_ETC,
                                 script->path, number, line, (gssize) length);

  baton_handmade_take_addresses (&one->functions, names);
  one->move = BATON_HANDMADE_WHOLE;
  one->instead = BATON_CODE_ADOPT_BY_HOOK;
  script->is_taken = TRUE;
}

static gboolean
names_driver (const Look *self, const char *line, gsize length)
{
  gsize at = 0;
  char *next;

  while ((next = next_word (line, length, &at)) != NULL)
    {
      g_autofree char *word = next;

      for (guint i = 0; i < G_N_ELEMENTS (modules); i++)
        if (modules[i].vendor == self->card->display->vendor_id &&
            strcmp (modules[i].module, word) == 0)
          return TRUE;
    }

  return FALSE;
}

static void
on_line_names (Script *script, const char *line, gsize length, guint number, gpointer data)
{
  Look *self = data;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gsize at = 0;
  char *address;

  while ((address = baton_pci_words_next (line, length, &at)) != NULL)
    {
      if (baton_handmade_is_part (self->card, address) &&
          !g_ptr_array_find_with_equal_func (names, address, g_str_equal, NULL))
        g_ptr_array_add (names, address);
      else
        g_free (address);
    }
  if (names->len > 0 || (self->unloads && names_driver (self, line, length)))
    take (self, script, line, length, number, names);
}

static gboolean
is_only_one_of_vendor (const BatonMachine *machine, const BatonCard *card)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *other = g_ptr_array_index (machine->cards, i);

      if (other != card && other->display->vendor_id == card->display->vendor_id)
        return FALSE;
    }

  return TRUE;
}

/* By its path, or by its name where that is no word that scripts use for other things. */
static gboolean
mentions (const char *line, gsize length, const char *path)
{
  g_autofree char *shown = baton_root_dup_shown_path (BATON_ROOT_ETC, path);
  const char *name = strrchr (path, '/') + 1;
  const char *found = g_strstr_len (line, (gssize) length, shown);
  gsize name_length = strlen (name);

  if (found != NULL && (found + strlen (shown) == line + length ||
                        !(g_ascii_isalnum (found[strlen (shown)]) ||
                          strchr ("._-/", found[strlen (shown)]) != NULL)))
    return TRUE;
  if (strchr (name, '.') == NULL)
    return FALSE;
  for (found = line;
       (found = g_strstr_len (found, (gssize) length - (found - line), name)) != NULL; found++)
    {
      char before = found > line ? found[-1] : ' ';
      char after = found + name_length < line + length ? found[name_length] : ' ';

      if (strchr (" \t/\"'=", before) != NULL && strchr (" \t\r\"';)&|", after) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* A script that reads what is moved aside would go on without, and half of it is worse than none. */
static void
on_line_refers (Script *script, const char *line, gsize length, guint number, gpointer data)
{
  Look *self = data;
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();

  for (guint i = 0; i < self->scripts->len; i++)
    {
      const Script *other = g_ptr_array_index (self->scripts, i);

      if (other == script || !other->is_taken || !mentions (line, length, other->path))
        continue;
      take (self, script, line, length, number, nothing);
      self->has_more = TRUE;
      return;
    }
}

static void
look_for_card (BatonHandmadeSearch *search, GPtrArray *scripts, const BatonCard *card)
{
  Look self = { search, scripts, card, FALSE, TRUE };
  gboolean is_only_one = is_only_one_of_vendor (search->machine, card);

  for (guint i = 0; i < scripts->len; i++)
    {
      Script *script = g_ptr_array_index (scripts, i);
      gboolean unloads = FALSE;

      script->is_taken = FALSE;
      visit_lines (script, on_line_unloads, &unloads);
      self.unloads = unloads && is_only_one;
      visit_lines (script, on_line_names, &self);
    }

  while (self.has_more)
    {
      self.has_more = FALSE;
      for (guint i = 0; i < scripts->len; i++)
        {
          Script *script = g_ptr_array_index (scripts, i);

          if (!script->is_taken)
            visit_lines (script, on_line_refers, &self);
        }
    }
}

/* Scripts that libvirt calls (HOOKS), and what they read. They are moved as a whole: half a script does
 * what nobody meant. */
void
baton_handmade_search_hooks (BatonHandmadeSearch *self)
{
  g_autoptr (GPtrArray) scripts = read_scripts (self->root);

  for (guint i = 0; scripts->len > 0 && i < self->machine->cards->len; i++)
    look_for_card (self, scripts, g_ptr_array_index (self->machine->cards, i));
}
