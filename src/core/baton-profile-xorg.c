/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile.h"
#include "baton-xorg-file.h"

/* Whether what a profile names for Xorg is there, and such as may be used. */

static gboolean
take_xorg_fault (BatonProfile *self, const char *key, char *fault)
{
  if (fault == NULL)
    return FALSE;
  self->xorg_fault = fault;
  self->xorg_fault_key = key;

  return TRUE;
}

/**
 * baton_profile_look_at_xorg:
 * @self: a profile
 * @root: where to look
 *
 * Looks whether Xorg's files that it names can be used as they are. What is moved aside already is not
 * looked for: it is put back before anything else is done.
 */
void
baton_profile_look_at_xorg (BatonProfile *self, BatonRoot *root)
{
  gboolean noted = baton_xorg_file_is_noted (root, self->card);

  if (self->xorg_host != NULL && !noted &&
      take_xorg_fault (self, BATON_PROFILE_XORG_HOST,
                       baton_xorg_file_find_fault (root, self->xorg_host, BATON_XORG_HOST)))
    return;
  if (self->xorg_guest == NULL)
    return;
  if (!take_xorg_fault (
          self, BATON_PROFILE_XORG_GUEST,
          baton_xorg_file_find_fault (root, self->xorg_guest, BATON_XORG_GUEST)) &&
      !noted)
    take_xorg_fault (self, BATON_PROFILE_XORG_GUEST,
                     baton_xorg_file_find_obstacle (root, self->card));
}
