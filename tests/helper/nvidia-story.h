/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "handoff-story.h"

G_BEGIN_DECLS

/* One driver that leaves with the card, and one that lets go of it. */
#define NVIDIA_STORY_OLD "550.163.01"
#define NVIDIA_STORY_LATEST "595.45.04"

void nvidia_story_begin (Story *self, const char *version, const char *side);
void nvidia_story_assert_put_back (Story *self, const char *before);

G_END_DECLS
