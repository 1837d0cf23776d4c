/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include "baton-front-change.h"
#include "baton-front-start.h"

/**
 * baton_front_install_hook:
 * @self: the front
 * @arguments: nothing, or `--undo`
 *
 * Has libvirt hand cards over by Baton, or no longer, by `baton-install-hook@ID.service`.
 *
 * Returns: the exit status
 */
int
baton_front_install_hook (BatonFront *self, const char *const *arguments)
{
  static const BatonFrontChange change = {
    .start = baton_front_start_installation,
    .not_begun = BATON_CODE_HOOK_NOT_BEGUN,
    .cut_off = BATON_CODE_HOOK_CUT_OFF,
  };
  guint n = g_strv_length ((GStrv) arguments);
  g_autofree char *order = NULL;

  if (n > 1 || (n == 1 && !g_str_equal (arguments[0], "--undo")))
    return baton_front_refuse_arguments (self, "“install-hook” takes nothing or --undo");
  order = baton_handoff_order_to_text_of_installation (n == 1, self->caller->uid);

  return baton_front_carry_out_change (self, &change, order);
}
