/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BATON_PROFILE_MAX_CHANGES 32
#define BATON_PROFILE_MAX_VALUE_BYTES 1024

/**
 * BatonProfileChanges:
 * @card: canonical address of the section
 * @keys: what is to change, each key once
 * @values: (array): the value that each of @keys is to have; an empty one takes the key away
 *
 * What somebody wants to be said otherwise in one card's section of `/etc/baton.conf`. Its shape is
 * checked; whether there is such a key, and what it may be, is for the code that reads the file.
 */
typedef struct
{
  char *card;
  GStrv keys;
  GStrv values;
} BatonProfileChanges;

BatonProfileChanges *baton_profile_changes_new_from_arguments (const char *const *arguments,
                                                               GError **error);
GStrv baton_profile_changes_to_arguments (const BatonProfileChanges *self);
void baton_profile_changes_free (BatonProfileChanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonProfileChanges, baton_profile_changes_free)

gboolean baton_profile_changes_name (const BatonProfileChanges *self, const char *key);

G_END_DECLS
