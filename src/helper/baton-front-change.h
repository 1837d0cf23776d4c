/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-front.h"
#include "baton-handoff-dir.h"

G_BEGIN_DECLS

/* A RAM disk for each kernel is packed, and on a slow computer that takes minutes. */
#define BATON_FRONT_PATIENCE_WITH_IMAGES_MS (45 * 60 * 1000)

/**
 * BatonFrontChange: files of an administrator's that a unit of its own changes
 *
 * @start: has that unit started
 * @not_begun: says that it was not, with a `reason`
 * @cut_off: says that it ended without a result
 * @patience_ms: how long it may take where that is more than reading and writing small files; or 0
 */
typedef struct
{
  gboolean (*start) (BatonRoot *root, const char *id, int *ret_worker, GError **error);
  BatonCode not_begun;
  BatonCode cut_off;
  guint patience_ms;
} BatonFrontChange;

int baton_front_carry_out_change (BatonFront *self,
                                  const BatonFrontChange *change,
                                  const char *order);

G_END_DECLS
