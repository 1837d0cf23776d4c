/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

char *baton_unit_name_dup_fault (const char *name);
gboolean baton_unit_name_may_be_display_manager (const char *name);
gboolean baton_unit_name_is_good (const char *name);
gboolean baton_unit_name_is_of_user (const char *name);
char *baton_unit_name_dup_for_user (const char *name, guint uid);
const char *baton_unit_name_find_plain (const char *name, guint *ret_uid);
char *baton_unit_name_read_list (const char *value, GStrv others, GStrv *ret_list);
gboolean baton_unit_name_is_installed (const char *name, BatonRoot *root);
gboolean baton_unit_name_is_transient (const char *name, const guint *uid, BatonRoot *root);

G_END_DECLS
