/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonAccess:
 * @group: an IOMMU group
 * @uid: a user who was let in to its node
 */
typedef struct
{
  char *group;
  guint uid;
} BatonAccess;

gboolean baton_access_note (
    BatonRoot *root, const char *card, const char *group, guint uid, GError **error);
gboolean baton_access_drop (
    BatonRoot *root, const char *card, const char *group, guint uid, GError **error);
gboolean baton_access_forget (BatonRoot *root, const char *card, GError **error);

GPtrArray *baton_access_list (BatonRoot *root, const char *card);
gboolean baton_access_is_shared (BatonRoot *root, const char *card, const BatonAccess *access);

G_END_DECLS
