/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean baton_run_entry_set_card (GKeyFile *entry, const char *address, GError **error);
char *baton_run_entry_dup_card (GKeyFile *entry);

G_END_DECLS
