/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-front.h"

G_BEGIN_DECLS

/**
 * BatonVerb: a first argument that the helper knows
 *
 * @name: the verb, and the last part of the polkit action that lets somebody use it
 * @looks_only: gives up its rights before it reads anything
 * @run: carries it out
 */
typedef struct
{
  const char *name;
  gboolean looks_only;
  int (*run) (BatonFront *front, const char *const *arguments);
} BatonVerb;

const BatonVerb *baton_verbs_get (guint *ret_n_verbs);

int baton_helper_run (BatonRoot *root, const BatonCaller *caller, int argc, char **argv);

G_END_DECLS
