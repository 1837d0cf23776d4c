/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * HolderChild: a process that has done something, such as opening a node, and waits to be stopped
 */
typedef struct
{
  int pid;
  int hold_fd;
} HolderChild;

typedef void (*HolderAction) (gpointer data);

HolderChild *holder_child_start (HolderAction action, gpointer data);
void holder_child_stop (HolderChild *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HolderChild, holder_child_stop)

G_END_DECLS
