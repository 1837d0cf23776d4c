/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include "baton-front-change.h"
#include "baton-front-start.h"
#include "baton-pci-address.h"

/**
 * baton_front_isolate:
 * @self: the front
 * @arguments: `ADDRESS [--programs|--undo]`
 *
 * Has this computer's desktop kept off a card, or let on it again, by `baton-isolate@ID.service`.
 * Only the shape of the request is checked here: that program looks at the machine and at the files
 * for itself.
 *
 * Returns: the exit status
 */
int
baton_front_isolate (BatonFront *self, const char *const *arguments)
{
  static const BatonFrontChange change = {
    .start = baton_front_start_isolation,
    .not_begun = BATON_CODE_KEEP_OFF_NOT_BEGUN,
    .cut_off = BATON_CODE_KEEP_OFF_CUT_OFF,
  };
  guint n = g_strv_length ((GStrv) arguments);
  gboolean undo = n == 2 && g_str_equal (arguments[1], "--undo");
  gboolean programs = n == 2 && g_str_equal (arguments[1], "--programs");
  g_autofree char *order = NULL;

  if (n == 0 || !baton_pci_address_is_valid (arguments[0]))
    return baton_front_refuse_arguments (
        self, "a card is named by its full PCI address, such as 0000:01:00.0");
  if (n > 2 || (n == 2 && !undo && !programs))
    return baton_front_refuse_arguments (
        self, "after the address comes nothing, --programs or --undo");
  order = baton_handoff_order_to_text_of_card ("isolate", arguments[0], undo, programs,
                                               self->caller->uid);

  return baton_front_carry_out_change (self, &change, order);
}
