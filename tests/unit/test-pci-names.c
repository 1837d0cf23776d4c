/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-pci-names.h"

#include "mock-machine.h"

#define LIST "usr/share/misc/pci.ids"

static void
test_names (void)
{
  static const struct
  {
    const char *name;
    const char *list; /* NULL: there is none */
    const char *device;
    const char *display;
  } rows[] = {
    { "named", "10de  NVIDIA Corporation\n\t13c2  GM204\nC 03  Display controller\n\t00  VGA\n",
      "NVIDIA Corporation GM204", "VGA" },
    { "vendor alone", "10de  NVIDIA Corporation\n", "NVIDIA Corporation Device 13c2",
      "Class 0300" },
    { "no list", NULL, "Device 10de:13c2", "Class 0300" },
    { "empty list", "", "Device 10de:13c2", "Class 0300" },
    /* libpci ends a program over this one unless it is kept from it */
    { "damaged after the name", "10de  NVIDIA Corporation\n\t13c2  GM204\nxyz\n",
      "NVIDIA Corporation GM204", "Class 0300" },
    { "damaged before the name", "xyz\n10de  NVIDIA Corporation\n", "Device 10de:13c2",
      "Class 0300" },
    { "not UTF-8", "10de  NVIDIA \xff\n\t13c2  GM204\n", "NVIDIA \xef\xbf\xbd GM204",
      "Class 0300" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonPciNames) names = NULL;
      g_autofree char *device = NULL;
      g_autofree char *display = NULL;

      g_test_message ("%s", rows[i].name);
      if (rows[i].list != NULL)
        mock_machine_write (mock, LIST, rows[i].list);
      names = baton_pci_names_new (mock_machine_get_root (mock));
      device = baton_pci_names_dup_device (names, 0x10de, 0x13c2);
      display = baton_pci_names_dup_class (names, 0x030000);
      g_assert_cmpstr (device, ==, rows[i].device);
      g_assert_cmpstr (display, ==, rows[i].display);
    }
}

static void
test_numbers (void)
{
  g_autoptr (BatonPciNames) names = baton_pci_names_new_of_numbers ();
  g_autofree char *device = baton_pci_names_dup_device (names, 0x10de, 0x13c2);
  g_autofree char *display = baton_pci_names_dup_class (names, 0x030000);

  g_assert_cmpstr (device, ==, "10de:13c2");
  g_assert_cmpstr (display, ==, "0300");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/pci-names/names", test_names);
  g_test_add_func ("/core/pci-names/numbers", test_numbers);

  return g_test_run ();
}
