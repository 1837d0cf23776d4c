/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

gboolean fake_units_run_job (BatonRoot *root,
                             const char *method,
                             const char *unit,
                             const char *cancel_file,
                             GError **error);

G_END_DECLS
