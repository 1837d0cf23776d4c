/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonAlwaysClose:
 *
 * The programs that this user always closes for a card, and is not warned of any more. It is the
 * window's memory alone: what may be closed is still said by the consents of each request.
 */
#define BATON_TYPE_ALWAYS_CLOSE (baton_always_close_get_type ())
G_DECLARE_FINAL_TYPE (BatonAlwaysClose, baton_always_close, BATON, ALWAYS_CLOSE, GObject)

BatonAlwaysClose *baton_always_close_new (GFile *file);

void baton_always_close_read_again (BatonAlwaysClose *self);
gboolean baton_always_close_is_busy (BatonAlwaysClose *self);
gboolean baton_always_close_can_change (BatonAlwaysClose *self);
const char *baton_always_close_get_problem (BatonAlwaysClose *self);

GStrv baton_always_close_list (BatonAlwaysClose *self, JsonObject *card);
gboolean baton_always_close_has_all (BatonAlwaysClose *self,
                                     JsonObject *card,
                                     const char *const *programs);
void baton_always_close_set (BatonAlwaysClose *self,
                             JsonObject *card,
                             const char *const *programs,
                             gboolean always);

G_END_DECLS
