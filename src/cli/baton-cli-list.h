/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli-run.h"

G_BEGIN_DECLS

char *baton_cli_render_list (BatonView *view);
void baton_cli_print_list (BatonCli *cli, BatonView *view);

JsonObject *
baton_cli_find_seen_card (BatonCliOutput *output, const char *address, char **reason);

G_END_DECLS
