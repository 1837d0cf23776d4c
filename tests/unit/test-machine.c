/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "mock-machine.h"

static BatonCard *
find_card (BatonMachine *machine, const char *address)
{
  BatonCard *card = baton_machine_find_card (machine, address);

  g_assert_nonnull (card);
  return card;
}

/* It has no module that any index names, and is there. */
static void
test_built_in_driver (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) unknown = NULL;
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_add_function (mock, "0000:01:00.0", 0x030000, "1af4:1050:1af4:1100", NULL, "1",
                             NULL);
  unknown = mock_machine_look (mock);
  g_assert_null (find_card (unknown, "0000:01:00.0")->display->built_in);

  mock_machine_write (mock, "sys/bus/pci/drivers/amdgpu/bind", "");
  mock_machine_write (mock, "sys/bus/pci/drivers/virtio-pci/bind", "");
  machine = mock_machine_look (mock);
  g_assert_cmpstr (find_card (machine, "0000:01:00.0")->display->built_in, ==, "virtio-pci");
}

static void
test_card_is_read_whole (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *functions = NULL;
  g_autofree char *nodes = NULL;
  g_autofree char *identity = NULL;
  const BatonOutput *output;
  BatonCard *card;

  mock_machine_add_bridge (mock, "0000:00:01.0", "8086:1901", NULL, "1");
  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  machine = mock_machine_look (mock);

  g_assert_true (machine->iommu_enabled);
  g_assert_cmpstr (machine->iommu_kind, ==, "intel");
  g_assert_null (machine->iommu_reason);
  g_assert_cmpuint (machine->cards->len, ==, 1);

  card = find_card (machine, "0000:01:00.0");
  functions = mock_join_addresses (card->functions);
  g_assert_cmpstr (functions, ==, "0000:01:00.0 0000:01:00.1");
  g_assert_cmpuint (card->members->len, ==, 3);
  g_assert_cmpint (card->side, ==, BATON_SIDE_HOST);
  g_assert_true (card->boot_display);
  g_assert_true (card->only_display);

  identity = baton_function_dup_identity (card->display);
  g_assert_cmpstr (identity, ==, "1002:73bf:1da2:e438");
  g_assert_cmpstr (card->display->driver, ==, "amdgpu");
  g_assert_cmpstr (card->display->driver_module, ==, "amdgpu");
  g_assert_cmpstr (card->display->modules[0], ==, "amdgpu");
  g_assert_null (card->display->override);
  g_assert_cmpint (card->display->power, ==, BATON_POWER_D0);
  g_assert_cmpuint (g_strv_length (card->display->reset_methods), ==, 2);

  nodes = mock_join_nodes (card->nodes);
  g_assert_cmpstr (nodes, ==,
                   "/dev/dri/card0 /dev/dri/renderD128 /dev/snd/controlC0 /dev/snd/pcmC0D3p");

  g_assert_cmpuint (card->outputs->len, ==, 2);
  output = g_ptr_array_index (card->outputs, 0);
  g_assert_cmpstr (output->name, ==, "DP-1");
  g_assert_true (output->connected);
  g_assert_cmpstr (output->monitor, ==, "Mock Monitor");
  output = g_ptr_array_index (card->outputs, 1);
  g_assert_cmpstr (output->name, ==, "HDMI-A-1");
  g_assert_false (output->connected);
  g_assert_null (output->monitor);
}

static void
test_sides (void)
{
  static const struct
  {
    const char *display;
    const char *sound;
    BatonSide side;
  } rows[] = {
    { "amdgpu", "snd_hda_intel", BATON_SIDE_HOST },
    { "amdgpu", NULL, BATON_SIDE_HOST },
    { "amdgpu", "vfio-pci", BATON_SIDE_SPLIT },
    { "amdgpu", "pci-stub", BATON_SIDE_HOST },
    { "vfio-pci", "vfio-pci", BATON_SIDE_GUEST },
    { "vfio-pci", NULL, BATON_SIDE_GUEST },
    { "vfio-pci", "pci-stub", BATON_SIDE_GUEST },
    { "vfio-pci", "snd_hda_intel", BATON_SIDE_SPLIT },
    { "xe-vfio-pci", "vfio-pci", BATON_SIDE_GUEST },
    { NULL, NULL, BATON_SIDE_NONE },
    { NULL, "snd_hda_intel", BATON_SIDE_NONE },
    { NULL, "vfio-pci", BATON_SIDE_SPLIT },
    { "pci-stub", NULL, BATON_SIDE_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s, %s", rows[i].display, rows[i].sound);
      mock_machine_add_gpu (mock, "0000:01:00.0", "1");
      mock_machine_set_driver (mock, "0000:01:00.0", rows[i].display);
      mock_machine_set_driver (mock, "0000:01:00.1", rows[i].sound);
      machine = mock_machine_look (mock);
      g_assert_cmpint (find_card (machine, "0000:01:00.0")->side, ==, rows[i].side);
    }
}

static void
test_guest_has_vfio_node_once (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *nodes = NULL;
  BatonCard *card;

  mock_machine_add_gpu (mock, "0000:01:00.0", "12");
  mock_machine_move_gpu_to_guest (mock, "0000:01:00.0");
  machine = mock_machine_look (mock);
  card = find_card (machine, "0000:01:00.0");
  nodes = mock_join_nodes (card->nodes);

  g_assert_cmpint (card->side, ==, BATON_SIDE_GUEST);
  g_assert_cmpstr (nodes, ==, "/dev/vfio/12");
  g_assert_cmpstr (card->display->override, ==, "vfio-pci");
  g_assert_cmpuint (card->outputs->len, ==, 0);
}

/* A function that its driver takes, or that is reset, does not tell while that lasts; what the
 * machine has besides is looked at all the same. */
static void
test_override_of_a_function_that_hangs (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *device = NULL;
  g_autofree char *fifo = NULL;
  int fd;

  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  mock_machine_add_gpu (mock, "0000:02:00.0", "2");
  mock_machine_move_gpu_to_guest (mock, "0000:02:00.0");
  device = mock_machine_dup_device_path (mock, "0000:01:00.0");
  fifo = g_build_filename (mock_machine_get_directory (mock), device, "driver_override", NULL);
  unlink (fifo);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  machine = mock_machine_look (mock);
  g_assert_null (find_card (machine, "0000:01:00.0")->display->override);
  g_assert_cmpint (find_card (machine, "0000:01:00.0")->side, ==, BATON_SIDE_HOST);
  g_assert_cmpstr (find_card (machine, "0000:02:00.0")->display->override, ==, "vfio-pci");

  /* lets the process go that waits */
  fd = open (fifo, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

/* While a driver does not let go of a device, its override cannot be read without waiting for it
 * as well (driver_override_show() in Linux 6.1). */
static void
test_override_of_a_blocked_function (void)
{
  static const struct
  {
    const char *driver;
    const char *enable;
    const char *override;
  } rows[] = {
    { "amdgpu", "1", "vfio-pci" }, { NULL, "0", "vfio-pci" }, { NULL, NULL, "vfio-pci" },
    { NULL, "1", NULL },           { NULL, "2", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("driver %s, enabled %s", rows[i].driver, rows[i].enable);
      mock_machine_add_gpu (mock, "0000:01:00.0", "12");
      mock_machine_set_driver (mock, "0000:01:00.0", rows[i].driver);
      mock_machine_set_attribute (mock, "0000:01:00.0", "driver_override", "vfio-pci");
      if (rows[i].enable != NULL)
        mock_machine_set_attribute (mock, "0000:01:00.0", "enable", rows[i].enable);
      machine = mock_machine_look (mock);

      g_assert_cmpstr (find_card (machine, "0000:01:00.0")->display->override, ==,
                       rows[i].override);
    }
}

static void
test_power (void)
{
  static const struct
  {
    const char *state;
    const char *runtime_status;
    BatonPower power;
  } rows[] = {
    { "D0", "active", BATON_POWER_D0 },
    { "D3hot", "suspended", BATON_POWER_D3HOT },
    { "D3cold", "suspended", BATON_POWER_D3COLD },
    { "unknown", "active", BATON_POWER_D0 },
    { "error", "unsupported", BATON_POWER_UNKNOWN },
    { NULL, "active", BATON_POWER_D0 },
    { NULL, "suspended", BATON_POWER_D3HOT },
    { NULL, NULL, BATON_POWER_UNKNOWN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s, %s", rows[i].state, rows[i].runtime_status);
      mock_machine_add_gpu (mock, "0000:01:00.0", "1");
      mock_machine_remove_attribute (mock, "0000:01:00.0", "power_state");
      mock_machine_remove_attribute (mock, "0000:01:00.0", "power");
      if (rows[i].state != NULL)
        mock_machine_set_attribute (mock, "0000:01:00.0", "power_state", rows[i].state);
      if (rows[i].runtime_status != NULL)
        mock_machine_set_attribute (mock, "0000:01:00.0", "power/runtime_status",
                                    rows[i].runtime_status);
      machine = mock_machine_look (mock);
      g_assert_cmpint (find_card (machine, "0000:01:00.0")->display->power, ==, rows[i].power);
    }
}

/* A device that is pulled out while it is looked at leaves a link that leads nowhere. */
static void
test_vanished_function_is_unknown (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  const BatonFunction *gone;

  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  mock_machine_add_gpu (mock, "0000:02:00.0", "2");
  mock_machine_remove (mock, "sys/devices/pci0000:02");
  machine = mock_machine_look (mock);

  g_assert_cmpuint (machine->cards->len, ==, 1);
  gone = baton_machine_find_function (machine, "0000:02:00.0");
  g_assert_nonnull (gone);
  g_assert_nonnull (gone->name);
  g_assert_null (gone->driver);
  g_assert_cmpint (gone->power, ==, BATON_POWER_UNKNOWN);
}

static void
test_names_that_are_no_address (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_write (mock, "sys/bus/pci/devices/..x/class", "0x030000\n");
  mock_machine_write (mock, "sys/bus/pci/devices/0000:01:00.0\n/class", "0x030000\n");
  machine = mock_machine_look (mock);
  g_assert_cmpuint (machine->functions->len, ==, 0);
}

static void
test_find_by_ending (void)
{
  static const struct
  {
    const char *ending;
    const char *card; /* NULL: not found */
    gboolean is_ambiguous;
  } rows[] = {
    { "0000:01:00.0", "0000:01:00.0", FALSE },
    { "01:00.0", "0000:01:00.0", TRUE },
    { "02:00.0", "0000:02:00.0", FALSE },
    { "10000:01:00.0", "10000:01:00.0", FALSE },
    { "2:00.0", NULL, FALSE },
    { "0000:01:00.1", NULL, FALSE },
    { "", NULL, FALSE },
    { "00.0", NULL, TRUE },
    { "\n", NULL, FALSE },
  };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;

  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  mock_machine_add_gpu (mock, "0000:02:00.0", "2");
  mock_machine_add_gpu (mock, "10000:01:00.0", "3");
  machine = mock_machine_look (mock);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      BatonCard *card;

      g_test_message ("%s", rows[i].ending);
      card = baton_machine_find_card_by_ending (machine, rows[i].ending, &error);
      if (rows[i].is_ambiguous)
        g_assert_error (error, BATON_ERROR, BATON_ERROR_MISMATCH);
      else if (rows[i].card == NULL)
        g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
      else
        g_assert_cmpstr (baton_card_get_address (card), ==, rows[i].card);
    }
}

static void
test_no_pci_bus (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);

  g_assert_cmpuint (machine->functions->len, ==, 0);
  g_assert_cmpuint (machine->cards->len, ==, 0);
}

/* What a look may open below a function: attributes that show what the kernel remembers
 * (drivers/pci/pci-sysfs.c). `config`, `rom`, `vpd` and `resource0` reach the hardware. */
static void
check_opened (int inotify)
{
  static const char *const harmless[] = {
    "class",
    "vendor",
    "device",
    "subsystem_vendor",
    "subsystem_device",
    "modalias",
    "driver",
    "iommu_group",
    "driver_override",
    "boot_vga",
    "removable",
    "power_state",
    "reset_method",
    "physfn",
    "drm",
    "secondary_bus_number",
    "power",
    "runtime_status",
    "control",
    "d3cold_allowed",
    NULL,
  };
  char buffer[65536] __attribute__ ((aligned (8)));
  gssize length = read (inotify, buffer, sizeof buffer);

  g_assert_cmpint (length, >, 0);
  for (gssize offset = 0; offset < length;)
    {
      const struct inotify_event *event = (gconstpointer) (buffer + offset);

      offset += (gssize) (sizeof *event + event->len);
      if (event->len == 0)
        continue; /* the directory itself */
      g_test_message ("%s", event->name);
      g_assert_true (g_strv_contains (harmless, event->name));
    }
}

static void
test_sleeping_card_sleeps_on (void)
{
  static const char *const waking[] = {
    "config", "rom", "vpd", "resource0", "enable", "d3cold_allowed", "current_link_speed"
  };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *device = NULL;
  g_autofree char *path = NULL;
  g_autofree char *power = NULL;
  int inotify = inotify_init1 (IN_CLOEXEC);

  mock_machine_add_gpu (mock, "0000:01:00.0", "1");
  mock_machine_set_attribute (mock, "0000:01:00.0", "power/runtime_status", "suspended");
  mock_machine_set_attribute (mock, "0000:01:00.0", "power_state", "D3hot");
  for (guint i = 0; i < G_N_ELEMENTS (waking); i++)
    mock_machine_set_attribute (mock, "0000:01:00.0", waking[i], "");
  device = mock_machine_dup_device_path (mock, "0000:01:00.0");
  path = g_build_filename (mock_machine_get_directory (mock), device, NULL);
  power = g_build_filename (path, "power", NULL);
  g_assert_cmpint (inotify_add_watch (inotify, path, IN_OPEN), >=, 0);
  g_assert_cmpint (inotify_add_watch (inotify, power, IN_OPEN), >=, 0);

  machine = mock_machine_look (mock);
  g_assert_cmpuint (machine->cards->len, ==, 1);
  check_opened (inotify);
  close (inotify);
}

/* Nobody asks a card that sleeps, or that a guest may be resetting. */
static void
test_silent_card (void)
{
  static const struct
  {
    const char *about;
    const char *status;
    const char *state;
    const char *driver;
    const char *config;
    gboolean is_silent;
  } rows[] = {
    { "awake and there", "active", "D0", "amdgpu", "\x02\x10", FALSE },
    { "awake and gone", "active", "D0", "amdgpu", "\xff\xff", TRUE },
    { "asleep", "suspended", "D3hot", "amdgpu", "\xff\xff", FALSE },
    { "falling asleep", "suspending", "D0", "amdgpu", "\xff\xff", FALSE },
    { "with a guest", "active", "D0", "vfio-pci", "\xff\xff", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s", rows[i].about);
      mock_machine_add_gpu (mock, "0000:01:00.0", "1");
      mock_machine_set_driver (mock, "0000:01:00.0", rows[i].driver);
      mock_machine_set_attribute (mock, "0000:01:00.0", "power/runtime_status", rows[i].status);
      mock_machine_set_attribute (mock, "0000:01:00.0", "power_state", rows[i].state);
      mock_machine_write_bytes (mock, "sys/bus/pci/devices/0000:01:00.0/config", rows[i].config,
                                2);
      machine = mock_machine_look (mock);
      g_assert_true (baton_card_is_answering (machine->cards->pdata[0]) != rows[i].is_silent);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine/built-in-driver", test_built_in_driver);
  g_test_add_func ("/core/machine/card-is-read-whole", test_card_is_read_whole);
  g_test_add_func ("/core/machine/sides", test_sides);
  g_test_add_func ("/core/machine/guest-has-vfio-node-once", test_guest_has_vfio_node_once);
  g_test_add_func ("/core/machine/blocked-override", test_override_of_a_blocked_function);
  g_test_add_func ("/core/machine/hanging-override", test_override_of_a_function_that_hangs);
  g_test_add_func ("/core/machine/power", test_power);
  g_test_add_func ("/core/machine/silent-card", test_silent_card);
  g_test_add_func ("/core/machine/sleeping-card-sleeps-on", test_sleeping_card_sleeps_on);
  g_test_add_func ("/core/machine/vanished", test_vanished_function_is_unknown);
  g_test_add_func ("/core/machine/no-address", test_names_that_are_no_address);
  g_test_add_func ("/core/machine/find-by-ending", test_find_by_ending);
  g_test_add_func ("/core/machine/no-pci-bus", test_no_pci_bus);

  return g_test_run ();
}
