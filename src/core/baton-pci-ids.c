/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-ids.h"

#define ANY_ID 0xffffffff

typedef struct
{
  guint32 vendor;
  guint32 device;
  guint32 subvendor;
  guint32 subdevice;
  guint32 class_code;
  guint32 class_mask;
} PciId;

/*
 * Reads one `vendor:device[:subvendor[:subdevice[:class[:class_mask]]]]`, as the module parameter
 * `ids` of vfio-pci and pci-stub does (Linux, drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids):
 * hexadecimal, missing and ffffffff match anything.
 */
static gboolean
parse_id (const char *text, PciId *ret_id)
{
  guint32 fields[6] = { ANY_ID, ANY_ID, ANY_ID, ANY_ID, 0, 0 };
  g_auto (GStrv) words = g_strsplit (text, ":", -1);
  guint n_words = g_strv_length (words);

  if (n_words < 2 || n_words > G_N_ELEMENTS (fields))
    return FALSE;

  for (guint i = 0; i < n_words; i++)
    {
      guint64 value = 0;

      if (!g_ascii_string_to_unsigned (g_strstrip (words[i]), 16, 0, G_MAXUINT32, &value, NULL))
        return FALSE;
      fields[i] = (guint32) value;
    }

  *ret_id = (PciId){ fields[0], fields[1], fields[2], fields[3], fields[4], fields[5] };
  return TRUE;
}

static gboolean
matches (guint32 wanted, guint32 found)
{
  return wanted == ANY_ID || wanted == found;
}

static gboolean
id_matches (const PciId *id, const BatonFunction *function)
{
  return matches (id->vendor, function->vendor_id) &&
         matches (id->device, function->device_id) &&
         matches (id->subvendor, function->subvendor_id) &&
         matches (id->subdevice, function->subdevice_id) &&
         ((id->class_code ^ function->class_code) & id->class_mask) == 0;
}

/**
 * baton_pci_ids_match:
 * @list: (nullable): ids with commas between them, as the module parameter `ids` has them
 * @function: a function
 *
 * What is no id in the list means nobody.
 *
 * Returns: whether one of them means @function
 */
gboolean
baton_pci_ids_match (const char *list, const BatonFunction *function)
{
  g_auto (GStrv) ids = g_strsplit (list != NULL ? list : "", ",", -1);

  for (guint i = 0; ids[i] != NULL; i++)
    {
      PciId id = { 0 };

      if (parse_id (ids[i], &id) && id_matches (&id, function))
        return TRUE;
    }

  return FALSE;
}
