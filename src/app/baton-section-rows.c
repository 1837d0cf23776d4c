/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-section-rows.h"

#include "baton-finding-words.h"

/* What a section shows, while its rows are made and filled. */
typedef struct
{
  /* borrowed */
  GPtrArray *objects;
  JsonObject *holders;
  guint verbs;
  GCallback on_pressed; /* NULL for rows without a button */
  GObject *data;
} Rows;

static GtkWidget *
create_finding_row (guint index, gpointer data)
{
  const Rows *rows = data;
  BatonFindingRow *row = baton_finding_row_new ();
  BatonFindingVerb verb = baton_finding_words_get_verb (rows->objects->pdata[index]);

  if (rows->on_pressed != NULL && (rows->verbs & (1u << verb)) != 0)
    g_signal_connect_object (row, "verb", rows->on_pressed, rows->data, G_CONNECT_SWAPPED);
  else
    baton_finding_row_set_has_verb (row, FALSE);

  return GTK_WIDGET (row);
}

static void
fill_finding_row (GtkWidget *row, guint index, gpointer data)
{
  const Rows *rows = data;

  baton_finding_row_show (BATON_FINDING_ROW (row), rows->objects->pdata[index], rows->holders);
}

/**
 * baton_section_show_findings:
 * @self: a section of findings
 * @findings: (element-type JsonObject): what it shows
 * @holders: (nullable): the holders of the card, for what a finding says of one
 * @verbs: set of each 1 << #BatonFindingVerb that is offered here
 * @on_verb: (nullable): what a row's button does; without it, no row has one
 * @data: for @on_verb
 */
void
baton_section_show_findings (BatonSection *self,
                             GPtrArray *findings,
                             JsonObject *holders,
                             guint verbs,
                             BatonFindingVerbFunc on_verb,
                             GObject *data)
{
  Rows rows = { findings, holders, verbs, G_CALLBACK (on_verb), data };
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < findings->len; i++)
    g_ptr_array_add (keys, baton_finding_words_dup_key (findings->pdata[i]));

  baton_section_sync (self, keys, create_finding_row, fill_finding_row, &rows);
}

static GtkWidget *
create_holder_row (guint index, gpointer data)
{
  const Rows *rows = data;
  BatonHolderRow *row = baton_holder_row_new ();

  if (rows->on_pressed != NULL)
    g_signal_connect_object (row, "close", rows->on_pressed, rows->data, G_CONNECT_SWAPPED);
  else
    baton_holder_row_set_can_close (row, FALSE);

  return GTK_WIDGET (row);
}

static void
fill_holder_row (GtkWidget *row, guint index, gpointer data)
{
  const Rows *rows = data;

  baton_holder_row_show (BATON_HOLDER_ROW (row), rows->objects->pdata[index]);
}

/**
 * baton_section_show_holders:
 * @self: a section of holders
 * @holders: (element-type JsonObject): what it shows
 * @keys: (element-type utf8): what tells each from the others, see baton_holder_row_dup_key()
 * @on_close: (nullable): what a row's button does; without it, no row has one
 * @data: for @on_close
 */
void
baton_section_show_holders (BatonSection *self,
                            GPtrArray *holders,
                            GPtrArray *keys,
                            BatonHolderCloseFunc on_close,
                            GObject *data)
{
  Rows rows = { holders, NULL, 0, G_CALLBACK (on_close), data };

  baton_section_sync (self, keys, create_holder_row, fill_holder_row, &rows);
}
