/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed.h"
#include "baton-codes.h"

G_BEGIN_DECLS

/**
 * BatonReopened: what became of one program
 * @name: its name as its user knows it, fit to be shown
 * @reason: (nullable): a clause: why it was not started; %NULL where it was
 */
typedef struct
{
  char *name;
  char *reason;
} BatonReopened;

void baton_reopened_free (BatonReopened *self);

char *baton_reopen_dup_name (const BatonClosedProgram *program);
char *baton_reopen_dup_reason (BatonRoot *root, const BatonClosedProgram *program);
GPtrArray *baton_reopen (BatonRoot *root, GPtrArray *programs);
BatonCode baton_reopen_describe (GPtrArray *results, GHashTable *args);

G_END_DECLS
