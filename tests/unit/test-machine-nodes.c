/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock-machine.h"

#define CARD "0000:01:00.0"
#define SOUND_FUNCTION "0000:01:00.1"

static MockMachine *
new_bare_card (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_function (mock, CARD, 0x030000, "1002:73bf", NULL, "1", "amdgpu");
  mock_machine_add_function (mock, SOUND_FUNCTION, 0x040300, "1002:ab28", NULL, "1",
                             "snd_hda_intel");
  return mock;
}

static void
test_what_is_a_node_of_the_card (void)
{
  static const struct
  {
    const char *function;
    const char *below;
    const char *name;
    guint major;
    guint minor;
    gboolean is_ours;
    BatonNodeKind kind;
  } rows[] = {
    { CARD, "drm/card1", "dri/card1", 226, 1, TRUE, BATON_NODE_DRM_PRIMARY },
    { CARD, "drm/renderD129", "dri/renderD129", 226, 129, TRUE, BATON_NODE_DRM_RENDER },
    { CARD, "virtio1/drm/card1", "dri/card1", 226, 1, TRUE, BATON_NODE_DRM_PRIMARY },
    { CARD, "graphics/fb0", "fb0", 29, 0, TRUE, BATON_NODE_FRAMEBUFFER },
    { CARD, "i2c-5/i2c-dev/i2c-5", "i2c-5", 89, 5, TRUE, BATON_NODE_I2C },
    { CARD, "drm/card1/card1-DP-1/i2c-9/i2c-dev/i2c-9", "i2c-9", 89, 9, TRUE, BATON_NODE_I2C },
    { CARD, "drm/card1/card1-DP-1/drm_dp_aux0", "drm_dp_aux0", 238, 0, TRUE, BATON_NODE_OTHER },
    { CARD, "vfio-dev/vfio0", "vfio/devices/vfio0", 511, 0, TRUE, BATON_NODE_VFIO_DEVICE },
    { SOUND_FUNCTION, "sound/card1/controlC1", "snd/controlC1", 116, 8, TRUE,
      BATON_NODE_SOUND },
    { SOUND_FUNCTION, "sound/card1/pcmC1D3p", "snd/pcmC1D3p", 116, 9, TRUE, BATON_NODE_SOUND },
    { SOUND_FUNCTION, "hdaudioC1D0/hwC1D0", "snd/hwC1D0", 116, 10, TRUE, BATON_NODE_SOUND },
    { SOUND_FUNCTION, "sound/card1/input12/event12", "input/event12", 13, 76, FALSE, 0 },
    { CARD, "usb3/3-1/block/sda", "sda", 8, 0, FALSE, 0 },
    { CARD, "0000:02:00.0/hidraw0", "hidraw0", 250, 0, FALSE, 0 },
    { CARD, "drm/card1", "../../etc/passwd", 226, 1, FALSE, 0 },
    { CARD, "drm/card1", "/etc/passwd", 226, 1, FALSE, 0 },
    { CARD, "drm/card1", "dri/\xff", 226, 1, FALSE, 0 },
    { CARD, "drm/card1", "", 226, 1, FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_bare_card ();
      g_autoptr (BatonMachine) machine = NULL;
      const BatonCard *card;
      const BatonNode *node;
      g_autofree char *path = g_build_filename ("/dev", rows[i].name, NULL);

      g_test_message ("%s", rows[i].below);
      mock_machine_add_node (mock, rows[i].function, rows[i].below, rows[i].name, rows[i].major,
                             rows[i].minor);
      if (g_str_has_suffix (rows[i].below, "event12") ||
          g_str_has_suffix (rows[i].below, "sda"))
        {
          g_autofree char *device = mock_machine_dup_device_path (mock, rows[i].function);
          g_autofree char *link = g_build_filename (device, rows[i].below, "subsystem", NULL);

          mock_machine_link (mock, link,
                             g_str_has_suffix (rows[i].below, "sda") ? "sys/class/block"
                                                                     : "sys/class/input");
        }
      machine = mock_machine_look (mock);
      card = baton_machine_find_card (machine, CARD);
      g_assert_cmpuint (card->nodes->len, ==, rows[i].is_ours ? 1 : 0);
      if (!rows[i].is_ours)
        continue;

      node = g_ptr_array_index (card->nodes, 0);
      g_assert_cmpstr (node->path, ==, path);
      g_assert_cmpstr (node->function, ==, rows[i].function);
      g_assert_cmpint (node->kind, ==, rows[i].kind);
      g_assert_cmpuint (node->major, ==, rows[i].major);
      g_assert_cmpuint (node->minor, ==, rows[i].minor);
    }
}

#define USB_FUNCTION "0000:01:00.2"
#define KEYBOARD_KEYS "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
#define VOLUME_KEYS "e000000000000 0"

static void
test_what_is_plugged_in (void)
{
  static const struct
  {
    const char *name;
    guint32 class_code;
    const char *driver;
    const char *attributes[3][2];
    const char *plugged; /* kind, name and device, or "" */
  } rows[] = {
    { "a disk behind a hub",
      0x0c0330,
      "xhci_hcd",
      { { "usb3/product", "xHCI Host Controller" },
        { "usb3/3-1/3-1.2/product", "Ultra Fit" },
        { "usb3/3-1/3-1.2/3-1.2:1.0/host6/target6:0:0/6:0:0:0/block/sda/size", "120127488" } },
      "0 sda Ultra Fit" },
    { "a reader without a card",
      0x0c0330,
      "xhci_hcd",
      { { "usb3/3-1/product", "Card Reader" },
        { "usb3/3-1/3-1:1.0/host6/target6:0:0/6:0:0:0/block/sda/size", "0" } },
      "" },
    { "a network interface without a product's name",
      0x0c0330,
      "xhci_hcd",
      { { "usb3/3-1/3-1:1.0/net/enx001122334455/address", "00:11:22:33:44:55" } },
      "1 enx001122334455 enx001122334455" },
    { "a keyboard",
      0x0c0330,
      "xhci_hcd",
      { { "usb3/3-1/product", "Receiver" },
        { "usb3/3-1/3-1:1.0/0003:046D:C31C.0001/input/input5/name", "Some\x1bKeyboard" },
        { "usb3/3-1/3-1:1.0/0003:046D:C31C.0001/input/input5/capabilities/key",
          KEYBOARD_KEYS } },
      "2 input5 Some\x1bKeyboard" },
    { "a headset",
      0x0c0330,
      "xhci_hcd",
      { { "usb3/3-1/3-1:1.3/0003:046D:0A9C.0002/input/input6/name", "Headset" },
        { "usb3/3-1/3-1:1.3/0003:046D:0A9C.0002/input/input6/capabilities/key", VOLUME_KEYS } },
      "" },
    { "with a guest",
      0x0c0330,
      "vfio-pci",
      { { "usb3/3-1/3-1:1.0/net/usb0/address", "00:11:22:33:44:55" } },
      NULL },
    { "no USB controller",
      0x0c8000,
      "nvidia-gpu",
      { { "usb3/3-1/3-1:1.0/net/usb0/address", "00:11:22:33:44:55" } },
      NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_bare_card ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autoptr (GString) found = g_string_new (NULL);
      const BatonFunction *function;

      g_test_message ("%s", rows[i].name);
      mock_machine_add_function (mock, USB_FUNCTION, rows[i].class_code, "1002:73a6", NULL, "1",
                                 rows[i].driver);
      for (guint j = 0; j < 3 && rows[i].attributes[j][0] != NULL; j++)
        mock_machine_set_attribute (mock, USB_FUNCTION, rows[i].attributes[j][0],
                                    rows[i].attributes[j][1]);
      machine = mock_machine_look (mock);
      function = baton_machine_find_function (machine, USB_FUNCTION);
      if (rows[i].plugged == NULL)
        {
          g_assert_null (function->plugged);
          continue;
        }

      for (guint j = 0; j < function->plugged->len; j++)
        {
          const BatonPlugged *plugged = g_ptr_array_index (function->plugged, j);

          g_string_append_printf (found, "%d %s %s", plugged->kind, plugged->name,
                                  plugged->device);
        }
      g_assert_cmpstr (found->str, ==, rows[i].plugged);
    }
}

static void
add_nvidia_card (MockMachine *mock, const char *address, const char *status, guint minor)
{
  g_autofree char *path =
      g_strconcat ("proc/driver/nvidia/gpus/", address, "/information", NULL);
  g_autofree char *text =
      g_strdup_printf ("Model: \t\t NVIDIA GeForce GTX 1070\nDevice Minor: \t %u\n", minor);

  mock_machine_add_function (mock, address, 0x030000, "10de:1b81", NULL, NULL, "nvidia");
  mock_machine_set_attribute (mock, address, "power/runtime_status", status);
  mock_machine_write (mock, path, text);
}

/* NVIDIA's driver wakes the card for whoever reads `information`, so that of a sleeping one
 * is not believed here to have been read: its number there is one that cannot be. */
static void
test_nvidia_nodes (void)
{
  static const struct
  {
    const char *name;
    const char *first_status;
    guint first_minor;
    const char *second_status; /* NULL: there is none */
    guint second_minor;
    const char *first;
    const char *second;
  } rows[] = {
    { "awake", "active", 1, NULL, 0, "/dev/nvidia1", NULL },
    { "asleep, alone", "suspended", 99, NULL, 0, "/dev/nvidia0", NULL },
    { "both awake", "active", 1, "active", 0, "/dev/nvidia1", "/dev/nvidia0" },
    { "one asleep", "suspended", 99, "active", 0, "/dev/nvidia1", "/dev/nvidia0" },
    { "the other asleep", "active", 0, "suspending", 99, "/dev/nvidia0", "/dev/nvidia1" },
    { "both asleep", "suspended", 98, "suspended", 99, "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autofree char *first = NULL;

      g_test_message ("%s", rows[i].name);
      add_nvidia_card (mock, "0000:01:00.0", rows[i].first_status, rows[i].first_minor);
      if (rows[i].second_status != NULL)
        add_nvidia_card (mock, "0000:02:00.0", rows[i].second_status, rows[i].second_minor);
      machine = mock_machine_look (mock);
      first = mock_join_nodes (baton_machine_find_card (machine, "0000:01:00.0")->nodes);
      g_assert_cmpstr (first, ==, rows[i].first);
      if (rows[i].second != NULL)
        {
          const BatonCard *card = baton_machine_find_card (machine, "0000:02:00.0");
          g_autofree char *second = mock_join_nodes (card->nodes);

          g_assert_cmpstr (second, ==, rows[i].second);
        }
    }
}

/* A card that hangs keeps whoever asks its driver; which number a sleeping one has is not to be
 * concluded without it. */
static void
test_nvidia_that_hangs (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *fifo =
      g_build_filename (mock_machine_get_directory (mock),
                        "proc/driver/nvidia/gpus/0000:02:00.0/information", NULL);
  int fd;

  add_nvidia_card (mock, "0000:01:00.0", "active", 1);
  add_nvidia_card (mock, "0000:02:00.0", "active", 0);
  add_nvidia_card (mock, "0000:03:00.0", "suspended", 99);
  g_assert_cmpint (unlink (fifo), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  machine = mock_machine_look (mock);

  for (guint i = 0; i < 3; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);
      g_autofree char *nodes = mock_join_nodes (card->nodes);

      g_assert_cmpstr (nodes, ==, i == 0 ? "/dev/nvidia1" : "");
    }

  /* lets the process go that waits */
  fd = open (fifo, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
}

static void
test_outputs (void)
{
  g_autoptr (MockMachine) mock = new_bare_card ();
  g_autoptr (BatonMachine) machine = NULL;
  const BatonCard *card;
  static const struct
  {
    const char *name;
    gboolean connected;
    const char *monitor;
  } rows[] = {
    { "DP-1", TRUE, "DELL U2720Q" },
    { "DP-2", FALSE, NULL },
    { "Virtual-1", TRUE, NULL },
  };

  mock_machine_add_node (mock, CARD, "drm/card1", "dri/card1", 226, 1);
  mock_machine_set_output (mock, CARD, "DP-1", "DELL U2720Q");
  mock_machine_set_output (mock, CARD, "DP-2", NULL);
  mock_machine_set_output (mock, CARD, "Virtual-1", "");
  mock_machine_set_output (mock, CARD, "Writeback-1", NULL);
  machine = mock_machine_look (mock);
  card = baton_machine_find_card (machine, CARD);

  g_assert_cmpuint (card->outputs->len, ==, G_N_ELEMENTS (rows));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const BatonOutput *output = g_ptr_array_index (card->outputs, i);

      g_test_message ("%s", rows[i].name);
      g_assert_cmpstr (output->name, ==, rows[i].name);
      g_assert_cmpint (output->connected, ==, rows[i].connected);
      g_assert_cmpstr (output->monitor, ==, rows[i].monitor);
    }
}

/* virtio's DRM device hangs below the virtio device, not below the function. */
static void
test_outputs_one_level_down (void)
{
  g_autoptr (MockMachine) mock = new_bare_card ();
  g_autoptr (BatonMachine) machine = NULL;
  const BatonCard *card;
  g_autofree char *device = mock_machine_dup_device_path (mock, CARD);
  g_autofree char *drm = g_build_filename (device, "virtio1/drm/card0", NULL);
  g_autofree char *status = g_build_filename (drm, "card0-Virtual-1/status", NULL);

  mock_machine_add_node (mock, CARD, "virtio1/drm/card0", "dri/card0", 226, 0);
  mock_machine_write (mock, status, "connected\n");
  mock_machine_link (mock, "sys/class/drm/card0", drm);
  machine = mock_machine_look (mock);
  card = baton_machine_find_card (machine, CARD);

  g_assert_cmpuint (card->outputs->len, ==, 1);
  g_assert_true (((BatonOutput *) g_ptr_array_index (card->outputs, 0))->connected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/machine-nodes/of-the-card", test_what_is_a_node_of_the_card);
  g_test_add_func ("/core/machine-nodes/plugged-in", test_what_is_plugged_in);
  g_test_add_func ("/core/machine-nodes/nvidia", test_nvidia_nodes);
  g_test_add_func ("/core/machine-nodes/nvidia-hangs", test_nvidia_that_hangs);
  g_test_add_func ("/core/machine-nodes/outputs", test_outputs);
  g_test_add_func ("/core/machine-nodes/outputs-one-level-down", test_outputs_one_level_down);

  return g_test_run ();
}
