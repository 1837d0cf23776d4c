/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BATON_ROOT_NAME_MS:
 *
 * How long a look waits for what is good to know: long enough for a driver that asks the monitors
 * of a card just now (some 12 ms for a block of 128 bytes on their two wires) on a busy machine,
 * and short enough for somebody who waits for the list of cards.
 */
#define BATON_ROOT_NAME_MS 600

/**
 * BATON_ROOT_FACT_MS:
 *
 * How long it waits for what a plan is made of: two looks at one machine must not come to two
 * plans because it is busy.
 */
#define BATON_ROOT_FACT_MS 4000

void baton_root_hold_reader (BatonRoot *self);
void baton_root_release_reader (BatonRoot *self);

GPtrArray *baton_root_read_warily (BatonRoot *self,
                                   BatonRootPart part,
                                   const char *const *paths,
                                   guint timeout_ms);

G_END_DECLS
