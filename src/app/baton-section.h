/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define BATON_TYPE_SECTION (baton_section_get_type ())
G_DECLARE_FINAL_TYPE (BatonSection, baton_section, BATON, SECTION, GtkBox)

/**
 * BatonSectionCreate:
 * @index: which item it is for: rows of one list may be of several kinds, and keep theirs
 * @data: what baton_section_sync() was given
 *
 * Returns: (transfer floating): an empty row
 */
typedef GtkWidget *(*BatonSectionCreate) (guint index, gpointer data);

/**
 * BatonSectionFill:
 * @row: a row of the section
 * @index: which item it shows now
 * @data: what baton_section_sync() was given
 */
typedef void (*BatonSectionFill) (GtkWidget *row, guint index, gpointer data);

void baton_section_set_title (BatonSection *self, const char *title);

void baton_section_sync (BatonSection *self,
                         GPtrArray *keys,
                         BatonSectionCreate create,
                         BatonSectionFill fill,
                         gpointer data);

void baton_list_sync (GtkListBox *list,
                      GPtrArray *keys,
                      BatonSectionCreate create,
                      BatonSectionFill fill,
                      gpointer data);

G_END_DECLS
