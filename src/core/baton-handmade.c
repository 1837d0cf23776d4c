/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade-private.h"

#include <string.h>

#include "baton-pci-ids.h"

/* More than any guide has its readers write. */
#define MAX_FOUND 512

/* What is shown of a line: longer ones are no person's. */
#define MAX_TEXT 1024

#define MAX_FILE_BYTES (1024 * 1024)

/**
 * baton_handmade_kind_to_string:
 * @kind: a kind
 *
 * Returns: the word that the contract has for it
 */
const char *
baton_handmade_kind_to_string (BatonHandmadeKind kind)
{
  switch (kind)
    {
    case BATON_HANDMADE_HOOK:
      return "hook";
    case BATON_HANDMADE_MODULE_OPTION:
      return "module-option";
    case BATON_HANDMADE_DRIVERCTL:
      return "driverctl";
    case BATON_HANDMADE_EARLY_MODULE:
      return "early-module";
    case BATON_HANDMADE_COMMAND_LINE:
      return "command-line";
    case BATON_HANDMADE_INITRAMFS:
    default:
      return "initramfs";
    }
}

/**
 * baton_handmade_free:
 * @self: (nullable): what was found
 */
void
baton_handmade_free (BatonHandmade *self)
{
  if (self == NULL)
    return;

  g_free (self->card);
  g_free (self->path);
  g_free (self->file);
  g_free (self->text);
  g_free (self->replacement);
  g_strfreev (self->functions);
  g_strfreev (self->claims);
  g_free (self->about);
  g_free (self);
}

/**
 * baton_handmade_dup_args:
 * @self: what was found
 *
 * Returns: (transfer full) (element-type utf8 utf8): what the sentence of @instead is filled with:
 *   `addresses`, `file` and `about`
 */
GHashTable *
baton_handmade_dup_args (const BatonHandmade *self)
{
  GHashTable *args = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  g_hash_table_insert (args, (gpointer) "addresses", g_strjoinv (", ", self->claims));
  g_hash_table_insert (args, (gpointer) "file", g_strdup (self->file));
  g_hash_table_insert (args, (gpointer) "about",
                       g_strdup (self->about != NULL ? self->about : ""));

  return args;
}

/* Adds one, for the caller to say what becomes of it. What is no file of /etc, or has a name that cannot
 * be written down, stays by hand whatever the caller says: baton_handmade_find() sees to that. */
BatonHandmade *
baton_handmade_search_add (BatonHandmadeSearch *self,
                           BatonHandmadeKind kind,
                           const BatonCard *card,
                           BatonRootPart part,
                           const char *path,
                           guint line,
                           const char *text,
                           gssize length)
{
  BatonHandmade *one = g_new0 (BatonHandmade, 1);
  g_autofree char *shown = baton_root_dup_shown_path (part, path);
  gsize n_bytes = length < 0 ? strlen (text) : (gsize) length;

  one->kind = kind;
  one->card = g_strdup (baton_card_get_address (card));
  one->path = g_strdup (part == BATON_ROOT_ETC ? path : "");
  one->file = g_utf8_make_valid (shown, -1);
  one->line = one->last_line = line;
  one->text = g_strndup (text, MIN (n_bytes, MAX_TEXT));
  one->functions = g_new0 (char *, 1);
  one->claims = g_new0 (char *, 1);
  one->instead = BATON_CODE_ADOPT_BY_HAND;
  g_ptr_array_add (self->found, one);

  return one;
}

/* What is commented out does nothing. */
void
baton_handmade_visit_lines (BatonRoot *root,
                            BatonRootPart part,
                            const char *path,
                            BatonHandmadeLineVisit visit,
                            gpointer data)
{
  g_autofree char *text = baton_root_read_file (root, part, path, MAX_FILE_BYTES, NULL, NULL);
  guint number = 0;

  for (const char *line = text; line != NULL && *line != '\0'; line += *line == '\n')
    {
      gsize length = strcspn (line, "\n");

      number++;
      if (line[strspn (line, " \t")] != '#')
        visit (line, length, number, data);
      line += length;
    }
}

/* What its owner lets travel along is no part of it. */
gboolean
baton_handmade_is_part (const BatonCard *card, const char *address)
{
  for (guint i = 0; i < card->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (card->functions, i);

      if (strcmp (function->address, address) == 0)
        return !baton_card_is_also (card, function);
    }

  return FALSE;
}

void
baton_handmade_take_addresses (GStrv *place, GPtrArray *addresses)
{
  g_strfreev (*place);
  *place = g_new0 (char *, addresses->len + 1);
  for (guint i = 0; i < addresses->len; i++)
    (*place)[i] = g_strdup (g_ptr_array_index (addresses, i));
}

void
baton_handmade_ids_clear (BatonHandmadeIds *self)
{
  g_clear_pointer (&self->functions, g_ptr_array_unref);
  g_clear_pointer (&self->claims, g_ptr_array_unref);
  g_clear_pointer (&self->left, g_free);
}

static void
add_once (GPtrArray *addresses, const char *address)
{
  if (!g_ptr_array_find (addresses, address, NULL))
    g_ptr_array_add (addresses, (gpointer) address);
}

static gboolean
is_of_a_card (const BatonMachine *machine, const char *address)
{
  for (guint i = 0; i < machine->cards->len; i++)
    if (baton_handmade_is_part (g_ptr_array_index (machine->cards, i), address))
      return TRUE;

  return FALSE;
}

static gboolean
id_means_card (const char *id, const BatonCard *card)
{
  for (guint i = 0; i < card->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (card->functions, i);

      if (!baton_card_is_also (card, function) && baton_pci_ids_match (id, function))
        return TRUE;
    }

  return FALSE;
}

/* Who loses the driver that an id gave it when the id is taken out: a twin as well. */
static void
take_id (BatonHandmadeSearch *self,
         const BatonCard *card,
         const char *id,
         BatonHandmadeIds *ids)
{
  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (self->machine->functions, i);

      if (!baton_pci_ids_match (id, function))
        continue;
      if (!is_of_a_card (self->machine, function->address))
        {
          ids->stranger = function->address;
          continue;
        }
      add_once (ids->claims, function->address);
      if (baton_handmade_is_part (card, function->address))
        add_once (ids->functions, function->address);
    }
}

/* Returns: whether one of the ids means @card; @ret_ids is to be cleared in any case */
gboolean
baton_handmade_split_ids (BatonHandmadeSearch *self,
                          const BatonCard *card,
                          const char *list,
                          BatonHandmadeIds *ret_ids)
{
  g_auto (GStrv) ids = g_strsplit (list, ",", -1);
  g_autoptr (GString) left = g_string_new (NULL);

  ret_ids->functions = g_ptr_array_new ();
  ret_ids->claims = g_ptr_array_new ();
  for (guint i = 0; ids[i] != NULL; i++)
    {
      if (id_means_card (ids[i], card))
        take_id (self, card, ids[i], ret_ids);
      else if (*ids[i] != '\0')
        g_string_append_printf (left, "%s%s", left->len > 0 ? "," : "", ids[i]);
    }
  if (left->len > 0)
    ret_ids->left = g_string_free (g_steal_pointer (&left), FALSE);

  return ret_ids->functions->len > 0;
}

/* What cannot be moved is not said to be. */
static void
settle_moves (GPtrArray *found)
{
  for (guint i = 0; i < found->len; i++)
    {
      BatonHandmade *one = g_ptr_array_index (found, i);

      if (one->move != BATON_HANDMADE_BY_HAND &&
          (*one->path == '\0' || !g_utf8_validate (one->path, -1, NULL)))
        {
          one->move = BATON_HANDMADE_BY_HAND;
          one->instead = BATON_CODE_ADOPT_BY_HAND;
          g_strfreev (one->claims);
          one->claims = g_new0 (char *, 1);
        }
    }
}

/**
 * baton_handmade_find:
 * @root: where to look
 * @machine: what is there, with its cards and its system
 *
 * Lists what people, guides and other programs have set up for the cards of this computer: scripts that
 * libvirt calls and that name one, ids that give one to vfio-pci, driverctl's overrides, and what only
 * goes with these. What this user may not read is not there.
 *
 * Returns: (transfer full) (element-type BatonHandmade): what was found, card by card
 */
GPtrArray *
baton_handmade_find (BatonRoot *root, BatonMachine *machine)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_handmade_free);
  BatonHandmadeSearch self = { root, machine, found };

  baton_handmade_search_hooks (&self);
  baton_handmade_search_driverctl (&self);
  baton_handmade_search_modprobe (&self);
  baton_handmade_search_command_line (&self);
  settle_moves (found);
  /* By what the lines above claim, it is known whether anybody else needs these. */
  baton_handmade_search_early (&self);
  settle_moves (found);
  if (found->len > MAX_FOUND)
    g_ptr_array_set_size (found, MAX_FOUND);

  return found;
}

/**
 * baton_handmade_list_of_card:
 * @handmade: (element-type BatonHandmade) (nullable): what was found
 * @card: a card's address
 *
 * Returns: (transfer container) (element-type BatonHandmade): what of it is about that card
 */
GPtrArray *
baton_handmade_list_of_card (GPtrArray *handmade, const char *card)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; handmade != NULL && i < handmade->len; i++)
    {
      BatonHandmade *one = g_ptr_array_index (handmade, i);

      if (strcmp (one->card, card) == 0)
        g_ptr_array_add (list, one);
    }

  return list;
}

static void
add_to_digest (GChecksum *sum, const char *text)
{
  /* With the NUL, so that no two lists of texts are one. */
  g_checksum_update (sum, (const guchar *) text, (gssize) strlen (text) + 1);
}

/**
 * baton_handmade_dup_digest:
 * @handmade: (element-type BatonHandmade) (nullable): what was found
 * @card: a card's address
 *
 * Returns: (transfer full) (nullable): SHA-256 of all that is shown of that card's, by which it is known
 *   that nothing else is done than what was shown; %NULL where nothing was found
 */
char *
baton_handmade_dup_digest (GPtrArray *handmade, const char *card)
{
  g_autoptr (GPtrArray) list = baton_handmade_list_of_card (handmade, card);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  if (list->len == 0)
    return NULL;
  add_to_digest (sum, card);
  for (guint i = 0; i < list->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (list, i);
      g_autofree char *lines = g_strdup_printf ("%u-%u", one->line, one->last_line);
      g_autofree char *claims = g_strjoinv (",", one->claims);

      add_to_digest (sum, one->file);
      add_to_digest (sum, lines);
      add_to_digest (sum, one->text);
      add_to_digest (sum, one->replacement != NULL ? one->replacement : "");
      add_to_digest (sum, claims);
      add_to_digest (sum, baton_code_get_info (one->instead)->name);
      add_to_digest (sum, one->move == BATON_HANDMADE_BY_HAND ? "by hand" : "moved");
    }

  return g_strdup (g_checksum_get_string (sum));
}
