/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Beside what is said of the handoff itself. */
#define BATON_NOTIFY_REOPEN_ID "reopen"

GNotification *baton_notify_reopen_build (const char *card, GPtrArray *programs);
GNotification *baton_notify_reopen_build_problems (GPtrArray *results);
void baton_notify_reopen_withdraw (void);

G_END_DECLS
