/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock-process.h"

#define CARD "0000:01:00.0"
#define OTHER "0000:02:00.0"
#define APP                                                                                    \
  "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-org.x.Paint-5.scope"
#define SESSION "/user.slice/user-1000.slice/session-2.scope"
#define MAPS_LINE "7f0000000000-7f0000001000 rw-s 00000000 00:06 "
#define VFIO_DEVICE "anon_inode:[vfio-device]"

/* Two cards, each in a group of its own, and a process 1. */
static MockMachine *
new_machine (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_gpu (mock, CARD, "13");
  mock_machine_add_gpu (mock, OTHER, "14");
  mock_machine_write (mock, "etc/passwd",
                      "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n");
  mock_process_add (mock, 1, "systemd", 0, "/init.scope", "/sbin/init");
  return mock;
}

static GPtrArray *
scan (MockMachine *mock)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (GError) error = NULL;
  GPtrArray *all = baton_holders_scan (mock_machine_get_root (mock), machine, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, machine->cards->len);
  return all;
}

static const BatonHolder *
find (GPtrArray *all, const char *card, int pid)
{
  return baton_holders_find_pid (baton_holders_find (all, card), pid);
}

static const BatonHolder *
find_kernel (GPtrArray *all, const char *card, guint how)
{
  const BatonHolders *holders = baton_holders_find (all, card);

  for (guint i = 0; i < holders->holders->len; i++)
    {
      const BatonHolder *holder = holders->holders->pdata[i];

      if (holder->kind == BATON_HOLDER_KERNEL && holder->how == how)
        return holder;
    }

  return NULL;
}

static char *
dup_node (MockMachine *mock, const char *card, BatonNodeKind kind)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  const BatonCard *found = baton_machine_find_card (machine, card);

  for (guint i = 0; i < found->nodes->len; i++)
    {
      const BatonNode *node = found->nodes->pdata[i];

      if (node->kind == kind)
        return g_strdup (node->path);
    }

  g_assert_not_reached ();
}

static void
test_holder_is_described (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autofree char *render = dup_node (mock, CARD, BATON_NODE_DRM_RENDER);
  g_autofree char *primary = dup_node (mock, CARD, BATON_NODE_DRM_PRIMARY);
  g_autofree char *maps = g_strconcat (MAPS_LINE "77       ", render, "\n", NULL);
  g_autoptr (GPtrArray) all = NULL;
  const BatonHolder *holder;

  mock_process_add (mock, 5, "paint", 1000, APP, "/usr/bin/paint|--new|a b");
  mock_process_open (mock, 5, 0, "/dev/null");
  mock_process_open (mock, 5, 9, primary);
  mock_process_map (mock, 5, maps);
  all = scan (mock);

  holder = find (all, CARD, 5);
  g_assert_nonnull (holder);
  g_assert_cmpstr (holder->name, ==, "paint");
  g_assert_cmpstr (holder->start_time, ==, "500");
  g_assert_cmpstr (holder->command, ==, "/usr/bin/paint --new a b");
  g_assert_cmpuint (holder->uid, ==, 1000);
  g_assert_cmpstr (holder->user, ==, "anna");
  g_assert_cmpstr (holder->unit, ==, "app-gnome-org.x.Paint-5.scope");
  g_assert_cmpstr (holder->scope, ==, "app-gnome-org.x.Paint-5.scope");
  g_assert_cmpstr (holder->app_id, ==, "org.x.Paint");
  g_assert_cmpuint (holder->how, ==, BATON_HOW_FD | BATON_HOW_MAP);
  g_assert_cmpint (holder->kind, ==, BATON_HOLDER_APP);
  g_assert_true (holder->closable);
  g_assert_cmpuint (g_strv_length (holder->nodes), ==, 2);
  g_assert_true (g_strv_contains ((const char *const *) holder->nodes, primary));
  g_assert_true (g_strv_contains ((const char *const *) holder->nodes, render));

  g_assert_null (find (all, OTHER, 5));
  g_assert_true (baton_holders_find (all, CARD)->complete);
  g_assert_null (baton_holders_find (all, CARD)->reason);
}

/* What logind has noted says whose session it keeps a card for, and process 1 with it. */
static void
test_for_whom_it_is_kept (void)
{
  static const struct
  {
    const char *file;
    const char *name;
    guint uid;
    const char *user; /* NULL: nothing is said */
  } rows[] = {
    { "USER=anna\nSEAT=seat0\nDEVICES=13:64 %u:%u 13:65 \n", "systemd-logind", 0, "anna" },
    { "USER=anna\nSEAT=seat0\nDEVICES=%u:%u \n", "systemd", 0, "anna" },
    { "USER=anna\nSEAT=seat0\nDEVICES=13:64 1%u:%u 1:1\n", "systemd-logind", 0, NULL },
    { "USER=anna\nSEAT=seat0\nCONTROLLER=:1.%u%u\n", "systemd-logind", 0, NULL },
    { "USER=anna\nDEVICES=%u:%u\n", "systemd-logind", 0, NULL },
    { "USER=anna\nSEAT=seat0\nDEVICES=%u:%u\n", "systemd-logind", 1000, NULL },
    { "USER=anna\nSEAT=seat0\nDEVICES=%u:%u\n", "daemon", 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_machine ();
      g_autoptr (BatonMachine) machine = mock_machine_look (mock);
      const BatonNode *node =
          g_ptr_array_index (baton_machine_find_card (machine, CARD)->nodes, 0);
      g_autofree char *file = NULL;
      g_autoptr (GPtrArray) all = NULL;
      const BatonHolder *holder;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      file = g_strdup_printf (rows[i].file, node->major, node->minor);
#pragma GCC diagnostic pop
      mock_machine_write (mock, "run/systemd/sessions/1", "USER=gdm\nSEAT=seat0\n");
      mock_machine_write (mock, "run/systemd/sessions/2", file);
      mock_machine_write (mock, "run/systemd/sessions/3.ref", file);
      mock_process_add (mock, 7, rows[i].name, rows[i].uid, "/system.slice/x.service", "x");
      mock_process_open (mock, 7, 9, node->path);
      all = scan (mock);
      holder = find (all, CARD, 7);

      g_test_message ("%s", file);
      g_assert_nonnull (holder);
      g_assert_cmpint (holder->kept_for != NULL, ==, rows[i].user != NULL);
      if (holder->kept_for != NULL)
        {
          g_assert_cmpstr (holder->kept_for->id, ==, "2");
          g_assert_cmpstr (holder->kept_for->user, ==, rows[i].user);
          g_assert_cmpstr (holder->kept_for->seat, ==, "seat0");
        }
    }
}

/* A unit of the system and one of a user may have the same name. */
static void
test_whose_unit_it_is (void)
{
  static const struct
  {
    const char *cgroup;
    gboolean of_user;
  } rows[] = {
    { "/system.slice/ollama.service", FALSE },
    { "/machine.slice/ollama.service/payload", FALSE },
    { "/user.slice/user-1000.slice/user@1000.service/app.slice/ollama.service", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_machine ();
      g_autofree char *render = dup_node (mock, CARD, BATON_NODE_DRM_RENDER);
      g_autoptr (GPtrArray) all = NULL;
      const BatonHolder *holder;

      g_test_message ("%s", rows[i].cgroup);
      mock_process_add (mock, 5, "ollama", 1000, rows[i].cgroup, "ollama|serve");
      mock_process_open (mock, 5, 9, render);
      all = scan (mock);
      holder = find (all, CARD, 5);
      g_assert_nonnull (holder);
      g_assert_cmpstr (holder->unit, ==, "ollama.service");
      g_assert_cmpint (holder->of_user, ==, rows[i].of_user);
    }
}

/* Whoever sets a monitor's brightness talks to it through an adapter of the card's, which belongs to
 * the card or to the connector. */
static void
test_i2c_node_holds (void)
{
  static const char *const places[] = { "i2c-9/i2c-dev/i2c-9",
                                        "drm/card1/card1-DP-1/i2c-9/i2c-dev/i2c-9" };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (MockMachine) mock = new_machine ();
      g_autofree char *node = NULL;
      g_autoptr (GPtrArray) all = NULL;
      const BatonHolder *holder;

      g_test_message ("%s", places[i]);
      mock_machine_add_node (mock, CARD, places[i], "i2c-9", 89, 9);
      node = dup_node (mock, CARD, BATON_NODE_I2C);
      mock_process_add (mock, 6, "ddcutil", 1000, SESSION, "ddcutil|setvcp|10|50");
      mock_process_open (mock, 6, 3, node);
      all = scan (mock);

      holder = find (all, CARD, 6);
      g_assert_nonnull (holder);
      g_assert_cmpuint (holder->how, ==, BATON_HOW_FD);
      g_assert_cmpuint (g_strv_length (holder->nodes), ==, 1);
      g_assert_cmpstr (holder->nodes[0], ==, node);
      g_assert_null (find (all, OTHER, 6));
    }
}

static void
test_hostile_bytes_pass_unchanged (void)
{
  static const char *const names[] = {
    "x\n{\"type\":\"result\",\"exit\":0}",
    "\033]0;title\007",
    "\xff\xfe\xfd",
    "\xe2\x80\xaegpj.exe",
    ") Z 0 0",
  };
  g_autofree char *primary = NULL;
  g_autofree char *long_name = g_strnfill (4000, 'n');
  g_autofree char *long_command = g_strnfill (20000, 'c');
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;

  primary = dup_node (mock, CARD, BATON_NODE_DRM_PRIMARY);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      mock_process_add (mock, 100 + i, names[i], 1234, SESSION, names[i]);
      mock_process_open (mock, 100 + i, 3, primary);
    }
  mock_process_add (mock, 200, long_name, 1234, SESSION, long_command);
  mock_process_open (mock, 200, 3, primary);
  all = scan (mock);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const BatonHolder *holder = find (all, CARD, 100 + i);

      g_test_message ("row %u", i);
      g_assert_cmpstr (holder->name, ==, names[i]);
      g_assert_cmpstr (holder->command, ==, names[i]);
      g_assert_cmpstr (holder->user, ==, "1234");
      g_assert_cmpstr (holder->nodes[0], ==, primary);
    }
  g_assert_cmpuint (strlen (find (all, CARD, 200)->name), ==, 4000);
  g_assert_cmpuint (strlen (find (all, CARD, 200)->command), ==, 4096);
}

static void
test_guest_is_found_by_its_group (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) all = NULL;
  const BatonHolder *holder;
  const BatonGuest *guest;

  mock_machine_move_gpu_to_guest (mock, CARD);
  mock_process_add (mock, 50, "qemu-system-x86", 64055,
                    "/machine.slice/machine-qemu\\x2d1\\x2dwin11.scope/libvirt",
                    "qemu-system-x86_64|-name|guest=win11,debug-threads=on");
  mock_process_open (mock, 50, 20, "/dev/vfio/13");
  mock_process_open (mock, 50, 21, VFIO_DEVICE);
  all = scan (mock);

  holder = find (all, CARD, 50);
  g_assert_cmpint (holder->kind, ==, BATON_HOLDER_VM);
  g_assert_cmpstr (holder->guest, ==, "win11");
  g_assert_cmpuint (holder->how, ==, BATON_HOW_FD | BATON_HOW_VFIO);
  g_assert_cmpstr (holder->nodes[0], ==, "/dev/vfio/13");
  g_assert_false (holder->closable);
  g_assert_null (find (all, OTHER, 50));

  machine = mock_machine_look (mock);
  baton_machine_adopt_guests (machine, all);
  g_assert_cmpuint (baton_machine_find_card (machine, OTHER)->guests->len, ==, 0);
  g_assert_cmpuint (baton_machine_find_card (machine, CARD)->guests->len, ==, 1);
  guest = baton_machine_find_card (machine, CARD)->guests->pdata[0];
  g_assert_cmpstr (guest->name, ==, "win11");
  g_assert_cmpint (guest->pid, ==, 50);
}

static void
test_guest_name_is_made_fit (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) all = NULL;
  const BatonGuest *guest;

  mock_machine_move_gpu_to_guest (mock, CARD);
  mock_process_add (mock, 50, "qemu", 0, SESSION, "qemu|-name|\033[2J\xff\n");
  mock_process_open (mock, 50, 20, "/dev/vfio/13");
  all = scan (mock);
  machine = mock_machine_look (mock);
  baton_machine_adopt_guests (machine, all);

  guest = baton_machine_find_card (machine, CARD)->guests->pdata[0];
  g_assert_true (g_utf8_validate (guest->name, -1, NULL));
  g_assert_null (strpbrk (guest->name, "\033\n"));
}

/* A holder of a vfio device without its group: whose device is it? */
static void
test_vfio_device_alone_is_laid_to_a_card (void)
{
  static const struct
  {
    const char *row;
    const char *arguments;
    const char *fdinfo;
    const char *group_node;
    gboolean of_card;
    gboolean of_other;
  } rows[] = {
    { "the kernel names it", "dpdk",
      "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0\n", NULL,
      TRUE, FALSE },
    { "the kernel names its sound function", "dpdk",
      "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:01.0/0000:02:00.1\n", NULL, FALSE,
      TRUE },
    { "the kernel names no card", "dpdk",
      "vfio-device-syspath: /sys/devices/pci0000:00/0000:07:00.0\n", NULL, FALSE, FALSE },
    { "the arguments name it", "qemu|-device|vfio-pci,host=02:00.0", "pos:\t0\n",
      "/dev/vfio/13", TRUE, TRUE },
    { "its groups explain it", "qemu", "pos:\t0\n", "/dev/vfio/14", FALSE, TRUE },
    { "nobody knows", "dpdk", "pos:\t0\n", NULL, TRUE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_machine ();
      g_autoptr (GPtrArray) all = NULL;

      g_test_message ("%s", rows[i].row);
      mock_machine_move_gpu_to_guest (mock, CARD);
      mock_machine_move_gpu_to_guest (mock, OTHER);
      mock_process_add (mock, 50, "p", 0, SESSION, rows[i].arguments);
      mock_process_open (mock, 50, 21, VFIO_DEVICE);
      mock_process_describe_fd (mock, 50, 21, rows[i].fdinfo);
      if (rows[i].group_node != NULL)
        mock_process_open (mock, 50, 20, rows[i].group_node);
      all = scan (mock);

      g_assert_cmpint (find (all, CARD, 50) != NULL, ==, rows[i].of_card);
      g_assert_cmpint (find (all, OTHER, 50) != NULL, ==, rows[i].of_other);
      if (rows[i].of_card)
        g_assert_cmpint (find (all, CARD, 50)->kind, ==, BATON_HOLDER_VM);
    }
}

static void
test_vfio_mapping_alone_holds (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;

  mock_machine_move_gpu_to_guest (mock, CARD);
  mock_process_add (mock, 50, "p", 0, SESSION, "p");
  mock_process_map (mock, 50,
                    "00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/p\n"
                    "7f0000000000-7f0000001000 rw-s 00000000 00:0e 12  " VFIO_DEVICE "\n");
  all = scan (mock);

  g_assert_cmpuint (find (all, CARD, 50)->how & BATON_HOW_VFIO, ==, BATON_HOW_VFIO);
  /* a card of the host has no vfio devices */
  g_assert_null (find (all, OTHER, 50));
}

static void
test_maps_of_any_shape_are_read (void)
{
  g_autofree char *primary = NULL;
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GString) maps = g_string_new (NULL);
  g_autoptr (GPtrArray) all = NULL;

  primary = dup_node (mock, CARD, BATON_NODE_DRM_PRIMARY);
  g_string_append (maps, "\n x\n-\n7f00-7f01\n7f00-7f01 rw-s\n7f00-7f01 rw-s 0 0:0 0\n");
  g_string_append (maps, "7f00-7f01 rw-s 0 zz:06 77 /dev/dri/card0\n");
  for (guint i = 0; i < 70000; i++)
    g_string_append_c (maps, 'a');
  g_string_append_printf (maps, "\n" MAPS_LINE "0       %s\n", primary);
  mock_process_add (mock, 60, "no holder", 0, SESSION, "x");
  mock_process_map (mock, 60, maps->str);
  g_string_append_printf (maps, MAPS_LINE "77       %s (deleted)\n", primary);
  mock_process_add (mock, 61, "holder", 0, SESSION, "x");
  mock_process_map (mock, 61, maps->str);
  all = scan (mock);

  g_assert_null (find (all, CARD, 60));
  g_assert_cmpuint (find (all, CARD, 61)->how, ==, BATON_HOW_MAP);
}

static void
test_kernel_holds_are_listed (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;
  const BatonHolder *console;

  mock_machine_add_node (mock, CARD, "graphics", "fb0", 29, 0);
  mock_machine_add_node (mock, OTHER, "graphics", "fb1", 29, 1);
  mock_machine_write (mock, "sys/class/graphics/fb0/name", "a\n");
  mock_machine_write (mock, "sys/class/graphics/fb1/name", "b\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon0/bind", "0\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/bind", "1\n");
  all = scan (mock);

  console = find_kernel (all, CARD, BATON_HOW_CONSOLE);
  if (console == NULL)
    {
      g_test_fail_printf ("the console is not among the holders");
      return;
    }
  g_assert_cmpint (console->pid, ==, 0);
  g_assert_null (console->start_time);
  g_assert_cmpstr (console->nodes[0], ==, "/dev/fb0");
  g_assert_false (console->closable);
  g_assert_null (find_kernel (all, OTHER, BATON_HOW_CONSOLE));
  g_assert_null (baton_holders_find_pid (baton_holders_find (all, CARD), 0));
}

/* However late the driver of the boot display came. */
static void
test_console_is_on_the_boot_display (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;

  mock_machine_set_attribute (mock, CARD, "boot_vga", "0");
  mock_machine_set_attribute (mock, OTHER, "boot_vga", "1");
  mock_machine_add_node (mock, CARD, "graphics", "fb0", 29, 0);
  mock_machine_add_node (mock, OTHER, "graphics", "fb1", 29, 1);
  mock_machine_write (mock, "sys/class/graphics/fb0/name", "a\n");
  mock_machine_write (mock, "sys/class/graphics/fb1/name", "b\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/bind", "1\n");
  all = scan (mock);
  g_assert_null (find_kernel (all, CARD, BATON_HOW_CONSOLE));
  g_assert_nonnull (find_kernel (all, OTHER, BATON_HOW_CONSOLE));
}

/* Reading it waits for the console's lock, which a driver keeps that crashed while it drew
 * (show_bind() in the kernel's drivers/tty/vt/vt.c). */
static void
test_console_that_does_not_answer_is_a_holder (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;
  g_autofree char *bind = g_build_filename (mock_machine_get_directory (mock),
                                            "sys/class/vtconsole/vtcon1/bind", NULL);
  int fd;

  mock_machine_add_node (mock, CARD, "graphics", "fb0", 29, 0);
  mock_machine_write (mock, "sys/class/graphics/fb0/name", "a\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
  g_assert_cmpint (mkfifo (bind, 0600), ==, 0);
  all = scan (mock);
  g_assert_nonnull (find_kernel (all, CARD, BATON_HOW_CONSOLE));

  /* lets the process go that waits */
  fd = open (bind, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

static void
test_console_elsewhere_is_no_holder (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;

  mock_machine_add_node (mock, CARD, "graphics", "fb0", 29, 0);
  mock_machine_write (mock, "sys/class/graphics/fb0/name", "a\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/bind", "0\n");
  all = scan (mock);
  g_assert_null (find_kernel (all, CARD, BATON_HOW_CONSOLE));
}

static void
test_unseen_vfio_user_is_the_kernels (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;

  mock_machine_move_gpu_to_guest (mock, CARD);
  mock_machine_write (mock, "sys/module/vfio_pci/refcnt", "1\n");
  all = scan (mock);

  g_assert_nonnull (find_kernel (all, CARD, BATON_HOW_VFIO));
  g_assert_null (find_kernel (all, OTHER, BATON_HOW_VFIO));
}

/* A driver that is built in has no count of its uses, but the functions have one each. */
static void
test_unseen_user_of_built_in_vfio (void)
{
  static const struct
  {
    const char *refcnt; /* of the module, or NULL where it is built in */
    const char *enable; /* of the card */
    gboolean used;
  } rows[] = {
    { NULL, "1", TRUE },   { NULL, "0", FALSE },        { NULL, NULL, FALSE },
    { "0\n", "1", FALSE }, { NULL, "nonsense", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_machine ();
      g_autoptr (GPtrArray) all = NULL;

      mock_machine_move_gpu_to_guest (mock, CARD);
      if (rows[i].refcnt != NULL)
        mock_machine_write (mock, "sys/module/vfio_pci/refcnt", rows[i].refcnt);
      else
        mock_machine_remove (mock, "sys/module/vfio_pci");
      if (rows[i].enable != NULL)
        mock_machine_set_attribute (mock, CARD, "enable", rows[i].enable);
      mock_machine_set_attribute (mock, OTHER, "enable", "1");
      all = scan (mock);

      g_test_message ("row %u", i);
      g_assert_true ((find_kernel (all, CARD, BATON_HOW_VFIO) != NULL) == rows[i].used);
      g_assert_null (find_kernel (all, OTHER, BATON_HOW_VFIO));
    }
}

static void
test_modules_above_the_driver_are_listed (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  const BatonHolders *holders;

  mock_machine_write (mock, "sys/module/amdgpu/refcnt", "7\n");
  mock_machine_write (mock, "sys/module/amdgpu/holders/upper/x", "");
  mock_machine_write (mock, "sys/module/upper/refcnt", "0\n");
  mock_machine_write (mock, "sys/module/upper/holders/top/x", "");
  mock_machine_write (mock, "sys/module/top/refcnt", "nonsense\n");
  mock_machine_write (mock, "sys/module/top/holders/amdgpu/x", "");
  mock_machine_write (mock, "sys/module/snd_hda_intel/refcnt", "2\n");
  all = scan (mock);

  holders = baton_holders_find (all, CARD);
  for (guint i = 0; i < holders->modules->len; i++)
    {
      const BatonModuleUse *use = holders->modules->pdata[i];

      g_string_append_printf (text, "%s=%d ", use->name, use->refcount);
    }
  g_assert_cmpstr (text->str, ==, "amdgpu=7 snd_hda_intel=2 upper=0 top=-1 ");
}

static void
test_hidden_processes_are_not_passed_over (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) all = NULL;

  mock_machine_remove (mock, "proc/1");
  mock_process_add (mock, 5, "mine", 1000, SESSION, "mine");
  all = scan (mock);

  g_assert_false (baton_holders_find (all, CARD)->complete);
  g_assert_cmpstr (baton_holders_find (all, CARD)->reason, ==, "permission");
}

static void
add_kfd_node (MockMachine *mock, const char *node, const char *gpu_id, const char *properties)
{
  g_autofree char *id_path =
      g_strdup_printf ("sys/class/kfd/kfd/topology/nodes/%s/gpu_id", node);
  g_autofree char *path =
      g_strdup_printf ("sys/class/kfd/kfd/topology/nodes/%s/properties", node);

  mock_machine_write (mock, id_path, gpu_id);
  mock_machine_write (mock, path, properties);
}

static gboolean
is_undecided (GPtrArray *all, const char *card, int pid)
{
  const GPtrArray *undecided = baton_holders_find (all, card)->undecided;

  for (guint i = 0; i < undecided->len; i++)
    {
      const BatonHolder *holder = undecided->pdata[i];

      if (holder->pid != pid)
        continue;
      g_assert_true (g_str_has_suffix (holder->nodes[0], "/dev/kfd"));
      return TRUE;
    }

  return FALSE;
}

/* AMD's compute device is one file for all cards, and who has it is nobody's holder for that alone:
 * the kernel knows on which card it computes. Who computes on none is told of as just that. */
static void
test_kfd_is_laid_to_the_card_that_computes (void)
{
  static const struct
  {
    int pid;
    const char *vram[2]; /* of each card, in bytes; NULL where the kernel does not tell */
    const char *queue;   /* the card that it has a queue of */
    gboolean holds[2];
    gboolean undecided;
  } rows[] = {
    { 70, { "0", "4096" }, NULL, { FALSE, TRUE }, FALSE },
    { 71, { "0", "0" }, NULL, { FALSE, FALSE }, TRUE },
    { 72, { "0", "0" }, "5001", { TRUE, FALSE }, FALSE },
    { 73, { "18446744073709551615", "1" }, "6002", { TRUE, TRUE }, FALSE },
    { 74, { NULL, NULL }, NULL, { TRUE, TRUE }, FALSE },
  };
  g_autoptr (MockMachine) mock = new_machine ();
  g_autofree char *node =
      g_build_filename (mock_machine_get_directory (mock), "dev", "kfd", NULL);
  g_autoptr (GPtrArray) all = NULL;

  mock_machine_write (mock, "sys/class/kfd/kfd/dev", "510:0\n");
  add_kfd_node (mock, "0", "0\n", "cpu_cores_count 8\nlocation_id 0\ndomain 0\n");
  add_kfd_node (mock, "1", "5001\n", "simd_count 40\nlocation_id 256\ndomain 0\n");
  add_kfd_node (mock, "2", "6002\n", "simd_count 40\nlocation_id 512\ndomain 0\n");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *process = g_strdup_printf ("sys/class/kfd/kfd/proc/%d", rows[i].pid);
      g_autofree char *queue = g_strconcat (process, "/queues/0/gpuid", NULL);
      g_autofree char *first = g_strconcat (process, "/vram_5001", NULL);
      g_autofree char *second = g_strconcat (process, "/vram_6002", NULL);

      mock_process_add (mock, rows[i].pid, "train", 1000, SESSION, "train");
      mock_process_open (mock, rows[i].pid, 5, node);
      if (rows[i].vram[0] != NULL)
        {
          mock_machine_write (mock, first, rows[i].vram[0]);
          mock_machine_write (mock, second, rows[i].vram[1]);
        }
      if (rows[i].queue != NULL)
        mock_machine_write (mock, queue, rows[i].queue);
    }
  all = scan (mock);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%d", rows[i].pid);
      g_assert_true ((find (all, CARD, rows[i].pid) != NULL) == rows[i].holds[0]);
      g_assert_true ((find (all, OTHER, rows[i].pid) != NULL) == rows[i].holds[1]);
      g_assert_true (is_undecided (all, CARD, rows[i].pid) == rows[i].undecided);
      g_assert_true (is_undecided (all, OTHER, rows[i].pid) == rows[i].undecided);
    }
}

static void
test_kinds_have_names (void)
{
  for (BatonHolderKind kind = BATON_HOLDER_APP; kind <= BATON_HOLDER_KERNEL; kind++)
    {
      BatonHolderKind found;

      g_assert_true (
          baton_holder_kind_from_string (baton_holder_kind_to_string (kind), &found));
      g_assert_cmpint (found, ==, kind);
    }
  g_assert_false (baton_holder_kind_from_string ("App", NULL));
  g_assert_false (baton_holder_kind_from_string (NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/holders/described", test_holder_is_described);
  g_test_add_func ("/core/holders/for-whom-it-is-kept", test_for_whom_it_is_kept);
  g_test_add_func ("/core/holders/whose-unit-it-is", test_whose_unit_it_is);
  g_test_add_func ("/core/holders/i2c", test_i2c_node_holds);
  g_test_add_func ("/core/holders/hostile-bytes", test_hostile_bytes_pass_unchanged);
  g_test_add_func ("/core/holders/guest", test_guest_is_found_by_its_group);
  g_test_add_func ("/core/holders/guest-name", test_guest_name_is_made_fit);
  g_test_add_func ("/core/holders/vfio-device-alone", test_vfio_device_alone_is_laid_to_a_card);
  g_test_add_func ("/core/holders/vfio-mapping-alone", test_vfio_mapping_alone_holds);
  g_test_add_func ("/core/holders/maps", test_maps_of_any_shape_are_read);
  g_test_add_func ("/core/holders/kernel", test_kernel_holds_are_listed);
  g_test_add_func ("/core/holders/console-on-the-boot-display",
                   test_console_is_on_the_boot_display);
  g_test_add_func ("/core/holders/console-hangs",
                   test_console_that_does_not_answer_is_a_holder);
  g_test_add_func ("/core/holders/console-elsewhere", test_console_elsewhere_is_no_holder);
  g_test_add_func ("/core/holders/vfio-unseen", test_unseen_vfio_user_is_the_kernels);
  g_test_add_func ("/core/holders/vfio-unseen/built-in", test_unseen_user_of_built_in_vfio);
  g_test_add_func ("/core/holders/modules", test_modules_above_the_driver_are_listed);
  g_test_add_func ("/core/holders/hidden", test_hidden_processes_are_not_passed_over);
  g_test_add_func ("/core/holders/kfd", test_kfd_is_laid_to_the_card_that_computes);
  g_test_add_func ("/core/holders/kinds", test_kinds_have_names);

  return g_test_run ();
}
