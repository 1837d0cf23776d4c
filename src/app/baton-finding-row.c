/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-finding-row.h"

#include "baton-finding-words.h"
#include "baton-json.h"

struct _BatonFindingRow
{
  AdwActionRow parent_instance;

  JsonObject *finding; /* owned */
  gboolean has_verb;

  /* from the template */
  GtkImage *icon;
  GtkButton *button;
  GtkLabel *button_label;
};

enum
{
  SIGNAL_VERB,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonFindingRow, baton_finding_row, ADW_TYPE_ACTION_ROW)

static void
on_button_clicked_cb (BatonFindingRow *self)
{
  g_signal_emit (self, signals[SIGNAL_VERB], 0);
}

static void
baton_finding_row_dispose (GObject *object)
{
  BatonFindingRow *self = BATON_FINDING_ROW (object);

  g_clear_pointer (&self->finding, json_object_unref);

  G_OBJECT_CLASS (baton_finding_row_parent_class)->dispose (object);
}

static void
baton_finding_row_class_init (BatonFindingRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = baton_finding_row_dispose;

  /**
   * BatonFindingRow::verb:
   *
   * The row's one button was clicked.
   */
  signals[SIGNAL_VERB] = g_signal_new ("verb", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-finding-row.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonFindingRow, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonFindingRow, button);
  gtk_widget_class_bind_template_child (widget_class, BatonFindingRow, button_label);
  gtk_widget_class_bind_template_callback (widget_class, on_button_clicked_cb);
}

static void
baton_finding_row_init (BatonFindingRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->has_verb = TRUE;
}

/**
 * baton_finding_row_new:
 *
 * Returns: (transfer floating): an empty row
 */
BatonFindingRow *
baton_finding_row_new (void)
{
  return g_object_new (BATON_TYPE_FINDING_ROW, NULL);
}

static void
set_icon (BatonFindingRow *self, const char *severity)
{
  static const char *const styles[] = { "error", "warning", "accent" };
  const char *style = g_strcmp0 (severity, "blocker") == 0   ? "error"
                      : g_strcmp0 (severity, "warning") == 0 ? "warning"
                                                             : "accent";

  for (guint i = 0; i < G_N_ELEMENTS (styles); i++)
    gtk_widget_remove_css_class (GTK_WIDGET (self->icon), styles[i]);
  gtk_widget_add_css_class (GTK_WIDGET (self->icon), style);

  gtk_image_set_from_icon_name (self->icon, baton_finding_words_get_severity_icon (severity));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  baton_finding_words_get_severity_label (severity), -1);
}

/**
 * baton_finding_row_show:
 * @self: a row
 * @finding: a finding of a plan
 * @holders: (nullable): who holds the card, for the names of apps
 */
void
baton_finding_row_show (BatonFindingRow *self, JsonObject *finding, JsonObject *holders)
{
  g_autofree char *title = baton_finding_words_dup_title (finding, holders);
  g_autofree char *detail = baton_finding_words_dup_detail (finding, holders);
  BatonFindingVerb verb = baton_finding_words_get_verb (finding);
  const char *label = baton_finding_words_get_verb_label (verb);

  g_return_if_fail (BATON_IS_FINDING_ROW (self));

  json_object_ref (finding);
  g_clear_pointer (&self->finding, json_object_unref);
  self->finding = finding;

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), detail);
  set_icon (self, baton_json_get_string (finding, "severity"));

  gtk_widget_set_visible (GTK_WIDGET (self->button), self->has_verb && label != NULL);
  if (label != NULL)
    {
      gtk_label_set_label (self->button_label, label);
      /* Four rows with a button "Close…" each: its description says which. */
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->button),
                                      GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, title, -1);
    }
}

/**
 * baton_finding_row_get_finding:
 * @self: a row
 *
 * Returns: (transfer none) (nullable): what it shows
 */
JsonObject *
baton_finding_row_get_finding (BatonFindingRow *self)
{
  g_return_val_if_fail (BATON_IS_FINDING_ROW (self), NULL);

  return self->finding;
}

/**
 * baton_finding_row_set_has_verb:
 * @self: a row
 * @has_verb: whether it offers its verb; not where the window around it has the answer
 */
void
baton_finding_row_set_has_verb (BatonFindingRow *self, gboolean has_verb)
{
  g_return_if_fail (BATON_IS_FINDING_ROW (self));

  self->has_verb = has_verb;
}
