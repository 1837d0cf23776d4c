/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-finding-row.h"
#include "baton-holder-row.h"
#include "baton-section.h"

G_BEGIN_DECLS

/**
 * BatonFindingVerbFunc:
 * @data: what baton_section_show_findings() was given
 * @row: the row whose button was pressed
 */
typedef void (*BatonFindingVerbFunc) (gpointer data, BatonFindingRow *row);

/**
 * BatonHolderCloseFunc:
 * @data: what baton_section_show_holders() was given
 * @row: the row whose button was pressed
 */
typedef void (*BatonHolderCloseFunc) (gpointer data, BatonHolderRow *row);

#define BATON_ALL_FINDING_VERBS G_MAXUINT

void baton_section_show_findings (BatonSection *self,
                                  GPtrArray *findings,
                                  JsonObject *holders,
                                  guint verbs,
                                  BatonFindingVerbFunc on_verb,
                                  GObject *data);
void baton_section_show_holders (BatonSection *self,
                                 GPtrArray *holders,
                                 GPtrArray *keys,
                                 BatonHolderCloseFunc on_close,
                                 GObject *data);

G_END_DECLS
