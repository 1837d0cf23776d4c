/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-profile.h"

G_BEGIN_DECLS

void baton_profile_words_describe_problem (const BatonProfileProblem *problem,
                                           char **ret_title,
                                           char **ret_detail);

G_END_DECLS
