/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli-run.h"

G_BEGIN_DECLS

BatonRequest *baton_cli_build_request (BatonCli *cli,
                                       const char *side,
                                       const char *const *cards,
                                       GError **error);
BatonCliOutput *baton_cli_preview (BatonCli *cli, BatonRequest *request, GError **error);
gboolean baton_cli_is_own_look (BatonCli *cli, BatonCliOutput *output);
void baton_cli_print_plan (BatonCli *cli, BatonView *view);

G_END_DECLS
