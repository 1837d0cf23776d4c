/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-process.h"

G_BEGIN_DECLS

int baton_holder_service_find_main (BatonRoot *root,
                                    const BatonProcess *process,
                                    const char *unit,
                                    gboolean of_user);

G_END_DECLS
