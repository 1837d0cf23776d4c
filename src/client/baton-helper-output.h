/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

G_BEGIN_DECLS

/**
 * BatonHelperOutput:
 *
 * What came out of a helper's standard output, as far as it is to be believed: nothing before the
 * `hello`, which is not the helper's, and nothing of another version of the protocol. Its strings
 * are fit to be shown.
 */
typedef struct _BatonHelperOutput BatonHelperOutput;

BatonHelperOutput *baton_helper_output_new (void);
void baton_helper_output_free (BatonHelperOutput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHelperOutput, baton_helper_output_free)

void baton_helper_output_push (BatonHelperOutput *self, const char *bytes, gsize length);
BatonEvent *baton_helper_output_pop (BatonHelperOutput *self, char **ret_line);

gboolean baton_helper_output_is_greeted (const BatonHelperOutput *self);
gboolean baton_helper_output_is_mismatch (const BatonHelperOutput *self);
JsonObject *baton_helper_output_get_result (const BatonHelperOutput *self);

G_END_DECLS
