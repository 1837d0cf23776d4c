/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-libvirt-hook.h"

/**
 * baton_libvirt_hook_look:
 * @root: where to look
 *
 * Returns: what there is of the hook
 */
BatonLibvirtHook
baton_libvirt_hook_look (BatonRoot *root)
{
  if (baton_root_exists (root, BATON_ROOT_ETC, BATON_HOOK_SCRIPT))
    return BATON_LIBVIRT_HOOK_THERE;

  /* What its packages bring, and their removal leaves only where somebody has changed it. */
  return baton_root_exists (root, BATON_ROOT_ETC, "libvirt") ? BATON_LIBVIRT_HOOK_ABSENT
                                                             : BATON_LIBVIRT_HOOK_NO_LIBVIRT;
}
