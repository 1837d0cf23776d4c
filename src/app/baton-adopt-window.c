/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopt-window.h"

#include <glib/gi18n.h>

#include "baton-adopt-words.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-result-words.h"
#include "baton-section.h"
#include "baton-words.h"

/* What is set up by hand for a card, each line with what Baton does instead. */
struct _BatonAdoptWindow
{
  AdwWindow parent_instance;

  gboolean is_adopted; /* what the button does is to put it back */
  gboolean is_running;
  gboolean is_done;

  /* owned */
  BatonModel *model;
  char *address;
  char *digest; /* of what is shown */
  BatonHelperClient *client;
  GCancellable *cancellable;

  GPtrArray *shown; /* borrowed, while a section is being filled */

  /* from the template */
  GtkLabel *cancel_button_label;
  GtkButton *accept_button;
  GtkLabel *accept_label;
  GtkLabel *card_label;
  GtkLabel *consequence_label;
  GtkLabel *message_label;
  BatonSection *lines_section;
  BatonSection *by_hand_section;
};

G_DEFINE_FINAL_TYPE (BatonAdoptWindow, baton_adopt_window, ADW_TYPE_WINDOW)

static GtkWidget *
create_line_row (guint index, gpointer data)
{
  AdwActionRow *row = ADW_ACTION_ROW (adw_action_row_new ());

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_action_row_set_title_lines (row, 0);
  adw_action_row_set_subtitle_lines (row, 0);

  return GTK_WIDGET (row);
}

static void
fill_line_row (GtkWidget *row, guint index, gpointer data)
{
  BatonAdoptWindow *self = data;
  JsonObject *line = g_ptr_array_index (self->shown, index);
  g_autofree char *title = baton_adopt_words_dup_line (line);
  g_autofree char *subtitle = baton_adopt_words_dup_instead (line);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
}

static void
show_section (BatonAdoptWindow *self, BatonSection *section, gboolean by_hand)
{
  BatonView *view = baton_model_get_view (self->model);
  g_autoptr (GPtrArray) lines = baton_adopt_words_list (view, self->address);
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < lines->len; i++)
    {
      JsonObject *line = g_ptr_array_index (lines, i);

      if (baton_json_get_boolean (line, "by_hand") != by_hand)
        continue;
      g_ptr_array_add (shown, line);
      g_ptr_array_add (keys, g_strdup_printf ("%s:%" G_GINT64_FORMAT ":%u",
                                              baton_json_get_string (line, "file"),
                                              baton_json_get_int (line, "line", 0), i));
    }
  self->shown = shown;
  baton_section_sync (section, keys, create_line_row, fill_line_row, self);
  self->shown = NULL;
}

static void
update_buttons (BatonAdoptWindow *self)
{
  gboolean can_ask = baton_model_can_ask (self->model);

  gtk_label_set_label (self->accept_label,
                       self->is_adopted ? _ ("_Put Back") : _ ("_Adopt This Setup"));
  gtk_label_set_label (self->cancel_button_label, self->is_done ? _ ("_Close") : _ ("_Cancel"));
  gtk_widget_set_visible (GTK_WIDGET (self->accept_button),
                          !self->is_done && (self->is_adopted || self->digest != NULL));
  gtk_widget_set_sensitive (GTK_WIDGET (self->accept_button), can_ask && !self->is_running);
  if (self->is_adopted)
    gtk_widget_remove_css_class (GTK_WIDGET (self->accept_button), "suggested-action");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->accept_button), "suggested-action");
}

static void
say (BatonAdoptWindow *self, const char *text)
{
  gtk_label_set_label (self->message_label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->message_label), text != NULL);
}

/* While something is done, and when it is, what was agreed to stays in sight. */
static void
show_card (BatonAdoptWindow *self)
{
  BatonView *view = baton_model_get_view (self->model);
  JsonObject *card = baton_view_find_card (view, self->address);
  g_autofree char *name = NULL;

  if (card == NULL || self->is_running || self->is_done)
    return;

  name = baton_words_dup_card_name (card, baton_view_get_cards (view));
  gtk_label_set_label (self->card_label, name);
  self->is_adopted = baton_json_get_boolean (card, "adopted");
  g_free (self->digest);
  self->digest = g_strdup (baton_json_get_string (card, "adopt_digest"));
  gtk_label_set_label (
      self->consequence_label,
      self->is_adopted
          ? _ ("What was set up by hand is moved aside, and Baton does it. It can be put back "
               "to the byte.")
          : _ ("These lines have a say in where the card is. They are moved aside to the byte, "
               "and Baton does what they did."));
  show_section (self, self->lines_section, FALSE);
  show_section (self, self->by_hand_section, TRUE);
  update_buttons (self);
}

static void
on_model_changed_cb (BatonAdoptWindow *self, guint what)
{
  if ((what & BATON_VIEW_MACHINE) != 0)
    show_card (self);
}

static void
on_ended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (BatonAdoptWindow) self = data;
  g_autoptr (GError) error = NULL;
  JsonObject *end =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &error);
  g_autofree char *text =
      end != NULL ? baton_result_words_dup_text (end) : g_strdup (error->message);

  /* The window is gone: nobody is left to tell. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  self->is_running = FALSE;
  self->is_done = end != NULL && baton_client_result_get_exit (end) == BATON_EXIT_DONE;
  say (self, text);
  update_buttons (self);
  /* What is not as it was shown is shown anew. */
  baton_model_look (self->model);
  g_clear_pointer (&end, json_object_unref);
}

static void
on_accept_clicked_cb (BatonAdoptWindow *self)
{
  const char *const adopt[] = { "adopt", self->address, "--expect", self->digest, NULL };
  const char *const put_back[] = { "adopt", self->address, "--undo", NULL };

  if (self->is_running)
    return;
  g_clear_object (&self->client);
  self->client = baton_model_new_client (self->model);
  if (self->client == NULL)
    return;

  self->is_running = TRUE;
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  say (self, _ ("An administrator’s password is asked for. Where a boot image is made anew, it "
                "then takes minutes."));
  update_buttons (self);
  baton_helper_client_run_async (self->client, self->is_adopted ? put_back : adopt,
                                 self->cancellable, on_ended_cb, g_object_ref (self));
}

/* The window is closed, and a password that is still being asked for is asked for no longer. */
static void
baton_adopt_window_unroot (GtkWidget *widget)
{
  BatonAdoptWindow *self = BATON_ADOPT_WINDOW (widget);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);

  GTK_WIDGET_CLASS (baton_adopt_window_parent_class)->unroot (widget);
}

static void
baton_adopt_window_dispose (GObject *object)
{
  BatonAdoptWindow *self = BATON_ADOPT_WINDOW (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->client);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (baton_adopt_window_parent_class)->dispose (object);
}

static void
baton_adopt_window_finalize (GObject *object)
{
  BatonAdoptWindow *self = BATON_ADOPT_WINDOW (object);

  g_clear_object (&self->cancellable);
  g_free (self->address);
  g_free (self->digest);

  G_OBJECT_CLASS (baton_adopt_window_parent_class)->finalize (object);
}

static void
baton_adopt_window_class_init (BatonAdoptWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_adopt_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = baton_adopt_window_finalize;
  widget_class->unroot = baton_adopt_window_unroot;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-adopt-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, cancel_button_label);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, accept_button);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, accept_label);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, card_label);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, consequence_label);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, message_label);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, lines_section);
  gtk_widget_class_bind_template_child (widget_class, BatonAdoptWindow, by_hand_section);
  gtk_widget_class_bind_template_callback (widget_class, on_accept_clicked_cb);
  g_type_ensure (BATON_TYPE_SECTION);
}

static void
baton_adopt_window_init (BatonAdoptWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * baton_adopt_window_new:
 * @model: the window's model
 * @address: a card
 *
 * Returns: (transfer floating): a window of what is set up by hand for the card, to be adopted or put back
 */
BatonAdoptWindow *
baton_adopt_window_new (BatonModel *model, const char *address)
{
  BatonAdoptWindow *self = g_object_new (BATON_TYPE_ADOPT_WINDOW, NULL);

  self->model = g_object_ref (model);
  self->address = g_strdup (address);
  g_signal_connect_object (model, "changed", G_CALLBACK (on_model_changed_cb), self,
                           G_CONNECT_SWAPPED);
  show_card (self);

  return self;
}
