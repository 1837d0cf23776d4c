/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-window.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "baton-app-info.h"
#include "baton-card-seen.h"
#include "baton-finding-words.h"
#include "baton-holder-row.h"
#include "baton-json.h"
#include "baton-plan-always.h"
#include "baton-plan-options.h"
#include "baton-plan-words.h"
#include "baton-program-id.h"
#include "baton-request-copy.h"
#include "baton-result-words.h"
#include "baton-section-rows.h"
#include "baton-step-row.h"
#include "baton-step-words.h"
#include "baton-words.h"

/* Of the verbs of findings; the others are the page's below. */
#define OWN_VERBS ((1u << BATON_FINDING_VERB_COME_BACK) | (1u << BATON_FINDING_VERB_SET_TIME))

struct _BatonPlanWindow
{
  AdwWindow parent_instance;

  /* owned */
  BatonModel *model;
  BatonRequest *base;    /* as the window was opened, with the options chosen since */
  BatonRequest *request; /* with the consents that the plan shown asks for */
  BatonPreview *preview;
  BatonCardSeen seen;   /* when the plan was asked for */
  guint minutes_chosen; /* that a virtual machine has to come, where that is said */
  GStrv programs;       /* that the plan closes; NULL where they cannot be closed always */
  char *closed_app;     /* name of the first of them */

  BatonPlanSummary summary;
  GtkWidget *target; /* borrowed: the button that Return presses, NULL before the first plan */
  AdwActionRow *minutes_row; /* borrowed: of the options, NULL where they have none */

  /* from the template */
  GtkButton *cancel_button;
  GtkButton *accept_button;
  GtkLabel *accept_label;
  GtkLabel *card_label;
  GtkLabel *consequence_label;
  BatonSection *findings_section;
  BatonSection *closes_section;
  BatonOptionRow *always_row;
  BatonSection *options_section;
  BatonSection *notes_section;
  BatonSection *steps_section;
};

enum
{
  SIGNAL_ACCEPTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (BatonPlanWindow, baton_plan_window, ADW_TYPE_WINDOW)

static const char *
get_card_address (BatonPlanWindow *self)
{
  return self->base->cards[0];
}

static JsonObject *
get_card (BatonPlanWindow *self)
{
  return baton_view_find_card (baton_model_get_view (self->model), get_card_address (self));
}

static JsonObject *
get_holders (BatonPlanWindow *self)
{
  return baton_view_get_holders (baton_model_get_view (self->model), get_card_address (self));
}

/* Options start a plan of their own, without the consents of the last. */
static void
ask_anew (BatonPlanWindow *self)
{
  g_clear_pointer (&self->request, baton_request_free);
  self->request = baton_request_copy (self->base);
  baton_card_seen_keep (&self->seen, baton_model_get_view (self->model),
                        get_card_address (self));
  gtk_widget_set_sensitive (GTK_WIDGET (self->accept_button), FALSE);
  baton_preview_ask (self->preview, self->request);
}

static gboolean
is_close (JsonObject *finding)
{
  return g_strcmp0 (baton_json_get_string (finding, "consent"), "close") == 0;
}

/* What they lead to is further down, below all that the plan has to say. */
static void
on_finding_verb_cb (gpointer data, BatonFindingRow *row)
{
  BatonPlanWindow *self = data;
  JsonObject *finding = baton_finding_row_get_finding (row);

  if (baton_finding_words_get_verb (finding) == BATON_FINDING_VERB_SET_TIME)
    {
      if (self->minutes_row != NULL)
        adw_action_row_activate (self->minutes_row);
    }
  else if (baton_plan_options_choose_return (self->base, baton_preview_get_plan (self->preview),
                                             self->minutes_chosen))
    {
      ask_anew (self);
    }
}

static void
show_findings (BatonPlanWindow *self, BatonSection *section, gboolean notes)
{
  JsonArray *findings =
      baton_json_get_array (baton_preview_get_plan (self->preview), "findings");
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      gboolean is_note = g_strcmp0 (baton_json_get_string (finding, "severity"), "note") == 0;

      if (is_note != notes || is_close (finding) || baton_plan_options_is_offer (finding))
        continue;

      g_ptr_array_add (shown, finding);
    }

  baton_section_show_findings (section, shown, get_holders (self), OWN_VERBS,
                               on_finding_verb_cb, G_OBJECT (self));
}

static JsonObject *
find_holder (BatonPlanWindow *self, const char *subject)
{
  JsonArray *list = baton_json_get_array (get_holders (self), "holders");

  for (guint i = 0; i < baton_json_count (list); i++)
    {
      JsonObject *holder = baton_json_nth_object (list, i);
      g_autofree char *key = baton_holder_row_dup_key (holder);

      if (g_strcmp0 (key, subject) == 0)
        return holder;
    }

  return NULL;
}

static void
keep_programs (BatonPlanWindow *self, GPtrArray *holders)
{
  g_autofree char *name = holders->len > 0 ? baton_app_info_dup_name (holders->pdata[0]) : NULL;

  g_strfreev (self->programs);
  self->programs = baton_program_id_list (holders, getuid ());
  g_free (self->closed_app);
  self->closed_app = name != NULL ? baton_words_embed (name) : NULL;
}

static void
show_closes (BatonPlanWindow *self)
{
  JsonArray *findings =
      baton_json_get_array (baton_preview_get_plan (self->preview), "findings");
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      const char *subject = baton_json_get_string (finding, "subject");
      JsonObject *holder = is_close (finding) ? find_holder (self, subject) : NULL;

      if (!is_close (finding))
        continue;

      /* A holder that the watch has not told of yet is shown by what the plan knows of it. */
      g_ptr_array_add (shown,
                       holder != NULL ? holder : baton_json_get_object (finding, "args"));
      g_ptr_array_add (keys, g_strdup (subject));
    }

  baton_section_show_holders (self->closes_section, shown, keys, NULL, NULL);
  keep_programs (self, shown);
}

/* What is lost besides the programs is never chosen for all time. */
static void
show_always (BatonPlanWindow *self)
{
  gboolean offered = self->summary.n_closes > 0 && self->summary.n_blockers == 0 &&
                     !self->summary.may_not_return && !self->summary.ends_session;

  self->summary.closed_app = self->closed_app;
  self->summary.as_always = baton_plan_always_show (
      self->always_row, baton_model_get_always_close (self->model), get_card (self),
      offered ? (const char *const *) self->programs : NULL);
}

static void
on_always_chosen_cb (BatonPlanWindow *self)
{
  /* A row that is only made has no window's plan behind it yet. */
  if (self->model != NULL)
    baton_plan_always_take (self->always_row, baton_model_get_always_close (self->model),
                            get_card (self), (const char *const *) self->programs);
}

static void
on_option_changed_cb (BatonPlanWindow *self, GParamSpec *pspec, GtkWidget *row)
{
  /* A number that was being typed as the window closed changes as the focus leaves it. */
  if (self->preview == NULL)
    return;

  if (baton_plan_options_take (row, self->base, baton_preview_get_plan (self->preview),
                               &self->minutes_chosen))
    ask_anew (self);
}

static GtkWidget *
create_step_row (guint index, gpointer data)
{
  return GTK_WIDGET (baton_step_row_new ());
}

static void
fill_step_row (GtkWidget *row, guint index, gpointer data)
{
  BatonPlanWindow *self = data;
  JsonArray *steps = baton_json_get_array (baton_preview_get_plan (self->preview), "steps");
  g_autofree char *title = baton_step_words_dup_title (
      baton_json_nth_object (steps, index), baton_side_to_string (self->base->to),
      baton_view_get_cards (baton_model_get_view (self->model)),
      baton_json_get_array (get_holders (self), "holders"));

  baton_step_row_show_planned (BATON_STEP_ROW (row), index + 1, title);
}

static guint
show_steps (BatonPlanWindow *self)
{
  JsonArray *steps = baton_json_get_array (baton_preview_get_plan (self->preview), "steps");
  guint n_steps = baton_json_count (steps);
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autofree char *title = g_strdup_printf (ngettext ("%u Step", "%u Steps", n_steps), n_steps);

  for (guint i = 0; i < n_steps; i++)
    g_ptr_array_add (keys,
                     (gpointer) baton_json_get_string (baton_json_nth_object (steps, i), "id"));

  baton_section_set_title (self->steps_section, title);
  baton_section_sync (self->steps_section, keys, create_step_row, fill_step_row, self);

  return n_steps;
}

/* The default is to do it, unless something is lost by it. */
static void
place_focus (BatonPlanWindow *self, gboolean destructive)
{
  GtkWidget *target = GTK_WIDGET (destructive ? self->cancel_button : self->accept_button);
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  if (destructive)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->accept_button), "suggested-action");
      gtk_widget_add_css_class (GTK_WIDGET (self->accept_button), "destructive-action");
    }
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->accept_button), "destructive-action");
      gtk_widget_add_css_class (GTK_WIDGET (self->accept_button), "suggested-action");
    }

  gtk_window_set_default_widget (GTK_WINDOW (self), target);
  /* A plan may change under the eyes of somebody who is elsewhere in the window by now. */
  if (self->target == NULL || focus == NULL || (focus == self->target && focus != target))
    gtk_window_set_focus (GTK_WINDOW (self), target);
  self->target = target;
}

static void
show_button (BatonPlanWindow *self, gboolean possible, gboolean destructive)
{
  /* A window whose default goes away has none, so that it is another one before. */
  if (!possible)
    place_focus (self, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->accept_button), possible);
  gtk_widget_set_sensitive (GTK_WIDGET (self->accept_button), possible);
  if (possible)
    place_focus (self, destructive);
}

static void
show_problem (BatonPlanWindow *self)
{
  JsonObject *problem = baton_preview_get_problem (self->preview);
  g_autofree char *text = baton_result_words_dup_text (problem);
  BatonSection *const sections[] = { self->findings_section, self->closes_section,
                                     self->options_section, self->notes_section,
                                     self->steps_section };

  gtk_label_set_label (self->consequence_label,
                       text != NULL ? text : _ ("The plan could not be made."));
  show_button (self, FALSE, TRUE);
  /* What the last plan said is no longer so; the next one shows them again. */
  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
    gtk_widget_set_visible (GTK_WIDGET (sections[i]), FALSE);
}

static void
on_preview_changed_cb (BatonPlanWindow *self)
{
  JsonObject *plan = baton_preview_get_plan (self->preview);
  g_autofree char *consequence = NULL;
  g_autofree char *button = NULL;
  gboolean possible;
  guint n_steps;

  if (plan == NULL)
    {
      show_problem (self);
      return;
    }

  /* A plan has no steps as long as a consent is missing: ask again for the one that the button
   * would stand for. Each round adds a process that was shown, so this ends. */
  if (baton_plan_words_add_consents (plan, self->request))
    baton_preview_ask (self->preview, self->request);

  baton_plan_words_summarise (plan, &self->summary);
  show_findings (self, self->findings_section, FALSE);
  show_findings (self, self->notes_section, TRUE);
  show_closes (self);
  show_always (self);
  self->minutes_row = baton_plan_options_show (
      self->options_section, self->base, plan, self->summary.offers_options,
      G_CALLBACK (on_option_changed_cb), G_OBJECT (self));
  n_steps = show_steps (self);

  if (baton_preview_is_busy (self->preview))
    return;

  consequence = baton_plan_words_dup_prospect (
      &self->summary, self->base, n_steps,
      baton_view_get_report (baton_model_get_view (self->model)));
  button = baton_plan_words_dup_button (&self->summary, self->base->to, self->base->when_free);
  possible = self->summary.n_blockers == 0 && n_steps > 0;

  baton_section_set_title (self->findings_section,
                           self->summary.n_blockers > 0 ? _ ("In the Way") : _ ("Warnings"));
  gtk_label_set_label (self->consequence_label, consequence);
  gtk_label_set_label (self->accept_label, button);
  show_button (self, possible, baton_plan_words_is_destructive (&self->summary));
}

/* Alt and a letter press the button while somebody still types a number elsewhere. */
static void
end_typing (BatonPlanWindow *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  GtkWidget *spin =
      focus != NULL ? gtk_widget_get_ancestor (focus, GTK_TYPE_SPIN_BUTTON) : NULL;

  if (spin != NULL)
    gtk_spin_button_update (GTK_SPIN_BUTTON (spin));
}

static void
on_accept_clicked_cb (BatonPlanWindow *self)
{
  JsonObject *plan = baton_preview_get_plan (self->preview);

  /* With another number it is another plan, which is looked at first. */
  end_typing (self);
  if (!gtk_widget_get_sensitive (GTK_WIDGET (self->accept_button)))
    return;

  g_free (self->request->expect);
  self->request->expect = g_strdup (baton_json_get_string (plan, "digest"));
  g_signal_emit (self, signals[SIGNAL_ACCEPTED], 0, self->request);
  gtk_window_close (GTK_WINDOW (self));
}

/* The choice was read, made here or in another window, or could not be kept. */
static void
on_always_changed_cb (BatonPlanWindow *self)
{
  if (baton_preview_get_plan (self->preview) != NULL)
    on_preview_changed_cb (self);
}

/* Somebody opened or closed the card while its plan is on screen. Why there is no plan may have to do
 * with anything. */
static void
on_model_changed_cb (BatonPlanWindow *self, guint what)
{
  if ((what & (BATON_VIEW_MACHINE | BATON_VIEW_HOLDERS)) == 0)
    return;

  if (baton_preview_get_problem (self->preview) != NULL ||
      baton_card_seen_differs (&self->seen, baton_model_get_view (self->model),
                               get_card_address (self)))
    ask_anew (self);
}

static void
baton_plan_window_dispose (GObject *object)
{
  BatonPlanWindow *self = BATON_PLAN_WINDOW (object);

  g_clear_object (&self->preview);
  g_clear_object (&self->model);
  g_clear_pointer (&self->base, baton_request_free);
  g_clear_pointer (&self->request, baton_request_free);
  baton_card_seen_clear (&self->seen);
  g_clear_pointer (&self->programs, g_strfreev);
  g_clear_pointer (&self->closed_app, g_free);

  G_OBJECT_CLASS (baton_plan_window_parent_class)->dispose (object);
}

static void
baton_plan_window_class_init (BatonPlanWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = baton_plan_window_dispose;

  /**
   * BatonPlanWindow::accepted:
   * @request: a #BatonRequest with the consents and the digest of the plan that was shown
   *
   * The plan was accepted.
   */
  signals[SIGNAL_ACCEPTED] =
      g_signal_new ("accepted", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);

  g_type_ensure (BATON_TYPE_OPTION_ROW);
  g_type_ensure (BATON_TYPE_SECTION);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/batongpu/Baton/ui/baton-plan-window.ui");
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, accept_button);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, accept_label);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, card_label);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, consequence_label);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, findings_section);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, closes_section);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, always_row);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, options_section);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, notes_section);
  gtk_widget_class_bind_template_child (widget_class, BatonPlanWindow, steps_section);
  gtk_widget_class_bind_template_callback (widget_class, on_accept_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, on_always_chosen_cb);
}

static void
baton_plan_window_init (BatonPlanWindow *self)
{
  self->minutes_chosen = BATON_PLAN_MINUTES;
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_visible (GTK_WIDGET (self->accept_button), FALSE);
  gtk_label_set_label (self->consequence_label, _ ("Looking at the card and at who uses it…"));
}

/**
 * baton_plan_window_new:
 * @model: the window's model
 * @request: one card and where it is to go
 *
 * Returns: (transfer floating): a window that shows the plan and asks for it
 */
BatonPlanWindow *
baton_plan_window_new (BatonModel *model, const BatonRequest *request)
{
  BatonPlanWindow *self = g_object_new (BATON_TYPE_PLAN_WINDOW, NULL);
  BatonView *view = baton_model_get_view (model);
  g_autofree char *name = baton_words_dup_card_name (
      baton_view_find_card (view, request->cards[0]), baton_view_get_cards (view));
  const char *title =
      request->to == BATON_SIDE_GUEST ? _ ("Hand to Virtual Machines") : _ ("Return to Host");

  self->model = g_object_ref (model);
  self->base = baton_request_copy (request);
  self->preview = baton_model_create_preview (model);
  gtk_label_set_label (self->card_label, name);
  gtk_window_set_title (GTK_WINDOW (self), title);

  g_signal_connect_object (self->preview, "changed", G_CALLBACK (on_preview_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "changed", G_CALLBACK (on_model_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (baton_model_get_always_close (model), "changed",
                           G_CALLBACK (on_always_changed_cb), self, G_CONNECT_SWAPPED);
  baton_always_close_read_again (baton_model_get_always_close (model));
  ask_anew (self);

  return self;
}

/**
 * baton_plan_window_get_preview:
 *
 * Returns: (transfer none): what makes the plan
 */
BatonPreview *
baton_plan_window_get_preview (BatonPlanWindow *self)
{
  g_return_val_if_fail (BATON_IS_PLAN_WINDOW (self), NULL);

  return self->preview;
}
