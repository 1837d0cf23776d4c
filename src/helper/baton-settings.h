/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-profile-changes.h"
#include "baton-root.h"

G_BEGIN_DECLS

BatonEnd *baton_settings_change (BatonRoot *root,
                                 BatonEventWriter *events,
                                 const BatonProfileChanges *changes);

G_END_DECLS
