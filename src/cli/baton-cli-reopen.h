/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli-run.h"

G_BEGIN_DECLS

void baton_cli_reopen_note (BatonCli *cli, const BatonRequest *request);
void baton_cli_reopen_settle (BatonCli *cli, const char *card, BatonCliOutput *output);
void baton_cli_reopen_offer (BatonCli *cli, const char *card, BatonSide to, JsonObject *result);

G_END_DECLS
