/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-profile-changes.h"
#include "baton-profile.h"

G_BEGIN_DECLS

/**
 * BatonProfileEdit:
 * @BATON_PROFILE_EDIT_CHANGED: there is a new text
 * @BATON_PROFILE_EDIT_SAME: the text says so already
 * @BATON_PROFILE_EDIT_MISTAKE: the old text cannot be used as it is
 * @BATON_PROFILE_EDIT_REFUSED: the new text could not be used
 *
 * What became of changes to a settings file.
 */
typedef enum
{
  BATON_PROFILE_EDIT_CHANGED,
  BATON_PROFILE_EDIT_SAME,
  BATON_PROFILE_EDIT_MISTAKE,
  BATON_PROFILE_EDIT_REFUSED,
} BatonProfileEdit;

BatonProfileEdit baton_profile_edit (const BatonProfileChanges *changes,
                                     const char *identity,
                                     const char *file,
                                     const char *text,
                                     gsize length,
                                     char **ret_text,
                                     BatonProfileProblem **ret_problem);

G_END_DECLS
