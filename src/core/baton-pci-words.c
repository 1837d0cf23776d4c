/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-words.h"

#include <string.h>

#include "baton-pci-address.h"

/* References used below:
 *  NODEDEV - libvirt's names of PCI devices: pci_DDDD_BB_DD_F
 */

/* "ffffffff:ff:1f.7" and "pci_" before it */
#define MAX_WORD 24

static gboolean
is_word_byte (char c)
{
  return g_ascii_isalnum (c) || c == ':' || c == '.' || c == '_';
}

/* `0000:01:00.0`, `01:00.0` or `pci_0000_01_00_0` (NODEDEV) -> the canonical address. */
static char *
read_address (const char *word, gsize length)
{
  g_autofree char *text = g_ascii_strdown (word, (gssize) length);
  g_autofree char *whole = NULL;

  if (g_str_has_prefix (text, "pci_"))
    {
      gsize end = strlen (text);

      g_strdelimit (text, "_", ':');
      if (end < 2 || text[end - 2] != ':')
        return NULL;
      text[end - 2] = '.';
      return baton_pci_address_is_valid (text + 4) ? g_strdup (text + 4) : NULL;
    }
  if (baton_pci_address_is_valid (text))
    return g_steal_pointer (&text);

  whole = g_strconcat ("0000:", text, NULL);
  return baton_pci_address_is_valid (whole) ? g_steal_pointer (&whole) : NULL;
}

/**
 * baton_pci_words_next:
 * @line: any bytes, such as a line of a script
 * @length: how many there are
 * @at: (inout): where to go on; 0 to begin with
 *
 * Finds what may be the address of a device, in any of the spellings that people use. Whether there is
 * such a device is for the caller to say: “10:15.3” may be a time.
 *
 * Returns: (transfer full) (nullable): the next one in its canonical spelling; %NULL where there is none
 *   any more
 */
char *
baton_pci_words_next (const char *line, gsize length, gsize *at)
{
  while (*at < length)
    {
      gsize start = *at;
      char *address = NULL;

      while (*at < length && is_word_byte (line[*at]))
        (*at)++;
      if (*at == start)
        {
          (*at)++;
          continue;
        }
      if (*at - start <= MAX_WORD)
        address = read_address (line + start, *at - start);
      if (address != NULL)
        return address;
    }

  return NULL;
}
