/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade-private.h"

#include <string.h>

#include "baton-modprobe-files.h"
#include "baton-pci-ids.h"
#include "baton-pci-words.h"
#include "baton-system-private.h"

/* References used below:
 *  MODPROBE.D - modprobe.d(5): softdep MODULE pre: MODULES... post: MODULES...
 *  MODULES-LOAD - modules-load.d(5): a module a line
 *  INITRAMFS - initramfs-tools(7): /etc/initramfs-tools/modules, "MODULE ARGUMENT..."
 *  DRACUT - dracut.conf(5): add_drivers+=" … ", force_drivers+=" … "; dracut.cmdline(7): rd.driver.pre=
 *  MKINITCPIO - mkinitcpio.conf(5): MODULES=(…)
 */

static const char *const vfio_modules[] = { "vfio_pci",    "vfio",          "vfio_iommu_type1",
                                            "vfio_virqfd", "vfio_pci_core", "pci_stub" };

/* Settings that name modules to be packed and loaded. */
static const char *const lists[] = { "add_drivers", "force_drivers", "MODULES" };

/* Whether a line claims something for @card in Baton's place, or would if it were not by hand. */
static gboolean
is_claimed (GPtrArray *found, const BatonCard *card)
{
  for (guint i = 0; i < found->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (found, i);

      if (strcmp (one->card, baton_card_get_address (card)) == 0 && one->claims[0] != NULL)
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_function_claimed (GPtrArray *found, const BatonCard *card, const char *address)
{
  for (guint i = 0; i < found->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (found, i);

      if (strcmp (one->card, baton_card_get_address (card)) == 0 &&
          g_strv_contains ((const char *const *) one->claims, address))
        return TRUE;
    }

  return FALSE;
}

/* Whether an id, or a file of driverctl's, is for something that @card's lines do not claim: then what
 * has the module loaded early is for that as well. */
static gboolean
serves_others (BatonHandmadeSearch *self, const BatonCard *card, const BatonClaim *claim)
{
  g_auto (GStrv) ids = NULL;

  if (claim->kind == BATON_CLAIM_DRIVERCTL)
    return !is_function_claimed (self->found, card, claim->address);
  if (claim->kind != BATON_CLAIM_VFIO_IDS && claim->kind != BATON_CLAIM_PCI_STUB_IDS)
    return FALSE;

  ids = g_strsplit (claim->value, ",", -1);
  for (guint i = 0; ids[i] != NULL; i++)
    for (guint j = 0; j < self->machine->functions->len; j++)
      {
        const BatonFunction *function = g_ptr_array_index (self->machine->functions, j);

        if (baton_pci_ids_match (ids[i], function) &&
            !is_function_claimed (self->found, card, function->address))
          return TRUE;
      }

  return FALSE;
}

typedef struct
{
  /* borrowed */
  BatonHandmadeSearch *search;
  const BatonCard *card;
  const char *path;
} Early;

static gboolean
is_vfio_module (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (vfio_modules); i++)
    if (baton_modprobe_is_module (word, vfio_modules[i]))
      return TRUE;

  return FALSE;
}

/* @words: what is loaded, each of them vfio's or none. Returns: (out): whether only such are */
static gboolean
count_modules (GStrv words, guint *ret_n_vfio)
{
  guint n = 0;

  *ret_n_vfio = 0;
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (*words[i] == '\0')
        continue;
      n++;
      *ret_n_vfio += is_vfio_module (words[i]);
    }

  return *ret_n_vfio == n;
}

static void
take_early (Early *self,
            BatonHandmadeKind kind,
            const char *line,
            gsize length,
            guint number,
            gboolean can_go)
{
  BatonHandmade *one =
      baton_handmade_search_add (self->search, kind, self->card, BATON_ROOT_ETC, self->path,
                                 number, line, (gssize) length);

  one->move = can_go ? BATON_HANDMADE_LINE : BATON_HANDMADE_BY_HAND;
  one->instead = can_go ? BATON_CODE_ADOPT_NOT_NEEDED : BATON_CODE_ADOPT_BY_HAND;
}

/* MODULES-LOAD, INITRAMFS: nothing but names of modules. */
static void
on_list_line (const char *line, gsize length, guint number, gpointer data)
{
  Early *self = data;
  g_autofree char *text = g_strndup (line, length);
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r", -1);
  guint n_vfio;

  if (count_modules (words, &n_vfio) && n_vfio > 0)
    take_early (self,
                strcmp (self->path, BATON_INITRAMFS_MODULES) == 0 ? BATON_HANDMADE_INITRAMFS
                                                                  : BATON_HANDMADE_EARLY_MODULE,
                line, length, number, strchr (self->path, '/') != NULL);
}

/* DRACUT, MKINITCPIO: KEY=" … " or KEY=( … ) */
static void
on_assignment (const char *line, gsize length, guint number, gpointer data)
{
  Early *self = data;
  g_autofree char *text = g_strndup (line, length);
  const char *value = strchr (text, '=');
  g_auto (GStrv) words = NULL;
  gboolean is_list = FALSE;
  gboolean is_all;
  guint n_vfio;

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    is_list |= g_str_has_prefix (text + strspn (text, " \t"), lists[i]);
  if (value == NULL || !is_list)
    return;
  words = g_strsplit_set (value + 1, " \t\r\"'()", -1);
  is_all = count_modules (words, &n_vfio);
  /* What is added goes with its line; what is set would be something else without. */
  if (n_vfio > 0)
    take_early (self, BATON_HANDMADE_INITRAMFS, line, length, number,
                is_all && value > text && value[-1] == '+' &&
                    g_str_has_prefix (self->path, "dracut.conf.d/"));
}

static void
on_softdep (const BatonModprobeLine *line, gpointer data)
{
  Early *self = data;
  guint n_vfio = 0;
  guint n_others = 0;
  guint n_words = g_strv_length (line->words);
  BatonHandmade *one = NULL;

  if (n_words < 4 || strcmp (line->words[0], "softdep") != 0)
    return;
  for (guint i = 2; i < n_words; i++)
    {
      if (is_vfio_module (line->words[i]))
        n_vfio++;
      else if (!g_str_has_suffix (line->words[i], ":"))
        n_others++;
    }
  if (n_vfio == 0)
    return;
  one = baton_handmade_search_add (self->search, BATON_HANDMADE_EARLY_MODULE, self->card,
                                   BATON_ROOT_ETC, self->path, line->first, line->text, -1);
  one->last_line = line->last;
  if (n_others > 0)
    return;
  one->move = BATON_HANDMADE_LINE;
  one->instead = BATON_CODE_ADOPT_NOT_NEEDED;
}

static void
on_modprobe_file (BatonRootPart part, const char *path, gpointer data)
{
  Early *self = data;
  g_autofree char *text = NULL;

  if (part != BATON_ROOT_ETC)
    return;
  self->path = path;
  text = baton_modprobe_file_read (self->search->root, part, path);
  if (text != NULL)
    baton_modprobe_file_parse (text, on_softdep, self);
}

static void
visit_directory (Early *self, const char *directory, BatonHandmadeLineVisit visit)
{
  g_autoptr (GPtrArray) names =
      baton_root_list (self->search->root, BATON_ROOT_ETC, directory, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

      self->path = path;
      if (g_str_has_suffix (path, ".conf"))
        baton_handmade_visit_lines (self->search->root, BATON_ROOT_ETC, path, visit, self);
    }
}

static void
visit_file (Early *self, const char *path, BatonHandmadeLineVisit visit)
{
  self->path = path;
  baton_handmade_visit_lines (self->search->root, BATON_ROOT_ETC, path, visit, self);
}

/* A script of the boot image's that names the card is packed by name: it is for its owner to take out. */
static void
on_boot_script_line (const char *line, gsize length, guint number, gpointer data)
{
  Early *self = data;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gsize at = 0;
  char *address;

  while ((address = baton_pci_words_next (line, length, &at)) != NULL)
    {
      if (baton_handmade_is_part (self->card, address))
        g_ptr_array_add (names, address);
      else
        g_free (address);
    }
  if (names->len > 0)
    {
      BatonHandmade *one =
          baton_handmade_search_add (self->search, BATON_HANDMADE_INITRAMFS, self->card,
                                     BATON_ROOT_ETC, self->path, number, line, (gssize) length);

      baton_handmade_take_addresses (&one->functions, names);
    }
}

static void
search_boot_scripts (Early *self)
{
  static const char *const directories[] = { "initramfs-tools/scripts", "initcpio/hooks" };

  for (guint i = 0; i < G_N_ELEMENTS (directories); i++)
    {
      g_autoptr (GPtrArray) files =
          baton_system_list_hook_files (self->search->root, directories[i]);

      for (guint j = 0; j < files->len; j++)
        visit_file (self, files->pdata[j], on_boot_script_line);
    }
}

static void
take_driver_pre (Early *self, const BatonClaim *claim)
{
  BatonHandmade *one = baton_handmade_search_add (
      self->search, BATON_HANDMADE_COMMAND_LINE, self->card, BATON_ROOT_PROC, "cmdline", 0,
      self->search->machine->system->command_line, -1);

  one->instead = BATON_CODE_ADOPT_COMMAND_LINE;
  one->about = g_strconcat ("rd.driver.pre=", claim->value, NULL);
}

static void
search_early_for (Early *self)
{
  GPtrArray *claims = self->search->machine->system->claims;

  search_boot_scripts (self);
  if (!is_claimed (self->search->found, self->card))
    return;
  for (guint i = 0; i < claims->len; i++)
    if (serves_others (self->search, self->card, claims->pdata[i]))
      return;

  baton_modprobe_files_visit (self->search->root, on_modprobe_file, self);
  visit_directory (self, "modules-load.d", on_list_line);
  visit_file (self, "modules", on_list_line);
  visit_file (self, BATON_INITRAMFS_MODULES, on_list_line);
  visit_directory (self, "dracut.conf.d", on_assignment);
  visit_file (self, "dracut.conf", on_assignment);
  visit_file (self, "mkinitcpio.conf", on_assignment);
  visit_directory (self, "mkinitcpio.conf.d", on_assignment);
  for (guint i = 0; i < claims->len; i++)
    if (((const BatonClaim *) claims->pdata[i])->kind == BATON_CLAIM_DRIVER_PRE)
      take_driver_pre (self, claims->pdata[i]);
}

/* What only has vfio-pci loaded before other drivers is of use to ids and overrides alone: it goes with
 * the last of them. */
void
baton_handmade_search_early (BatonHandmadeSearch *self)
{
  for (guint i = 0; i < self->machine->cards->len; i++)
    {
      Early look = { .search = self, .card = self->machine->cards->pdata[i] };

      search_early_for (&look);
    }
}
