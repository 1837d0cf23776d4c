/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "mock-machine.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "baton-pci-address.h"

#define DRM_MAJOR 226
#define SOUND_MAJOR 116
#define VFIO_MAJOR 240

struct _MockMachine
{
  char *directory;
  BatonRoot *root;
  GHashTable *devices; /* address -> directory below the top */
  GHashTable *aliases; /* address -> line of modprobe.d */
  guint n_cards;
};

static void
write_kernel (MockMachine *self)
{
  mock_machine_write (self, "proc/sys/kernel/osrelease", MOCK_RELEASE "\n");
  mock_machine_set_command_line (self, "root=/dev/sda1 ro quiet");
  mock_machine_write (self, "proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
  mock_machine_write (self, "proc/meminfo", "MemTotal:       16000000 kB\n");
  mock_machine_write (self, "proc/1/comm", "systemd\n");
  mock_machine_write (self, "usr/lib/modules/" MOCK_RELEASE "/modules.dep",
                      "kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/vfio.ko\n");
}

MockMachine *
mock_machine_new (void)
{
  MockMachine *self = g_new0 (MockMachine, 1);
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("baton-mock-XXXXXX", &error);
  g_assert_no_error (error);
  self->devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->aliases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  write_kernel (self);
  mock_machine_link (self, "lib", "usr/lib");
  mock_machine_write (self, "sys/firmware/acpi/tables/DMAR", "");
  mock_machine_write (self, "sys/devices/virtual/iommu/dmar0/uevent", "");
  mock_machine_link (self, "sys/class/iommu/dmar0", "sys/devices/virtual/iommu/dmar0");

  return self;
}

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
  return remove (path);
}

void
mock_machine_free (MockMachine *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->root, baton_root_unref);
  nftw (self->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_hash_table_unref (self->devices);
  g_hash_table_unref (self->aliases);
  g_free (self->directory);
  g_free (self);
}

const char *
mock_machine_get_directory (MockMachine *self)
{
  return self->directory;
}

/* Parts are opened once, so this is for after the tree was built. */
BatonRoot *
mock_machine_get_root (MockMachine *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->root, baton_root_unref);
  self->root = baton_root_new_for_directory (self->directory, &error);
  g_assert_no_error (error);

  return self->root;
}

BatonMachine *
mock_machine_look (MockMachine *self)
{
  g_autoptr (GError) error = NULL;
  BatonMachine *machine = baton_machine_new (mock_machine_get_root (self), &error);

  g_assert_no_error (error);
  g_assert_nonnull (machine);
  return machine;
}

static char *
build_path (MockMachine *self, const char *path)
{
  g_autofree char *full = g_build_filename (self->directory, path, NULL);
  g_autofree char *directory = g_path_get_dirname (full);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  return g_steal_pointer (&full);
}

void
mock_machine_write_bytes (MockMachine *self, const char *path, gconstpointer data, gsize size)
{
  g_autofree char *full = build_path (self, path);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (full, data, (gssize) size, &error);
  g_assert_no_error (error);
}

void
mock_machine_write (MockMachine *self, const char *path, const char *text)
{
  mock_machine_write_bytes (self, path, text, strlen (text));
}

/* Both paths are below the top; the link itself is relative and as short as it can be,
 * as sysfs makes them: one that went up to the top would leave its part. */
void
mock_machine_link (MockMachine *self, const char *path, const char *target_path)
{
  g_autofree char *full = build_path (self, path);
  g_autoptr (GString) target = g_string_new (NULL);
  gsize shared = 0;

  for (gsize i = 0; path[i] != '\0' && path[i] == target_path[i]; i++)
    {
      if (path[i] == '/')
        shared = i + 1;
    }
  for (const char *c = path + shared; *c != '\0'; c++)
    {
      if (*c == '/')
        g_string_append (target, "../");
    }
  g_string_append (target, target_path + shared);

  unlink (full);
  g_assert_cmpint (symlink (target->str, full), ==, 0);
}

void
mock_machine_remove (MockMachine *self, const char *path)
{
  g_autofree char *full = build_path (self, path);

  nftw (full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
mock_machine_set_command_line (MockMachine *self, const char *command_line)
{
  g_autofree char *line = g_strconcat ("BOOT_IMAGE=/vmlinuz ", command_line, "\n", NULL);

  mock_machine_write (self, "proc/cmdline", line);
}

/* As the kernel shows it with the firmware's table there and nothing enabled. */
void
mock_machine_set_iommu_off (MockMachine *self)
{
  GHashTableIter iter;
  gpointer address;

  mock_machine_remove (self, "sys/class/iommu/dmar0");
  g_hash_table_iter_init (&iter, self->devices);
  while (g_hash_table_iter_next (&iter, &address, NULL))
    mock_machine_set_group (self, address, NULL);
}

/* A handoff is under way, as /run/baton/lock and /proc/locks show it. */
void
mock_machine_hold_lock (MockMachine *self, const char *handoff)
{
  g_autofree char *lock = build_path (self, "run/baton/lock");
  g_autofree char *line = NULL;
  struct stat info;

  mock_machine_write (self, "run/baton/lock", handoff);
  g_assert_cmpint (stat (lock, &info), ==, 0);
  line = g_strdup_printf ("1: POSIX  ADVISORY  WRITE 1 00:01:7 0 EOF\n"
                          "2: FLOCK  ADVISORY  WRITE 4711 %02x:%02x:%lu 0 EOF\n",
                          major (info.st_dev), minor (info.st_dev), (gulong) info.st_ino);
  mock_machine_write (self, "proc/locks", line);
}

char *
mock_machine_dup_device_path (MockMachine *self, const char *address)
{
  const char *path = g_hash_table_lookup (self->devices, address);

  g_assert_nonnull (path);
  return g_strdup (path);
}

void
mock_machine_set_attribute (MockMachine *self,
                            const char *address,
                            const char *attribute,
                            const char *value)
{
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *path = g_build_filename (device, attribute, NULL);
  g_autofree char *line = g_strconcat (value, "\n", NULL);

  mock_machine_write (self, path, line);
}

void
mock_machine_remove_attribute (MockMachine *self, const char *address, const char *name)
{
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *path = g_build_filename (device, name, NULL);

  mock_machine_remove (self, path);
}

/* @module: NULL for a driver that is built in */
void
mock_machine_add_driver (MockMachine *self, const char *driver, const char *module)
{
  g_autofree char *directory = g_build_filename ("sys/bus/pci/drivers", driver, NULL);
  g_autofree char *bind = g_build_filename (directory, "bind", NULL);
  g_autofree char *link = g_build_filename (directory, "module", NULL);
  g_autofree char *target = NULL;
  g_autofree char *refcount = NULL;

  mock_machine_write (self, bind, "");
  if (module == NULL)
    return;

  target = g_build_filename ("sys/module", module, NULL);
  refcount = g_build_filename (target, "refcnt", NULL);
  mock_machine_write (self, refcount, "0\n");
  mock_machine_link (self, link, target);
}

void
mock_machine_set_driver (MockMachine *self, const char *address, const char *driver)
{
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *link = g_build_filename (device, "driver", NULL);
  g_autofree char *target = NULL;
  g_autofree char *full = NULL;
  g_autofree char *module = NULL;

  mock_machine_remove (self, link);
  if (driver == NULL)
    return;

  target = g_build_filename ("sys/bus/pci/drivers", driver, NULL);
  full = g_build_filename (self->directory, target, NULL);
  module = g_strdelimit (g_strdup (driver), "-", '_');
  if (!g_file_test (full, G_FILE_TEST_EXISTS))
    mock_machine_add_driver (self, driver, module);
  mock_machine_link (self, link, target);
}

void
mock_machine_set_group (MockMachine *self, const char *address, const char *group)
{
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *link = g_build_filename (device, "iommu_group", NULL);
  g_autofree char *directory = NULL;
  g_autofree char *member = NULL;

  mock_machine_remove (self, link);
  if (group == NULL)
    return;

  directory = g_build_filename ("sys/kernel/iommu_groups", group, NULL);
  member = g_build_filename (directory, "devices", address, NULL);
  mock_machine_link (self, member, device);
  mock_machine_link (self, link, directory);
}

static void
add_device (MockMachine *self, const char *address, const char *parent)
{
  g_autofree char *above = NULL;
  g_autofree char *link = g_build_filename ("sys/bus/pci/devices", address, NULL);
  char *device;

  if (parent != NULL)
    above = mock_machine_dup_device_path (self, parent);
  else
    above = g_strdup_printf ("sys/devices/pci%.*s", (int) (strrchr (address, ':') - address),
                             address);

  device = g_build_filename (above, address, NULL);
  g_hash_table_insert (self->devices, g_strdup (address), device);
  mock_machine_link (self, link, device);
}

static void
set_ids (MockMachine *self, const char *address, guint32 class_code, const char *ids)
{
  guint vendor = 0, device = 0, subvendor = 0, subdevice = 0;
  g_autofree char *class_text = g_strdup_printf ("0x%06x", class_code);
  g_autofree char *modalias = NULL;
  const struct
  {
    const char *attribute;
    const guint *value;
  } rows[] = {
    { "vendor", &vendor },
    { "device", &device },
    { "subsystem_vendor", &subvendor },
    { "subsystem_device", &subdevice },
  };

  g_assert_cmpint (sscanf (ids, "%x:%x:%x:%x", &vendor, &device, &subvendor, &subdevice), >=,
                   2);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf ("0x%04x", *rows[i].value);

      mock_machine_set_attribute (self, address, rows[i].attribute, text);
    }

  mock_machine_set_attribute (self, address, "class", class_text);
  modalias = g_strdup_printf ("pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X", vendor, device,
                              subvendor, subdevice, class_code >> 16, (class_code >> 8) & 0xff,
                              class_code & 0xff);
  mock_machine_set_attribute (self, address, "modalias", modalias);
}

/* @ids: "vendor:device" or "vendor:device:subvendor:subdevice", hexadecimal */
void
mock_machine_add_function (MockMachine *self,
                           const char *address,
                           guint32 class_code,
                           const char *ids,
                           const char *parent,
                           const char *group,
                           const char *driver)
{
  g_assert_true (baton_pci_address_is_valid (address));

  add_device (self, address, parent);
  set_ids (self, address, class_code, ids);
  mock_machine_set_attribute (self, address, "driver_override", "(null)");
  mock_machine_set_attribute (self, address, "power_state", "D0");
  mock_machine_set_attribute (self, address, "power/runtime_status", "active");
  mock_machine_set_attribute (self, address, "power/control", "on");
  mock_machine_set_attribute (self, address, "d3cold_allowed", "1");
  if (class_code >> 8 == 0x0300)
    mock_machine_set_attribute (self, address, "boot_vga", "0");
  if (class_code >> 16 != 0x06)
    mock_machine_set_attribute (self, address, "reset_method", "flr bus");

  mock_machine_set_group (self, address, group);
  mock_machine_set_driver (self, address, driver);
}

void
mock_machine_add_bridge (MockMachine *self,
                         const char *address,
                         const char *ids,
                         const char *parent,
                         const char *group)
{
  mock_machine_add_function (self, address, 0x060400, ids, parent, group, "pcieport");
  mock_machine_set_attribute (self, address, "secondary_bus_number", "1");
}

/* @below: where the node hangs in the device's directory, such as "drm/card0" */
void
mock_machine_add_node (MockMachine *self,
                       const char *address,
                       const char *below,
                       const char *name,
                       guint major,
                       guint minor)
{
  g_autofree char *numbers = g_strdup_printf ("%u:%u", major, minor);
  g_autofree char *uevent =
      g_strdup_printf ("MAJOR=%u\nMINOR=%u\nDEVNAME=%s", major, minor, name);
  g_autofree char *dev_path = g_build_filename (below, "dev", NULL);
  g_autofree char *uevent_path = g_build_filename (below, "uevent", NULL);

  mock_machine_set_attribute (self, address, dev_path, numbers);
  mock_machine_set_attribute (self, address, uevent_path, uevent);
}

static char *
find_drm_card (MockMachine *self, const char *address)
{
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *drm = g_build_filename (self->directory, device, "drm", NULL);
  g_autoptr (GDir) directory = g_dir_open (drm, 0, NULL);
  const char *name;

  g_assert_nonnull (directory);
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      if (g_str_has_prefix (name, "card"))
        return g_strdup (name);
    }

  g_assert_not_reached ();
}

/* @monitor: name in its EDID; "" for a monitor without a name, NULL for none plugged in */
void
mock_machine_set_output (MockMachine *self,
                         const char *address,
                         const char *connector,
                         const char *monitor)
{
  g_autofree char *card = find_drm_card (self, address);
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *directory =
      g_strdup_printf ("%s/drm/%s/%s-%s", device, card, card, connector);
  g_autofree char *status = g_build_filename (directory, "status", NULL);
  g_autofree char *edid = g_build_filename (directory, "edid", NULL);
  guint8 block[128] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };

  mock_machine_write (self, status, monitor != NULL ? "connected\n" : "disconnected\n");
  if (monitor == NULL)
    {
      mock_machine_write (self, edid, "");
      return;
    }

  if (*monitor != '\0')
    {
      block[72 + 3] = 0xfc;
      memset (block + 72 + 5, ' ', 13);
      memcpy (block + 72 + 5, monitor, MIN (strlen (monitor), 13));
      if (strlen (monitor) < 13)
        block[72 + 5 + strlen (monitor)] = '\n';
    }
  mock_machine_write_bytes (self, edid, block, sizeof block);
}

/* What depmod would have found for the function: @module, or nothing for NULL. */
void
mock_machine_set_modules (MockMachine *self, const char *address, const char *module)
{
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *path = g_build_filename (self->directory, device, "modalias", NULL);
  g_autofree char *modalias = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  GHashTableIter iter;
  gpointer line;

  g_assert_true (g_file_get_contents (path, &modalias, NULL, NULL));
  g_strstrip (modalias);
  g_hash_table_remove (self->aliases, address);
  if (module != NULL)
    g_hash_table_insert (self->aliases, g_strdup (address),
                         g_strdup_printf ("alias %s %s\n", modalias, module));

  g_hash_table_iter_init (&iter, self->aliases);
  while (g_hash_table_iter_next (&iter, NULL, &line))
    g_string_append (lines, line);
  mock_machine_write (self, "usr/lib/modprobe.d/mock-aliases.conf", lines->str);
}

static char *
find_companion (const char *address)
{
  BatonPciAddress parsed;

  g_assert_true (baton_pci_address_parse (address, &parsed, NULL));
  parsed.function = 1;
  return baton_pci_address_to_string (&parsed);
}

static void
add_host_nodes (MockMachine *self, const char *address, const char *sound, guint n)
{
  guint render = 128 + n;
  const struct
  {
    const char *function;
    char *below;
    char *name;
    guint major;
    guint minor;
  } rows[] = {
    { address, g_strdup_printf ("drm/card%u", n), g_strdup_printf ("dri/card%u", n), DRM_MAJOR,
      n },
    { address, g_strdup_printf ("drm/renderD%u", render),
      g_strdup_printf ("dri/renderD%u", render), DRM_MAJOR, render },
    { sound, g_strdup_printf ("sound/card%u/controlC%u", n, n),
      g_strdup_printf ("snd/controlC%u", n), SOUND_MAJOR, 16 * n },
    { sound, g_strdup_printf ("sound/card%u/pcmC%uD3p", n, n),
      g_strdup_printf ("snd/pcmC%uD3p", n), SOUND_MAJOR, 16 * n + 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      mock_machine_add_node (self, rows[i].function, rows[i].below, rows[i].name, rows[i].major,
                             rows[i].minor);
      g_free (rows[i].below);
      g_free (rows[i].name);
    }
}

void
mock_machine_add_gpu (MockMachine *self, const char *address, const char *group)
{
  g_autofree char *sound = find_companion (address);
  guint n = self->n_cards++;

  mock_machine_add_function (self, address, 0x030000, "1002:73bf:1da2:e438", NULL, group,
                             "amdgpu");
  mock_machine_add_function (self, sound, 0x040300, "1002:ab28:1002:ab28", NULL, group,
                             "snd_hda_intel");
  mock_machine_set_attribute (self, address, "boot_vga", n == 0 ? "1" : "0");
  mock_machine_set_modules (self, address, "amdgpu");
  mock_machine_set_modules (self, sound, "snd_hda_intel");
  add_host_nodes (self, address, sound, n);
  mock_machine_set_output (self, address, "DP-1", "Mock Monitor");
  mock_machine_set_output (self, address, "HDMI-A-1", NULL);
}

void
mock_machine_move_gpu_to_guest (MockMachine *self, const char *address)
{
  g_autofree char *sound = find_companion (address);
  g_autofree char *device = mock_machine_dup_device_path (self, address);
  g_autofree char *link = g_build_filename (self->directory, device, "iommu_group", NULL);
  g_autofree char *target = g_file_read_link (link, NULL);
  const char *const functions[] = { address, sound };

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    {
      mock_machine_remove_attribute (self, functions[i], "drm");
      mock_machine_remove_attribute (self, functions[i], "sound");
      mock_machine_set_driver (self, functions[i], "vfio-pci");
      mock_machine_set_attribute (self, functions[i], "driver_override", "vfio-pci");
    }

  if (target != NULL)
    {
      g_autofree char *group = g_path_get_basename (target);
      g_autofree char *path = g_strconcat ("sys/class/vfio/", group, "/dev", NULL);
      g_autofree char *numbers = g_strdup_printf ("%u:%s\n", VFIO_MAJOR, group);

      mock_machine_write (self, path, numbers);
    }
}

char *
mock_join_addresses (GPtrArray *functions)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (functions, i);

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", function->address);
    }

  return g_string_free (text, FALSE);
}

char *
mock_join_nodes (GPtrArray *nodes)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (nodes, i);

      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", node->path);
    }

  return g_string_free (text, FALSE);
}
