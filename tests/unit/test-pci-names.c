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
    { "other lines",
      "# a comment\n\n10dd  Other\n\t13c2  Not this one\n10de\tNVIDIA Corporation  \n"
      "\t13c1  GM204M\n\t\t13c2 0001  A board\n# between\n\t13c2  GM204 [GeForce]\nS 1234\n"
      "\t13c2  Unknown\nC 02  Network\n\t00  Ethernet\nC 03  Display controller\n\t01  XGA\n"
      "\t\t00  An interface\n\t00  VGA",
      "NVIDIA Corporation GM204 [GeForce]", "VGA" },
    { "class alone", "C 03  Display controller\n\t01  XGA\nC 04  Other\n\t00  Not this one\n",
      "Device 10de:13c2", "Display controller [0300]" },
    { "cut off", "10de  NVIDIA Corporation\n\t13c2", "NVIDIA Corporation Device 13c2",
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

/* Packed, the same list is one that libpci alone can read. */
static void
test_as_libpci (void)
{
  static const guint16 devices[][2] = {
    { 0x10de, 0x13c2 }, { 0x10de, 0xfffe }, { 0x1002, 0x744c }, { 0x8086, 0x1237 },
    { 0x1af4, 0x1050 }, { 0x1234, 0x1111 }, { 0x0001, 0x0001 }, { 0xfffe, 0x0000 },
  };
  g_autoptr (BatonRoot) system = baton_root_new_system (NULL);
  g_autofree char *text =
      system != NULL ? baton_root_read_file (system, BATON_ROOT_USR, "share/misc/pci.ids",
                                             G_MAXINT, NULL, NULL)
                     : NULL;
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonPciNames) own = NULL;
  g_autoptr (BatonPciNames) libpcis = NULL;

  if (text == NULL)
    {
      g_test_skip ("this computer has no list");
      return;
    }
  mock_machine_write (mock, LIST, text);
  own = baton_pci_names_new (mock_machine_get_root (mock));
  mock_machine_write (mock, LIST ".gz", "");
  libpcis = baton_pci_names_new (mock_machine_get_root (mock));

  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      g_autofree char *name = baton_pci_names_dup_device (own, devices[i][0], devices[i][1]);
      g_autofree char *same =
          baton_pci_names_dup_device (libpcis, devices[i][0], devices[i][1]);
      g_autofree char *vendor = baton_pci_names_dup_vendor (own, devices[i][0]);
      g_autofree char *same_vendor = baton_pci_names_dup_vendor (libpcis, devices[i][0]);

      g_assert_cmpstr (name, ==, same);
      g_assert_cmpstr (vendor, ==, same_vendor);
    }
  for (guint32 class_code = 0; class_code <= 0xffff; class_code++)
    {
      g_autofree char *name = baton_pci_names_dup_class (own, class_code << 8);
      g_autofree char *same = baton_pci_names_dup_class (libpcis, class_code << 8);

      g_assert_cmpstr (name, ==, same);
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
  g_test_add_func ("/core/pci-names/as-libpci", test_as_libpci);
  g_test_add_func ("/core/pci-names/numbers", test_numbers);

  return g_test_run ();
}
