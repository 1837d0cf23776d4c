/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonLines:
 *
 * Takes bytes as they come and gives whole lines back. However much comes without a newline, no
 * more than one line is kept; a line that is too long is dropped whole and counted.
 */
typedef struct _BatonLines BatonLines;

BatonLines *baton_lines_new (gsize max_bytes);
void baton_lines_free (BatonLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonLines, baton_lines_free)

gssize baton_lines_read (BatonLines *self, int fd);
const char *baton_lines_next (BatonLines *self, gsize *ret_length);
guint baton_lines_get_n_dropped (BatonLines *self);

G_END_DECLS
