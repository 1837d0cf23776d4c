/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _BatonLineSplitter BatonLineSplitter;

BatonLineSplitter *baton_line_splitter_new (gsize max_bytes);
void baton_line_splitter_free (BatonLineSplitter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonLineSplitter, baton_line_splitter_free)

void baton_line_splitter_push (BatonLineSplitter *self, const char *bytes, gsize length);
GBytes *baton_line_splitter_pop (BatonLineSplitter *self);

G_END_DECLS
