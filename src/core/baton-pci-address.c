/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-address.h"

#include <string.h>

#include "baton-error.h"

/* References used below:
 *  PCI-SYSFS - Linux Documentation/PCI/sysfs-pci.rst
 *  PCI-NAME - Linux drivers/pci/probe.c, pci_setup_device(): "%04x:%02x:%02x.%d"
 */

/* The domain is a 32-bit number (PCI-NAME), printed with four digits at least. */
#define MIN_DOMAIN_DIGITS 4
#define MAX_DOMAIN_DIGITS 8

/* ":01:00.0" after the domain */
#define TAIL_LENGTH 8

static gboolean
read_hex (const char *text, gsize n_digits, guint32 *ret_value)
{
  guint32 value = 0;

  for (gsize i = 0; i < n_digits; i++)
    {
      /* Upper case is another spelling, and sysfs has one for each device. */
      if (!g_ascii_isxdigit (text[i]) || g_ascii_isupper (text[i]))
        return FALSE;
      value = (value << 4) | (guint32) g_ascii_xdigit_value (text[i]);
    }

  *ret_value = value;
  return TRUE;
}

static gboolean
read_address (const char *text, BatonPciAddress *ret_address)
{
  gsize n_digits = 0;
  guint32 domain, bus, device;
  const char *tail;

  while (n_digits <= MAX_DOMAIN_DIGITS && g_ascii_isxdigit (text[n_digits]))
    n_digits++;
  if (n_digits < MIN_DOMAIN_DIGITS || n_digits > MAX_DOMAIN_DIGITS)
    return FALSE;
  if (n_digits > MIN_DOMAIN_DIGITS && text[0] == '0')
    return FALSE;

  tail = text + n_digits;
  if (strnlen (tail, TAIL_LENGTH + 1) != TAIL_LENGTH)
    return FALSE;
  if (tail[0] != ':' || tail[3] != ':' || tail[6] != '.' || tail[7] < '0' || tail[7] > '7')
    return FALSE;
  if (!read_hex (text, n_digits, &domain) || !read_hex (tail + 1, 2, &bus) ||
      !read_hex (tail + 4, 2, &device) || device > 0x1f)
    return FALSE;

  ret_address->domain = domain;
  ret_address->bus = (guint8) bus;
  ret_address->device = (guint8) device;
  ret_address->function = (guint8) (tail[7] - '0');
  return TRUE;
}

/**
 * baton_pci_address_parse:
 * @text: an address such as `0000:01:00.0`
 * @ret_address: (out caller-allocates): where to store the address
 * @error: return location for an error
 *
 * Reads a PCI address in the one spelling that sysfs uses for directory names
 * (PCI-SYSFS): a domain of four to eight hexadecimal digits, two for the bus, two for
 * the slot (up to `1f`) and a function 0 to 7, in lower case.
 *
 * Fails with %BATON_ERROR_PARSE, leaving @ret_address alone, if @text has any other
 * shape.
 *
 * Returns: %TRUE if @ret_address was set
 */
gboolean
baton_pci_address_parse (const char *text, BatonPciAddress *ret_address, GError **error)
{
  BatonPciAddress address;

  if (text == NULL || !read_address (text, &address))
    {
      /* The bytes are the caller's and may be anything: they are not repeated. */
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE,
                           "a PCI address has the form 0000:01:00.0, in lower case");
      return FALSE;
    }

  *ret_address = address;
  return TRUE;
}

/**
 * baton_pci_address_is_valid:
 * @text: (nullable): any text
 *
 * Returns: whether baton_pci_address_parse() takes @text
 */
gboolean
baton_pci_address_is_valid (const char *text)
{
  BatonPciAddress address;

  return text != NULL && read_address (text, &address);
}

/**
 * baton_pci_address_to_string:
 * @address: an address
 *
 * Returns: (transfer full): the spelling of sysfs
 */
char *
baton_pci_address_to_string (const BatonPciAddress *address)
{
  return g_strdup_printf ("%04x:%02x:%02x.%u", address->domain, address->bus, address->device,
                          address->function);
}

/**
 * baton_pci_address_compare:
 * @a: a text
 * @b: another
 *
 * Orders addresses as numbers, domain first: domain `10000` comes after `ffff`. What is
 * no address comes last, by its bytes.
 *
 * Returns: less than, equal to or greater than zero
 */
int
baton_pci_address_compare (const char *a, const char *b)
{
  BatonPciAddress left, right;
  gboolean left_is_valid = read_address (a, &left);
  gboolean right_is_valid = read_address (b, &right);

  if (!left_is_valid || !right_is_valid)
    return left_is_valid == right_is_valid ? strcmp (a, b) : (left_is_valid ? -1 : 1);
  if (left.domain != right.domain)
    return left.domain < right.domain ? -1 : 1;
  if (left.bus != right.bus)
    return left.bus < right.bus ? -1 : 1;
  if (left.device != right.device)
    return left.device < right.device ? -1 : 1;

  return (int) left.function - (int) right.function;
}

/**
 * baton_pci_address_same_slot:
 * @a: an address
 * @b: another
 *
 * Returns: whether both are functions of one device
 */
gboolean
baton_pci_address_same_slot (const char *a, const char *b)
{
  BatonPciAddress left, right;

  return read_address (a, &left) && read_address (b, &right) && left.domain == right.domain &&
         left.bus == right.bus && left.device == right.device;
}
