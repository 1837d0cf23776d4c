/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-profile.h"

G_BEGIN_DECLS

/**
 * BatonProfileValue:
 * @key: a key that this version acts on
 * @value: (nullable): what holds; %NULL where nothing is set and there is no default
 * @line: the line of the settings file that says so, 0 for the default
 *
 * What holds for one card in one matter, as it would be written into the file.
 */
typedef struct
{
  char *key;
  char *value;
  guint line;
} BatonProfileValue;

GPtrArray *baton_profile_list_values (BatonRoot *root,
                                      const char *card,
                                      char **ret_file,
                                      BatonProfileProblem **ret_problem);

G_END_DECLS
