/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BATON_CONSOLE_COLUMNS 76

/**
 * BatonConsoleText:
 * @card: address of the card that was handed over
 * @name: (nullable): what the card is called
 * @is_away: it is with virtual machines
 * @unit: the display manager's unit
 * @problem: what is wrong with it: a sentence
 *
 * What there is to say in front of a screen without a login screen.
 */
typedef struct
{
  const char *card;
  const char *name;
  gboolean is_away;
  const char *unit;
  const char *problem;
} BatonConsoleText;

char *baton_console_text_build (const BatonConsoleText *self);

G_END_DECLS
