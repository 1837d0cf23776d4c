/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonGuestFound:
 * @BATON_GUEST_UNTOLD: nobody could look
 * @BATON_GUEST_MISSING: libvirt's system instance has no virtual machine of that name
 * @BATON_GUEST_OFF: it is there, and does not run
 * @BATON_GUEST_RUNNING: it runs already
 */
typedef enum
{
  BATON_GUEST_UNTOLD,
  BATON_GUEST_MISSING,
  BATON_GUEST_OFF,
  BATON_GUEST_RUNNING,
} BatonGuestFound;

/**
 * BatonGuestDefinition:
 * @found: whether it is there
 * @devices: (element-type utf8) (nullable): the PCI functions that it is given; %NULL where its
 *   definition could not be read
 *
 * What libvirt's system instance has on disk of one virtual machine. libvirt itself is not asked.
 */
typedef struct
{
  BatonGuestFound found;
  GPtrArray *devices;
} BatonGuestDefinition;

gboolean baton_guest_name_is_possible (const char *name);

BatonGuestDefinition *baton_guest_definition_new (BatonRoot *root, const char *name);
void baton_guest_definition_free (BatonGuestDefinition *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonGuestDefinition, baton_guest_definition_free)

GStrv baton_guest_definition_list (BatonRoot *root, const char *address);

G_END_DECLS
