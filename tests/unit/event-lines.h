/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

G_BEGIN_DECLS

/**
 * EventLines:
 *
 * A writer into a file of its own, and what it wrote. Every line that is taken back is appended to
 * the file named by `BATON_TEST_LINES`, if there is one: the schema's test reads it.
 */
typedef struct
{
  BatonEventWriter *writer;
  int fd;
} EventLines;

EventLines *event_lines_new (const char *handoff);
void event_lines_free (EventLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EventLines, event_lines_free)

GStrv event_lines_take (EventLines *self);

G_END_DECLS
