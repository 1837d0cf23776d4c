/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade-private.h"

#include <string.h>

#include "baton-modprobe-files.h"

/* References used below:
 *  MODPROBE.D - modprobe.d(5): options MODULE OPTION...
 *  INITRAMFS - initramfs-tools(7): /etc/initramfs-tools/modules, "MODULE ARGUMENT..."
 */

typedef struct
{
  /* borrowed */
  BatonHandmadeSearch *search;
  const BatonCard *card;
  const char *path;

  BatonRootPart part;
  BatonHandmadeKind kind;
  guint n_before; /* words before the options: "options vfio-pci", or the module alone */
} Look;

static gboolean
gives_away (const char *module)
{
  return baton_modprobe_is_module (module, "vfio_pci") ||
         baton_modprobe_is_module (module, "pci_stub");
}

/* What the ids of one line come to, be they in one word of it or in several. */
typedef struct
{
  GPtrArray *functions; /* borrowed addresses */
  GPtrArray *claims;
  const char *stranger; /* borrowed, or NULL */
  GString *left;        /* of the line, without the ids that mean the card */
  gboolean is_needed;
} Line;

static void
line_clear (Line *self)
{
  g_ptr_array_unref (self->functions);
  g_ptr_array_unref (self->claims);
  g_string_free (self->left, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

static void
add_word (Line *self, const char *before, const char *word)
{
  g_string_append_printf (self->left, "%s%s%s", self->left->len > 0 ? " " : "", before, word);
}

static void
merge (GPtrArray *to, GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    if (!g_ptr_array_find (to, from->pdata[i], NULL))
      g_ptr_array_add (to, from->pdata[i]);
}

static void
take_word (Look *self, Line *line, const char *word)
{
  g_auto (BatonHandmadeIds) ids = { 0 };

  if (!g_str_has_prefix (word, "ids=") ||
      !baton_handmade_split_ids (self->search, self->card, word + strlen ("ids="), &ids))
    {
      add_word (line, "", word);
      line->is_needed = TRUE;
      return;
    }
  merge (line->functions, ids.functions);
  merge (line->claims, ids.claims);
  if (ids.stranger != NULL)
    line->stranger = ids.stranger;
  if (ids.left != NULL)
    {
      add_word (line, "ids=", ids.left);
      line->is_needed = TRUE;
    }
}

static void
on_line (const BatonModprobeLine *line, gpointer data)
{
  Look *self = data;
  g_auto (Line)
      taken = { g_ptr_array_new (), g_ptr_array_new (), NULL, g_string_new (NULL), FALSE };
  guint n_words = g_strv_length (line->words);
  BatonHandmade *one = NULL;

  if (n_words <= self->n_before || !gives_away (line->words[self->n_before - 1]) ||
      (self->n_before == 2 && strcmp (line->words[0], "options") != 0))
    return;
  for (guint i = 0; i < self->n_before; i++)
    add_word (&taken, "", line->words[i]);
  for (guint i = self->n_before; i < n_words; i++)
    take_word (self, &taken, line->words[i]);
  if (taken.functions->len == 0)
    return;

  one = baton_handmade_search_add (self->search, self->kind, self->card, self->part, self->path,
                                   line->first, line->text, -1);
  one->last_line = line->last;
  baton_handmade_take_addresses (&one->functions, taken.functions);
  if (taken.stranger != NULL)
    {
      one->instead = BATON_CODE_ADOPT_OTHER_DEVICE;
      one->about = g_strdup (taken.stranger);
      return;
    }
  baton_handmade_take_addresses (&one->claims, taken.claims);
  one->move = BATON_HANDMADE_LINE;
  one->instead = BATON_CODE_ADOPT_BY_CLAIM;
  one->replacement = taken.is_needed ? g_strdup (taken.left->str) : NULL;
}

static void
look_into (Look *self, BatonRootPart part, const char *path)
{
  g_autofree char *text = baton_modprobe_file_read (self->search->root, part, path);

  self->part = part;
  self->path = path;
  if (text != NULL)
    baton_modprobe_file_parse (text, on_line, self);
}

static void
on_file (BatonRootPart part, const char *path, gpointer data)
{
  look_into (data, part, path);
}

/* Ids that give a card to vfio-pci, or to pci-stub, by the options of these modules (MODPROBE.D), also
 * where they are packed into the boot image (INITRAMFS). */
void
baton_handmade_search_modprobe (BatonHandmadeSearch *self)
{
  for (guint i = 0; i < self->machine->cards->len; i++)
    {
      Look look = { .search = self,
                    .card = g_ptr_array_index (self->machine->cards, i),
                    .kind = BATON_HANDMADE_MODULE_OPTION,
                    .n_before = 2 };

      baton_modprobe_files_visit (self->root, on_file, &look);
      look.kind = BATON_HANDMADE_INITRAMFS;
      look.n_before = 1;
      look_into (&look, BATON_ROOT_ETC, BATON_INITRAMFS_MODULES);
    }
}
