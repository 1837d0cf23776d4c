/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade-private.h"

#include <string.h>

/* References used below:
 *  DRIVERCTL - driverctl(8): one file a device in /etc/driverctl.d, with the driver in it
 *  GRUB - info grub: /etc/default/grub and grub.d beside it; KERNEL-INSTALL - kernel-install(8):
 *    /etc/kernel/cmdline
 */

/* One file a device: the whole of it goes (DRIVERCTL). */
void
baton_handmade_search_driverctl (BatonHandmadeSearch *self)
{
  GPtrArray *claims = self->machine->system->claims;

  for (guint i = 0; i < claims->len; i++)
    {
      const BatonClaim *claim = g_ptr_array_index (claims, i);

      for (guint j = 0; claim->kind == BATON_CLAIM_DRIVERCTL && j < self->machine->cards->len;
           j++)
        {
          const BatonCard *card = g_ptr_array_index (self->machine->cards, j);
          g_autoptr (GPtrArray) address = g_ptr_array_new ();
          g_autofree char *path = NULL;
          BatonHandmade *one = NULL;

          if (!baton_handmade_is_part (card, claim->address))
            continue;
          path = g_build_filename ("driverctl.d", strrchr (claim->file, '/') + 1, NULL);
          one =
              baton_handmade_search_add (self, BATON_HANDMADE_DRIVERCTL, card, BATON_ROOT_ETC,
                                         path, 1, claim->value != NULL ? claim->value : "", -1);
          g_ptr_array_add (address, claim->address);
          baton_handmade_take_addresses (&one->functions, address);
          one->move = BATON_HANDMADE_WHOLE;
          one->instead = BATON_CODE_ADOPT_NOT_NEEDED;
          if (baton_function_driver_is_vfio (claim->value))
            {
              baton_handmade_take_addresses (&one->claims, address);
              one->instead = BATON_CODE_ADOPT_BY_CLAIM;
            }
        }
    }
}

typedef struct
{
  /* borrowed */
  BatonHandmadeSearch *search;
  const BatonCard *card;
  const char *path;

  BatonRootPart part;
  guint n_found;
} CommandLine;

static void
take_word (CommandLine *self,
           const char *line,
           gsize length,
           guint number,
           const char *word,
           const BatonHandmadeIds *ids)
{
  BatonHandmade *one =
      baton_handmade_search_add (self->search, BATON_HANDMADE_COMMAND_LINE, self->card,
                                 self->part, self->path, number, line, (gssize) length);

  baton_handmade_take_addresses (&one->functions, ids->functions);
  /* Where the same numbers are somebody else's, too, it is not Baton that does it for them. */
  if (ids->stranger == NULL)
    baton_handmade_take_addresses (&one->claims, ids->claims);
  one->instead = BATON_CODE_ADOPT_COMMAND_LINE;
  one->about = g_utf8_make_valid (word, -1);
  self->n_found++;
}

static gboolean
has_name (const char *word, const char *name)
{
  const char *equals = strchr (word, '=');
  g_autofree char *key = equals != NULL ? g_strndup (word, (gsize) (equals - word)) : NULL;

  return key != NULL && strcmp (g_strdelimit (key, "-", '_'), name) == 0;
}

static void
look_at_line (CommandLine *self, const char *line, gsize length, guint number)
{
  g_autofree char *text = g_strndup (line, length);
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r\"'", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *start = strstr (words[i], "ids=") != NULL ? words[i] : NULL;
      g_auto (BatonHandmadeIds) ids = { 0 };

      /* GRUB_CMDLINE_LINUX=vfio-pci.ids=… without quotes */
      while (start != NULL && !has_name (start, "vfio_pci.ids") &&
             !has_name (start, "pci_stub.ids"))
        start = strchr (start, '=') != NULL ? strchr (start, '=') + 1 : NULL;
      if (start != NULL &&
          baton_handmade_split_ids (self->search, self->card, strchr (start, '=') + 1, &ids))
        take_word (self, line, length, number, start, &ids);
    }
}

static void
on_command_line (const char *line, gsize length, guint number, gpointer data)
{
  look_at_line (data, line, length, number);
}

static void
look_at_command_line_file (CommandLine *self, const char *path)
{
  self->part = BATON_ROOT_ETC;
  self->path = path;
  baton_handmade_visit_lines (self->search->root, self->part, path, on_command_line, self);
}

/* Of the files that it may come from Baton changes none, but says which it is (GRUB, KERNEL-INSTALL). */
void
baton_handmade_search_command_line (BatonHandmadeSearch *self)
{
  static const char *const files[] = { "default/grub", "kernel/cmdline" };
  g_autoptr (GPtrArray) names =
      baton_root_list (self->root, BATON_ROOT_ETC, "default/grub.d", NULL);

  for (guint i = 0; i < self->machine->cards->len; i++)
    {
      CommandLine look = { .search = self, .card = self->machine->cards->pdata[i] };

      for (guint j = 0; j < G_N_ELEMENTS (files); j++)
        look_at_command_line_file (&look, files[j]);
      for (guint j = 0; names != NULL && j < names->len; j++)
        {
          g_autofree char *path = g_build_filename ("default/grub.d", names->pdata[j], NULL);

          if (g_str_has_suffix (path, ".cfg"))
            look_at_command_line_file (&look, path);
        }
      /* Some boot loader's file that Baton does not know. */
      look.part = BATON_ROOT_PROC;
      look.path = "cmdline";
      if (look.n_found == 0)
        look_at_line (&look, self->machine->system->command_line,
                      strlen (self->machine->system->command_line), 0);
    }
}
