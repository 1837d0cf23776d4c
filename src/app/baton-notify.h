/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* One place on the desktop: the next report takes that of the last. */
#define BATON_NOTIFY_ID "report"

GNotification *baton_notify_build (JsonObject *report);

gboolean baton_notify_holds (JsonObject *report, const char *boot_id);
char *baton_notify_dup_key (JsonObject *report);
gboolean baton_notify_was_seen (const char *state_directory, const char *key);
void baton_notify_note_seen (const char *state_directory, const char *key);

G_END_DECLS
