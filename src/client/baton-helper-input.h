/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-command.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * BatonHelperInput:
 *
 * Writes commands to a helper's standard input without waiting: each goes out when the pipe takes
 * it, one at a time, and one that is asked for twice meanwhile goes out once. Reference counted.
 */
typedef struct _BatonHelperInput BatonHelperInput;

BatonHelperInput *baton_helper_input_new (GOutputStream *stream);
void baton_helper_input_unref (BatonHelperInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHelperInput, baton_helper_input_unref)

void baton_helper_input_ask (BatonHelperInput *self, BatonCommand command);

G_END_DECLS
