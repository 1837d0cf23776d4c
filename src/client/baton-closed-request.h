/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-closed.h"
#include "baton-request.h"

G_BEGIN_DECLS

gboolean baton_closed_request_closes (const BatonRequest *request);
gboolean
baton_closed_note_request (BatonClosed *self, const BatonRequest *request, GError **error);

G_END_DECLS
