/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/* A socket of packets keeps answers apart, and a whole one is there or none. */
#define BATON_ROOT_READER_HEAD_BYTES 4088

/**
 * BatonRootAnswer:
 * @index: of the path that was asked for
 * @length: of @bytes, or -1 where the file could not be read
 * @bytes: the file's first bytes
 */
typedef struct
{
  guint32 index;
  gint32 length;
  guint8 bytes[BATON_ROOT_READER_HEAD_BYTES];
} BatonRootAnswer;

/**
 * BatonRootHeard:
 * @BATON_ROOT_HEARD: here it is
 * @BATON_ROOT_HEARD_LATE: nothing came in time
 * @BATON_ROOT_HEARD_END: the reader has ended
 */
typedef enum
{
  BATON_ROOT_HEARD,
  BATON_ROOT_HEARD_LATE,
  BATON_ROOT_HEARD_END,
} BatonRootHeard;

typedef struct _BatonRootReader BatonRootReader;

BatonRootReader *baton_root_reader_new (BatonRoot *root);
void baton_root_reader_free (BatonRootReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonRootReader, baton_root_reader_free)

gboolean baton_root_reader_is_ours (BatonRootReader *self);
guint baton_root_reader_ask (BatonRootReader *self,
                             BatonRootPart part,
                             const char *const *paths,
                             const gboolean *asked);
BatonRootHeard
baton_root_reader_hear (BatonRootReader *self, gint64 deadline_us, BatonRootAnswer *ret_answer);
void baton_root_reader_ask_no_more (BatonRootReader *self);

G_END_DECLS
