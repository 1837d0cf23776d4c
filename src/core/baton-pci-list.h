/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonPciList:
 *
 * The list of names of PCI devices, as a text that is only read where a name is asked for.
 */
typedef struct _BatonPciList BatonPciList;

BatonPciList *baton_pci_list_new (BatonRoot *root);
void baton_pci_list_free (BatonPciList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonPciList, baton_pci_list_free)

char *baton_pci_list_dup_vendor (BatonPciList *self, guint16 vendor_id);
char *baton_pci_list_dup_device (BatonPciList *self, guint16 vendor_id, guint16 device_id);
char *baton_pci_list_dup_class (BatonPciList *self, guint16 class_code);

G_END_DECLS
