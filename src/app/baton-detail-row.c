/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-detail-row.h"

#include "baton-words.h"

struct _BatonDetailRow
{
  AdwPreferencesRow parent_instance;

  /* from the template */
  GtkLabel *value_label;
};

G_DEFINE_FINAL_TYPE (BatonDetailRow, baton_detail_row, ADW_TYPE_PREFERENCES_ROW)

static void
baton_detail_row_class_init (BatonDetailRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-detail-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonDetailRow, value_label);
}

static void
baton_detail_row_init (BatonDetailRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_detail_row_new:
 *
 * Returns: (transfer floating): an empty row
 */
BatonDetailRow *
baton_detail_row_new (void)
{
  return g_object_new (BATON_TYPE_DETAIL_ROW, NULL);
}

/**
 * baton_detail_row_set_value:
 * @self: a row
 * @value: (nullable): an address, path, command line or the like; the row is hidden without one
 */
void
baton_detail_row_set_value (BatonDetailRow *self, const char *value)
{
  g_autofree char *isolated = NULL;

  g_return_if_fail (BATON_IS_DETAIL_ROW (self));

  gtk_widget_set_visible (GTK_WIDGET (self), value != NULL && *value != '\0');
  if (value == NULL)
    return;

  /* A label that is set to what it shows keeps what its reader has selected of it. */
  isolated = baton_words_isolate (value);
  gtk_label_set_label (self->value_label, isolated);
}

/**
 * baton_detail_row_show:
 * @self: a row
 * @title: what the value is
 * @value: (nullable): the value; the row is hidden without one
 */
void
baton_detail_row_show (BatonDetailRow *self, const char *title, const char *value)
{
  g_return_if_fail (BATON_IS_DETAIL_ROW (self));

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  baton_detail_row_set_value (self, value);
}
