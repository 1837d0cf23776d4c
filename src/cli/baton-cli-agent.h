/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli.h"

G_BEGIN_DECLS

/**
 * BatonCliAgent: what asks for a password in this terminal
 */
typedef struct _BatonCliAgent BatonCliAgent;

BatonCliAgent *baton_cli_agent_start (BatonCli *cli);
void baton_cli_agent_stop (BatonCliAgent *self);

G_END_DECLS
