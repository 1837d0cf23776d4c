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

/* The line without the ids that mean the card. Returns: (transfer full) (nullable): %NULL where it is not
 * needed any more */
static char *
build_replacement (const Look *self, GStrv words, guint ids, const char *left)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean is_needed = FALSE;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (i == ids && left == NULL)
        continue;
      is_needed |= i >= self->n_before;
      g_string_append_printf (line, "%s%s%s", i > 0 ? " " : "", i == ids ? "ids=" : "",
                              i == ids ? left : words[i]);
    }

  return is_needed ? g_string_free (g_steal_pointer (&line), FALSE) : NULL;
}

static void
take_ids (Look *self, const BatonModprobeLine *line, guint ids)
{
  g_auto (BatonHandmadeIds) split = { 0 };
  BatonHandmade *one = NULL;

  if (!baton_handmade_split_ids (self->search, self->card, line->words[ids] + strlen ("ids="),
                                 &split))
    return;
  one = baton_handmade_search_add (self->search, self->kind, self->card, self->part, self->path,
                                   line->first, line->text, -1);
  one->last_line = line->last;
  baton_handmade_take_addresses (&one->functions, split.functions);
  if (split.stranger != NULL)
    {
      one->instead = BATON_CODE_ADOPT_OTHER_DEVICE;
      one->about = g_strdup (split.stranger);
      return;
    }
  baton_handmade_take_addresses (&one->claims, split.claims);
  one->move = BATON_HANDMADE_LINE;
  one->instead = BATON_CODE_ADOPT_BY_CLAIM;
  one->replacement = build_replacement (self, line->words, ids, split.left);
}

static void
on_line (const BatonModprobeLine *line, gpointer data)
{
  Look *self = data;
  guint n_words = g_strv_length (line->words);

  if (n_words <= self->n_before || !gives_away (line->words[self->n_before - 1]) ||
      (self->n_before == 2 && strcmp (line->words[0], "options") != 0))
    return;
  for (guint i = self->n_before; i < n_words; i++)
    if (g_str_has_prefix (line->words[i], "ids="))
      take_ids (self, line, i);
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
