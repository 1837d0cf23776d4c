/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/* Below /etc. What libvirt finds in this directory it calls one after the other. */
#define BATON_HOOK_SCRIPT "libvirt/hooks/qemu.d/50-baton"

/**
 * BatonLibvirtHook:
 * @BATON_LIBVIRT_HOOK_NO_LIBVIRT: there is no libvirt that could call it
 * @BATON_LIBVIRT_HOOK_ABSENT: there is none
 * @BATON_LIBVIRT_HOOK_THERE: there is a file of its name; whether Baton wrote it is the helper's to say
 *
 * Whether virtual machines of libvirt's fetch their cards by themselves.
 */
typedef enum
{
  BATON_LIBVIRT_HOOK_NO_LIBVIRT,
  BATON_LIBVIRT_HOOK_ABSENT,
  BATON_LIBVIRT_HOOK_THERE,
} BatonLibvirtHook;

BatonLibvirtHook baton_libvirt_hook_look (BatonRoot *root);

G_END_DECLS
