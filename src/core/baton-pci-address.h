/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonPciAddress:
 * @domain: PCI domain, up to 32 bits (Intel's VMD makes domains from 0x10000 on)
 * @bus: bus number
 * @device: slot on the bus, 0 to 31
 * @function: function in the slot, 0 to 7
 */
typedef struct
{
  guint32 domain;
  guint8 bus;
  guint8 device;
  guint8 function;
} BatonPciAddress;

gboolean
baton_pci_address_parse (const char *text, BatonPciAddress *ret_address, GError **error);

gboolean baton_pci_address_is_valid (const char *text);

char *baton_pci_address_to_string (const BatonPciAddress *address);

int baton_pci_address_compare (const char *a, const char *b);

gboolean baton_pci_address_same_slot (const char *a, const char *b);

G_END_DECLS
