/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed.h"

G_BEGIN_DECLS

/* A place is what its file is called: a card's address, or what a session's end is kept under. */
GPtrArray *baton_closed_load (BatonClosed *self, const char *place, GError **error);
gboolean
baton_closed_save (BatonClosed *self, const char *place, GPtrArray *programs, GError **error);
gboolean baton_closed_runs (BatonClosed *self, const BatonClosedProgram *program);

G_END_DECLS
