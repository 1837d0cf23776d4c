/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *baton_remedy_command_find_program (const char *name, const char *search_path);
char *baton_remedy_command_build (JsonObject *finding, const char *search_path);

G_END_DECLS
