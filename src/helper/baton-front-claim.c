/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include "baton-front-change.h"
#include "baton-front-start.h"
#include "baton-pci-address.h"

/**
 * baton_front_claim:
 * @self: the front
 * @arguments: `ADDRESS [--undo]`
 *
 * Has a card, or one function of it, claimed at boot, or claimed no more, by `baton-claim@ID.service`.
 * Only the shape of the request is checked here: that program looks at the machine and at the files
 * for itself.
 *
 * Returns: the exit status
 */
int
baton_front_claim (BatonFront *self, const char *const *arguments)
{
  static const BatonFrontChange change = {
    .start = baton_front_start_claim,
    .not_begun = BATON_CODE_CLAIM_NOT_BEGUN,
    .cut_off = BATON_CODE_CLAIM_CUT_OFF,
    .patience_ms = BATON_FRONT_PATIENCE_WITH_IMAGES_MS,
  };
  guint n = g_strv_length ((GStrv) arguments);
  g_autofree char *order = NULL;

  if (n == 0 || !baton_pci_address_is_valid (arguments[0]))
    return baton_front_refuse_arguments (
        self, "a card is named by its full PCI address, such as 0000:01:00.0");
  if (n > 2 || (n == 2 && !g_str_equal (arguments[1], "--undo")))
    return baton_front_refuse_arguments (self, "after the address comes nothing or --undo");
  order = baton_handoff_order_to_text_of_card ("claim", arguments[0], n == 2, FALSE,
                                               self->caller->uid);

  return baton_front_carry_out_change (self, &change, order);
}
