/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <string.h>

#include "baton-pci-address.h"
#include "baton-root-warily.h"

/* References used below:
 *  PCI-SYSFS - Linux drivers/pci/pci-sysfs.c and Documentation/ABI/testing/sysfs-bus-pci
 *  RUNTIME-PM - Linux drivers/base/power/sysfs.c
 *
 * None of the attributes read here resumes the device: they show what the kernel
 * remembers. `rom`, `vpd`, `current_link_speed` and writes to
 * `d3cold_allowed` reach the hardware, and are not touched (PCI-SYSFS); nor is `config`, but
 * where the function is awake anyway (baton_look_read_silence()).
 */

static char *
build_path (const char *address, const char *attribute)
{
  return g_strconcat ("bus/pci/devices/", address, "/", attribute, NULL);
}

static char *
read_text (BatonLook *self, const char *address, const char *attribute)
{
  g_autofree char *path = build_path (address, attribute);

  /* A function may go, and an older kernel lacks some attributes: not known, ignoring. */
  return baton_root_read_line (self->root, BATON_ROOT_SYS, path, NULL);
}

static guint32
read_number (BatonLook *self, const char *address, const char *attribute)
{
  g_autofree char *text = read_text (self, address, attribute);

  return text != NULL ? (guint32) g_ascii_strtoull (text, NULL, 16) : 0;
}

static char *
read_link_name (BatonLook *self, const char *address, const char *link)
{
  g_autofree char *path = build_path (address, link);

  return baton_root_read_link_name (self->root, BATON_ROOT_SYS, path, NULL);
}

static gboolean
has_attribute (BatonLook *self, const char *address, const char *attribute)
{
  g_autofree char *path = build_path (address, attribute);

  return baton_root_exists (self->root, BATON_ROOT_SYS, path);
}

/* The entries of bus/pci/devices are links to where the device hangs in the tree: the
 * component before the last is the bridge above it, or `pci0000:00` for a root bus. */
/* PCI-SYSFS: `../../../devices/pci0000:00/0000:00:01.1/0000:03:00.0`. Of each what is behind its last
 * colon: the numbers of buses shift with every device that comes, those of devices do not. */
static char *
build_place (const char *target)
{
  const char *devices = strstr (target, "/devices/");
  g_auto (GStrv) parts =
      g_strsplit (devices != NULL ? devices + strlen ("/devices/") : "", "/", -1);
  g_autoptr (GString) place = g_string_new (NULL);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      const char *colon = strrchr (parts[i], ':');

      g_string_append_printf (place, "%s%s", i > 0 ? "/" : "", colon != NULL ? colon + 1 : "");
    }

  return g_string_free (g_steal_pointer (&place), FALSE);
}

static char *
read_parent (BatonLook *self, const char *address, char **ret_place)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", address, NULL);
  g_autofree char *target = baton_root_read_link (self->root, BATON_ROOT_SYS, path, NULL);
  g_autofree char *above = target != NULL ? g_path_get_dirname (target) : NULL;
  g_autofree char *parent = above != NULL ? g_path_get_basename (above) : NULL;

  *ret_place = target != NULL ? build_place (target) : NULL;
  if (!baton_pci_address_is_valid (parent))
    return NULL;

  return g_steal_pointer (&parent);
}

/* The override is read under the device's lock (driver_override_show() in Linux 6.1), which is held
 * while a driver takes the device, lets go of it, or resets it: whoever reads it then waits in the
 * kernel, and cannot be killed. Where a driver does not let go, that is known beforehand: the link
 * to it is gone already (__device_release_driver() in drivers/base/dd.c), but it has not disabled
 * the device yet, as one that was let go has been. `enable` is a counter and needs no lock. */
static gboolean
may_be_locked (BatonLook *self, const BatonFunction *function)
{
  return function->driver == NULL && read_number (self, function->address, "enable") != 0;
}

static char *
parse_override (GBytes *head)
{
  gsize length = head != NULL ? g_bytes_get_size (head) : 0;
  g_autofree char *text = length > 0 ? g_strndup (g_bytes_get_data (head, NULL), length) : NULL;

  if (text != NULL)
    text[strcspn (text, "\n")] = '\0';

  /* The kernel prints a NULL pointer for "none". */
  if (text == NULL || *text == '\0' || strcmp (text, "(null)") == 0)
    return NULL;

  return g_steal_pointer (&text);
}

static char *
find_driver_module (BatonLook *self, const char *driver)
{
  const char *known;
  char *module;

  if (driver == NULL)
    return NULL;

  known = g_hash_table_lookup (self->driver_modules, driver);
  if (known == NULL)
    {
      g_autofree char *path = g_strconcat ("bus/pci/drivers/", driver, "/module", NULL);

      module = baton_root_read_link_name (self->root, BATON_ROOT_SYS, path, NULL);
      if (module == NULL)
        module = g_strdup ("");
      g_hash_table_insert (self->driver_modules, g_strdup (driver), module);
      known = module;
    }

  return *known != '\0' ? g_strdup (known) : NULL;
}

/* `power_state` is what the kernel knows (pci_dev.current_state), also of a function
 * that sleeps. Kernels before 5.13 do not have it. */
static BatonPower
read_power (BatonLook *self, const char *address, const char *runtime_status)
{
  g_autofree char *text = read_text (self, address, "power_state");
  BatonPower power = baton_power_from_string (text);

  if (power != BATON_POWER_UNKNOWN)
    return power;
  if (g_strcmp0 (runtime_status, "suspended") == 0)
    return BATON_POWER_D3HOT;
  if (g_strcmp0 (runtime_status, "active") == 0)
    return BATON_POWER_D0;

  return BATON_POWER_UNKNOWN;
}

static GStrv
read_reset_methods (BatonLook *self, const char *address)
{
  g_autofree char *text = read_text (self, address, "reset_method");
  g_autoptr (GStrvBuilder) methods = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  if (text == NULL)
    return NULL;
  words = g_strsplit (text, " ", -1);
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (*words[i] != '\0')
        g_strv_builder_add (methods, words[i]);
    }

  return g_strv_builder_end (methods);
}

static void
read_identity (BatonLook *self, BatonFunction *function)
{
  const char *address = function->address;

  function->class_code = read_number (self, address, "class") & 0xffffff;
  function->vendor_id = (guint16) read_number (self, address, "vendor");
  function->device_id = (guint16) read_number (self, address, "device");
  function->subvendor_id = (guint16) read_number (self, address, "subsystem_vendor");
  function->subdevice_id = (guint16) read_number (self, address, "subsystem_device");
  function->name =
      baton_pci_names_dup_device (self->names, function->vendor_id, function->device_id);
}

/* What only a plan, a handoff or a recorded tree asks for. */
static void
read_what_a_plan_needs (BatonLook *self, BatonFunction *function)
{
  const char *address = function->address;
  g_autofree char *removable = read_text (self, address, "removable");

  function->removable = g_strcmp0 (removable, "removable") == 0;
  function->modalias = read_text (self, address, "modalias");
  function->class_name = baton_pci_names_dup_class (self->names, function->class_code);
  function->power_control = read_text (self, address, "power/control");
  function->d3cold_allowed = read_text (self, address, "d3cold_allowed");
}

/* Reads one function; whatever of it cannot be read is unknown rather than an error,
 * because a device may be pulled out while it is looked at. */
BatonFunction *
baton_look_read_function (BatonLook *self, const char *address)
{
  BatonFunction *function = g_new0 (BatonFunction, 1);
  g_autofree char *boot_vga = NULL;

  function->address = g_strdup (address);
  function->nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_node_free);
  function->modules = g_new0 (char *, 1);
  read_identity (self, function);

  function->driver = read_link_name (self, address, "driver");
  function->driver_module = find_driver_module (self, function->driver);
  function->group = read_link_name (self, address, "iommu_group");
  function->parent = read_parent (self, address, &function->place);

  /* PCI-SYSFS: shown for functions with a bridge's header only, whatever their class. */
  function->is_bridge = function->class_code >> 16 == 0x06 ||
                        has_attribute (self, address, "secondary_bus_number");

  boot_vga = read_text (self, address, "boot_vga");
  function->boot_vga = g_strcmp0 (boot_vga, "1") == 0;

  function->runtime_status = read_text (self, address, "power/runtime_status");
  function->power = read_power (self, address, function->runtime_status);
  function->reset_methods = read_reset_methods (self, address);

  function->physical = read_link_name (self, address, "physfn");
  function->is_virtual = function->physical != NULL;
  if (self->purpose == BATON_LOOK_TO_PLAN)
    read_what_a_plan_needs (self, function);

  return function;
}

/* Reads the overrides of all functions. Those of one that hangs while its driver takes it or resets
 * it are not known, as those of one that hangs while it lets go are not. */
void
baton_look_read_overrides (BatonLook *self, BatonMachine *machine)
{
  g_autoptr (GPtrArray) functions = g_ptr_array_new ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) heads = NULL;
  g_auto (GStrv) paths = NULL;

  for (guint i = 0; i < machine->functions->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (machine->functions, i);
      g_autofree char *path = build_path (function->address, "driver_override");

      if (may_be_locked (self, function))
        continue;
      g_ptr_array_add (functions, function);
      g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);

  heads = baton_root_read_warily (self->root, BATON_ROOT_SYS, (const char *const *) paths,
                                  BATON_ROOT_PATIENCE_MS);
  for (guint i = 0; i < heads->len; i++)
    {
      BatonFunction *function = g_ptr_array_index (functions, i);

      function->override = parse_override (g_ptr_array_index (heads, i));
    }
}

/* vfio-pci enables a function for whoever opens it, and for nobody else (vfio_pci_core_enable() and
 * vfio_pci_core_disable()); what counts that takes no lock (enable_show() in PCI-SYSFS). */
gboolean
baton_look_may_have_guest (BatonLook *self, const BatonFunction *function)
{
  g_autofree char *n_users = NULL;

  if (!baton_function_is_on_vfio (function))
    return FALSE;
  n_users = read_text (self, function->address, "enable");

  return g_strcmp0 (n_users, "0") != 0;
}

/* All ones is what a read gives that nobody answers (PCIe 6.0, 2.3.2, completion timeout): a card
 * that was pulled out, or did not come back from a sleep. The space of a function that sleeps is
 * left alone, since to read it would wake it (pci_config_pm_runtime_get() in the kernel's
 * drivers/pci/pci.c), and so is that of a guest's, whose driver may reset it by ways of its own, and
 * be answered with ones meanwhile. A reset that the kernel makes is waited for (pci_wait_cfg()). */
void
baton_look_read_silence (BatonLook *self, BatonFunction *function)
{
  g_autofree char *path = build_path (function->address, "config");
  const char *const paths[] = { path, NULL };
  g_autoptr (GPtrArray) heads = NULL;
  const guint8 *bytes = NULL;
  gsize length = 0;

  if (function->power != BATON_POWER_D0 ||
      g_strcmp0 (function->runtime_status, "active") != 0 ||
      baton_look_may_have_guest (self, function))
    return;
  heads = baton_root_read_warily (self->root, BATON_ROOT_SYS, paths, BATON_ROOT_PATIENCE_MS);
  if (heads->pdata[0] != NULL)
    bytes = g_bytes_get_data (heads->pdata[0], &length);
  function->is_silent = length >= 2 && bytes[0] == 0xff && bytes[1] == 0xff;
}
