/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BATON_ROOT_PATIENCE_MS:
 *
 * How long a look waits for what drivers say of their cards. It is there for a driver that hangs,
 * which costs the first look of a program that much at most, and is far more than a driver takes that
 * does not: some 12 ms for the 128 bytes of a monitor on their two wires. A computer that is merely
 * busy may not give the process that reads its turn for a second, though, and two looks at one
 * machine must not come to two plans, or show two lists, because of that.
 */
#define BATON_ROOT_PATIENCE_MS 4000

void baton_root_hold_reader (BatonRoot *self);
void baton_root_release_reader (BatonRoot *self);

GPtrArray *baton_root_read_warily (BatonRoot *self,
                                   BatonRootPart part,
                                   const char *const *paths,
                                   guint timeout_ms);

G_END_DECLS
