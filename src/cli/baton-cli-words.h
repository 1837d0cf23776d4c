/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *baton_cli_describe_side (JsonObject *card);
char *baton_cli_describe_step (const char *id);
char *baton_cli_describe_planned_step (const char *id, const char *detail);
char *baton_cli_describe_text (JsonObject *object);
char *baton_cli_describe_remedy (JsonObject *object);
char *baton_cli_describe_step_remedy (JsonObject *step);

G_END_DECLS
