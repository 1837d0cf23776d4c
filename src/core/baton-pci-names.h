/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonPciNames:
 *
 * What devices and classes are called, from libpci's database. Nothing of the hardware is
 * touched. Not for use from several threads at once.
 */
typedef struct _BatonPciNames BatonPciNames;

BatonPciNames *baton_pci_names_new (BatonRoot *root);
BatonPciNames *baton_pci_names_new_of_numbers (void);
void baton_pci_names_free (BatonPciNames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonPciNames, baton_pci_names_free)

char *baton_pci_names_dup_vendor (BatonPciNames *self, guint16 vendor_id);
char *baton_pci_names_dup_device (BatonPciNames *self, guint16 vendor_id, guint16 device_id);
char *baton_pci_names_dup_class (BatonPciNames *self, guint32 class_code);

G_END_DECLS
