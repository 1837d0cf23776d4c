/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

/* A tree that is being written. The first failure is kept and ends the writing, so that
 * the many small writes of a record need not be checked one by one. */
typedef struct
{
  char *top;
  GError *error;
} BatonRecordTree;

gboolean baton_record_tree_begin (BatonRecordTree *self, const char *directory, GError **error);
gboolean baton_record_tree_end (BatonRecordTree *self, GError **error);

char *baton_record_tree_build_path (BatonRootPart part, const char *path);
void baton_record_tree_write (BatonRecordTree *self, const char *path, const char *text);
void baton_record_tree_write_bytes (BatonRecordTree *self,
                                    const char *path,
                                    gconstpointer data,
                                    gsize size);
void baton_record_tree_link (BatonRecordTree *self, const char *path, const char *target);

/* baton-record-nvidia.c */
void baton_record_write_nvidia (BatonRecordTree *tree, const BatonNvidia *nvidia);

/* baton-record-system.c */
void baton_record_write_system (BatonRecordTree *tree, const BatonMachine *machine);

G_END_DECLS
