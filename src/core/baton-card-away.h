/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

const BatonCard *baton_card_away_find (BatonRoot *root, BatonMachine *machine);

G_END_DECLS
