/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holders.h"

G_BEGIN_DECLS

gboolean baton_isolation_effect_apply (BatonRoot *root,
                                       const BatonCard *card,
                                       gboolean is_kept_off,
                                       gboolean programs,
                                       GError **error);
char *baton_isolation_effect_describe_users (const BatonHolders *holders, gboolean programs);

G_END_DECLS
