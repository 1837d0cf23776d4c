/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include <string.h>

#include "baton-front-change.h"
#include "baton-front-start.h"
#include "baton-pci-address.h"

/* SHA-256, as baton_handmade_dup_digest() writes it. */
#define DIGEST_LENGTH 64

static gboolean
is_digest (const char *text)
{
  return strlen (text) == DIGEST_LENGTH && strspn (text, "0123456789abcdef") == DIGEST_LENGTH;
}

/**
 * baton_front_adopt:
 * @self: the front
 * @arguments: `ADDRESS --undo`, or `ADDRESS --expect DIGEST`
 *
 * Has what somebody set up by hand for a card moved aside, or put back, by `baton-adopt@ID.service`.
 * Only the shape of the request is checked here: that program looks at the machine and at the files
 * for itself, and refuses where they are not what was shown.
 *
 * Returns: the exit status
 */
int
baton_front_adopt (BatonFront *self, const char *const *arguments)
{
  static const BatonFrontChange change = {
    .start = baton_front_start_adoption,
    .not_begun = BATON_CODE_ADOPT_NOT_BEGUN,
    .cut_off = BATON_CODE_ADOPT_CUT_OFF,
    .patience_ms = BATON_FRONT_PATIENCE_WITH_IMAGES_MS,
  };
  guint n = g_strv_length ((GStrv) arguments);
  gboolean undo = n == 2 && g_str_equal (arguments[1], "--undo");
  g_autofree char *order = NULL;

  if (n == 0 || !baton_pci_address_is_valid (arguments[0]))
    return baton_front_refuse_arguments (
        self, "a card is named by its full PCI address, such as 0000:01:00.0");
  if (!undo && (n != 3 || !g_str_equal (arguments[1], "--expect") || !is_digest (arguments[2])))
    return baton_front_refuse_arguments (
        self, "after the address comes --undo, or --expect and the digest of what was shown");
  order = baton_handoff_order_to_text_of_adoption (arguments[0], undo ? NULL : arguments[2],
                                                   self->caller->uid);

  return baton_front_carry_out_change (self, &change, order);
}
