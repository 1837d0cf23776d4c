/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-codes.h"

#include <gio/gio.h>

G_BEGIN_DECLS

guint baton_helper_command_get_asker (void);
GStrv baton_helper_command_build (const char *const *command,
                                  const char *helper_path,
                                  const char *const *arguments,
                                  BatonCode *ret_code);
GSubprocess *baton_helper_command_spawn (const char *const *argv, GError **error);

G_END_DECLS
