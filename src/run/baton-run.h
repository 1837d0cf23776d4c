/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonRunExit: how baton-run ends where the program does not end for it; the numbers are those of
 * env(1) and nohup(1)
 */
typedef enum
{
  BATON_RUN_FAILED = 125,
  BATON_RUN_CANNOT_START = 126,
  BATON_RUN_NOT_FOUND = 127,
} BatonRunExit;

void baton_run_set_language (const char *catalogues);
int baton_run_main (BatonRoot *root, const char *grant, int argc, char **argv);

G_END_DECLS
