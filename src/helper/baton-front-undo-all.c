/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include "baton-front-change.h"
#include "baton-front-start.h"

/**
 * baton_front_undo_all:
 * @self: the front
 * @arguments: nothing, or `--settings`
 *
 * Has everything permanent of Baton's taken back, by `baton-undo-all@ID.service`.
 *
 * Returns: the exit status
 */
int
baton_front_undo_all (BatonFront *self, const char *const *arguments)
{
  static const BatonFrontChange change = {
    .start = baton_front_start_undo_all,
    .not_begun = BATON_CODE_UNDO_ALL_NOT_BEGUN,
    .cut_off = BATON_CODE_UNDO_ALL_CUT_OFF,
    .patience_ms = BATON_FRONT_PATIENCE_WITH_IMAGES_MS,
  };
  guint n = g_strv_length ((GStrv) arguments);
  g_autofree char *order = NULL;

  if (n > 1 || (n == 1 && !g_str_equal (arguments[0], "--settings")))
    return baton_front_refuse_arguments (self, "“undo-all” takes nothing or --settings");
  order = baton_handoff_order_to_text_of_undo_all (n == 1, self->caller->uid);

  return baton_front_carry_out_change (self, &change, order);
}
