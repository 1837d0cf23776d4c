/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-request.h"

G_BEGIN_DECLS

#define BATON_MAX_CLOSES 256

gboolean baton_request_take_card (GPtrArray *cards, const char *text, GError **error);
gboolean baton_request_take_close (BatonRequest *self, const char *text, GError **error);
gboolean baton_request_take_expect (BatonRequest *self, const char *text, GError **error);
gboolean baton_request_take_guest (BatonRequest *self, const char *text, GError **error);
gboolean baton_request_check (const BatonRequest *self, GError **error);

G_END_DECLS
