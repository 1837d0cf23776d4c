/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-libvirt-hook.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonHookScript:
 *
 * The script that libvirt calls, as it was when it was opened, to be written or taken away.
 */
typedef struct _BatonHookScript BatonHookScript;

BatonHookScript *baton_hook_script_open (BatonRoot *root, BatonEnd **ret_end);
void baton_hook_script_free (BatonHookScript *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHookScript, baton_hook_script_free)

gboolean baton_hook_script_is_there (BatonHookScript *self);
gboolean baton_hook_script_write (BatonHookScript *self, BatonEnd **ret_end);
gboolean baton_hook_script_remove (BatonHookScript *self, BatonEnd **ret_end);

G_END_DECLS
