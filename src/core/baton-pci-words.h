/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *baton_pci_words_next (const char *line, gsize length, gsize *at);

G_END_DECLS
