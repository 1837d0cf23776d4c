/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonKfdAnswer:
 * @BATON_KFD_UNKNOWN: the kernel does not tell
 * @BATON_KFD_USES: the process has memory or queues of the card
 * @BATON_KFD_USES_NOT: it has none
 */
typedef enum
{
  BATON_KFD_UNKNOWN,
  BATON_KFD_USES,
  BATON_KFD_USES_NOT,
} BatonKfdAnswer;

gboolean baton_kfd_read_number (BatonRoot *root, guint *ret_major, guint *ret_minor);
char *baton_kfd_dup_gpu_id (BatonRoot *root, const char *address);
BatonKfdAnswer baton_kfd_ask (BatonRoot *root, int pid, const char *gpu_id);

G_END_DECLS
