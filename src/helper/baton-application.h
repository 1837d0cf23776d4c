/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders.h"
#include "baton-process.h"

G_BEGIN_DECLS

/**
 * BatonApplication:
 * @pid: the holder whose end is consented to
 * @start_time: its start time
 * @uid: its user
 * @scope: (nullable): systemd's unit for the whole application
 * @leader: the oldest process of @scope that has not ended, or @pid
 * @leader_start_time: its start time
 *
 * What one consent to close covers.
 */
typedef struct
{
  int pid;
  char *start_time;
  guint uid;
  char *scope;
  int leader;
  char *leader_start_time;
} BatonApplication;

BatonApplication *baton_application_new (BatonRoot *root, const BatonHolder *holder);
void baton_application_free (BatonApplication *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonApplication, baton_application_free)

GPtrArray *
baton_application_list_parents (BatonApplication *self, BatonRoot *root, GPtrArray *holders);
gboolean baton_application_is_process (BatonRoot *root, int pid, const char *start_time);

G_END_DECLS
