/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "baton-machine.h"
#include "baton-notice-news.h"

G_BEGIN_DECLS

/**
 * BatonNoticeDesktop:
 *
 * What is shown on the screen now, and what its buttons do.
 */
typedef struct _BatonNoticeDesktop BatonNoticeDesktop;

BatonNoticeDesktop *baton_notice_desktop_new (GDBusConnection *bus);
void baton_notice_desktop_free (BatonNoticeDesktop *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonNoticeDesktop, baton_notice_desktop_free)

void baton_notice_desktop_tell (BatonNoticeDesktop *self,
                                const BatonNoticeEvent *event,
                                const BatonCard *card);
void baton_notice_desktop_withdraw (BatonNoticeDesktop *self, const BatonNoticeEvent *event);
void baton_notice_desktop_withdraw_all (BatonNoticeDesktop *self);

G_END_DECLS
