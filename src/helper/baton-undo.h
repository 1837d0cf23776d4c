/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-machine.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonUndo: everything permanent of Baton's, taken back a part at a time
 *
 * @root: (borrowed): the roots
 * @events: (borrowed): where it is told what became of each part
 * @machine: (borrowed): the machine, looked at to plan
 * @gone: (element-type utf8): files that were taken away, as they are shown
 * @left: (element-type utf8): files that were not, each with the reason
 * @images_are_stale: something was put back that the boot images have a copy of
 */
typedef struct
{
  BatonRoot *root;
  BatonEventWriter *events;
  BatonMachine *machine;
  GPtrArray *gone;
  GPtrArray *left;
  gboolean images_are_stale;
} BatonUndo;

BatonUndo *baton_undo_new (BatonRoot *root, BatonEventWriter *events, BatonMachine *machine);
void baton_undo_free (BatonUndo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonUndo, baton_undo_free)

void baton_undo_add_gone (BatonUndo *self, const char *path);
void baton_undo_add_left (BatonUndo *self, const char *path, const char *reason);
void baton_undo_add_end (BatonUndo *self, const char *path, BatonEnd *end);
void baton_undo_say (BatonUndo *self, BatonCode code, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
