/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "handoff-story.h"

G_BEGIN_DECLS

/* A program on a bus of the story's tree: a process of its own, because ours forks. It says on its
 * stdout what happens to it, and ends with its stdin. */
typedef struct
{
  GPid pid;
  int keep;
  FILE *says;
} FakePeer;

/* @...: the script's arguments after the tree, then NULL */
void
fake_peer_start (FakePeer *self, Story *story, const char *script, ...) G_GNUC_NULL_TERMINATED;
void fake_peer_expect (FakePeer *self, const char *wanted);

/* Nothing more has happened to it. */
void fake_peer_end (FakePeer *self);

guint story_count_warnings (Story *story, const char *about);

G_END_DECLS
