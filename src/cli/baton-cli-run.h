/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli.h"

G_BEGIN_DECLS

/**
 * BatonCliRunFlags:
 * @BATON_CLI_RUN_QUIET: keep the lines, and show nothing
 * @BATON_CLI_RUN_LIVE: show the lines as they come
 * @BATON_CLI_RUN_ASKS: a password may be asked for
 */
typedef enum
{
  BATON_CLI_RUN_QUIET = 0,
  BATON_CLI_RUN_LIVE = 1 << 0,
  BATON_CLI_RUN_ASKS = 1 << 1,
} BatonCliRunFlags;

/**
 * BatonCliOutput: what the helper said, or this program in its place
 * @view: what is known by it
 * @result: the `result`, never %NULL
 * @lines: (element-type utf8): its lines
 */
typedef struct
{
  BatonView *view;
  JsonObject *result;
  GPtrArray *lines;
} BatonCliOutput;

void baton_cli_output_free (BatonCliOutput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonCliOutput, baton_cli_output_free)

BatonCliOutput *baton_cli_run (BatonCli *cli, const char *const *arguments, guint flags);
BatonCliOutput *baton_cli_look (BatonCli *cli, guint parts, BatonRequest *request);

void baton_cli_print_result (BatonCli *cli, JsonObject *result);
void baton_cli_write_output (BatonCli *cli, BatonCliOutput *output);
void baton_cli_write_seen (BatonCli *cli, BatonCliOutput *seen, JsonObject *result);
int baton_cli_end (BatonCli *cli, BatonExit status, BatonCode code, GHashTable *args);
int baton_cli_finish (BatonCli *cli, BatonCliOutput *output);

G_END_DECLS
