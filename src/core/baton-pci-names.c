/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-names.h"

#include <string.h>

/* References used below:
 *  PCI-IDS - what the head of pci.ids says of its own syntax
 *
 * libpci reads the list too, but keeps all of its 35,000 lines, where a machine has some thirty
 * functions: that was seven tenths of what `batonctl list` did. It also ends the process over a
 * damaged list, and asks the network and the user's home for names unless it is kept from it.
 */

/* The list is a megabyte and a half. */
#define MAX_LIST_BYTES (16 * 1024 * 1024)

/* Longer than any name of the list. */
#define MAX_NAME_BYTES 512

/* Where distributions have it: Debian; Fedora, Arch and openSUSE; pciutils as it comes. A recorded
 * tree has it in the first place. */
static const char *const paths[] = { "share/misc/pci.ids", "share/hwdata/pci.ids",
                                     "share/pci.ids" };

struct _BatonPciNames
{
  /* owned */
  char *text;
  GHashTable *headings; /* key of a vendor or base class -> the line in @text that names it */
};

static const char *
find_next_line (const char *line)
{
  const char *end = strchr (line, '\n');

  return end != NULL ? end + 1 : line + strlen (line);
}

/* PCI-IDS: "10de  NVIDIA Corporation" heads the devices of a vendor, "C 03  Display controller"
 * the classes below one. The first four bytes tell all of them apart. */
static gboolean
is_heading (const char *line)
{
  return g_ascii_isalnum (line[0]) && line[1] != '\0' && line[2] != '\0' && line[3] != '\0' &&
         g_ascii_isspace (line[4]);
}

static gpointer
build_key (const char *heading)
{
  guint32 word;

  memcpy (&word, heading, sizeof word);
  return GUINT_TO_POINTER (word);
}

static char *
read_list (BatonRoot *root)
{
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      char *text =
          baton_root_read_file (root, BATON_ROOT_USR, paths[i], MAX_LIST_BYTES, NULL, NULL);

      if (text != NULL)
        return text;
    }

  return NULL;
}

/**
 * baton_pci_names_new:
 * @root: where to look
 *
 * A recorded tree brings the names that it was recorded with. What the list does not name, or all
 * where there is no list, has a number for a name.
 *
 * Returns: (transfer full): the names
 */
BatonPciNames *
baton_pci_names_new (BatonRoot *root)
{
  BatonPciNames *self = g_new0 (BatonPciNames, 1);

  self->headings = g_hash_table_new (g_direct_hash, g_direct_equal);
  self->text = read_list (root);
  if (self->text == NULL)
    return self;

  for (const char *line = self->text; *line != '\0'; line = find_next_line (line))
    if (is_heading (line))
      g_hash_table_insert (self->headings, build_key (line), (gpointer) line);

  return self;
}

/**
 * baton_pci_names_free:
 * @self: (nullable): the names
 *
 * Frees @self.
 */
void
baton_pci_names_free (BatonPciNames *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->headings);
  g_free (self->text);
  g_free (self);
}

/* What follows the numbers of @line; NULL where nothing does. The list is written by people in
 * many places: its bytes need not be UTF-8. */
static char *
dup_name (const char *line, gsize n_numbers)
{
  g_autofree char *name = NULL;

  if (line == NULL)
    return NULL;

  line += n_numbers;
  name = g_utf8_make_valid (line, (gssize) MIN (strcspn (line, "\r\n"), MAX_NAME_BYTES));
  g_strstrip (name);

  return *name != '\0' ? g_steal_pointer (&name) : NULL;
}

/* Finds the line of @number, as many digits as the list has, in what @heading heads. Further in
 * are lines with one more tab: a tab is no digit. */
static const char *
find_below (const char *heading, const char *number)
{
  gsize length = strlen (number);

  if (heading == NULL)
    return NULL;

  for (const char *line = find_next_line (heading); *line != '\0'; line = find_next_line (line))
    {
      if (*line == '\t' && strncmp (line + 1, number, length) == 0)
        return line;
      if (is_heading (line))
        return NULL;
    }

  return NULL;
}

static const char *
find_vendor (BatonPciNames *self, guint16 vendor_id)
{
  g_autofree char *number = g_strdup_printf ("%04x", vendor_id);

  return g_hash_table_lookup (self->headings, build_key (number));
}

/**
 * baton_pci_names_dup_vendor:
 * @self: the names
 * @vendor_id: vendor
 *
 * Returns: (transfer full): the vendor in words, or `Vendor 10de`
 */
char *
baton_pci_names_dup_vendor (BatonPciNames *self, guint16 vendor_id)
{
  g_autofree char *name = dup_name (find_vendor (self, vendor_id), strlen ("10de"));

  return name != NULL ? g_steal_pointer (&name) : g_strdup_printf ("Vendor %04x", vendor_id);
}

/**
 * baton_pci_names_dup_device:
 * @self: the names
 * @vendor_id: vendor
 * @device_id: device
 *
 * Returns: (transfer full): vendor and device in words, as far as they are known, in the form
 *   that lspci(8) shows
 */
char *
baton_pci_names_dup_device (BatonPciNames *self, guint16 vendor_id, guint16 device_id)
{
  const char *heading = find_vendor (self, vendor_id);
  g_autofree char *number = g_strdup_printf ("%04x", device_id);
  g_autofree char *vendor = dup_name (heading, strlen ("10de"));
  g_autofree char *device = dup_name (find_below (heading, number), strlen ("\t1b80"));

  if (vendor == NULL)
    return g_strdup_printf ("Device %04x:%04x", vendor_id, device_id);
  if (device == NULL)
    return g_strdup_printf ("%s Device %04x", vendor, device_id);

  return g_strconcat (vendor, " ", device, NULL);
}

/**
 * baton_pci_names_dup_class:
 * @self: the names
 * @class_code: 24 bits of class, subclass and programming interface
 *
 * Returns: (transfer full): the subclass in words, or as much as is known of it, in the form that
 *   lspci(8) shows
 */
char *
baton_pci_names_dup_class (BatonPciNames *self, guint32 class_code)
{
  guint base = class_code >> 16 & 0xff;
  guint sub = class_code >> 8 & 0xff;
  g_autofree char *base_number = g_strdup_printf ("C %02x", base);
  g_autofree char *sub_number = g_strdup_printf ("%02x", sub);
  const char *heading = g_hash_table_lookup (self->headings, build_key (base_number));
  g_autofree char *base_name = dup_name (heading, strlen ("C 03"));
  g_autofree char *sub_name = dup_name (find_below (heading, sub_number), strlen ("\t00"));

  if (sub_name != NULL)
    return g_steal_pointer (&sub_name);
  if (base_name != NULL)
    return g_strdup_printf ("%s [%02x%02x]", base_name, base, sub);

  return g_strdup_printf ("Class %02x%02x", base, sub);
}
