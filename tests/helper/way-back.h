/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "handoff-story.h"

G_BEGIN_DECLS

/* Puts the card with a guest, and what its way back has to do with in the way. */
typedef void (*WayBackBegin) (Story *story, gconstpointer reason);

void way_back_assert_on_host (Story *story);
void
way_back_check_each_act (WayBackBegin begin, gconstpointer reason, FakeFault fault, int errsv);
void way_back_kill_at_each_act (WayBackBegin begin, gconstpointer reason);

G_END_DECLS
