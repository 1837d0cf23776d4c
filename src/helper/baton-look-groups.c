/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-look.h"

#include <errno.h>

#include "baton-effect.h"
#include "baton-kernel.h"

/* What the kernel says of guests, by the card's IOMMU groups. */

/**
 * baton_look_probe_group:
 * @context: the handoff
 * @group: (nullable): number of an IOMMU group
 * @ret_viable: (out): a guest could use the group
 *
 * Returns: 0, or an errno: EBUSY where somebody has it, ENOENT where there is none
 */
int
baton_look_probe_group (BatonStepContext *context, const char *group, gboolean *ret_viable)
{
  g_autofree char *path = NULL;

  *ret_viable = FALSE;
  if (group == NULL)
    return ENOENT;
  path = g_strconcat ("vfio/", group, NULL);

  return baton_kernel_probe_group (baton_root_get_fd (context->root, BATON_ROOT_DEV), path,
                                   ret_viable);
}

/**
 * baton_look_dup_group:
 * @context: the handoff
 * @address: one of its functions
 *
 * A function that was removed and found again may be in a group of another
 * number: each new group gets the next free one (Linux, drivers/iommu/iommu.c,
 * iommu_group_alloc).
 *
 * Returns: (transfer full) (nullable): number of the group that it is in now
 */
char *
baton_look_dup_group (BatonStepContext *context, const char *address)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", address, "/iommu_group", NULL);

  return baton_root_read_link_name (context->root, BATON_ROOT_SYS, path, NULL);
}

/**
 * baton_look_is_left_by_guests:
 * @context: the handoff
 *
 * Asks the kernel, which knows without a search: it lets nobody open a group while somebody has it
 * or a device of it (drivers/vfio/group.c, vfio_group_fops_open).
 *
 * Returns: %TRUE if none of the card's functions is with a guest; %FALSE if one is, or may be
 */
gboolean
baton_look_is_left_by_guests (BatonStepContext *context)
{
  /* To open a free group is news to whoever watches /dev/vfio, us too, who would look again for it:
   * so what is in use, by the kernel's count that takes no lock, is not asked any further. */
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      g_autofree char *driver = baton_effect_read_driver (context, state->address);
      g_autofree char *n_users = NULL;

      if (!baton_function_driver_is_vfio (driver))
        continue;
      n_users = baton_effect_read_attribute (context, state->address, "enable");
      if (n_users != NULL && !g_str_equal (n_users, "0"))
        return FALSE;
    }
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      g_autofree char *driver = baton_effect_read_driver (context, state->address);
      g_autofree char *group = NULL;
      gboolean viable;

      if (!baton_function_driver_is_vfio (driver))
        continue;
      group = baton_look_dup_group (context, state->address);
      if (baton_look_probe_group (context, group, &viable) != 0)
        return FALSE;
    }

  return TRUE;
}

/**
 * baton_look_is_group_free:
 * @context: the handoff
 * @address: one of its functions
 * @trouble: that it is in use
 *
 * While a guest has the card, an unbind from vfio waits for it in the kernel,
 * for ever: so this is asked before each one.
 *
 * Returns: %TRUE if no guest has that function's group
 */
gboolean
baton_look_is_group_free (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  g_autofree char *group = baton_look_dup_group (context, address);
  g_autofree char *node = NULL;
  gboolean viable;
  int errsv = baton_look_probe_group (context, group, &viable);

  if (errsv != EBUSY)
    return TRUE;
  node = g_strconcat ("/dev/vfio/", group, NULL);
  baton_trouble_set (trouble, BATON_CODE_GROUP_BUSY, errsv, "node", node, NULL);

  return FALSE;
}
