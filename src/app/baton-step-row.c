/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-step-row.h"

#include "baton-step-words.h"

struct _BatonStepRow
{
  AdwActionRow parent_instance;

  /* from the template */
  GtkImage *icon;
  GtkLabel *state_label;
};

G_DEFINE_FINAL_TYPE (BatonStepRow, baton_step_row, ADW_TYPE_ACTION_ROW)

static void
baton_step_row_class_init (BatonStepRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-step-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonStepRow, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonStepRow, state_label);
}

static void
baton_step_row_init (BatonStepRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_step_row_new:
 *
 * Returns: (transfer floating): an empty row
 */
BatonStepRow *
baton_step_row_new (void)
{
  return g_object_new (BATON_TYPE_STEP_ROW, NULL);
}

static void
set_texts (BatonStepRow *self, const char *title, const char *detail)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title != NULL ? title : "");
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), detail != NULL ? detail : "");
}

/**
 * baton_step_row_show:
 * @self: a row
 * @title: what the step does
 * @detail: (nullable): what happened in it
 * @state: (nullable): its state in the contract's word, %NULL before it has begun
 *
 * Shows a step of a handoff: its state as an icon *and* as text.
 */
void
baton_step_row_show (BatonStepRow *self,
                     const char *title,
                     const char *detail,
                     const char *state)
{
  g_return_if_fail (BATON_IS_STEP_ROW (self));

  set_texts (self, title, detail);
  gtk_image_set_from_icon_name (self->icon, baton_step_words_get_icon (state));
  gtk_label_set_label (self->state_label, baton_step_words_get_state (state));
  gtk_widget_set_visible (GTK_WIDGET (self->icon), TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->state_label), TRUE);
}

/**
 * baton_step_row_show_planned:
 * @self: a row
 * @n: its place in the plan, from 1
 * @title: what the step does
 *
 * Shows a step of a plan that nobody carries out yet.
 */
void
baton_step_row_show_planned (BatonStepRow *self, guint n, const char *title)
{
  g_autofree char *place = g_strdup_printf ("%u", n);

  g_return_if_fail (BATON_IS_STEP_ROW (self));

  set_texts (self, title, NULL);
  gtk_label_set_label (self->state_label, place);
  gtk_widget_set_visible (GTK_WIDGET (self->icon), FALSE);
}
