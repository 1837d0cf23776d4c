/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <string.h>

#include "baton-modprobe-files.h"

/* References used below:
 *  MODPROBE.D - modprobe.d(5): the lines
 *  INITRAMFS - initramfs-tools(7): /etc/initramfs-tools/modules, "MODULE ARGUMENT..."
 */

/* What people write after "install" to keep a module out. */
static const char *const refusals[] = { "/bin/false",     "/bin/true",
                                        "/usr/bin/false", "/usr/bin/true",
                                        "/sbin/nologin",  "false",
                                        "true",           ":" };

typedef void (*TakeWords) (BatonSystem *self, GStrv words, const char *file, guint line);

static void
take_ids (BatonSystem *self, const char *module, GStrv options, const char *file, guint line)
{
  BatonClaimKind kind;

  if (baton_modprobe_is_module (module, "vfio_pci"))
    kind = BATON_CLAIM_VFIO_IDS;
  else if (baton_modprobe_is_module (module, "pci_stub"))
    kind = BATON_CLAIM_PCI_STUB_IDS;
  else
    return;

  for (guint i = 0; options[i] != NULL; i++)
    {
      if (g_str_has_prefix (options[i], "ids=") && options[i][4] != '\0')
        baton_system_add_claim (self, kind, NULL, options[i] + 4, file, line);
    }
}

static void
take_modprobe_words (BatonSystem *self, GStrv words, const char *file, guint line)
{
  guint n_words = g_strv_length (words);

  if (n_words < 2)
    return;
  if (strcmp (words[0], "options") == 0)
    take_ids (self, words[1], words + 2, file, line);
  else if (strcmp (words[0], "blacklist") == 0)
    baton_system_add_blacklist (self, words[1], file, line);
  else if (strcmp (words[0], "install") == 0 && n_words == 3 &&
           g_strv_contains (refusals, words[2]))
    baton_system_add_blacklist (self, words[1], file, line);
}

static void
take_initramfs_words (BatonSystem *self, GStrv words, const char *file, guint line)
{
  if (words[0] != NULL)
    take_ids (self, words[0], words + 1, file, line);
}

typedef struct
{
  /* borrowed */
  BatonSystem *system;
  const char *file;
  TakeWords take;
} Reading;

static void
on_line (const BatonModprobeLine *line, gpointer data)
{
  Reading *reading = data;

  reading->take (reading->system, line->words, reading->file, line->first);
}

static void
take_file (
    BatonSystem *self, BatonRoot *root, BatonRootPart part, const char *path, TakeWords take)
{
  g_autofree char *shown = baton_root_dup_shown_path (part, path);
  g_autofree char *text = baton_modprobe_file_read (root, part, path);
  Reading reading = { self, shown, take };

  if (text != NULL)
    baton_modprobe_file_parse (text, on_line, &reading);
}

typedef struct
{
  /* borrowed */
  BatonSystem *system;
  BatonRoot *root;
} Search;

static void
on_file (BatonRootPart part, const char *path, gpointer data)
{
  Search *search = data;

  take_file (search->system, search->root, part, path, take_modprobe_words);
}

/* Reads which ids are given away at boot and which modules are kept out. */
void
baton_system_read_modprobe (BatonSystem *self, BatonRoot *root)
{
  Search search = { self, root };

  baton_modprobe_files_visit (root, on_file, &search);
  take_file (self, root, BATON_ROOT_ETC, BATON_INITRAMFS_MODULES, take_initramfs_words);
}
