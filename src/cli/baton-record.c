/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-record.h"

#include <string.h>

#include "baton-pci-names.h"
#include "baton-record-tree.h"

/* E-EDID: a block, its header, and where the second descriptor is */
#define EDID_BYTES 128
#define EDID_DESCRIPTOR 72
#define EDID_TEXT_BYTES 13

typedef struct
{
  /* borrowed */
  BatonMachine *machine;

  /* owned */
  BatonRecordTree tree;
  BatonPciNames *names;
} Record;

static char *
build_device_path (Record *self, const BatonFunction *function)
{
  const BatonFunction *parent = baton_machine_find_function (self->machine, function->parent);
  const char *last_colon = strrchr (function->address, ':');

  if (parent != NULL)
    {
      g_autofree char *above = build_device_path (self, parent);

      return g_build_filename (above, function->address, NULL);
    }

  {
    g_autofree char *bus = g_strdup_printf (
        "devices/pci%.*s", (int) (last_colon - function->address), function->address);
    g_autofree char *above = baton_record_tree_build_path (BATON_ROOT_SYS, bus);

    return g_build_filename (above, function->address, NULL);
  }
}

static void
write_attribute (Record *self, const char *device, const char *attribute, const char *value)
{
  g_autofree char *path = g_build_filename (device, attribute, NULL);
  g_autofree char *line = NULL;

  if (value == NULL)
    return;
  line = g_strconcat (value, "\n", NULL);
  baton_record_tree_write (&self->tree, path, line);
}

static void
write_number (
    Record *self, const char *device, const char *attribute, const char *format, guint value)
{
  g_autofree char *text = NULL;

  if (strcmp (format, "0x%06x") == 0)
    text = g_strdup_printf ("0x%06x", value);
  else
    text = g_strdup_printf ("0x%04x", value);
  write_attribute (self, device, attribute, text);
}

static void
link_sys (
    Record *self, const char *device, const char *name, const char *directory, const char *to)
{
  g_autofree char *path = g_build_filename (device, name, NULL);
  g_autofree char *below = NULL;
  g_autofree char *target = NULL;

  if (to == NULL)
    return;
  below = g_build_filename (directory, to, NULL);
  target = baton_record_tree_build_path (BATON_ROOT_SYS, below);
  baton_record_tree_link (&self->tree, path, target);
}

static void
write_driver (Record *self, const BatonFunction *function)
{
  g_autofree char *below = NULL;
  g_autofree char *driver = NULL;
  g_autofree char *bind = NULL;

  if (function->driver == NULL)
    return;

  below = g_build_filename ("bus/pci/drivers", function->driver, NULL);
  driver = baton_record_tree_build_path (BATON_ROOT_SYS, below);
  bind = g_build_filename (driver, "bind", NULL);
  baton_record_tree_write (&self->tree, bind, "");
  link_sys (self, driver, "module", "module", function->driver_module);
}

/* The kernel's directories below a function differ from driver to driver; a look finds a
 * node wherever it hangs, so that its own name is place enough. */
static char *
build_node_path (const char *device, const BatonNode *node)
{
  static const char *const directories[] = {
    [BATON_NODE_DRM_PRIMARY] = "drm",      [BATON_NODE_DRM_RENDER] = "drm",
    [BATON_NODE_FRAMEBUFFER] = "graphics", [BATON_NODE_SOUND] = "sound",
    [BATON_NODE_I2C] = "i2c-dev",          [BATON_NODE_VFIO_GROUP] = NULL,
    [BATON_NODE_VFIO_DEVICE] = "vfio-dev", [BATON_NODE_NVIDIA] = NULL,
    [BATON_NODE_OTHER] = "other",
  };
  g_autofree char *name = g_path_get_basename (node->path);

  if (directories[node->kind] == NULL)
    return NULL;

  return g_build_filename (device, directories[node->kind], name, NULL);
}

static void
write_node (Record *self,
            const BatonFunction *function,
            const char *device,
            const BatonNode *node)
{
  g_autofree char *dev = baton_root_dup_shown_path (BATON_ROOT_DEV, NULL);
  g_autofree char *directory = build_node_path (device, node);
  g_autofree char *numbers = g_strdup_printf ("%u:%u", node->major, node->minor);
  g_autofree char *uevent = g_strdup_printf ("MAJOR=%u\nMINOR=%u\nDEVNAME=%s", node->major,
                                             node->minor, node->path + strlen (dev) + 1);
  g_autofree char *below = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  if (directory != NULL)
    {
      write_attribute (self, directory, "dev", numbers);
      write_attribute (self, directory, "uevent", uevent);
    }
  else if (node->kind == BATON_NODE_NVIDIA)
    {
      below = g_strconcat ("driver/nvidia/gpus/", function->address, "/information", NULL);
      path = baton_record_tree_build_path (BATON_ROOT_PROC, below);
      text = g_strdup_printf ("Device Minor: \t %u\n", node->minor);
      baton_record_tree_write (&self->tree, path, text);
    }
  else
    {
      below = g_strconcat ("class/vfio/", function->group, NULL);
      path = baton_record_tree_build_path (BATON_ROOT_SYS, below);
      write_attribute (self, path, "dev", numbers);
    }
}

/* Nothing of the monitor but the name that it shows: an EDID has a serial number in it. */
static void
write_edid (Record *self, const char *connector, const char *monitor)
{
  g_autofree char *path = g_build_filename (connector, "edid", NULL);
  guint8 edid[EDID_BYTES] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };
  guint8 *text = edid + EDID_DESCRIPTOR + 5;

  edid[EDID_DESCRIPTOR + 3] = 0xfc;
  memset (text, ' ', EDID_TEXT_BYTES);
  memcpy (text, monitor, MIN (strlen (monitor), EDID_TEXT_BYTES));
  baton_record_tree_write_bytes (&self->tree, path, edid, sizeof edid);
}

static const char *
find_drm_card (const BatonCard *card)
{
  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == BATON_NODE_DRM_PRIMARY)
        return strrchr (node->path, '/') + 1;
    }

  return NULL;
}

static void
write_outputs (Record *self, const BatonCard *card)
{
  g_autofree char *device = build_device_path (self, card->display);
  const char *drm_card = find_drm_card (card);

  for (guint i = 0; drm_card != NULL && i < card->outputs->len; i++)
    {
      const BatonOutput *output = g_ptr_array_index (card->outputs, i);
      g_autofree char *name = g_strconcat (drm_card, "-", output->name, NULL);
      g_autofree char *connector = g_build_filename (device, "drm", drm_card, name, NULL);

      write_attribute (self, connector, "status",
                       output->connected ? "connected" : "disconnected");
      if (output->monitor != NULL)
        write_edid (self, connector, output->monitor);
    }
}

static void
write_function (Record *self, const BatonFunction *function)
{
  g_autofree char *device = build_device_path (self, function);
  g_autofree char *entry = g_build_filename ("bus/pci/devices", function->address, NULL);
  g_autofree char *link = baton_record_tree_build_path (BATON_ROOT_SYS, entry);
  g_autofree char *methods =
      function->reset_methods != NULL ? g_strjoinv (" ", function->reset_methods) : NULL;

  baton_record_tree_link (&self->tree, link, device);
  write_number (self, device, "class", "0x%06x", function->class_code);
  write_number (self, device, "vendor", "0x%04x", function->vendor_id);
  write_number (self, device, "device", "0x%04x", function->device_id);
  write_number (self, device, "subsystem_vendor", "0x%04x", function->subvendor_id);
  write_number (self, device, "subsystem_device", "0x%04x", function->subdevice_id);
  write_attribute (self, device, "modalias", function->modalias);
  write_attribute (self, device, "driver_override",
                   function->override != NULL ? function->override : "(null)");
  write_attribute (self, device, "power_state", baton_power_to_string (function->power));
  write_attribute (self, device, "power/runtime_status", function->runtime_status);
  write_attribute (self, device, "power/control", function->power_control);
  write_attribute (self, device, "d3cold_allowed", function->d3cold_allowed);
  write_attribute (self, device, "reset_method", methods);
  if (function->class_code >> 8 == 0x0300)
    write_attribute (self, device, "boot_vga", function->boot_vga ? "1" : "0");
  if (function->removable)
    write_attribute (self, device, "removable", "removable");
  if (function->is_bridge && function->class_code >> 16 != 0x06)
    write_attribute (self, device, "secondary_bus_number", "0");

  write_driver (self, function);
  link_sys (self, device, "driver", "bus/pci/drivers", function->driver);
  link_sys (self, device, "physfn", "bus/pci/devices", function->physical);
  link_sys (self, device, "iommu_group", "kernel/iommu_groups", function->group);
  for (guint i = 0; i < function->nodes->len; i++)
    write_node (self, function, device, g_ptr_array_index (function->nodes, i));
}

/* Adds one line of the list unless the key is there already: libpci takes a list with an
 * entry that comes twice for damaged. What has no name is left out, and is a number again. */
static void
add_name (GTree *lines, const char *key, const char *line, const char *unnamed)
{
  if (strcmp (strstr (line, "  ") + 2, unnamed) != 0)
    g_tree_insert (lines, g_strdup (key), g_strdup (line));
}

static gboolean
append_name (gpointer key, gpointer line, gpointer text)
{
  g_string_append_printf (text, "%s\n", (const char *) line);
  return FALSE;
}

static void
add_device_names (Record *self, GTree *lines, const BatonFunction *function)
{
  g_autofree char *vendor = baton_pci_names_dup_vendor (self->names, function->vendor_id);
  g_autofree char *vendor_key = g_strdup_printf ("%04x", function->vendor_id);
  g_autofree char *device_key =
      g_strdup_printf ("%04x %04x", function->vendor_id, function->device_id);
  g_autofree char *vendor_line = g_strdup_printf ("%04x  %s", function->vendor_id, vendor);
  g_autofree char *no_vendor = g_strdup_printf ("Vendor %04x", function->vendor_id);
  g_autofree char *no_device = g_strdup_printf ("Device %04x", function->device_id);
  g_autofree char *device_line = NULL;
  const char *device = function->name;

  if (!g_str_has_prefix (device, vendor))
    return;
  device += strlen (vendor);
  device += strspn (device, " ");
  device_line = g_strdup_printf ("\t%04x  %s", function->device_id, device);
  add_name (lines, vendor_key, vendor_line, no_vendor);
  add_name (lines, device_key, device_line, no_device);
}

static void
add_class_names (GTree *lines, const BatonFunction *function)
{
  guint base = function->class_code >> 16;
  guint sub = (function->class_code >> 8) & 0xff;
  g_autofree char *base_key = g_strdup_printf ("C %02x", base);
  g_autofree char *sub_key = g_strdup_printf ("C %02x %02x", base, sub);
  g_autofree char *base_line = g_strdup_printf ("C %02x  Class %02x", base, base);
  g_autofree char *sub_line = g_strdup_printf ("\t%02x  %s", sub, function->class_name);
  g_autofree char *no_class = g_strdup_printf ("Class %02x%02x", base, sub);

  if (strcmp (function->class_name, no_class) == 0)
    return;

  /* The list needs a base class to hang the others on; its own name is not asked for. */
  g_tree_insert (lines, g_steal_pointer (&base_key), g_steal_pointer (&base_line));
  add_name (lines, sub_key, sub_line, no_class);
}

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

/* Only the names of what is in this machine, in the order that the list has. */
static void
write_names (Record *self)
{
  g_autoptr (GTree) devices = g_tree_new_full (compare_keys, NULL, g_free, g_free);
  g_autoptr (GTree) classes = g_tree_new_full (compare_keys, NULL, g_free, g_free);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *path = baton_record_tree_build_path (BATON_ROOT_USR, "share/misc/pci.ids");

  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      add_device_names (self, devices, g_ptr_array_index (self->machine->functions, i));
      add_class_names (classes, g_ptr_array_index (self->machine->functions, i));
    }

  g_tree_foreach (devices, append_name, text);
  g_tree_foreach (classes, append_name, text);
  baton_record_tree_write (&self->tree, path, text->str);
}

/* libkmod's index is of the whole kernel; an alias for each function says the same. */
static void
write_aliases (Record *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *path =
      baton_record_tree_build_path (BATON_ROOT_USR, "lib/modprobe.d/recorded-aliases.conf");

  for (guint i = 0; i < self->machine->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (self->machine->functions, i);

      for (guint j = 0; function->modules[j] != NULL; j++)
        g_string_append_printf (text, "alias %s %s\n", function->modalias,
                                function->modules[j]);
    }

  baton_record_tree_write (&self->tree, path, text->str);
}

/**
 * baton_record_write:
 * @root: where @machine was looked at
 * @machine: the machine
 * @directory: a directory that does not exist yet, or is empty
 * @error: return location for an error
 *
 * Writes a tree that reads as @machine does, so that a user's machine can become a test.
 * It is made from what Baton knows and not copied from the machine, so nothing can get in
 * that Baton does not know: no serial numbers, no names of people, computers or virtual
 * machines, no processes, of the kernel's command line the words about devices alone.
 *
 * Returns: %TRUE if all of it was written; %BATON_ERROR_MISMATCH where @directory is not empty
 */
gboolean
baton_record_write (BatonRoot *root,
                    BatonMachine *machine,
                    const char *directory,
                    GError **error)
{
  Record record = { .machine = machine };

  g_return_val_if_fail (directory != NULL, FALSE);

  if (!baton_record_tree_begin (&record.tree, directory, error))
    return FALSE;

  record.names = baton_pci_names_new (root);
  for (guint i = 0; i < machine->functions->len; i++)
    write_function (&record, g_ptr_array_index (machine->functions, i));
  for (guint i = 0; i < machine->cards->len; i++)
    write_outputs (&record, g_ptr_array_index (machine->cards, i));
  write_names (&record);
  write_aliases (&record);
  baton_record_write_system (&record.tree, machine);
  baton_pci_names_free (record.names);

  return baton_record_tree_end (&record.tree, error);
}
