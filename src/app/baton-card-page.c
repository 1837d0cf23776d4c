/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-card-page-private.h"

#include <adwaita.h>

#include "baton-card-details.h"
#include "baton-close-dialog.h"
#include "baton-how-window.h"
#include "baton-json.h"
#include "baton-plan-window.h"
#include "baton-section-rows.h"

G_DEFINE_FINAL_TYPE (BatonCardPage, baton_card_page, GTK_TYPE_BOX)

static void
on_plan_accepted_cb (BatonCardPage *self, const BatonRequest *request)
{
  baton_model_hand (self->model, request);
}

static BatonSide
get_other_side (BatonCardPage *self)
{
  return baton_words_get_other_side (baton_card_plan_get_card (self->plan));
}

/**
 * baton_card_page_open_plan:
 * @self: a page
 * @to: where the card would go
 *
 * Shows the plan of that, made anew, to be decided about. In the middle of a handoff there is
 * nothing to decide.
 */
void
baton_card_page_open_plan (BatonCardPage *self, BatonSide to)
{
  g_autoptr (BatonRequest) request = NULL;
  BatonPlanWindow *window = NULL;

  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  if (baton_card_plan_get_card (self->plan) == NULL || baton_card_plan_is_busy (self->plan))
    return;

  /* Of two plans one would be out of date. */
  if (self->plan_window != NULL)
    gtk_window_destroy (self->plan_window);
  request = baton_card_plan_create_request (self->plan, to);
  window = baton_plan_window_new (self->model, request);
  g_set_weak_pointer (&self->plan_window, GTK_WINDOW (window));
  g_signal_connect_object (window, "accepted", G_CALLBACK (on_plan_accepted_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_window_set_transient_for (GTK_WINDOW (window),
                                GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_window_present (GTK_WINDOW (window));
}

static void
on_holder_close_cb (gpointer data, BatonHolderRow *row)
{
  baton_close_dialog_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (data))),
                              baton_holder_row_get_holder (row));
}

static void
show_holders (BatonCardPage *self)
{
  JsonArray *list = baton_json_get_array (baton_card_plan_get_holders (self->plan), "holders");
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < baton_json_count (list); i++)
    {
      JsonObject *holder = baton_json_nth_object (list, i);

      g_ptr_array_add (shown, holder);
      g_ptr_array_add (keys, baton_holder_row_dup_key (holder));
    }

  baton_section_show_holders (self->holders_section, shown, keys, on_holder_close_cb,
                              G_OBJECT (self));
}

static void
show_verb (BatonCardPage *self)
{
  BatonHandoff *handoff = baton_card_plan_get_handoff (self->plan);
  JsonObject *result = handoff != NULL ? baton_handoff_get_result (handoff) : NULL;
  JsonObject *card = baton_card_plan_get_card (self->plan);
  gboolean stuck = baton_json_get_int (result, "exit", 0) == BATON_EXIT_STUCK;
  /* One button, never two: that of the end does the same. */
  gboolean is_offered =
      result != NULL && baton_result_words_get_remedy (result, card) == BATON_REMEDY_RETURN;

  self->verb = baton_words_choose_verb (card, baton_card_plan_get_plan (self->plan));
  gtk_label_set_label (self->verb_label, baton_words_get_verb_label (self->verb));
  gtk_widget_set_visible (GTK_WIDGET (self->verb_button),
                          !baton_card_plan_is_busy (self->plan) && !stuck && !is_offered &&
                              self->verb != BATON_VERB_NONE);
}

/* Programs are sent to another card than the desktop's, and to one that draws. */
static gboolean
can_run_programs (BatonCardPage *self)
{
  JsonObject *card = baton_card_plan_get_card (self->plan);
  JsonArray *cards = baton_view_get_cards (baton_model_get_view (self->model));
  JsonArray *nodes = baton_json_get_array (card, "nodes");

  if (baton_json_count (cards) < 2 || baton_words_get_side (card) != BATON_SIDE_HOST ||
      baton_card_plan_is_busy (self->plan))
    return FALSE;

  for (guint i = 0; i < baton_json_count (nodes); i++)
    {
      const char *node = baton_json_node_get_string (json_array_get_element (nodes, i));

      if (node != NULL && (g_str_has_prefix (node, "/dev/dri/renderD") ||
                           g_str_has_prefix (node, "/dev/nvidia")))
        return TRUE;
    }

  return FALSE;
}

/* What was closed alone when the card is here, and nothing goes on with it. What ended with a session
 * has waited for the next one, and not for the card. */
static void
show_closed (BatonCardPage *self)
{
  BatonClosed *closed = baton_model_get_closed (self->model);
  JsonObject *card = baton_card_plan_get_card (self->plan);
  gboolean is_here =
      baton_words_get_side (card) == BATON_SIDE_HOST && !baton_card_plan_is_busy (self->plan);

  baton_reopen_box_show (self->reopen_box, is_here ? closed : NULL,
                         baton_card_plan_get_address (self->plan));
  baton_reopen_box_show_session (self->session_box, closed,
                                 baton_card_plan_get_address (self->plan));
}

static void
show_keep_off (BatonCardPage *self, JsonObject *card)
{
  JsonObject *holders = baton_card_plan_get_holders (self->plan);
  gboolean desktop = baton_keep_off_row_show (self->keep_off_row, card, holders);
  gboolean programs = baton_keep_off_row_show (self->keep_programs_off_row, card, holders);

  gtk_widget_set_visible (GTK_WIDGET (self->keep_programs_off_row), programs);
  gtk_widget_set_visible (self->keep_off_list, desktop);
}

static void
show_all (BatonCardPage *self)
{
  JsonObject *card = baton_card_plan_get_card (self->plan);
  BatonView *view = baton_model_get_view (self->model);

  if (card == NULL)
    return;

  baton_state_box_show_place (self->state_box, card, baton_card_plan_get_holders (self->plan),
                              baton_view_get_report (view));
  self->notice = baton_card_notice_show (self->banner, self->model, self->plan);
  show_verb (self);
  show_closed (self);
  baton_card_page_show_findings (self);
  show_holders (self);
  gtk_widget_set_visible (self->run_list, can_run_programs (self));
  show_keep_off (self, card);
  gtk_widget_set_visible (self->adopt_list, baton_adopt_row_show (self->adopt_row, card));
  baton_card_details_show_travels (self->travels_section, card);
  baton_card_details_show (self->details_section, card);
}

static void
on_banner_clicked_cb (BatonCardPage *self)
{
  switch (self->notice)
    {
    case BATON_CARD_NOTICE_PROBLEM:
      baton_model_start (self->model);
      break;
    case BATON_CARD_NOTICE_JOURNAL:
      baton_model_recover (self->model);
      break;
    case BATON_CARD_NOTICE_IOMMU:
      baton_how_window_present (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                baton_card_plan_find_finding (self->plan, "iommu-off"));
      break;
    case BATON_CARD_NOTICE_NONE:
    default:
      break;
    }
}

/**
 * baton_card_page_press:
 * @self: a page
 *
 * Does what the page's one button does; it is not there while a handoff goes on.
 */
void
baton_card_page_press (BatonCardPage *self)
{
  JsonObject *plan = baton_card_plan_get_plan (self->plan);
  g_autoptr (BatonRequest) request = NULL;

  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  if (baton_card_plan_is_busy (self->plan))
    return;

  /* The way home needs no dialog unless there is something to decide. */
  if ((self->verb != BATON_VERB_RETURN && self->verb != BATON_VERB_RETURN_WHEN_FREE) ||
      baton_preview_is_busy (baton_card_plan_get_preview (self->plan)) ||
      baton_card_page_needs_answer (plan))
    {
      baton_card_page_open_plan (self, get_other_side (self));
      return;
    }

  request = baton_card_plan_create_request (self->plan, BATON_SIDE_HOST);
  request->expect = g_strdup (baton_json_get_string (plan, "digest"));
  baton_model_hand (self->model, request);
}

/**
 * baton_card_page_return:
 * @self: a page
 *
 * Shows the plan that brings the card back, unless it is back already: what asks for this may be a
 * notification that is some days old.
 */
void
baton_card_page_return (BatonCardPage *self)
{
  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  if (get_other_side (self) == BATON_SIDE_HOST)
    baton_card_page_open_plan (self, BATON_SIDE_HOST);
}

/**
 * baton_card_page_keep_off:
 * @self: a page
 *
 * Asks for the desktop to be kept off the card, as its switch does.
 */
void
baton_card_page_keep_off (BatonCardPage *self)
{
  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  if (gtk_widget_get_visible (self->keep_off_list))
    baton_keep_off_row_ask (self->keep_off_row);
}

/**
 * baton_card_page_reopen:
 * @self: a page
 *
 * Opens again what ended with the session that was ended for the card, as its button does.
 */
void
baton_card_page_reopen (BatonCardPage *self)
{
  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  baton_reopen_box_press (self->session_box);
}

static void
on_verb_clicked_cb (BatonCardPage *self)
{
  baton_card_page_press (self);
}

/* Where the handoff that has just ended was to lead; it may have left the card on that side. */
static BatonSide
get_last_aim (BatonCardPage *self)
{
  BatonHandoff *handoff = baton_card_plan_get_handoff (self->plan);
  BatonSide to = get_other_side (self);

  if (handoff != NULL && baton_handoff_get_to (handoff) != NULL)
    baton_side_from_string (baton_handoff_get_to (handoff), &to);

  return to;
}

static void
on_remedy_cb (BatonCardPage *self, int remedy)
{
  BatonSide aim = get_last_aim (self);

  switch ((BatonRemedy) remedy)
    {
    case BATON_REMEDY_TRY_AGAIN:
      baton_model_dismiss (self->model);
      baton_card_page_open_plan (self, aim);
      break;
    case BATON_REMEDY_RETURN:
      baton_model_dismiss (self->model);
      if (get_other_side (self) == BATON_SIDE_HOST)
        baton_card_page_press (self);
      break;
    case BATON_REMEDY_RECOVER:
      baton_model_dismiss (self->model);
      baton_model_recover (self->model);
      break;
    case BATON_REMEDY_CHECK_AGAIN:
      baton_model_dismiss (self->model);
      baton_model_look (self->model);
      break;
    case BATON_REMEDY_NONE:
    default:
      break;
    }
}

static void
on_preview_changed_cb (BatonCardPage *self)
{
  show_all (self);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.show-rows", NULL);
}

static void
baton_card_page_dispose (GObject *object)
{
  BatonCardPage *self = BATON_CARD_PAGE (object);

  g_clear_weak_pointer (&self->plan_window);
  g_clear_pointer (&self->plan, baton_card_plan_free);
  g_clear_object (&self->model);

  G_OBJECT_CLASS (baton_card_page_parent_class)->dispose (object);
}

static void
baton_card_page_class_init (BatonCardPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_card_page_dispose;

  g_type_ensure (BATON_TYPE_ADOPT_ROW);
  g_type_ensure (BATON_TYPE_BANNER);
  g_type_ensure (BATON_TYPE_KEEP_OFF_ROW);
  g_type_ensure (BATON_TYPE_REOPEN_BOX);
  g_type_ensure (BATON_TYPE_SECTION);
  g_type_ensure (BATON_TYPE_STATE_BOX);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-card-page.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, banner);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, state_box);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, verb_button);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, verb_label);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, session_box);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, reopen_box);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, findings_section);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, notes_section);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, holders_section);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, run_list);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, keep_off_list);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, keep_off_row);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, keep_programs_off_row);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, adopt_list);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, adopt_row);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, travels_section);
  gtk_widget_class_bind_template_child (widget_class, BatonCardPage, details_section);
  gtk_widget_class_bind_template_callback (widget_class, on_banner_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_verb_clicked_cb);
}

static void
baton_card_page_init (BatonCardPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (baton_state_box_get_handoff_view (self->state_box), "remedy",
                           G_CALLBACK (on_remedy_cb), self, G_CONNECT_SWAPPED);
}

/**
 * baton_card_page_new:
 * @model: the window's model
 * @address: the card that the page is about
 *
 * Returns: (transfer floating): the page
 */
BatonCardPage *
baton_card_page_new (BatonModel *model, const char *address)
{
  BatonCardPage *self = g_object_new (BATON_TYPE_CARD_PAGE, NULL);

  self->model = g_object_ref (model);
  self->plan = baton_card_plan_new (model, address);
  baton_keep_off_row_set_card (self->keep_off_row, model, address);
  baton_keep_off_row_set_card (self->keep_programs_off_row, model, address);
  baton_adopt_row_set_card (self->adopt_row, model, address);
  g_signal_connect_object (baton_card_plan_get_preview (self->plan), "changed",
                           G_CALLBACK (on_preview_changed_cb), self, G_CONNECT_SWAPPED);

  return self;
}

/**
 * baton_card_page_get_address:
 *
 * Returns: address of the card that the page is about
 */
const char *
baton_card_page_get_address (BatonCardPage *self)
{
  g_return_val_if_fail (BATON_IS_CARD_PAGE (self), NULL);

  return baton_card_plan_get_address (self->plan);
}

/**
 * baton_card_page_get_preview:
 *
 * Returns: (transfer none): the plan that takes the card to its other side
 */
BatonPreview *
baton_card_page_get_preview (BatonCardPage *self)
{
  g_return_val_if_fail (BATON_IS_CARD_PAGE (self), NULL);

  return baton_card_plan_get_preview (self->plan);
}

/**
 * baton_card_page_replan:
 * @self: a page
 *
 * Plans anew, also for what no event tells of, such as a settings file that was corrected.
 */
void
baton_card_page_replan (BatonCardPage *self)
{
  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  baton_card_plan_ask (self->plan);
}

/**
 * baton_card_page_refresh:
 * @self: a page
 * @what: #BatonViewChange flags
 *
 * Shows what the model knows now, and plans anew where that depends on what changed: a plan costs
 * a helper, so the news of another card are no reason for one.
 */
void
baton_card_page_refresh (BatonCardPage *self, guint what)
{
  g_return_if_fail (BATON_IS_CARD_PAGE (self));

  if (baton_card_plan_get_card (self->plan) == NULL)
    return;

  baton_state_box_show_handoff (self->state_box, self->model,
                                baton_card_plan_get_handoff (self->plan));
  show_all (self);

  if ((what & BATON_VIEW_RESULT) != 0 || baton_card_plan_is_stale (self->plan))
    baton_card_page_replan (self);
}
