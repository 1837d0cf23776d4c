/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Beyond any guest that somebody runs; what is longer was not written by libvirt for one. */
#define BATON_DOMAIN_XML_MAX_BYTES (1024 * 1024)

GPtrArray *baton_domain_xml_list_pci_devices (const char *text, gsize length, GError **error);

G_END_DECLS
