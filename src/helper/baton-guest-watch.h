/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders.h"

G_BEGIN_DECLS

/**
 * BatonGuestWatch:
 *
 * What tells that a guest has come or gone: a node of vfio is opened, closed, made or removed,
 * libvirt has started a machine, or a process ends (one that has kept a descriptor of the device
 * alone closes no node). Each is only a reason to look.
 */
typedef struct _BatonGuestWatch BatonGuestWatch;

BatonGuestWatch *baton_guest_watch_new (void);
void baton_guest_watch_free (BatonGuestWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonGuestWatch, baton_guest_watch_free)

int baton_guest_watch_get_fd (BatonGuestWatch *self);
gboolean baton_guest_watch_has_news (BatonGuestWatch *self);
gboolean baton_guest_watch_listen (BatonGuestWatch *self, BatonRoot *root);
gboolean baton_guest_watch_set_end (BatonGuestWatch *self, gint64 end_us);
guint baton_guest_watch_follow (BatonGuestWatch *self, const BatonHolders *holders);

G_END_DECLS
