/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-kept-off.h"

G_BEGIN_DECLS

/* Below /etc: read by every user's systemd (environment.d(5)), and by shells that log somebody in. */
#define BATON_KEPT_OFF_ENVIRONMENT "environment.d/72-baton-kept-off.conf"
#define BATON_KEPT_OFF_PROFILE "profile.d/72-baton-kept-off.sh"

gboolean baton_kept_off_needs_environment (BatonMachine *machine, GPtrArray *cards);
char *baton_kept_off_build_environment (BatonRoot *root);
char *baton_kept_off_build_profile (BatonRoot *root);

G_END_DECLS
