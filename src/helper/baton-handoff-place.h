/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/* `/run/baton/handoff`, where each handoff has a directory of its own, and what is in one. A change
 * of the settings is no handoff: nobody watches it or puts it back, and it has a place of its own. */
#define BATON_HANDOFF_PLACE "baton/handoff"
#define BATON_SETTINGS_PLACE "baton/settings"
#define BATON_HANDOFF_REQUEST "request"
#define BATON_HANDOFF_EVENTS "events"
#define BATON_HANDOFF_CANCEL "cancel"
#define BATON_HANDOFF_WAITS "waits"

int
baton_handoff_place_open (BatonRoot *root, const char *place, gboolean create, GError **error);
gboolean baton_handoff_place_make_id (char *ret_id, GError **error);
void baton_handoff_place_clear (int parent, const char *id);
void baton_handoff_place_remove (BatonRoot *root, const char *place, const char *id);
void baton_handoff_place_set_error (GError **error,
                                    const char *what,
                                    const char *place,
                                    const char *id,
                                    const char *name,
                                    int errsv);

G_END_DECLS
