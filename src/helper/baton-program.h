/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean baton_program_run (const char *const *arguments,
                            guint timeout_s,
                            char **ret_output,
                            GError **error);

G_END_DECLS
