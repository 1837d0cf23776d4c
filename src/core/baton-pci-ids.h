/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-function.h"

G_BEGIN_DECLS

gboolean baton_pci_ids_match (const char *list, const BatonFunction *function);

G_END_DECLS
