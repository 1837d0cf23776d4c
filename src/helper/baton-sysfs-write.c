/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-sysfs-write.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-pci-address.h"

/* References used below:
 *  OPENAT2 - openat2(2)
 *  PCI-SYSFS - Linux Documentation/ABI/testing/sysfs-bus-pci
 */

#define MAX_DRIVER_NAME 63

/* How often a path is walked anew that something else renamed under it. */
#define MAX_TRIES 64

/* With RESOLVE_BENEATH the kernel gives up with EAGAIN where any rename or mount on the machine
 * falls into the walk, and leaves it to us to try again (OPENAT2): systemd's are enough. */
static int
open_resolved (int dir, const char *path, struct open_how *how)
{
  int fd = -1;

  for (guint i = 0; i < MAX_TRIES; i++)
    {
      fd = (int) syscall (SYS_openat2, dir, path, how, sizeof *how);
      if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
        break;
    }

  return fd;
}

static int
open_beneath_sys (BatonRoot *root, const char *path, guint64 flags, GError **error)
{
  struct open_how how = {
    .flags = flags | O_CLOEXEC,
    /* Anchored at /sys itself: entries of bus/pci/devices are links out of that directory. */
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
  };
  int sys = baton_root_get_fd (root, BATON_ROOT_SYS);
  struct statfs info;
  int fd;

  if (baton_root_is_system (root) && (fstatfs (sys, &info) < 0 || info.f_type != SYSFS_MAGIC))
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                           "what is mounted as sysfs is not sysfs");
      return -1;
    }
  fd = open_resolved (sys, path, &how);
  if (fd < 0)
    g_set_error (error, BATON_ERROR, baton_error_from_errno (errno), "could not open '%s': %s",
                 path, g_strerror (errno));

  return fd;
}

static gboolean
read_hex (int dir, const char *name, guint32 *ret_value)
{
  baton_autofd int fd = openat (dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  char text[32] = { 0 };
  char *end = NULL;
  guint64 value;

  if (fd < 0 || read (fd, text, sizeof text - 1) <= 0)
    return FALSE;
  value = g_ascii_strtoull (text, &end, 16);
  if (end == text || (*end != '\n' && *end != '\0') || value > G_MAXUINT32)
    return FALSE;
  *ret_value = (guint32) value;

  return TRUE;
}

/* The very descriptor that is written below, so that a device that has taken the address since
 * the plan was made is never written to. None of these attributes wakes the device: they are
 * kept by the kernel (PCI-SYSFS). */
static gboolean
check_identity (int dir, const BatonFunctionState *expected, GError **error)
{
  const struct
  {
    const char *name;
    guint32 value;
  } rows[] = {
    { "vendor", expected->vendor_id },
    { "device", expected->device_id },
    { "subsystem_vendor", expected->subvendor_id },
    { "subsystem_device", expected->subdevice_id },
    { "class", expected->class_code },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint32 found;

      if (!read_hex (dir, rows[i].name, &found) || found != rows[i].value)
        {
          g_set_error (error, BATON_ERROR, BATON_ERROR_MISMATCH,
                       "the device at '%s' is another one than before: its %s has changed",
                       expected->address, rows[i].name);
          return FALSE;
        }
    }

  return TRUE;
}

static int
open_checked_device (BatonRoot *root, const BatonFunctionState *expected, GError **error)
{
  g_autofree char *path = NULL;
  baton_autofd int dir = -1;

  if (!baton_pci_address_is_valid (expected->address))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "'%s' is no PCI address",
                   expected->address);
      return -1;
    }
  path = g_strconcat ("bus/pci/devices/", expected->address, NULL);
  dir = open_beneath_sys (root, path, O_RDONLY | O_DIRECTORY, error);
  if (dir < 0 || !check_identity (dir, expected, error))
    return -1;

  return baton_fd_steal (&dir);
}

/**
 * baton_sysfs_open_device:
 * @root: the roots
 * @expected: the function, as it was when the plan was made
 * @attribute: an attribute, or `power/control`
 * @error: return location for an error
 *
 * Opens an attribute of a function for writing, on the same descriptor on
 * which its class and identity were compared just before.
 *
 * Fails with %BATON_ERROR_NOT_FOUND where the function is gone, and with
 * %BATON_ERROR_MISMATCH where another device has its address.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_sysfs_open_device (BatonRoot *root,
                         const BatonFunctionState *expected,
                         const char *attribute,
                         GError **error)
{
  struct open_how how = {
    .flags = O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
  };
  baton_autofd int dir = open_checked_device (root, expected, error);
  int fd;

  if (dir < 0)
    return -1;
  fd = open_resolved (dir, attribute, &how);
  if (fd < 0)
    g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
                 "could not open '%s' of '%s': %s", attribute, expected->address,
                 g_strerror (errno));

  return fd;
}

/**
 * baton_sysfs_is_driver_name:
 * @name: (nullable): what a link or a record says
 *
 * Returns: %TRUE if it can be a driver's name and nothing else
 */
gboolean
baton_sysfs_is_driver_name (const char *name)
{
  gsize length = name != NULL ? strlen (name) : 0;

  if (length == 0 || length > MAX_DRIVER_NAME)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && name[i] != '_' && name[i] != '-')
      return FALSE;

  return TRUE;
}

/**
 * baton_sysfs_open_driver:
 * @root: the roots
 * @expected: the function whose address will be written
 * @driver: a driver's name
 * @file: `bind` or `unbind`
 * @error: return location for an error
 *
 * Opens a driver's own file for writing, once the function is known to be the
 * one that was meant. It is opened by the driver's name from `/sys`, because
 * `driver` below the device is a link out of it.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_sysfs_open_driver (BatonRoot *root,
                         const BatonFunctionState *expected,
                         const char *driver,
                         const char *file,
                         GError **error)
{
  g_autofree char *path = NULL;
  baton_autofd int dir = -1;

  if (!baton_sysfs_is_driver_name (driver))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "'%s' is no driver's name", driver);
      return -1;
    }
  dir = open_checked_device (root, expected, error);
  if (dir < 0)
    return -1;
  path = g_strconcat ("bus/pci/drivers/", driver, "/", file, NULL);

  return open_beneath_sys (root, path, O_WRONLY | O_NOFOLLOW, error);
}

/**
 * baton_sysfs_open_platform_driver:
 * @root: the roots
 * @driver: name of a driver of platform devices
 * @file: `bind` or `unbind`
 * @error: return location for an error
 *
 * Opens a driver's own file for writing. What will be written is a platform device, which is known by its
 * name alone.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_sysfs_open_platform_driver (BatonRoot *root,
                                  const char *driver,
                                  const char *file,
                                  GError **error)
{
  g_autofree char *path = NULL;

  if (!baton_sysfs_is_driver_name (driver))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "'%s' is no driver's name", driver);
      return -1;
    }
  path = g_strconcat ("bus/platform/drivers/", driver, "/", file, NULL);

  return open_beneath_sys (root, path, O_WRONLY | O_NOFOLLOW, error);
}

static int
open_of_bus (BatonRoot *root, const char *bus, const char *file, GError **error)
{
  g_autofree char *function = g_strconcat (bus, ":00.0", NULL);
  g_autofree char *path = g_strconcat ("class/pci_bus/", bus, "/", file, NULL);

  if (!baton_pci_address_is_valid (function))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, "'%s' is no PCI bus", bus);
      return -1;
    }

  return open_beneath_sys (root, path, O_WRONLY | O_NOFOLLOW, error);
}

/**
 * baton_sysfs_open_rescan:
 * @root: the roots
 * @bus: a bus, such as `0000:01`
 * @from_above: the file of the bridge above it, instead of its own
 * @error: return location for an error
 *
 * Opens the file that makes the kernel look for devices on a bus. Nothing has
 * an identity here that could be checked: what is looked for is gone.
 *
 * Fails with %BATON_ERROR_NOT_FOUND where there is no such bus, or no bridge
 * above it.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_sysfs_open_rescan (BatonRoot *root, const char *bus, gboolean from_above, GError **error)
{
  return open_of_bus (root, bus, from_above ? "device/rescan" : "rescan", error);
}

/**
 * baton_sysfs_open_bus_reset:
 * @root: the roots
 * @bus: a bus, such as `0000:01`
 * @error: return location for an error
 *
 * Opens the file of the bridge above a bus that resets all that is on it
 * (PCI-SYSFS, reset_subordinate).
 *
 * Fails with %BATON_ERROR_NOT_FOUND where the kernel is too old to have one, or
 * there is no bridge above.
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_sysfs_open_bus_reset (BatonRoot *root, const char *bus, GError **error)
{
  return open_of_bus (root, bus, "device/reset_subordinate", error);
}

/**
 * baton_sysfs_check_device:
 * @root: the roots
 * @expected: a function, as it was when the plan was made
 * @error: return location for an error
 *
 * Returns: %TRUE if it is there, and the same one
 */
gboolean
baton_sysfs_check_device (BatonRoot *root, const BatonFunctionState *expected, GError **error)
{
  baton_autofd int dir = open_checked_device (root, expected, error);

  return dir >= 0;
}

/**
 * baton_sysfs_open_bus:
 * @root: the roots
 * @expected: the function whose address will be written
 * @file: `drivers_probe`
 * @error: return location for an error
 *
 * Returns: a descriptor that the caller closes, or -1
 */
int
baton_sysfs_open_bus (BatonRoot *root,
                      const BatonFunctionState *expected,
                      const char *file,
                      GError **error)
{
  g_autofree char *path = g_strconcat ("bus/pci/", file, NULL);
  baton_autofd int dir = open_checked_device (root, expected, error);

  if (dir < 0)
    return -1;

  return open_beneath_sys (root, path, O_WRONLY | O_NOFOLLOW, error);
}
