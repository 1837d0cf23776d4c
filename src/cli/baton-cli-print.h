/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-cli.h"

G_BEGIN_DECLS

typedef enum
{
  BATON_CLI_PLAIN,
  BATON_CLI_BOLD,
  BATON_CLI_DIM,
  BATON_CLI_RED,
  BATON_CLI_YELLOW,
  BATON_CLI_GREEN,
} BatonCliPaint;

char *baton_cli_paint (BatonCli *self, BatonCliPaint paint, const char *text);

/**
 * BatonCliTable: rows of text in columns as wide as their widest cell
 */
typedef struct _BatonCliTable BatonCliTable;

BatonCliTable *baton_cli_table_new (const char *heading, ...) G_GNUC_NULL_TERMINATED;
void baton_cli_table_free (BatonCliTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonCliTable, baton_cli_table_free)
void baton_cli_table_add (BatonCliTable *self, const char *cell, ...) G_GNUC_NULL_TERMINATED;
void baton_cli_table_print (BatonCliTable *self, BatonCli *cli);

G_END_DECLS
