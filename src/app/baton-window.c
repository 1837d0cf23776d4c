/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-window-private.h"

#include <glib/gi18n.h>

#include "baton-card-row.h"
#include "baton-json.h"
#include "baton-result-words.h"
#include "baton-words.h"

G_DEFINE_FINAL_TYPE (BatonWindow, baton_window, ADW_TYPE_APPLICATION_WINDOW)

JsonArray *
baton_window_get_cards (BatonWindow *self)
{
  return baton_view_get_cards (baton_model_get_view (self->model));
}

static void
show_title (BatonWindow *self)
{
  BatonCardPage *page = baton_window_get_page (self);
  g_autofree char *name = NULL;

  if (page != NULL)
    name = baton_words_dup_card_name (baton_view_find_card (baton_model_get_view (self->model),
                                                            baton_card_page_get_address (page)),
                                      baton_window_get_cards (self));

  adw_window_title_set_title (self->content_title, name != NULL ? name : "Baton");
}

/* With one card there is nothing to choose: only its page is shown. */
static void
show_places (BatonWindow *self)
{
  gboolean has_list = baton_json_count (baton_window_get_cards (self)) > 1;
  gboolean folded = adw_leaflet_get_folded (self->leaflet);

  gtk_widget_set_visible (adw_leaflet_page_get_child (self->list_page), has_list);
  gtk_widget_set_visible (adw_leaflet_page_get_child (self->separator_page), has_list);
  gtk_widget_set_visible (self->back_button, has_list && folded);
  gtk_widget_set_visible (self->content_menu_button, !has_list);
  /* Beside the list, whose header has those of the left side. */
  adw_header_bar_set_show_start_title_buttons (self->content_header, !has_list || folded);
  if (!has_list)
    adw_leaflet_set_visible_child_name (self->leaflet, "content");
}

static void
show_status (BatonWindow *self)
{
  JsonObject *problem = baton_model_get_problem (self->model);
  gboolean looked = baton_model_has_looked (self->model);

  if (looked)
    {
      adw_status_page_set_icon_name (self->status_page, "baton-card-symbolic");
      adw_status_page_set_title (self->status_page, _ ("No Graphics Card"));
      adw_status_page_set_description (
          self->status_page,
          _ ("This computer shows no graphics card on its PCI bus. If one is in "
             "an external case, connect it and switch it on."));
    }
  else if (problem != NULL)
    {
      g_autofree char *text = baton_result_words_dup_text (problem);
      /* A status page's description is markup, and the text may name a path. */
      g_autofree char *escaped = text != NULL ? g_markup_escape_text (text, -1) : NULL;

      adw_status_page_set_icon_name (self->status_page, "baton-warning-symbolic");
      adw_status_page_set_title (self->status_page, _ ("Cannot Look at This Computer"));
      adw_status_page_set_description (self->status_page, escaped);
    }
  else
    {
      adw_status_page_set_icon_name (self->status_page, "baton-card-symbolic");
      adw_status_page_set_title (self->status_page, _ ("Looking at This Computer…"));
      adw_status_page_set_description (self->status_page, NULL);
    }

  gtk_widget_set_visible (self->status_button, looked || problem != NULL);
  gtk_stack_set_visible_child_name (self->stack, "status");
}

static gboolean
is_gone (gpointer key, gpointer value, gpointer data)
{
  BatonWindow *self = data;

  if (baton_view_find_card (baton_model_get_view (self->model), key) != NULL)
    return FALSE;

  gtk_stack_remove (self->stack, value);

  return TRUE;
}

static void
ensure_pages (BatonWindow *self)
{
  JsonArray *cards = baton_window_get_cards (self);

  g_hash_table_foreach_remove (self->pages, is_gone, self);

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      const char *address = baton_json_get_string (baton_json_nth_object (cards, i), "address");
      BatonCardPage *page;

      if (address == NULL || g_hash_table_contains (self->pages, address))
        continue;

      page = baton_card_page_new (self->model, address);
      gtk_stack_add_named (self->stack, GTK_WIDGET (page), address);
      g_hash_table_insert (self->pages, g_strdup (address), page);
    }
}

static void
refresh_pages (BatonWindow *self, guint what)
{
  GHashTableIter iter;
  gpointer page;

  g_hash_table_iter_init (&iter, self->pages);
  while (g_hash_table_iter_next (&iter, NULL, &page))
    baton_card_page_refresh (page, what);
}

static void
show_machine (BatonWindow *self)
{
  BatonCardPage *page;

  ensure_pages (self);
  baton_window_show_rows (self);
  show_places (self);

  if (baton_json_count (baton_window_get_cards (self)) == 0)
    {
      show_status (self);
      show_title (self);
      return;
    }

  page = baton_window_get_page (self);
  if (page == NULL)
    baton_window_show_first_card (self);
  show_title (self);
}

static void
on_model_changed_cb (BatonWindow *self, guint what)
{
  if ((what & (BATON_VIEW_MACHINE | BATON_VIEW_HELLO)) != 0 ||
      !baton_model_has_looked (self->model))
    show_machine (self);

  refresh_pages (self, what);
  baton_window_show_rows (self);
  baton_window_carry_out_wishes (self);
}

static void
on_handoff_changed_cb (BatonWindow *self)
{
  refresh_pages (self, BATON_VIEW_NOTHING);
  baton_window_show_rows (self);
}

/* A toast's title is markup, and the text may name a process. */
void
baton_window_say (BatonWindow *self, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_toast_overlay_add_toast (self->toast_overlay, adw_toast_new (escaped));
}

/* Never carried out as it stands: what the page knows of is the plan that no longer holds. */
static void
on_replan_cb (BatonWindow *self, const char *address, guint to)
{
  BatonCardPage *page = baton_window_find_page (self, address);

  if (page != NULL)
    baton_card_page_open_plan (page, to);
}

static void
on_row_selected_cb (BatonWindow *self, GtkListBoxRow *row)
{
  if (row == NULL)
    return;

  baton_window_keep_one_stop (self);
  /* An arrow key could not give the focus to a row that did not take it yet. */
  if (gtk_widget_get_focus_child (GTK_WIDGET (self->card_list)) != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
  gtk_stack_set_visible_child_name (self->stack,
                                    baton_card_row_get_address (BATON_CARD_ROW (row)));
  show_title (self);
}

static void
on_row_activated_cb (BatonWindow *self, GtkListBoxRow *row)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "content");
}

static void
on_back_clicked_cb (BatonWindow *self)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "list");
}

static void
on_folded_cb (BatonWindow *self)
{
  show_places (self);
}

/* See baton_model_look(). */
static void
on_active_cb (BatonWindow *self)
{
  BatonCardPage *page = baton_window_get_page (self);

  if (!gtk_window_is_active (GTK_WINDOW (self)))
    return;

  baton_model_look (self->model);
  if (page != NULL)
    baton_card_page_replan (page);
}

static void
baton_window_dispose (GObject *object)
{
  BatonWindow *self = BATON_WINDOW (object);

  g_clear_weak_pointer (&self->groups_window);
  g_clear_weak_pointer (&self->report_window);
  g_clear_weak_pointer (&self->help_window);
  g_clear_object (&self->model);
  g_clear_pointer (&self->pages, g_hash_table_unref);
  g_clear_pointer (&self->wished_card, g_free);

  G_OBJECT_CLASS (baton_window_parent_class)->dispose (object);
}

static void
baton_window_class_init (BatonWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_window_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/batongpu/Baton/ui/baton-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, toast_overlay);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, list_page);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, separator_page);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, card_list);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, content_header);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, content_title);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, back_button);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, content_menu_button);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, status_page);
  gtk_widget_class_bind_template_child (widget_class, BatonWindow, status_button);
  gtk_widget_class_bind_template_callback (widget_class, on_row_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_back_clicked_cb);
  baton_window_install_actions (widget_class);
}

static void
baton_window_init (BatonWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->pages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect_object (self->leaflet, "notify::folded", G_CALLBACK (on_folded_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self, "notify::is-active", G_CALLBACK (on_active_cb), self, 0);
}

/**
 * baton_window_new:
 * @application: (nullable): the application
 * @model: what to show
 *
 * Returns: (transfer floating): the main window
 */
BatonWindow *
baton_window_new (GtkApplication *application, BatonModel *model)
{
  BatonWindow *self = g_object_new (BATON_TYPE_WINDOW, "application", application, NULL);

  self->model = g_object_ref (model);
  g_signal_connect_object (model, "changed", G_CALLBACK (on_model_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "handoff-changed", G_CALLBACK (on_handoff_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "message", G_CALLBACK (baton_window_say), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "replan", G_CALLBACK (on_replan_cb), self, G_CONNECT_SWAPPED);
  on_model_changed_cb (self, BATON_VIEW_MACHINE | BATON_VIEW_HOLDERS);

  return self;
}

/**
 * baton_window_get_page:
 *
 * Returns: (transfer none) (nullable): the page that is shown, %NULL where no card is
 */
BatonCardPage *
baton_window_get_page (BatonWindow *self)
{
  GtkWidget *child;

  g_return_val_if_fail (BATON_IS_WINDOW (self), NULL);

  child = gtk_stack_get_visible_child (self->stack);

  return child != NULL && BATON_IS_CARD_PAGE (child) ? BATON_CARD_PAGE (child) : NULL;
}

/**
 * baton_window_find_page:
 * @self: the window
 * @address: (nullable): a card's address
 *
 * Returns: (transfer none) (nullable): its page
 */
BatonCardPage *
baton_window_find_page (BatonWindow *self, const char *address)
{
  g_return_val_if_fail (BATON_IS_WINDOW (self), NULL);

  return address != NULL ? g_hash_table_lookup (self->pages, address) : NULL;
}
