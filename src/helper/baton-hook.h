/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonHookTask: what a hook of libvirt's is called for
 * @BATON_HOOK_NOTHING: whatever concerns no card, or came with a libvirt after this one
 * @BATON_HOOK_TAKE: a guest is about to be started, and nothing has been done for it yet
 * @BATON_HOOK_GIVE_BACK: a guest has ended, and all that it had is free
 */
typedef enum
{
  BATON_HOOK_NOTHING,
  BATON_HOOK_TAKE,
  BATON_HOOK_GIVE_BACK,
} BatonHookTask;

BatonHookTask baton_hook_choose_task (const char *operation, const char *stage);
int baton_hook_run (BatonRoot *root, int n_arguments, const char *const *arguments);

G_END_DECLS
