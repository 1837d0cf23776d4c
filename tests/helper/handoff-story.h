/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "fake-kernel.h"

G_BEGIN_DECLS

/* A mock machine with a kernel, and the handoffs made on it as a front would make them. */
typedef struct
{
  MockMachine *machine;
  FakeKernel *kernel;
  BatonRoot *root; /* borrowed */
  char *id;
  char *cancel_file;
  GPtrArray *events;     /* of BatonEvent: the last handoff's */
  gulong max_file_bytes; /* limit for story_work_apart(), 0 for none */
  guint uid;             /* who asks, 0 for user 1000 */
} Story;

#define STORY_INIT                                                                             \
  {                                                                                            \
    NULL                                                                                       \
  }

void story_begin (Story *self);
void story_begin_on (Story *self, const char *side);
void story_clear (Story *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Story, story_clear)

void story_prepare (Story *self, const char *side, const char *expect);
void story_prepare_closing (Story *self, const char *side, const char *close);
void story_prepare_hook (Story *self, const char *guest);
void story_prepare_arguments (Story *self, const char *const *arguments);
BatonExit story_work (Story *self);
BatonExit story_hand (Story *self, const char *side);
int story_work_apart (Story *self);
int story_start_apart (Story *self);
int story_wait_apart (Story *self, int pid);
void story_wait_for_text (Story *self, const char *text);
void story_pretend_lost (Story *self);
int story_recover_apart (Story *self);
void story_read_events (Story *self);

gboolean story_has_file (Story *self, const char *path);
void story_assert_driver (Story *self, const char *address, const char *driver);
void story_assert_same (const char *before, const char *after);
void story_assert_code (Story *self, const char *code);
void story_assert_step_code (Story *self, const char *code);
void story_assert_one_result (Story *self);

G_END_DECLS
