/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-belongings.h"
#include "mock-machine.h"

#define CARD "0000:01:00.0"
#define OTHER_CARD "0000:02:00.0"
#define USB "0000:05:00.0"
#define USB_IDENTITY "8086:43ed:1028:0a5c"
#define BRIDGE "0000:00:01.0"

#define USB_DEVICE "sys/devices/pci0000:00/" USB
#define NOTE "run/baton/cards/" CARD ".also.json"
#define RECORD "run/baton/cards/" CARD ".json"

/* Two cards, a bridge, and a USB controller in a group of its own. */
static MockMachine *
make_machine (const char *settings)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_bridge (mock, BRIDGE, "8086:1901", NULL, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  mock_machine_add_gpu (mock, OTHER_CARD, "3");
  mock_machine_add_function (mock, USB, 0x0c0330, USB_IDENTITY, NULL, "5", "xhci_hcd");
  if (settings != NULL)
    mock_machine_write (mock, "etc/baton.conf", settings);

  return mock;
}

static void
expect_functions (MockMachine *mock, const char *card, const char *wanted)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autofree char *functions =
      mock_join_addresses (baton_machine_find_card (machine, card)->functions);

  g_assert_cmpstr (functions, ==, wanted);
}

/* Whatever the machine is looked at for, the same travels. */
static void
test_every_look_finds_it (void)
{
  g_autoptr (MockMachine) mock = make_machine ("[" CARD "]\nalso=" USB "=" USB_IDENTITY "\n");
  g_autoptr (BatonMachine) shown =
      baton_machine_new_to_show (mock_machine_get_root (mock), NULL);
  g_autoptr (BatonMachine) checked =
      baton_machine_new_to_check (mock_machine_get_root (mock), NULL);

  g_assert_true (baton_card_travels (baton_machine_find_card (shown, CARD), USB));
  g_assert_true (baton_card_travels (baton_machine_find_card (checked, CARD), USB));
}

static void
expect_place (MockMachine *mock, BatonAlsoPlace place)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_machine_find_card (machine, CARD);

  g_assert_nonnull (card->also);
  g_assert_cmpuint (((const BatonAlso *) card->also->pdata[0])->place, ==, place);
}

#define OWN CARD " 0000:01:00.1"

/* What its owner names travels, in its own group and all, and has no say in where the card is. */
static void
test_what_is_named_travels (void)
{
  g_autoptr (MockMachine) mock = make_machine ("[" CARD "]\nalso=" USB "=" USB_IDENTITY "\n");
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_machine_find_card (machine, CARD);

  expect_functions (mock, CARD, OWN " " USB);
  expect_functions (mock, OTHER_CARD, OTHER_CARD " 0000:02:00.1");
  g_assert_true (baton_card_is_also (card, baton_machine_find_function (machine, USB)));
  g_assert_false (baton_card_is_also (card, card->display));
  g_assert_false (card->also_noted);
}

static void
test_places (void)
{
  static const struct
  {
    const char *also;
    BatonAlsoPlace place;
  } rows[] = {
    { USB, BATON_ALSO_TRAVELS },
    { USB "=8086:43ed:0000:0001", BATON_ALSO_OTHER_DEVICE },
    { "0000:06:00.0", BATON_ALSO_MISSING },
    { "0000:01:00.1", BATON_ALSO_OWN },
    { BRIDGE, BATON_ALSO_FIXED },
    { OTHER_CARD, BATON_ALSO_FIXED },
    { "0000:02:00.1", BATON_ALSO_FIXED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *settings = g_strconcat ("[" CARD "]\nalso=", rows[i].also, "\n", NULL);
      g_autoptr (MockMachine) mock = make_machine (settings);

      g_test_message ("%s", rows[i].also);
      expect_place (mock, rows[i].place);
      expect_functions (mock, CARD, rows[i].place == BATON_ALSO_TRAVELS ? OWN " " USB : OWN);
    }
}

/* What a guest has, or is ready for one, was not brought there with this card. */
static void
test_parked_beforehand (void)
{
  g_autoptr (MockMachine) mock = make_machine ("[" CARD "]\nalso=" USB "\n");

  mock_machine_set_driver (mock, USB, "vfio-pci");
  mock_machine_set_attribute (mock, USB, "enable", "0");
  expect_place (mock, BATON_ALSO_PARKED);
  expect_functions (mock, CARD, OWN);

  mock_machine_set_attribute (mock, USB, "enable", "1");
  expect_place (mock, BATON_ALSO_TAKEN);
}

/* From when it leaves until it is back it is the note that says what went along. */
static void
test_note_decides_while_away (void)
{
  g_autoptr (MockMachine) mock = make_machine ("[" OTHER_CARD "]\nalso=" USB "\n");

  mock_machine_move_gpu_to_guest (mock, CARD);
  mock_machine_set_driver (mock, USB, "vfio-pci");
  mock_machine_write (
      mock, NOTE, "{\"also\":[{\"address\":\"" USB "\",\"identity\":\"" USB_IDENTITY "\"}]}");
  expect_functions (mock, CARD, OWN " " USB);
  expect_functions (mock, OTHER_CARD, OTHER_CARD " 0000:02:00.1");

  mock_machine_write (mock, NOTE,
                      "{\"also\":[{\"address\":\"" USB "\",\"identity\":\"8086:0:0:0\"}]}");
  expect_functions (mock, CARD, OWN);
  mock_machine_write (mock, NOTE, "{\"also\":[{\"address\":\"../../etc\"},7,null]}");
  expect_functions (mock, CARD, OWN);
}

/* What was named after the card had left did not go along, and a note that nothing is left of is an
 * old one. */
static void
test_settings_that_came_later (void)
{
  g_autoptr (MockMachine) mock = make_machine ("[" CARD "]\nalso=" USB "\n");

  mock_machine_write (mock, RECORD, "{}");
  expect_functions (mock, CARD, OWN " " USB);

  mock_machine_move_gpu_to_guest (mock, CARD);
  expect_functions (mock, CARD, OWN);
  mock_machine_remove (mock, RECORD);
  expect_place (mock, BATON_ALSO_STAYS);
  expect_functions (mock, CARD, OWN);
}

static void
add_class_entry (MockMachine *mock, const char *class_entry, const char *device)
{
  g_autofree char *link = g_strconcat ("sys/class/", class_entry, NULL);

  mock_machine_link (mock, link, device);
}

#define KEYS "10000 7 ff800000 7ff febeffdfffefffff fffffffffffffffe"

static void
add_keyboard (MockMachine *mock, const char *name, const char *device)
{
  g_autofree char *keys = g_strconcat (device, "/capabilities/key", NULL);
  g_autofree char *product = g_strconcat (device, "/name", NULL);
  g_autofree char *entry = g_strconcat ("input/", name, NULL);

  mock_machine_write (mock, keys, KEYS "\n");
  mock_machine_write (mock, product, "Typewriter\n");
  add_class_entry (mock, entry, device);
}

#define DISK USB_DEVICE "/usb2/2-1/host6/target6:0:0/6:0:0:0/block/sdb"

static void
add_disk (MockMachine *mock)
{
  mock_machine_write (mock, DISK "/size", "1000\n");
  mock_machine_write (mock, DISK "/dev", "8:16\n");
  mock_machine_write (mock, DISK "/sdb1/size", "900\n");
  mock_machine_write (mock, DISK "/sdb1/dev", "8:17\n");
  mock_machine_write (mock, DISK "/sdb1/partition", "1\n");
  add_class_entry (mock, "block/sdb", DISK);
  add_class_entry (mock, "block/sdb1", DISK "/sdb1");
  mock_machine_write (mock, "proc/1/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
}

static const BatonPlugged *
look_at_disk (MockMachine *mock, GPtrArray **ret_list)
{
  g_clear_pointer (ret_list, g_ptr_array_unref);
  *ret_list = baton_belongings_list (mock_machine_get_root (mock), USB);
  g_assert_cmpuint ((*ret_list)->len, ==, 1);

  return (*ret_list)->pdata[0];
}

/* However a disk is in use, by its partitions too. */
static void
test_disks (void)
{
  static const struct
  {
    const char *path;
    const char *text;
    const char *mounted_at;
    const char *used_by;
  } rows[] = {
    { NULL, NULL, NULL, NULL },
    { "proc/1/mountinfo", "30 22 8:17 / /media/a\\040stick rw - vfat /dev/sdb1 rw\n",
      "/media/a stick", NULL },
    { "proc/1/mountinfo", "30 22 0:41 / /pool rw - btrfs /dev/sdb rw\n", "/pool", NULL },
    { "proc/1/mountinfo", "30 22 8:1 / /a rw shared:1 - vfat /dev/sdb10 rw\n", NULL, NULL },
    { "proc/swaps", "Filename\tType\n/dev/sdb1       partition\t1\t0\t-2\n", NULL, "swap" },
    { DISK "/sdb1/holders/dm-3", "", NULL, "dm-3" },
    { "sys/class/block/loop0/loop/backing_file", "/dev/sdb\n", NULL, "loop0" },
    { "sys/fs/btrfs/1234/devices/sdb1", "", NULL, "btrfs" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = make_machine (NULL);
      g_autoptr (GPtrArray) list = NULL;
      const BatonPlugged *disk = NULL;

      add_disk (mock);
      if (rows[i].path != NULL)
        mock_machine_write (mock, rows[i].path, rows[i].text);
      disk = look_at_disk (mock, &list);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpint (disk->kind, ==, BATON_PLUGGED_DISK);
      g_assert_cmpstr (disk->name, ==, "sdb");
      g_assert_cmpstr (disk->mounted_at, ==, rows[i].mounted_at);
      g_assert_cmpstr (disk->used_by, ==, rows[i].used_by);
    }
}

/* ZFS says of no disk whether it is in use, so that each of its own is. */
static void
test_zfs (void)
{
  g_autoptr (MockMachine) mock = make_machine (NULL);
  g_autoptr (GPtrArray) list = NULL;

  add_disk (mock);
  mock_machine_write (mock, "run/udev/data/b8:17", "E:ID_FS_TYPE=zfs_member\n");
  g_assert_null (look_at_disk (mock, &list)->used_by);
  mock_machine_write (mock, "sys/module/zfs/version", "2.1\n");
  g_assert_cmpstr (look_at_disk (mock, &list)->used_by, ==, "zfs");
}

/* A disk with several paths hangs at none of them. */
static void
test_disk_with_several_paths (void)
{
  const char *subsystem = "sys/devices/virtual/nvme-subsystem/nvme-subsys0";
  g_autofree char *disk = g_strconcat (subsystem, "/nvme0n1", NULL);
  g_autofree char *size = g_strconcat (disk, "/size", NULL);
  g_autofree char *controller = g_strconcat (subsystem, "/nvme0", NULL);
  g_autoptr (MockMachine) mock = make_machine (NULL);
  g_autoptr (GPtrArray) list = NULL;

  mock_machine_write (mock, size, "1000\n");
  mock_machine_write (mock, USB_DEVICE "/nvme/nvme0/state", "live\n");
  mock_machine_link (mock, controller, USB_DEVICE "/nvme/nvme0");
  add_class_entry (mock, "block/nvme0n1", disk);

  g_assert_cmpstr (look_at_disk (mock, &list)->name, ==, "nvme0n1");
}

/* The interface itself, or what it is a part of; a route that is down, or of one network, is none. */
static void
test_default_route (void)
{
  static const char head[] =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
  static const struct
  {
    const char *file;
    const char *line;
    const char *used_by;
  } rows[] = {
    { "proc/net/route", "eth7\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
      "eth7" },
    { "proc/net/route", "br0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "br0" },
    { "proc/net/route", "eth7\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", NULL },
    { "proc/net/route", "eth8\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", NULL },
    { "proc/net/ipv6_route",
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
      "fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth7\n",
      "eth7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = make_machine (NULL);
      g_autofree char *text = g_strconcat (head, rows[i].line, NULL);
      g_autoptr (GPtrArray) list = NULL;

      mock_machine_write (mock, USB_DEVICE "/net/eth7/upper_br0", "");
      mock_machine_write (mock, USB_DEVICE "/net/eth7/address", "00:11\n");
      add_class_entry (mock, "net/eth7", USB_DEVICE "/net/eth7");
      mock_machine_write (mock, rows[i].file, text);
      list = baton_belongings_list (mock_machine_get_root (mock), USB);

      g_test_message ("%s", rows[i].line);
      g_assert_cmpuint (list->len, ==, 1);
      g_assert_cmpstr (((const BatonPlugged *) list->pdata[0])->used_by, ==, rows[i].used_by);
    }
}

/* Another one has to be somewhere that stays, and nobody types on what a program pretends to be. */
static void
test_keyboards (void)
{
  static const struct
  {
    const char *device;
    gboolean stays;
  } rows[] = {
    { "sys/devices/platform/i8042/serio0/input/input1", TRUE },
    { "sys/devices/virtual/input/input1", FALSE },
    { "sys/devices/pci0000:00/0000:01:00.0/usb3/input/input1", FALSE },
    { USB_DEVICE "/usb1/1-2/input/input1", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = make_machine ("[" CARD "]\nalso=" USB "\n");
      g_autoptr (BatonMachine) machine = NULL;
      BatonFunction *usb = NULL;

      add_keyboard (mock, "input5", USB_DEVICE "/usb1/1-1/input/input5");
      add_keyboard (mock, "input1", rows[i].device);
      machine = mock_machine_look (mock);
      usb = baton_machine_find_function (machine, USB);

      g_test_message ("%s", rows[i].device);
      g_assert_nonnull (usb->plugged);
      g_assert_cmpstr (((const BatonPlugged *) usb->plugged->pdata[0])->device, ==,
                       "Typewriter");
      g_assert_true (baton_machine_find_card (machine, CARD)->keyboard_stays == rows[i].stays);
    }
}

/* Whoever has something on a port of it open is none of the card's holders; a guest is. */
static void
test_nodes (void)
{
  g_autoptr (MockMachine) mock = make_machine ("[" CARD "]\nalso=" USB "\n");
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *nodes = NULL;

  mock_machine_add_node (mock, USB, "usb1/1-1/hidraw/hidraw3", "hidraw3", 240, 3);
  machine = mock_machine_look (mock);
  nodes = mock_join_nodes (baton_machine_find_card (machine, CARD)->nodes);

  g_assert_null (strstr (nodes, "hidraw"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine-also/travels", test_what_is_named_travels);
  g_test_add_func ("/core/machine-also/every-look", test_every_look_finds_it);
  g_test_add_func ("/core/machine-also/places", test_places);
  g_test_add_func ("/core/machine-also/parked-beforehand", test_parked_beforehand);
  g_test_add_func ("/core/machine-also/note-decides", test_note_decides_while_away);
  g_test_add_func ("/core/machine-also/came-later", test_settings_that_came_later);
  g_test_add_func ("/core/machine-also/disks", test_disks);
  g_test_add_func ("/core/machine-also/zfs", test_zfs);
  g_test_add_func ("/core/machine-also/several-paths", test_disk_with_several_paths);
  g_test_add_func ("/core/machine-also/default-route", test_default_route);
  g_test_add_func ("/core/machine-also/keyboards", test_keyboards);
  g_test_add_func ("/core/machine-also/nodes", test_nodes);

  return g_test_run ();
}
