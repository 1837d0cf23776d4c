/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-address.h"

#include "baton-error.h"

static void
test_parse_takes (void)
{
  static const struct
  {
    const char *text;
    BatonPciAddress address;
  } rows[] = {
    { "0000:01:00.0", { 0, 1, 0, 0 } },
    { "0000:ff:1f.7", { 0, 0xff, 0x1f, 7 } },
    { "0001:a6:0d.2", { 1, 0xa6, 0x0d, 2 } },
    { "10000:e1:00.0", { 0x10000, 0xe1, 0, 0 } },
    { "ffffffff:00:00.0", { 0xffffffff, 0, 0, 0 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      BatonPciAddress address = { 0 };

      g_test_message ("%s", rows[i].text);
      g_assert_true (baton_pci_address_parse (rows[i].text, &address, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (address.domain, ==, rows[i].address.domain);
      g_assert_cmpuint (address.bus, ==, rows[i].address.bus);
      g_assert_cmpuint (address.device, ==, rows[i].address.device);
      g_assert_cmpuint (address.function, ==, rows[i].address.function);

      text = baton_pci_address_to_string (&address);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_parse_refuses (void)
{
  g_autofree char *long_text = g_strnfill (1024 * 1024, '0');
  const char *const rows[] = {
    NULL,
    "",
    "01:00.0",
    "000:01:00.0",
    "0000:01:00",
    "0000:01:00.",
    "0000:01:00.8",
    "0000:01:20.0",
    "0000:1:00.0",
    "0000:01:0.0",
    "0000:01:00.00",
    "0000:01:00.0\n",
    "\n0000:01:00.0",
    " 0000:01:00.0",
    "0000:01:00.0 ",
    "0000:01:00.0/..",
    "0000:01:00.0/../../../../etc",
    "../../../../etc",
    "/sys/bus/pci/devices/0000:01:00.0",
    "0000:0A:00.0",
    "0000:01:1F.0",
    "00000:01:00.0",
    "0abcd:01:00.0",
    "123456789:01:00.0",
    "0x00:01:00.0",
    "-001:01:00.0",
    "+000:01:00.0",
    "0000;01:00.0",
    "0000:01.00.0",
    "0000:01:00:0",
    "%n%s:01:00.0",
    "0000\xef\xbc\x9a"
    "01:00.0",
    "\xd0\xb0"
    "000:01:00.0",
    long_text,
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      BatonPciAddress address = { 7, 7, 7, 7 };

      g_test_message ("row %u: %.40s", i, rows[i] != NULL ? rows[i] : "(null)");
      g_assert_false (baton_pci_address_parse (rows[i], &address, &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
      g_assert_cmpuint (address.domain, ==, 7);
      g_assert_cmpuint (address.bus, ==, 7);
      g_assert_cmpuint (address.device, ==, 7);
      g_assert_cmpuint (address.function, ==, 7);
      g_assert_false (baton_pci_address_is_valid (rows[i]));
    }
}

static void
test_compare_orders_by_number (void)
{
  static const char *const rows[] = {
    "0000:00:02.0", "0000:01:00.0",  "0000:01:00.1",     "0000:02:00.0",
    "ffff:00:00.0", "10000:e1:00.0", "100000000:0:00.0", "no address",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (rows); j++)
        {
          int order = baton_pci_address_compare (rows[i], rows[j]);

          g_test_message ("%s, %s", rows[i], rows[j]);
          g_assert_cmpint (CLAMP (order, -1, 1), ==, i < j ? -1 : i > j);
        }
    }
}

static void
test_same_slot (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean same;
  } rows[] = {
    { "0000:01:00.0", "0000:01:00.1", TRUE },   { "0000:01:00.0", "0000:01:00.0", TRUE },
    { "0000:00:02.0", "0000:00:03.0", FALSE },  { "0000:01:00.0", "0000:02:00.0", FALSE },
    { "0000:01:00.0", "10000:01:00.0", FALSE }, { "junk", "junk", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s, %s", rows[i].a, rows[i].b);
      g_assert_cmpint (baton_pci_address_same_slot (rows[i].a, rows[i].b), ==, rows[i].same);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/pci-address/parse/takes", test_parse_takes);
  g_test_add_func ("/core/pci-address/parse/refuses", test_parse_refuses);
  g_test_add_func ("/core/pci-address/compare", test_compare_orders_by_number);
  g_test_add_func ("/core/pci-address/same-slot", test_same_slot);

  return g_test_run ();
}
