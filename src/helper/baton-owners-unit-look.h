/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"
#include "baton-unit-state.h"

G_BEGIN_DECLS

const BatonUnitState *baton_owners_unit_look (BatonStepContext *context, const char *unit);
BatonUnitState *
baton_owners_unit_look_first (BatonStepContext *context, const char *unit, GError **error);

G_END_DECLS
