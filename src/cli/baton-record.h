/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

gboolean baton_record_write (BatonRoot *root,
                             BatonMachine *machine,
                             const char *directory,
                             GError **error);

G_END_DECLS
