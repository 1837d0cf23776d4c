/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "nvidia-story.h"

/* The card is on @side, and had NVIDIA's own driver in @version when it left. */
void
nvidia_story_begin (Story *self, const char *version, const char *side)
{
  story_begin (self);
  fake_kernel_use_nvidia (self->kernel, version);
  if (g_str_equal (side, "guest"))
    g_assert_cmpint (story_hand (self, "guest"), ==, BATON_EXIT_DONE);
}

/* Everything is as in the snapshot @before, and nothing is left to settle. */
void
nvidia_story_assert_put_back (Story *self, const char *before)
{
  g_autofree char *after = fake_kernel_dup_snapshot (self->kernel);

  story_assert_same (before, after);
  g_assert_false (story_has_file (self, "var/lib/baton/journal"));
}
