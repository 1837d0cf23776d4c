/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-helper-client.h"
#include "baton-view.h"

G_BEGIN_DECLS

/**
 * BatonCliOption: which options a verb takes
 */
typedef enum
{
  BATON_CLI_JSON = 1 << 0,
  BATON_CLI_YES = 1 << 1,
  BATON_CLI_DRY_RUN = 1 << 2,
  BATON_CLI_CLOSE = 1 << 3,
  BATON_CLI_CLOSE_ALL = 1 << 4,
  BATON_CLI_END_SESSION = 1 << 5,
  BATON_CLI_LET_OPEN = 1 << 6,
  BATON_CLI_MAY_NOT_RETURN = 1 << 7,
  BATON_CLI_WHEN_FREE = 1 << 8,
  BATON_CLI_UNTIL_FREE = 1 << 9,
  BATON_CLI_UNDO = 1 << 10,
  BATON_CLI_FORGET = 1 << 11,
  BATON_CLI_PROGRAMS = 1 << 12,
  BATON_CLI_SETTINGS = 1 << 13,
  BATON_CLI_START_GUEST = 1 << 14,
} BatonCliOption;

/**
 * BatonCli: what was asked on the command line, and where the answer goes
 * @options: set of #BatonCliOption
 * @closes: (nullable): process ids of `--close`, as written
 * @start_guest: (nullable): the name of `--start-guest`
 * @minutes: (nullable): the time of `--until-free`, as written
 * @words: the verb's arguments
 * @verb: the verb
 * @root: (borrowed): what is looked at
 * @client: (borrowed): what asks the helper
 * @color: standard output is a terminal that shows colours
 * @interactive: somebody can be asked
 * @writer: standard output, where `--json` is given
 */
typedef struct
{
  guint options;
  GStrv closes;
  const char *start_guest; /* borrowed */
  const char *minutes;     /* borrowed */
  GStrv words;
  const char *verb;
  BatonRoot *root;
  BatonHelperClient *client;
  gboolean color;
  gboolean interactive;
  BatonEventWriter *writer;
} BatonCli;

void baton_cli_set_language (const char *catalogues);
int baton_cli_main (BatonRoot *root, BatonHelperClient *client, int argc, char **argv);

int baton_cli_list (BatonCli *self);
int baton_cli_show (BatonCli *self);
int baton_cli_groups (BatonCli *self);
int baton_cli_holders (BatonCli *self);
int baton_cli_plan (BatonCli *self);
int baton_cli_hand (BatonCli *self);
int baton_cli_watch (BatonCli *self);
int baton_cli_cancel (BatonCli *self);
int baton_cli_recover (BatonCli *self);
int baton_cli_reopen (BatonCli *self);
int baton_cli_report (BatonCli *self);
int baton_cli_configure (BatonCli *self);
int baton_cli_adopt (BatonCli *self);
int baton_cli_claim (BatonCli *self);
int baton_cli_install_hook (BatonCli *self);
int baton_cli_isolate (BatonCli *self);
int baton_cli_undo_all (BatonCli *self);
int baton_cli_doctor (BatonCli *self);
int baton_cli_record (BatonCli *self);

int baton_cli_refuse (BatonCli *self, const char *reason);
int baton_cli_fail (BatonCli *self, BatonCode code, const char *reason);
int baton_cli_end_with_error (BatonCli *self, const GError *error);
char *baton_cli_find_card (BatonCli *self, const char *text, GError **error);

G_END_DECLS
