/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-front.h"

#include "baton-front-change.h"
#include "baton-front-start.h"
#include "baton-profile-changes.h"

/**
 * baton_front_configure:
 * @self: the front
 * @arguments: `ADDRESS KEY=VALUE…`
 *
 * Has one card's section of the settings changed by `baton-settings@ID.service`. Only the shape of
 * the request is checked here: that program looks at the machine and at the file for itself.
 *
 * Returns: the exit status
 */
int
baton_front_configure (BatonFront *self, const char *const *arguments)
{
  static const BatonFrontChange change = {
    .start = baton_front_start_settings,
    .not_begun = BATON_CODE_SETTINGS_NOT_BEGUN,
    .cut_off = BATON_CODE_SETTINGS_CUT_OFF,
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonProfileChanges) changes =
      baton_profile_changes_new_from_arguments (arguments, &error);
  g_autofree char *order = NULL;

  if (changes == NULL)
    return baton_front_refuse_arguments (self, error->message);
  order = baton_handoff_order_to_text ("configure", NULL, changes, self->caller->uid);

  return baton_front_carry_out_change (self, &change, order);
}
