/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"

G_BEGIN_DECLS

gboolean baton_owners_login_screen_stays (BatonStepContext *context,
                                          const char *unit,
                                          gboolean is_away,
                                          BatonTrouble *trouble);
void baton_owners_login_screen_tell (BatonStepContext *context,
                                     const char *unit,
                                     gboolean is_away,
                                     const BatonTrouble *trouble);

G_END_DECLS
