/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-front-clean.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonFront: one verb, asked by one caller
 *
 * @root: (borrowed): the roots
 * @caller: (borrowed): who asks
 * @writer: (borrowed): the caller's standard output
 * @begin_us: when it was asked, monotonic time
 * @leaves_wait: a handoff to a guest is done for the caller when it begins to wait for that
 */
typedef struct
{
  BatonRoot *root;
  const BatonCaller *caller;
  BatonEventWriter *writer;
  gint64 begin_us;
  gboolean leaves_wait;
} BatonFront;

int baton_front_end (
    BatonFront *self, BatonExit status, BatonCode code, const char *key, const char *value);
int baton_front_refuse_arguments (BatonFront *self, const char *reason);
int baton_front_carry_out (BatonFront *self, const char *verb, const BatonRequest *request);

/* The verbs: what is behind the first argument; @arguments are those after it. Each returns the
 * exit status, which its one result has told already. */
int baton_front_cancel (BatonFront *self, const char *const *arguments);
int baton_front_adopt (BatonFront *self, const char *const *arguments);
int baton_front_claim (BatonFront *self, const char *const *arguments);
int baton_front_configure (BatonFront *self, const char *const *arguments);
int baton_front_hand (BatonFront *self, const char *const *arguments);
int baton_front_install_hook (BatonFront *self, const char *const *arguments);
int baton_front_isolate (BatonFront *self, const char *const *arguments);
int baton_front_plan (BatonFront *self, const char *const *arguments);
int baton_front_recover (BatonFront *self, const char *const *arguments);
int baton_front_undo_all (BatonFront *self, const char *const *arguments);
int baton_front_watch (BatonFront *self, const char *const *arguments);

G_END_DECLS
