/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-function.h"

#include <string.h>

/* References used below:
 *  PCI-POWER - Linux drivers/pci/pci.c, pci_power_names[]
 *  PCI-CLASS - Linux include/linux/pci_ids.h
 *  DMA-OWNER - Linux, drivers with driver_managed_dma set
 */

#define CLASS_DISPLAY 0x03    /* PCI-CLASS: PCI_BASE_CLASS_DISPLAY */
#define CLASS_AUDIO 0x0401    /* PCI-CLASS: PCI_CLASS_MULTIMEDIA_AUDIO */
#define CLASS_HD_AUDIO 0x0403 /* PCI-CLASS: PCI_CLASS_MULTIMEDIA_HD_AUDIO */
#define CLASS_USB 0x0c03      /* PCI-CLASS: PCI_CLASS_SERIAL_USB */

static const char *const power_names[] = {
  [BATON_POWER_UNKNOWN] = "unknown", [BATON_POWER_D0] = "D0",
  [BATON_POWER_D1] = "D1",           [BATON_POWER_D2] = "D2",
  [BATON_POWER_D3HOT] = "D3hot",     [BATON_POWER_D3COLD] = "D3cold",
};

/* DMA-OWNER: with one of these bound, a group may be given to a guest all the same. */
static const char *const dma_safe_drivers[] = { "pci-stub", "pcieport" };

/**
 * baton_power_to_string:
 * @power: a power state
 *
 * Returns: the kernel's name of it (PCI-POWER)
 */
const char *
baton_power_to_string (BatonPower power)
{
  g_return_val_if_fail (power < G_N_ELEMENTS (power_names), "unknown");

  return power_names[power];
}

/**
 * baton_power_from_string:
 * @text: (nullable): what `power_state` reads
 *
 * Returns: the state, %BATON_POWER_UNKNOWN for anything else, such as `error`
 */
BatonPower
baton_power_from_string (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (power_names); i++)
    {
      if (g_strcmp0 (text, power_names[i]) == 0)
        return i;
    }

  return BATON_POWER_UNKNOWN;
}

/**
 * baton_node_free:
 * @self: (nullable): a node
 *
 * Frees @self.
 */
void
baton_node_free (BatonNode *self)
{
  if (self == NULL)
    return;

  g_free (self->path);
  g_free (self->function);
  g_free (self);
}

/**
 * baton_plugged_free:
 * @self: (nullable): something on a USB port
 *
 * Frees @self.
 */
void
baton_plugged_free (BatonPlugged *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->device);
  g_free (self->mounted_at);
  g_free (self->used_by);
  g_free (self);
}

/**
 * baton_function_free:
 * @self: (nullable): a function
 *
 * Frees @self and its nodes.
 */
void
baton_function_free (BatonFunction *self)
{
  if (self == NULL)
    return;

  g_free (self->address);
  g_free (self->name);
  g_free (self->class_name);
  g_free (self->driver);
  g_free (self->driver_module);
  g_free (self->modalias);
  g_free (self->override);
  g_free (self->group);
  g_free (self->parent);
  g_free (self->place);
  g_free (self->physical);
  g_free (self->runtime_status);
  g_free (self->power_control);
  g_free (self->d3cold_allowed);
  g_strfreev (self->reset_methods);
  g_strfreev (self->modules);
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_clear_pointer (&self->plugged, g_ptr_array_unref);
  g_free (self);
}

/**
 * baton_function_is_display:
 * @self: a function
 *
 * Returns: whether its class is 03xx: VGA, XGA, 3D or other display controller
 */
gboolean
baton_function_is_display (const BatonFunction *self)
{
  return self->class_code >> 16 == CLASS_DISPLAY;
}

/**
 * baton_function_is_usb:
 * @self: a function
 *
 * Returns: whether it is a USB controller
 */
gboolean
baton_function_is_usb (const BatonFunction *self)
{
  return self->class_code >> 8 == CLASS_USB;
}

/**
 * baton_function_is_sound:
 * @self: a function
 *
 * Returns: whether it is a sound device
 */
gboolean
baton_function_is_sound (const BatonFunction *self)
{
  return self->class_code >> 8 == CLASS_AUDIO || self->class_code >> 8 == CLASS_HD_AUDIO;
}

/**
 * baton_function_driver_is_vfio:
 * @driver: (nullable): a driver
 *
 * Returns: whether it is vfio-pci or a variant of it, which are named after it (`mlx5_vfio_pci`,
 *   `xe-vfio-pci`)
 */
gboolean
baton_function_driver_is_vfio (const char *driver)
{
  return driver != NULL &&
         (g_str_has_suffix (driver, "vfio-pci") || g_str_has_suffix (driver, "vfio_pci"));
}

/**
 * baton_function_is_on_vfio:
 * @self: a function
 *
 * Returns: whether it is bound to vfio-pci or to a variant of it
 */
gboolean
baton_function_is_on_vfio (const BatonFunction *self)
{
  return baton_function_driver_is_vfio (self->driver);
}

/**
 * baton_function_is_meant_for_vfio:
 * @self: a function
 *
 * Returns: whether its override names such a driver, bound or not
 */
gboolean
baton_function_is_meant_for_vfio (const BatonFunction *self)
{
  return baton_function_driver_is_vfio (self->override);
}

/**
 * baton_function_is_on_host:
 * @self: a function
 *
 * Returns: whether a driver of this computer uses it. pci-stub does not: it is there so
 *   that nobody else takes the device
 */
gboolean
baton_function_is_on_host (const BatonFunction *self)
{
  return self->driver != NULL && !baton_function_is_on_vfio (self) &&
         strcmp (self->driver, "pci-stub") != 0;
}

/**
 * baton_function_drives_dma_safely:
 * @self: a function
 *
 * Returns: whether a guest may have the group that @self is in, as far as @self is
 *   concerned: it is unbound, or its driver leaves DMA to VFIO (DMA-OWNER)
 */
gboolean
baton_function_drives_dma_safely (const BatonFunction *self)
{
  if (self->driver == NULL || baton_function_is_on_vfio (self))
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (dma_safe_drivers); i++)
    {
      if (strcmp (self->driver, dma_safe_drivers[i]) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_function_dup_identity:
 * @self: a function
 *
 * What tells one device at an address from another: `1002:73bf:1da2:e438`.
 *
 * Returns: (transfer full): vendor, device, subsystem vendor and subsystem device
 */
char *
baton_function_dup_identity (const BatonFunction *self)
{
  return g_strdup_printf ("%04x:%04x:%04x:%04x", self->vendor_id, self->device_id,
                          self->subvendor_id, self->subdevice_id);
}
