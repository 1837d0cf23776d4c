/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-view.h"

#include <glib/gi18n.h>
#include <gmodule.h>

#include "baton-json.h"
#include "baton-running-words.h"
#include "baton-section.h"
#include "baton-step-row.h"
#include "baton-trouble-words.h"

struct _BatonHandoffView
{
  GtkBox parent_instance;

  /* owned */
  BatonModel *model;
  BatonHandoff *handoff;
  char *announced;

  guint tick; /* source id: only while a handoff runs and is on screen */

  /* from the template */
  GtkImage *icon;
  GtkLabel *title_label;
  GtkLabel *text_label;
  GtkProgressBar *progress_bar;
  GtkWidget *running_box;
  GtkLabel *elapsed_label;
  GtkLabel *past_label;
  GtkButton *cancel_button;
  GtkWidget *end_box;
  GtkWidget *copy_button;
  GtkButton *remedy_button;
  GtkLabel *remedy_label;
  GtkExpander *steps_expander;
  GtkListBox *steps_list;
};

enum
{
  SIGNAL_REMEDY,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonHandoffView, baton_handoff_view, GTK_TYPE_BOX)

static void
set_style (GtkWidget *widget, const char *style)
{
  static const char *const styles[] = { "success", "warning", "error", "accent" };

  for (guint i = 0; i < G_N_ELEMENTS (styles); i++)
    gtk_widget_remove_css_class (widget, styles[i]);
  if (style != NULL)
    gtk_widget_add_css_class (widget, style);
}

/* gtk_accessible_announce() came with GTK 4.14; where it is not, the title's role "status" is what
 * a screen reader follows. */
static void
announce (BatonHandoffView *self, const char *text)
{
  typedef void (*Announce) (GtkAccessible *, const char *, int);
  static Announce announce_func;
  static gsize looked;

  if (g_once_init_enter (&looked))
    {
      /* The program itself: opening it loads nothing, so it is not closed either. */
      GModule *program = g_module_open (NULL, 0);
      gpointer symbol = NULL;

      if (program != NULL && g_module_symbol (program, "gtk_accessible_announce", &symbol))
        announce_func = (Announce) symbol;
      g_once_init_leave (&looked, 1);
    }

  if (g_strcmp0 (self->announced, text) == 0)
    return;

  g_free (self->announced);
  self->announced = g_strdup (text);
  if (announce_func != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)))
    announce_func (GTK_ACCESSIBLE (self), text, 1);
}

static void
show_elapsed (BatonHandoffView *self)
{
  g_autofree char *text = baton_running_words_dup_progress (self->handoff);

  gtk_label_set_label (self->elapsed_label, text);
}

static gboolean
on_tick_cb (gpointer data)
{
  show_elapsed (data);

  return G_SOURCE_CONTINUE;
}

static void
update_tick (BatonHandoffView *self)
{
  gboolean wanted = self->handoff != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)) &&
                    baton_handoff_get_phase (self->handoff) != BATON_HANDOFF_ENDED &&
                    !baton_handoff_is_waiting (self->handoff);

  if (wanted && self->tick == 0)
    self->tick = g_timeout_add_seconds (1, on_tick_cb, self);
  else if (!wanted)
    g_clear_handle_id (&self->tick, g_source_remove);
}

static void
show_running (BatonHandoffView *self)
{
  g_autofree char *title =
      baton_running_words_dup_title (self->handoff, baton_model_get_view (self->model));
  g_autofree char *text = baton_running_words_dup_text (self->handoff);
  guint n_steps = baton_handoff_get_n_steps (self->handoff);
  gboolean stalled = baton_handoff_is_stalled (self->handoff);
  gboolean waits = stalled || baton_handoff_is_waiting (self->handoff);
  BatonHandoffPhase phase = baton_handoff_get_phase (self->handoff);

  gtk_image_set_from_icon_name (self->icon,
                                waits ? "baton-waiting-symbolic" : "baton-running-symbolic");
  set_style (GTK_WIDGET (self->icon), stalled ? "warning" : "accent");
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->text_label, text);
  gtk_progress_bar_set_fraction (
      self->progress_bar,
      n_steps > 0 ? (double) baton_handoff_get_n_done (self->handoff) / n_steps : 0);
  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button),
                          baton_handoff_can_cancel (self->handoff));
  gtk_widget_set_visible (GTK_WIDGET (self->past_label),
                          phase == BATON_HANDOFF_RUNNING &&
                              !baton_handoff_can_cancel (self->handoff));
  show_elapsed (self);
  announce (self, title);
}

static BatonRemedy
get_remedy (BatonHandoffView *self)
{
  JsonObject *card = baton_view_find_card (baton_model_get_view (self->model),
                                           baton_handoff_get_card (self->handoff));

  return baton_result_words_get_remedy (baton_handoff_get_result (self->handoff), card);
}

static void
show_end (BatonHandoffView *self)
{
  JsonObject *result = baton_handoff_get_result (self->handoff);
  g_autofree char *title =
      baton_result_words_dup_title (result, baton_handoff_get_to (self->handoff));
  g_autofree char *text = baton_result_words_dup_text (result);
  const char *label = baton_result_words_get_remedy_label (get_remedy (self));

  gtk_image_set_from_icon_name (self->icon, baton_result_words_get_icon (result));
  set_style (GTK_WIDGET (self->icon), baton_result_words_get_style (result));
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->text_label, text != NULL ? text : "");
  /* Everything is as it was, so that the report is all there is to find the cause with. */
  gtk_widget_set_visible (self->copy_button,
                          baton_json_get_int (result, "exit", -1) == BATON_EXIT_ROLLED_BACK);
  gtk_widget_set_visible (GTK_WIDGET (self->remedy_button), label != NULL);
  if (label != NULL)
    gtk_label_set_label (self->remedy_label, label);
  announce (self, title);
}

static GtkWidget *
create_step_row (guint index, gpointer data)
{
  return GTK_WIDGET (baton_step_row_new ());
}

static void
fill_step_row (GtkWidget *row, guint index, gpointer data)
{
  BatonHandoffView *self = data;
  g_autofree char *title =
      baton_running_words_dup_step (self->handoff, baton_model_get_view (self->model), index);
  g_autofree char *text =
      baton_trouble_words_dup_detail (baton_handoff_get_step_event (self->handoff, index));

  baton_step_row_show (BATON_STEP_ROW (row), title, text,
                       baton_handoff_get_step_state (self->handoff, index));
}

static void
show_steps (BatonHandoffView *self)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  guint n_steps = baton_handoff_get_n_steps (self->handoff);
  g_autofree char *label = g_strdup_printf (ngettext ("%u Step", "%u Steps", n_steps), n_steps);

  for (guint i = 0; i < n_steps; i++)
    g_ptr_array_add (keys, g_strdup (baton_json_get_string (
                               baton_handoff_get_step (self->handoff, i), "id")));

  baton_list_sync (self->steps_list, keys, create_step_row, fill_step_row, self);
  gtk_expander_set_label (self->steps_expander, label);
  /* GTK 4.8 takes no name for a screen reader from the label. */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->steps_expander),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->steps_expander), n_steps > 0);
}

static void
on_handoff_changed_cb (BatonHandoffView *self)
{
  gboolean ended = baton_handoff_get_phase (self->handoff) == BATON_HANDOFF_ENDED;

  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), !ended);
  gtk_widget_set_visible (self->running_box, !ended);
  gtk_widget_set_visible (self->end_box, ended);
  if (ended)
    show_end (self);
  else
    show_running (self);
  show_steps (self);
  update_tick (self);
}

static void
on_cancel_clicked_cb (BatonHandoffView *self)
{
  baton_model_cancel (self->model);
}

static void
on_remedy_clicked_cb (BatonHandoffView *self)
{
  g_signal_emit (self, signals[SIGNAL_REMEDY], 0, get_remedy (self));
}

static void
on_dismiss_clicked_cb (BatonHandoffView *self)
{
  baton_model_dismiss (self->model);
}

static void
baton_handoff_view_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (baton_handoff_view_parent_class)->map (widget);
  update_tick (BATON_HANDOFF_VIEW (widget));
}

static void
baton_handoff_view_unmap (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (baton_handoff_view_parent_class)->unmap (widget);
  update_tick (BATON_HANDOFF_VIEW (widget));
}

static void
set_handoff (BatonHandoffView *self, BatonHandoff *handoff)
{
  if (self->handoff == handoff)
    return;

  if (self->handoff != NULL)
    g_signal_handlers_disconnect_by_func (self->handoff, on_handoff_changed_cb, self);
  g_set_object (&self->handoff, handoff);
  if (handoff != NULL)
    g_signal_connect_object (handoff, "changed", G_CALLBACK (on_handoff_changed_cb), self,
                             G_CONNECT_SWAPPED);
}

static void
baton_handoff_view_dispose (GObject *object)
{
  BatonHandoffView *self = BATON_HANDOFF_VIEW (object);

  set_handoff (self, NULL);
  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_object (&self->model);
  g_clear_pointer (&self->announced, g_free);

  G_OBJECT_CLASS (baton_handoff_view_parent_class)->dispose (object);
}

static void
baton_handoff_view_class_init (BatonHandoffViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_handoff_view_dispose;
  widget_class->map = baton_handoff_view_map;
  widget_class->unmap = baton_handoff_view_unmap;

  /**
   * BatonHandoffView::remedy:
   * @remedy: a #BatonRemedy
   *
   * The button below an end was clicked.
   */
  signals[SIGNAL_REMEDY] = g_signal_new ("remedy", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                         0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-handoff-view.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, icon);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, title_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, text_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, running_box);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, elapsed_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, past_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, end_box);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, copy_button);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, remedy_button);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, remedy_label);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, steps_expander);
  gtk_widget_class_bind_template_child (widget_class, BatonHandoffView, steps_list);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_remedy_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_dismiss_clicked_cb);
}

static void
baton_handoff_view_init (BatonHandoffView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_handoff_view_show:
 * @self: a view
 * @model: the window's model
 * @handoff: (nullable): what to show
 */
void
baton_handoff_view_show (BatonHandoffView *self, BatonModel *model, BatonHandoff *handoff)
{
  g_return_if_fail (BATON_IS_HANDOFF_VIEW (self));

  g_set_object (&self->model, model);
  set_handoff (self, handoff);
  if (handoff != NULL)
    on_handoff_changed_cb (self);
  else
    update_tick (self);
}
