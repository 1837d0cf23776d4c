/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-end.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonBootImages:
 *
 * The RAM disks that this computer boots from, and those that are to take their place.
 */
typedef struct _BatonBootImages BatonBootImages;

BatonBootImages *
baton_boot_images_find (BatonRoot *root, const char *release, BatonEnd **ret_end);
void baton_boot_images_free (BatonBootImages *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonBootImages, baton_boot_images_free)

gboolean baton_boot_images_needs_hook_named (BatonBootImages *self);
gboolean baton_boot_images_build (BatonBootImages *self,
                                  BatonEventWriter *events,
                                  gboolean has_claims,
                                  BatonEnd **ret_end);
gboolean baton_boot_images_replace (BatonBootImages *self, BatonEnd **ret_end);

G_END_DECLS
