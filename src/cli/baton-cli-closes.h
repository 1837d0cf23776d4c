/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli.h"

G_BEGIN_DECLS

void baton_cli_add_closes (BatonCli *cli, BatonRequest *request, JsonObject *holders);
gboolean baton_cli_add_found (BatonCli *cli, BatonRequest *request, BatonView *view);
gboolean baton_cli_check_closes (BatonCli *cli,
                                 const BatonRequest *request,
                                 gboolean is_own_look,
                                 GError **error);

G_END_DECLS
