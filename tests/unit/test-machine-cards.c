/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine.h"

#include <string.h>

#include "mock-machine.h"

#define DISPLAY 0x030000
#define OTHER_DISPLAY 0x038000
#define CONTROLLER_3D 0x030200
#define SOUND 0x040300
#define USB 0x0c0330
#define NETWORK 0x020000
#define ENCRYPTION 0x108000
#define COPROCESSOR 0x048000
#define SERIAL_BUS 0x0c8000
#define SYSTEM 0x088000

typedef struct
{
  const char *address;
  guint32 class_code;
  const char *ids;
  const char *parent;
  const char *group;
} Device;

#define BRIDGE 0x060400

static void
add_devices (MockMachine *mock, const Device *devices)
{
  for (guint i = 0; devices[i].address != NULL; i++)
    {
      const Device *device = &devices[i];

      if (device->class_code == BRIDGE)
        mock_machine_add_bridge (mock, device->address, device->ids, device->parent,
                                 device->group);
      else
        mock_machine_add_function (mock, device->address, device->class_code, device->ids,
                                   device->parent, device->group, NULL);
    }
}

static void
test_what_travels (void)
{
  static const struct
  {
    const char *name;
    const char *travels;
    Device devices[10];
  } rows[] = {
    { "alone", "0000:01:00.0", { { "0000:01:00.0", DISPLAY, "10de:1c20", NULL, "1" } } },
    { "its slot",
      "0000:01:00.0 0000:01:00.1 0000:01:00.2",
      { { "0000:01:00.0", DISPLAY, "10de:1e04", NULL, "1" },
        { "0000:01:00.1", SOUND, "10de:10f7", NULL, "1" },
        { "0000:01:00.2", USB, "10de:1ad6", NULL, "1" },
        { "0000:01:01.0", SOUND, "10de:10f7", NULL, "1" } } },
    { "a processor's graphics, and what else is in their slot",
      "0000:06:00.0 0000:06:00.1",
      { { "0000:00:08.1", BRIDGE, "1022:1635", NULL, "4" },
        { "0000:06:00.0", DISPLAY, "1002:1638", "0000:00:08.1", "4" },
        { "0000:06:00.1", SOUND, "1002:1637", "0000:00:08.1", "4" },
        { "0000:06:00.2", ENCRYPTION, "1022:15df", "0000:00:08.1", "4" },
        { "0000:06:00.3", USB, "1022:1639", "0000:00:08.1", "4" },
        { "0000:06:00.4", USB, "1022:1639", "0000:00:08.1", "4" },
        { "0000:06:00.5", COPROCESSOR, "1022:15e2", "0000:00:08.1", "4" },
        { "0000:06:00.6", SOUND, "1022:15e3", "0000:00:08.1", "4" } } },
    { "what manages a server",
      "0000:01:00.1",
      { { "0000:01:00.0", SYSTEM, "103c:3306", NULL, "1" },
        { "0000:01:00.1", DISPLAY, "102b:0533", NULL, "1" },
        { "0000:01:00.2", SYSTEM, "103c:3307", NULL, "1" },
        { "0000:01:00.4", USB, "103c:3300", NULL, "1" } } },
    { "an emulated display with sound",
      "0000:01:00.0 0000:01:00.1",
      { { "0000:01:00.0", OTHER_DISPLAY, "1234:1111", NULL, "1" },
        { "0000:01:00.1", SOUND, "8086:2668", NULL, "1" } } },
    { "a card with USB-C from AMD",
      "0000:03:00.0 0000:03:00.1 0000:03:00.2 0000:03:00.3",
      { { "0000:03:00.0", DISPLAY, "1002:73bf", NULL, "1" },
        { "0000:03:00.1", SOUND, "1002:ab28", NULL, "1" },
        { "0000:03:00.2", USB, "1002:73a6", NULL, "1" },
        { "0000:03:00.3", SERIAL_BUS, "1002:73a4", NULL, "1" } } },
    { "a second head is no card of its own",
      "0000:01:00.0 0000:01:00.1",
      { { "0000:01:00.0", DISPLAY, "1002:7149", NULL, "1" },
        { "0000:01:00.1", OTHER_DISPLAY, "1002:7169", NULL, "1" } } },
    { "AMD's own switch",
      "0000:03:00.0 0000:03:00.1",
      { { "0000:00:01.0", BRIDGE, "1022:1483", NULL, "1" },
        { "0000:01:00.0", BRIDGE, "1002:1478", "0000:00:01.0", "2" },
        { "0000:02:00.0", BRIDGE, "1002:1479", "0000:01:00.0", "3" },
        { "0000:03:00.0", DISPLAY, "1002:73bf", "0000:02:00.0", "4" },
        { "0000:03:00.1", SOUND, "1002:ab28", "0000:02:00.0", "5" } } },
    { "Intel's own switch, sound on a bus of its own",
      "0000:03:00.0 0000:04:00.0",
      { { "0000:00:01.0", BRIDGE, "8086:460d", NULL, "1" },
        { "0000:01:00.0", BRIDGE, "8086:4fa0", "0000:00:01.0", "2" },
        { "0000:02:01.0", BRIDGE, "8086:4fa4", "0000:01:00.0", "3" },
        { "0000:02:04.0", BRIDGE, "8086:4fa4", "0000:01:00.0", "4" },
        { "0000:03:00.0", DISPLAY, "8086:56a0", "0000:02:01.0", "5" },
        { "0000:04:00.0", SOUND, "8086:4f90", "0000:02:04.0", "6" } } },
    { "an Intel card without a switch in Intel's enclosure",
      "0000:09:00.0",
      { { "0000:05:01.0", BRIDGE, "8086:15c0", NULL, "14" },
        { "0000:07:00.0", BRIDGE, "8086:1578", "0000:05:01.0", "14" },
        { "0000:08:01.0", BRIDGE, "8086:1578", "0000:07:00.0", "14" },
        { "0000:08:04.0", BRIDGE, "8086:1578", "0000:07:00.0", "14" },
        { "0000:09:00.0", DISPLAY, "8086:56a5", "0000:08:01.0", "14" },
        { "0000:0a:00.0", USB, "8086:15b6", "0000:08:04.0", "14" } } },
    { "AMD's card behind AMD's chipset",
      "0000:04:00.0",
      { { "0000:00:01.2", BRIDGE, "1022:1483", NULL, "1" },
        { "0000:02:00.2", BRIDGE, "1022:43e9", "0000:00:01.2", "1" },
        { "0000:03:00.0", BRIDGE, "1022:43ea", "0000:02:00.2", "1" },
        { "0000:03:09.0", BRIDGE, "1022:43ea", "0000:02:00.2", "1" },
        { "0000:04:00.0", DISPLAY, "1002:677b", "0000:03:00.0", "1" },
        { "0000:05:00.0", SOUND, "1002:aa98", "0000:03:09.0", "1" } } },
    { "NVIDIA's card behind Intel's switch",
      "0000:03:00.0",
      { { "0000:00:01.0", BRIDGE, "8086:1901", NULL, "1" },
        { "0000:01:00.0", BRIDGE, "8086:1578", "0000:00:01.0", "1" },
        { "0000:02:01.0", BRIDGE, "8086:1578", "0000:01:00.0", "1" },
        { "0000:02:04.0", BRIDGE, "8086:1578", "0000:01:00.0", "1" },
        { "0000:03:00.0", DISPLAY, "10de:1c02", "0000:02:01.0", "1" },
        { "0000:04:00.0", SOUND, "8086:4f90", "0000:02:04.0", "1" } } },
    { "ports of the processor are no switch",
      "0000:02:00.0",
      { { "0000:00:01.0", BRIDGE, "8086:1901", NULL, "1" },
        { "0000:01:00.0", BRIDGE, "8086:1901", "0000:00:01.0", "1" },
        { "0000:02:00.0", DISPLAY, "8086:56a5", "0000:01:00.0", "1" },
        { "0000:00:1b.0", SOUND, "8086:a2f0", NULL, "1" } } },
    { "a network card of the same vendor behind the switch",
      "0000:03:00.0",
      { { "0000:00:01.0", BRIDGE, "8086:460d", NULL, "1" },
        { "0000:01:00.0", BRIDGE, "8086:4fa0", "0000:00:01.0", "1" },
        { "0000:02:01.0", BRIDGE, "8086:4fa4", "0000:01:00.0", "1" },
        { "0000:02:04.0", BRIDGE, "8086:4fa4", "0000:01:00.0", "1" },
        { "0000:03:00.0", DISPLAY, "8086:56a0", "0000:02:01.0", "1" },
        { "0000:04:00.0", NETWORK, "8086:15f3", "0000:02:04.0", "1" } } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autofree char *travels = NULL;

      g_test_message ("%s", rows[i].name);
      add_devices (mock, rows[i].devices);
      machine = mock_machine_look (mock);
      g_assert_cmpuint (machine->cards->len, ==, 1);
      travels = mock_join_addresses (
          ((BatonCard *) g_ptr_array_index (machine->cards, 0))->functions);
      g_assert_cmpstr (travels, ==, rows[i].travels);
    }
}

static void
test_two_cards_behind_one_switch_part (void)
{
  static const Device devices[] = {
    { "0000:00:01.0", BRIDGE, "8086:460d", NULL, "1" },
    { "0000:01:00.0", BRIDGE, "8086:4fa0", "0000:00:01.0", "1" },
    { "0000:02:01.0", BRIDGE, "8086:4fa4", "0000:01:00.0", "1" },
    { "0000:02:02.0", BRIDGE, "8086:4fa4", "0000:01:00.0", "1" },
    { "0000:03:00.0", DISPLAY, "8086:56c1", "0000:02:01.0", "1" },
    { "0000:04:00.0", DISPLAY, "8086:56c1", "0000:02:02.0", "1" },
    { NULL },
  };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  add_devices (mock, devices);
  machine = mock_machine_look (mock);
  g_assert_cmpuint (machine->cards->len, ==, 2);
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      g_assert_cmpuint (card->functions->len, ==, 1);
    }
}

static void
test_virtual_functions_travel_alone (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *physical = NULL;
  g_autofree char *virtual = NULL;

  mock_machine_add_function (mock, "0000:00:02.0", DISPLAY, "8086:a7a0", NULL, "1", NULL);
  mock_machine_add_function (mock, "0000:00:02.1", DISPLAY, "8086:a7a0", NULL, "2", NULL);
  mock_machine_link (mock, "sys/devices/pci0000:00/0000:00:02.1/physfn",
                     "sys/devices/pci0000:00/0000:00:02.0");
  machine = mock_machine_look (mock);

  g_assert_cmpuint (machine->cards->len, ==, 2);
  physical = mock_join_addresses (baton_machine_find_card (machine, "0000:00:02.0")->functions);
  virtual = mock_join_addresses (baton_machine_find_card (machine, "0000:00:02.1")->functions);
  g_assert_cmpstr (physical, ==, "0000:00:02.0");
  g_assert_cmpstr (virtual, ==, "0000:00:02.1");
  g_assert_cmpstr (baton_machine_find_function (machine, "0000:00:02.1")->physical, ==,
                   "0000:00:02.0");
  g_assert_null (baton_machine_find_function (machine, "0000:00:02.0")->physical);
}

static void
test_members_of_every_group (void)
{
  static const Device devices[] = {
    { "0000:00:01.0", BRIDGE, "8086:460d", NULL, "5" },
    { "0000:01:00.0", DISPLAY, "1002:73bf", NULL, "5" },
    { "0000:01:00.1", SOUND, "1002:ab28", NULL, "6" },
    { "0000:02:00.0", NETWORK, "8086:15f3", NULL, "6" },
    { "0000:03:00.0", NETWORK, "8086:15f3", NULL, "7" },
    { NULL },
  };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  const BatonCard *card;
  g_autoptr (GString) members = g_string_new (NULL);

  add_devices (mock, devices);
  machine = mock_machine_look (mock);
  card = baton_machine_find_card (machine, "0000:01:00.0");
  for (guint i = 0; i < card->members->len; i++)
    {
      const BatonMember *member = g_ptr_array_index (card->members, i);

      g_string_append_printf (members, "%s%s ", member->function->address,
                              member->travels ? "+" : "-");
    }
  g_assert_cmpstr (members->str, ==,
                   "0000:01:00.0+ 0000:01:00.1+ 0000:00:01.0- 0000:02:00.0- ");
}

/* In one group all of it is named; in groups of their own nobody needs to be told. */
static void
test_processor_stays (void)
{
  static const Device devices[] = {
    { "0000:06:00.0", DISPLAY, "1002:1638", NULL, "4" },
    { "0000:06:00.1", SOUND, "1002:1637", NULL, "5" },
    { "0000:06:00.3", USB, "1022:1639", NULL, "4" },
    { "0000:06:00.6", SOUND, "1022:15e3", NULL, "6" },
    { NULL },
  };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  const BatonCard *card;

  add_devices (mock, devices);
  machine = mock_machine_look (mock);
  card = baton_machine_find_card (machine, "0000:06:00.0");
  g_assert_cmpuint (card->members->len, ==, 3);
  for (guint i = 0; i < card->members->len; i++)
    {
      const BatonMember *member = g_ptr_array_index (card->members, i);

      g_assert_cmpint (member->travels, ==, member->function->vendor_id == 0x1002);
    }
}

static void
set_framebuffer (MockMachine *mock, const char *address)
{
  g_autofree char *device = mock_machine_dup_device_path (mock, address);
  g_autofree char *path = g_build_filename (device, "efi-framebuffer.0", NULL);
  g_autofree char *uevent = g_build_filename (path, "uevent", NULL);

  mock_machine_write (mock, uevent, "");
  mock_machine_link (mock, "sys/bus/platform/devices/efi-framebuffer.0", path);
  g_clear_pointer (&path, g_free);
  path = g_build_filename (device, "efi-framebuffer.0", "driver", NULL);
  mock_machine_write (mock, "sys/bus/platform/drivers/efi-framebuffer/bind", "");
  mock_machine_link (mock, path, "sys/bus/platform/drivers/efi-framebuffer");
}

static void
test_boot_display_without_boot_vga (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_add_function (mock, "0000:01:00.0", OTHER_DISPLAY, "1234:1111", NULL, "1", NULL);
  mock_machine_add_function (mock, "0000:02:00.0", OTHER_DISPLAY, "1234:1111", NULL, "2", NULL);
  set_framebuffer (mock, "0000:02:00.0");
  machine = mock_machine_look (mock);

  g_assert_false (baton_machine_find_card (machine, "0000:01:00.0")->boot_display);
  g_assert_true (baton_machine_find_card (machine, "0000:02:00.0")->boot_display);
}

static void
test_only_display (void)
{
  static const struct
  {
    const char *name;
    guint32 other_class;
    const char *other_driver;
    gboolean framebuffer_on_other;
    gboolean is_only;
  } rows[] = {
    { "another on the host", DISPLAY, "nouveau", FALSE, FALSE },
    { "another without a driver", DISPLAY, NULL, FALSE, TRUE },
    { "another with a guest", DISPLAY, "vfio-pci", FALSE, TRUE },
    { "another for computing only", CONTROLLER_3D, "nouveau", FALSE, TRUE },
    { "another with the firmware's picture", DISPLAY, NULL, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s", rows[i].name);
      mock_machine_add_gpu (mock, "0000:01:00.0", "1");
      mock_machine_add_function (mock, "0000:02:00.0", rows[i].other_class, "10de:1b80", NULL,
                                 "2", rows[i].other_driver);
      if (rows[i].framebuffer_on_other)
        set_framebuffer (mock, "0000:02:00.0");
      machine = mock_machine_look (mock);
      g_assert_cmpint (baton_machine_find_card (machine, "0000:01:00.0")->only_display, ==,
                       rows[i].is_only);
      g_assert_false (baton_machine_find_card (machine, "0000:02:00.0")->only_display);
    }
}

static void
test_nobody_shows_a_desktop (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  mock_machine_move_gpu_to_guest (mock, "0000:01:00.0");
  machine = mock_machine_look (mock);
  g_assert_false (baton_machine_find_card (machine, "0000:01:00.0")->only_display);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine-cards/what-travels", test_what_travels);
  g_test_add_func ("/core/machine-cards/two-behind-one-switch",
                   test_two_cards_behind_one_switch_part);
  g_test_add_func ("/core/machine-cards/virtual-functions",
                   test_virtual_functions_travel_alone);
  g_test_add_func ("/core/machine-cards/members-of-every-group", test_members_of_every_group);
  g_test_add_func ("/core/machine-cards/processor-stays", test_processor_stays);
  g_test_add_func ("/core/machine-cards/boot-display", test_boot_display_without_boot_vga);
  g_test_add_func ("/core/machine-cards/only-display", test_only_display);
  g_test_add_func ("/core/machine-cards/nobody-shows-a-desktop", test_nobody_shows_a_desktop);

  return g_test_run ();
}
