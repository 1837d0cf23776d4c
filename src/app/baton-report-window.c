/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-report-window.h"

#include <glib/gi18n.h>

#include "baton-json.h"
#include "baton-report-text.h"
#include "baton-result-words.h"
#include "baton-section.h"
#include "baton-step-row.h"
#include "baton-step-words.h"
#include "baton-trouble-words.h"
#include "baton-words.h"

struct _BatonReportWindow
{
  AdwWindow parent_instance;

  /* owned */
  JsonObject *report;
  JsonArray *cards;

  /* from the template */
  AdwToastOverlay *toast_overlay;
  GtkLabel *title_label;
  GtkLabel *text_label;
  GtkLabel *when_label;
  BatonSection *steps_section;
};

G_DEFINE_FINAL_TYPE (BatonReportWindow, baton_report_window, ADW_TYPE_WINDOW)

static void
activate_copy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  BatonReportWindow *self = BATON_REPORT_WINDOW (widget);
  g_autofree char *text = baton_report_text_build (self->report);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  adw_toast_overlay_add_toast (self->toast_overlay, adw_toast_new (_ ("Report copied")));
}

static void
baton_report_window_dispose (GObject *object)
{
  BatonReportWindow *self = BATON_REPORT_WINDOW (object);

  g_clear_pointer (&self->report, json_object_unref);
  g_clear_pointer (&self->cards, json_array_unref);

  G_OBJECT_CLASS (baton_report_window_parent_class)->dispose (object);
}

static void
baton_report_window_class_init (BatonReportWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_report_window_dispose;

  g_type_ensure (BATON_TYPE_SECTION);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-report-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonReportWindow, toast_overlay);
  gtk_widget_class_bind_template_child (widget_class, BatonReportWindow, title_label);
  gtk_widget_class_bind_template_child (widget_class, BatonReportWindow, text_label);
  gtk_widget_class_bind_template_child (widget_class, BatonReportWindow, when_label);
  gtk_widget_class_bind_template_child (widget_class, BatonReportWindow, steps_section);
  gtk_widget_class_install_action (widget_class, "report.copy", NULL, activate_copy);
}

static void
baton_report_window_init (BatonReportWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static GtkWidget *
create_step_row (guint index, gpointer data)
{
  return GTK_WIDGET (baton_step_row_new ());
}

/* A report's steps have ids, KIND:TARGET; the words are found by these two. */
static char *
dup_step_title (BatonReportWindow *self, JsonObject *step)
{
  const char *id = baton_json_get_string (step, "id");
  const char *colon = id != NULL ? strchr (id, ':') : NULL;
  g_autoptr (JsonObject) parted = json_object_new ();

  if (colon == NULL)
    return g_strdup (id);

  {
    g_autofree char *kind = g_strndup (id, colon - id);

    json_object_set_string_member (parted, "id", id);
    json_object_set_string_member (parted, "kind", kind);
    json_object_set_string_member (parted, "target", colon + 1);
    baton_json_set_string (parted, "card", baton_json_get_string (step, "card"));
  }

  return baton_step_words_dup_title (parted, baton_json_get_string (self->report, "to"),
                                     self->cards, NULL);
}

static void
fill_step_row (GtkWidget *row, guint index, gpointer data)
{
  BatonReportWindow *self = data;
  JsonObject *step =
      baton_json_nth_object (baton_json_get_array (self->report, "steps"), index);
  g_autofree char *title = dup_step_title (self, step);
  g_autofree char *text = baton_trouble_words_dup_detail (step);

  baton_step_row_show (BATON_STEP_ROW (row), title, text,
                       baton_json_get_string (step, "state"));
}

/**
 * baton_report_window_new:
 * @report: a report of the contract
 * @cards: (nullable): the machine's cards
 *
 * Returns: (transfer floating): a window that shows it
 */
BatonReportWindow *
baton_report_window_new (JsonObject *report, JsonArray *cards)
{
  BatonReportWindow *self = g_object_new (BATON_TYPE_REPORT_WINDOW, NULL);
  JsonArray *steps = baton_json_get_array (report, "steps");
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *title =
      baton_result_words_dup_title (report, baton_json_get_string (report, "to"));
  g_autofree char *text = baton_result_words_dup_text (report);
  gint64 at = baton_json_get_int (report, "at", 0);
  g_autofree char *time = baton_words_dup_time (at);
  double seconds = (double) baton_json_get_int (report, "elapsed_ms", 0) / 1000;
  /* Translators: when a handoff ended, such as "at 14:20", and how long it took */
  g_autofree char *when = g_strdup_printf (_ ("Ended %s, after %.1f seconds."), time, seconds);

  self->report = json_object_ref (report);
  self->cards = cards != NULL ? json_array_ref (cards) : NULL;
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->text_label, text != NULL ? text : "");
  gtk_label_set_label (self->when_label, when);
  /* A result that was heard of before its report does not say when it came. */
  gtk_widget_set_visible (GTK_WIDGET (self->when_label), at > 0);

  for (guint i = 0; i < baton_json_count (steps); i++)
    g_ptr_array_add (keys, g_strdup_printf ("%u", i));
  baton_section_sync (self->steps_section, keys, create_step_row, fill_step_row, self);

  return self;
}
