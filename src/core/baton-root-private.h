/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root-reader.h"
#include "baton-root.h"

G_BEGIN_DECLS

/* Of baton-root-warily.c: who reads for us, while somebody wants it kept and nobody uses it. */
typedef struct
{
  GMutex lock;
  guint n_holds;
  BatonRootReader *reader; /* owned */
} BatonRootKeptReader;

int baton_root_open_quietly (BatonRoot *self, BatonRootPart part, const char *path, int flags);

BatonRootKeptReader *baton_root_get_kept_reader (BatonRoot *self);

void baton_root_set_error (
    GError **error, const char *sentence, BatonRootPart part, const char *path, int errsv);

G_END_DECLS
