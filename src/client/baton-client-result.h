/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"

G_BEGIN_DECLS

JsonObject *baton_client_result_new (
    BatonExit status, BatonCode code, const char *key, const char *value, gint64 elapsed_ms);

BatonCode baton_client_result_get_code (JsonObject *result);
int baton_client_result_get_exit (JsonObject *result);

G_END_DECLS
