/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-list.h"

#include <string.h>

/* References used below:
 *  LIST - the head of pci.ids: `VVVV  Name` of a vendor, below it `<tab>DDDD  Name` of a device and
 *    two tabs before a subsystem; `C CC  Name` of a class, below it `<tab>SS  Name` of a subclass
 *  LIBPCI - libpci, lib/names-parse.c, id_parse_list(): lines that are none, other letters than C,
 *    and that nothing is read any more behind a line that is damaged; lib/names.c, pci_lookup_name():
 *    how names are put together and what stands in for those that are missing
 */

/* Ten times what it has. */
#define MAX_LIST_BYTES (16 * 1024 * 1024)

#define VENDOR_DIGITS 4
#define CLASS_DIGITS 2

/* Where Debian has it, and where most others do. */
static const char *const places[] = { "share/misc/pci.ids", "share/hwdata/pci.ids" };

/* A vendor or a class, and where what is below it begins. */
typedef struct
{
  gboolean is_class;
  guint id;
  const char *name;
  const char *below;
} Head;

struct _BatonPciList
{
  /* owned */
  char *text;
  GArray *heads;
};

static const char *
find_end (const char *line)
{
  return strchrnul (line, '\n');
}

static const char *
get_next (const char *line)
{
  const char *end = find_end (line);

  return *end != '\0' ? end + 1 : end;
}

static gboolean
is_white (char c)
{
  return c == ' ' || c == '\t';
}

/* Returns: where the name begins, or %NULL where the line is damaged */
static const char *
parse_entry (const char *text, guint n_digits, guint *ret_id)
{
  guint id = 0;

  for (guint i = 0; i < n_digits; i++)
    {
      if (!g_ascii_isxdigit (text[i]))
        return NULL;
      id = id << 4 | (guint) g_ascii_xdigit_value (text[i]);
    }
  text += n_digits;
  if (!is_white (*text))
    return NULL;
  while (is_white (*text))
    text++;
  if (*text == '\0' || *text == '\n')
    return NULL;
  *ret_id = id;

  return text;
}

static gboolean
is_empty (const char *line)
{
  while (is_white (*line))
    line++;

  return *line == '\0' || *line == '\n' || *line == '#';
}

/* Only the lines of vendors and classes: one in twenty. What is below one is read when it is asked
 * for. */
static void
read_heads (BatonPciList *self)
{
  for (const char *line = self->text; *line != '\0'; line = get_next (line))
    {
      Head head = { 0 };

      if (*line == '\t' || is_empty (line))
        continue;
      head.is_class = line[0] == 'C' && is_white (line[1]);
      if (!head.is_class && g_ascii_isupper (line[0]) && line[1] == ' ')
        /* Of another kind, and so is what is below it. */
        head.id = G_MAXUINT;
      else
        head.name = parse_entry (head.is_class ? line + 2 : line,
                                 head.is_class ? CLASS_DIGITS : VENDOR_DIGITS, &head.id);
      if (head.name == NULL && head.id != G_MAXUINT)
        return;
      head.below = get_next (line);
      g_array_append_val (self->heads, head);
    }
}

static const Head *
find_head (BatonPciList *self, gboolean is_class, guint id)
{
  for (guint i = 0; i < self->heads->len; i++)
    {
      const Head *head = &g_array_index (self->heads, Head, i);

      if (head->id == id && head->is_class == is_class)
        return head;
    }

  return NULL;
}

/* Returns: (nullable): where the name begins of what has this id below @head */
static const char *
find_below (const Head *head, guint n_digits, guint wanted)
{
  for (const char *line = head->below; *line == '\t' || is_empty (line); line = get_next (line))
    {
      const char *name;
      guint id = 0;

      if (*line == '\0')
        break;
      if (line[0] != '\t' || line[1] == '\t' || is_empty (line))
        continue;
      name = parse_entry (line + 1, n_digits, &id);
      if (name == NULL)
        break;
      if (id == wanted)
        return name;
    }

  return NULL;
}

static char *
dup_name (const char *name)
{
  return g_strchomp (g_strndup (name, (gsize) (find_end (name) - name)));
}

static char *
load (BatonRoot *root)
{
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *packed = g_strconcat (places[i], ".gz", NULL);
      char *text = NULL;

      /* libpci can read it, and takes it before the other one. */
      if (baton_root_exists (root, BATON_ROOT_USR, packed))
        return NULL;
      text = baton_root_read_file (root, BATON_ROOT_USR, places[i], MAX_LIST_BYTES, NULL, NULL);
      if (text != NULL)
        return text;
    }

  return NULL;
}

/**
 * baton_pci_list_new:
 * @root: where to look
 *
 * libpci makes a table of all its thirty thousand names before it tells the first one, which takes
 * longer than the rest of a look at a computer.
 *
 * Returns: (transfer full) (nullable): the list; %NULL where there is none that is plain text
 */
BatonPciList *
baton_pci_list_new (BatonRoot *root)
{
  BatonPciList *self;
  char *text = load (root);

  if (text == NULL)
    return NULL;
  self = g_new0 (BatonPciList, 1);
  self->text = text;
  self->heads = g_array_new (FALSE, FALSE, sizeof (Head));
  read_heads (self);

  return self;
}

/**
 * baton_pci_list_free:
 * @self: (nullable): the list
 *
 * Frees @self.
 */
void
baton_pci_list_free (BatonPciList *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->heads);
  g_free (self->text);
  g_free (self);
}

/**
 * baton_pci_list_dup_vendor:
 * @self: the list
 * @vendor_id: vendor
 *
 * Returns: (transfer full): what libpci would call it (LIBPCI), in the list's bytes
 */
char *
baton_pci_list_dup_vendor (BatonPciList *self, guint16 vendor_id)
{
  const Head *vendor = find_head (self, FALSE, vendor_id);

  return vendor != NULL ? dup_name (vendor->name) : g_strdup_printf ("Vendor %04x", vendor_id);
}

/**
 * baton_pci_list_dup_device:
 * @self: the list
 * @vendor_id: vendor
 * @device_id: device
 *
 * Returns: (transfer full): what libpci would call them (LIBPCI), in the list's bytes
 */
char *
baton_pci_list_dup_device (BatonPciList *self, guint16 vendor_id, guint16 device_id)
{
  const Head *vendor = find_head (self, FALSE, vendor_id);
  const char *device = vendor != NULL ? find_below (vendor, VENDOR_DIGITS, device_id) : NULL;
  g_autofree char *vendor_name = NULL;
  g_autofree char *device_name = NULL;

  if (vendor == NULL)
    return g_strdup_printf ("Device %04x:%04x", vendor_id, device_id);
  vendor_name = dup_name (vendor->name);
  if (device == NULL)
    return g_strdup_printf ("%s Device %04x", vendor_name, device_id);
  device_name = dup_name (device);

  return g_strconcat (vendor_name, " ", device_name, NULL);
}

/**
 * baton_pci_list_dup_class:
 * @self: the list
 * @class_code: 16 bits of class and subclass
 *
 * Returns: (transfer full): what libpci would call it (LIBPCI), in the list's bytes
 */
char *
baton_pci_list_dup_class (BatonPciList *self, guint16 class_code)
{
  const Head *base = find_head (self, TRUE, class_code >> 8);
  const char *name = base != NULL ? find_below (base, CLASS_DIGITS, class_code & 0xff) : NULL;
  g_autofree char *base_name = NULL;

  if (name != NULL)
    return dup_name (name);
  if (base == NULL)
    return g_strdup_printf ("Class %04x", class_code);
  base_name = dup_name (base->name);

  return g_strdup_printf ("%s [%04x]", base_name, class_code);
}
