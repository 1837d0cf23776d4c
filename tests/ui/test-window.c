/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include <adwaita.h>

#include "baton-card-details.h"
#include "baton-card-row.h"
#include "baton-close-dialog.h"
#include "baton-detail-row.h"
#include "baton-finding-row.h"
#include "baton-finding-words.h"
#include "baton-groups-window.h"
#include "baton-holder-row.h"
#include "baton-how-window.h"
#include "baton-json.h"
#include "baton-keep-off-row.h"
#include "baton-plan-window.h"
#include "baton-report-window.h"
#include "baton-section.h"
#include "baton-state-box.h"
#include "baton-step-row.h"
#include "baton-step-words.h"
#include "scene.h"

typedef struct
{
  const char *scene;
  const char *title;  /* on screen */
  const char *button; /* the pill on screen, NULL for none at all */
  const char *absent; /* not on screen, or NULL */
} StateRow;

static const StateRow state_rows[] = {
  { "idle", "Used by this computer", "_Hand to VM…", "In the Way" },
  { "in-use", "firefox is using the card", "_Hand to VM…", NULL },
  { "blocked", "Shares its group with", "_See What Is in the Way…", "_Hand to VM…" },
  { "only-card", "The Only Display", "_See What Is in the Way…", "_Hand to VM…" },
  { "in-parts", "HDMI/DP Audio Controller has no driver", "_Hand to VM…", "In the Way" },
  { "parked", "Parked for a virtual machine", "_Return to Host", "Who Is Using It" },
  { "guest", "With “win11”", "_Return When It Stops", "_Return to Host" },
  { "none", "Used by nobody", "_Return to Host", NULL },
  { "split", "Half handed over", "_See What Is in the Way…", NULL },
  { "no-iommu", "IOMMU is off: started with iommu=off", "_See What Is in the Way…", NULL },
  { "no-card", "No Graphics Card", "_Look Again", "Used by" },
  { "twins", "Radeon RX 6800 XT (No. 2)", "_Hand to VM…", NULL },
  { "running", "Reserve the graphics card for virtual machines", NULL, "In the Way" },
  { "stalled", "Waiting for “pipewire” to Let Go", NULL, NULL },
  { "stalled-unseen", "Waiting for the Driver to Let Go", NULL, "Waiting for “" },
  { "done", "Card Is Ready for a Virtual Machine", "_Return to Host", NULL },
  { "rolled-back", "Could Not Hand Over. Everything Was Put Back", "_Hand to VM…", NULL },
  { "degraded", "Handed Over, with Problems", NULL, "_Hand to VM…" },
  { "put-back-with-problems", "Not Everything Was Put Back", "_Hand to VM…", "Return to Host" },
  { "return-failed", "Could Not Return. Everything Was Put Back", "_Return to Host", NULL },
  { "stuck", "Restart Needed", NULL, "_Hand to VM…" },
};

static GtkWidget *
get_root (Scene *scene)
{
  return GTK_WIDGET (scene->window);
}

static gboolean
is_pill (GtkWidget *button)
{
  return gtk_widget_has_css_class (button, "pill");
}

static void
test_states (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_rows); i++)
    {
      const StateRow *row = &state_rows[i];
      g_autoptr (Scene) scene = NULL;
      guint n_pills = 0;
      GtkWidget *button;

      g_test_message ("%s", row->scene);
      scene = scene_open (row->scene);
      g_assert_nonnull (scene_find_label (get_root (scene), row->title));
      if (row->absent != NULL)
        {
          g_assert_null (scene_find_label (get_root (scene), row->absent));
          g_assert_null (scene_find_button (get_root (scene), row->absent));
        }
      if (row->button != NULL)
        g_assert_nonnull (scene_find_button (get_root (scene), row->button));

      /* Never two. */
      for (guint j = 0;
           (button = scene_find_type (get_root (scene), GTK_TYPE_BUTTON, j)) != NULL; j++)
        n_pills += is_pill (button);
      g_assert_cmpuint (n_pills, ==, row->button != NULL ? 1 : 0);
    }
}

/* By the keyboard alone: Tab goes from a card's row to its button, arrows from card to card. */
static void
test_tab_order (void)
{
  g_autoptr (Scene) scene = scene_open ("idle");
  GtkWidget *row = scene_find_type (get_root (scene), BATON_TYPE_CARD_ROW, 0);
  GtkListBox *list = GTK_LIST_BOX (gtk_widget_get_parent (row));
  GtkListBoxRow *first = gtk_list_box_get_row_at_index (list, 0);
  GtkListBoxRow *second = gtk_list_box_get_row_at_index (list, 1);
  GtkWidget *focus = NULL;
  gboolean handled = FALSE;

  g_assert_nonnull (second);
  gtk_list_box_select_row (list, first);
  gtk_widget_grab_focus (GTK_WIDGET (first));
  for (guint i = 0; i < 40 && (focus == NULL || !is_pill (focus)); i++)
    {
      gtk_widget_child_focus (get_root (scene), GTK_DIR_TAB_FORWARD);
      focus = gtk_window_get_focus (GTK_WINDOW (scene->window));
    }
  g_assert_true (is_pill (focus));
  g_assert_true (gtk_list_box_get_selected_row (list) == first);

  gtk_widget_grab_focus (GTK_WIDGET (first));
  g_signal_emit_by_name (list, "move-cursor", GTK_MOVEMENT_DISPLAY_LINES, 1, FALSE, FALSE,
                         &handled);
  g_assert_true (gtk_list_box_get_selected_row (list) == second);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (scene->window)) == GTK_WIDGET (second));
}

/* A folded expander keeps its child outside of the window and asks it for the focus all the same,
 * unless it is invisible: GTK complains of a widget without a root then. */
static void
test_folded_is_passed_over (void)
{
  static const GtkDirectionType ways[] = { GTK_DIR_TAB_FORWARD, GTK_DIR_TAB_BACKWARD };
  g_autoptr (Scene) scene = scene_open ("rolled-back");
  GtkWidget *widget;
  guint n_folded = 0;

  for (guint i = 0; (widget = scene_find_type (get_root (scene), GTK_TYPE_EXPANDER, i)) != NULL;
       i++)
    {
      GtkExpander *expander = GTK_EXPANDER (widget);
      GtkWidget *child = gtk_expander_get_child (expander);

      n_folded += !gtk_expander_get_expanded (expander);
      g_assert_cmpint (gtk_widget_get_visible (child), ==,
                       gtk_expander_get_expanded (expander));
      gtk_expander_set_expanded (expander, TRUE);
      g_assert_true (gtk_widget_get_visible (child));
      gtk_expander_set_expanded (expander, FALSE);
      g_assert_false (gtk_widget_get_visible (child));
    }
  g_assert_cmpuint (n_folded, >=, 2);

  /* A warning of GTK's ends this test. */
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    for (guint j = 0; j < 60; j++)
      gtk_widget_child_focus (get_root (scene), ways[i]);
}

static void
test_keys (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_rows); i++)
    {
      g_autoptr (Scene) scene = NULL;

      g_test_message ("%s", state_rows[i].scene);
      scene = scene_open (state_rows[i].scene);
      scene_assert_keys_differ (get_root (scene));
    }
}

/* What the window shows before the helper has said anything, and where it cannot. */
static void
test_before_the_first_look (void)
{
  g_autoptr (BatonModel) model = baton_model_new_for_view (baton_view_new ());
  BatonWindow *window = g_object_ref_sink (baton_window_new (NULL, model));
  g_autoptr (JsonObject) problem = json_object_new ();
  JsonObject *args = json_object_new ();

  gtk_window_present (GTK_WINDOW (window));
  scene_settle (GTK_WIDGET (window));
  g_assert_nonnull (scene_find_label (GTK_WIDGET (window), "Looking at This Computer…"));

  json_object_set_int_member (problem, "exit", BATON_EXIT_ERROR);
  json_object_set_string_member (problem, "code", "helper-missing");
  json_object_set_string_member (args, "path", "/opt/<b>a & b");
  json_object_set_object_member (problem, "args", args);
  baton_model_set_problem (model, problem);
  baton_model_take_change (model, BATON_VIEW_HELLO);
  scene_settle (GTK_WIDGET (window));
  g_assert_nonnull (scene_find_label (GTK_WIDGET (window), "Cannot Look at This Computer"));
  g_assert_nonnull (scene_find_label (GTK_WIDGET (window), "at /opt/<b>a & b."));
  g_assert_nonnull (scene_find_button (GTK_WIDGET (window), "_Look Again"));

  gtk_window_destroy (GTK_WINDOW (window));
  g_object_unref (window);
}

static void
test_no_permission (void)
{
  g_autoptr (Scene) scene = scene_open ("idle");
  g_autoptr (JsonObject) problem = json_object_new ();

  json_object_set_int_member (problem, "exit", BATON_EXIT_REFUSED);
  json_object_set_string_member (problem, "code", "not-authorised");
  baton_model_set_problem (scene->model, problem);
  baton_model_take_change (scene->model, BATON_VIEW_HELLO);
  scene_settle (get_root (scene));
  g_assert_nonnull (scene_find_label (get_root (scene), "Not everything can be seen"));
  g_assert_nonnull (scene_find_button (get_root (scene), "_Try Again"));
}

/* A label inside is no name: GTK 4.8 tells a screen reader "GtkButton" then. With the property
 * "label" it tells both that, underline and all, and the label inside. So it is a relation. */
static gboolean
has_name (GtkWidget *widget)
{
  GtkAccessible *accessible = GTK_ACCESSIBLE (widget);

  return gtk_test_accessible_has_property (accessible, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
         gtk_test_accessible_has_relation (accessible, GTK_ACCESSIBLE_RELATION_LABELLED_BY);
}

static void
assert_named (GtkWidget *root, GType type)
{
  GtkWidget *widget;

  for (guint i = 0; (widget = scene_find_type (root, type, i)) != NULL; i++)
    {
      GtkWidget *parent = gtk_widget_get_parent (widget);

      /* The buttons of the window's frame are GTK's, and named by it. A menu button and an
       * expander row have a button or a list within, whose name is theirs. */
      if (GTK_IS_WINDOW_CONTROLS (parent) || GTK_IS_MENU_BUTTON (parent) ||
          gtk_widget_get_ancestor (widget, GTK_TYPE_SEARCH_ENTRY) != NULL ||
          (GTK_IS_LIST_BOX (widget) &&
           gtk_widget_get_ancestor (widget, ADW_TYPE_EXPANDER_ROW) != NULL))
        continue;

      if (!has_name (widget))
        g_error ("a %s in a %s has no name", G_OBJECT_TYPE_NAME (widget),
                 G_OBJECT_TYPE_NAME (parent));
    }
}

static void
assert_all_named (GtkWidget *root)
{
  assert_named (root, GTK_TYPE_BUTTON);
  assert_named (root, GTK_TYPE_MENU_BUTTON);
  assert_named (root, GTK_TYPE_SWITCH);
  assert_named (root, GTK_TYPE_SEARCH_ENTRY);
  assert_named (root, GTK_TYPE_PROGRESS_BAR);
  assert_named (root, GTK_TYPE_LIST_BOX);
  assert_named (root, GTK_TYPE_EXPANDER);
}

static void
test_names (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_rows); i++)
    {
      g_autoptr (Scene) scene = NULL;

      g_test_message ("%s", state_rows[i].scene);
      scene = scene_open (state_rows[i].scene);
      assert_all_named (get_root (scene));
    }
}

static void
test_severity_is_said (void)
{
  g_autoptr (Scene) scene = scene_open ("blocked");
  GtkWidget *row = scene_find_type (get_root (scene), BATON_TYPE_FINDING_ROW, 0);
  GtkWidget *icon = scene_find_type (row, GTK_TYPE_IMAGE, 0);

  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "In the way");
  /* Several buttons may say "Show How…": the description tells them apart. */
  g_assert_true (gtk_test_accessible_has_property (
      GTK_ACCESSIBLE (scene_find_type (row, GTK_TYPE_BUTTON, 0)),
      GTK_ACCESSIBLE_PROPERTY_DESCRIPTION));
}

static GtkWidget *
find_window (GType type)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      if (G_TYPE_CHECK_INSTANCE_TYPE (window, type))
        return window;
    }

  return NULL;
}

static GtkWidget *
find_titled_window (const char *title)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      if (g_strcmp0 (gtk_window_get_title (GTK_WINDOW (window)), title) == 0)
        return window;
    }

  return NULL;
}

static gboolean
has_large_text (void)
{
  int dpi = 0;

  g_object_get (gtk_settings_get_default (), "gtk-xft-dpi", &dpi, NULL);

  return dpi > 96 * PANGO_SCALE;
}

/* Nothing has to be scrolled to be read. */
static void
assert_not_cut (GtkWidget *label, GtkWidget *window)
{
  graphene_rect_t bounds;

  g_assert_nonnull (label);
  g_assert_true (gtk_widget_compute_bounds (label, window, &bounds));
  g_assert_cmpfloat (bounds.origin.y + bounds.size.height, <=, gtk_widget_get_height (window));
}

static guint
count_windows (GType type)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());
  guint n_found = 0;

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      n_found += G_TYPE_CHECK_INSTANCE_TYPE (window, type);
    }

  return n_found;
}

/* Presses a key of @window's own. */
static gboolean
press (GtkWidget *window, const char *key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (window);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      for (guint j = 0; GTK_IS_SHORTCUT_CONTROLLER (controller) &&
                        j < g_list_model_get_n_items (G_LIST_MODEL (controller));
           j++)
        {
          g_autoptr (GtkShortcut) shortcut =
              g_list_model_get_item (G_LIST_MODEL (controller), j);
          g_autofree char *trigger =
              gtk_shortcut_trigger_to_string (gtk_shortcut_get_trigger (shortcut));

          if (g_strcmp0 (trigger, key) == 0)
            return gtk_shortcut_action_activate (gtk_shortcut_get_action (shortcut), 0, window,
                                                 NULL);
        }
    }

  return FALSE;
}

/* However often it is asked for, a window is there once, and either key closes it. */
static void
test_one_window_each (void)
{
  static const struct
  {
    const char *action;
    const char *title;
  } rows[] = {
    { "win.report", "Report" },
    { "win.help", "Help" },
    { "win.groups", "IOMMU Groups" },
  };
  static const char *const keys[] = { "Escape", "<Control>w" };
  g_autoptr (Scene) scene = scene_open ("rolled-back");
  guint n_before = count_windows (GTK_TYPE_WINDOW);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (keys); j++)
      {
        GtkWidget *window;

        g_test_message ("%s, %s", rows[i].action, keys[j]);
        g_assert_true (gtk_widget_activate_action (get_root (scene), rows[i].action, NULL));
        g_assert_true (gtk_widget_activate_action (get_root (scene), rows[i].action, NULL));
        g_assert_cmpuint (count_windows (GTK_TYPE_WINDOW), ==, n_before + 1);
        window = find_titled_window (rows[i].title);
        g_assert_nonnull (window);
        scene_settle (window);
        g_assert_true (press (window, keys[j]));
        g_assert_cmpuint (count_windows (GTK_TYPE_WINDOW), ==, n_before);
      }
}

/* What is asked for again is the last report, not the one that was on screen. */
static void
test_report_again (void)
{
  g_autoptr (Scene) scene = scene_open ("rolled-back");
  GtkWidget *window;

  gtk_widget_activate_action (get_root (scene), "win.report", NULL);
  scene_feed (scene, "degraded");
  gtk_widget_activate_action (get_root (scene), "win.report", NULL);
  window = find_titled_window ("Report");
  g_assert_nonnull (window);
  scene_settle (window);
  g_assert_nonnull (scene_find_label (window, "Handed Over, with Problems"));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* Each finding has one verb, and it leads where it says. */
static void
test_verbs (void)
{
  g_autoptr (Scene) scene = scene_open ("blocked");
  GtkWidget *button = scene_find_button (get_root (scene), "Show Group");
  GtkWidget *other;

  g_signal_emit_by_name (button, "clicked");
  other = find_window (BATON_TYPE_GROUPS_WINDOW);
  g_assert_nonnull (other);
  scene_settle (other);
  g_assert_nonnull (scene_find_label (other, "Group 27"));
  g_assert_null (scene_find_label (other, "Group 14"));
  gtk_window_destroy (GTK_WINDOW (other));

  button = scene_find_button (get_root (scene), "Show How…");
  g_signal_emit_by_name (button, "clicked");
  other = find_window (BATON_TYPE_HOW_WINDOW);
  g_assert_nonnull (other);
  scene_settle (other);
  g_assert_nonnull (scene_find_label (other, "vfio.conf"));
  if (!has_large_text ())
    assert_not_cut (scene_find_label (other, "Remove that line"), other);
  gtk_window_destroy (GTK_WINDOW (other));
}

/* Most of the card is here, and its one button leads away: what brings the rest back is beside what
 * says that it is missing, named for a screen reader by what it belongs to. */
static void
test_rest_is_brought_back (void)
{
  g_autoptr (Scene) scene = scene_open ("in-parts");
  GtkWidget *row = scene_find_type (get_root (scene), BATON_TYPE_FINDING_ROW, 0);
  GtkWidget *button = scene_find_button (row, "Return to Host…");
  GtkWidget *other;

  g_assert_nonnull (button);
  gtk_test_accessible_assert_property (
      GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
      adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)));
  g_assert_nonnull (scene_find_label (get_root (scene), "Return the card to the host"));
  g_signal_emit_by_name (button, "clicked");
  other = find_window (BATON_TYPE_PLAN_WINDOW);
  g_assert_nonnull (other);
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (other)), ==, "Return to Host");
  gtk_window_destroy (GTK_WINDOW (other));
}

/* The only card of a computer: what brings it back by itself is chosen in its plan. */
static void
test_only_card (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *other;

  g_signal_emit_by_name (scene_find_button (get_root (scene), "Return Later…"), "clicked");
  other = find_window (BATON_TYPE_PLAN_WINDOW);
  g_assert_nonnull (other);
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (other)), ==, "Hand to Virtual Machines");
  gtk_window_destroy (GTK_WINDOW (other));
}

/* Nothing is closed before its user has agreed, and Return agrees to nothing. */
static void
test_close_asks (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  GtkWidget *row = scene_find_type (get_root (scene), BATON_TYPE_FINDING_ROW, 0);
  GtkWidget *other;

  g_signal_emit_by_name (scene_find_button (row, "Close…"), "clicked");
  other = find_window (ADW_TYPE_MESSAGE_DIALOG);
  g_assert_nonnull (other);
  g_assert_cmpstr (adw_message_dialog_get_heading (ADW_MESSAGE_DIALOG (other)), ==,
                   "Close “firefox”?");
  g_assert_cmpstr (adw_message_dialog_get_default_response (ADW_MESSAGE_DIALOG (other)), ==,
                   "cancel");
  /* uid 1000 is not who runs this test, or may be: either way there is a second response */
  g_assert_true (adw_message_dialog_has_response (ADW_MESSAGE_DIALOG (other), "close") ||
                 adw_message_dialog_has_response (ADW_MESSAGE_DIALOG (other), "plan"));
  gtk_window_destroy (GTK_WINDOW (other));
}

static GtkWidget *
find_plan_window (void)
{
  return find_window (BATON_TYPE_PLAN_WINDOW);
}

static void
assert_plan_window (const char *title)
{
  GtkWidget *window = find_plan_window ();

  g_assert_nonnull (window);
  g_assert_cmpstr (gtk_window_get_title (GTK_WINDOW (window)), ==, title);
  gtk_window_destroy (GTK_WINDOW (window));
  g_assert_null (find_plan_window ());
}

#define CARD "0000:03:00.0"
#define OTHER "0000:08:00.0"

/* What was agreed to is no longer so: whatever the page knows, the new plan is shown first. */
static void
test_replan_asks (void)
{
  g_autoptr (Scene) parked = scene_open ("parked");
  g_autoptr (Scene) here = scene_open ("in-parts");

  g_signal_emit_by_name (parked->model, "replan", CARD, (guint) BATON_SIDE_HOST);
  assert_plan_window ("Return to Host");
  /* Most of this card is here, and the rest is what was to come back. */
  g_signal_emit_by_name (here->model, "replan", CARD, (guint) BATON_SIDE_HOST);
  assert_plan_window ("Return to Host");
  g_signal_emit_by_name (here->model, "replan", CARD, (guint) BATON_SIDE_GUEST);
  assert_plan_window ("Hand to Virtual Machines");
}

static void
test_steps_are_announced (void)
{
  g_autoptr (Scene) scene = scene_open ("running");
  GtkWidget *title = scene_find_label (get_root (scene), "Reserve the graphics card");

  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (gtk_widget_get_parent (title)),
                                   GTK_ACCESSIBLE_ROLE_STATUS);
}

static int
measure_width (GtkWidget *widget)
{
  int minimum = 0;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);

  return minimum;
}

static void
expand_all (GtkWidget *root)
{
  GtkWidget *widget;

  for (guint i = 0; (widget = scene_find_type (root, GTK_TYPE_EXPANDER, i)) != NULL; i++)
    gtk_expander_set_expanded (GTK_EXPANDER (widget), TRUE);
  for (guint i = 0; (widget = scene_find_type (root, ADW_TYPE_EXPANDER_ROW, i)) != NULL; i++)
    adw_expander_row_set_expanded (ADW_EXPANDER_ROW (widget), TRUE);
  scene_settle (root);
}

/* Where nobody can be asked, what holds is shown and not offered. */
static void
test_kept_off (void)
{
  static const struct
  {
    const char *scene;
    gboolean is_shown;
  } rows[] = { { "idle", FALSE }, { "kept-off", TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Scene) scene = scene_open (rows[i].scene);
      GtkWidget *row = scene_find_type (get_root (scene), BATON_TYPE_KEEP_OFF_ROW, 0);

      g_test_message ("%s", rows[i].scene);
      g_assert_cmpint (row != NULL && scene_is_on_screen (row), ==, rows[i].is_shown);
      if (!rows[i].is_shown)
        continue;
      g_assert_false (gtk_widget_get_sensitive (row));
      g_assert_true (
          gtk_switch_get_active (GTK_SWITCH (scene_find_type (row, GTK_TYPE_SWITCH, 0))));
      g_assert_cmpstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), ==,
                       "Nothing of the desktop uses this card");
    }
}

/* A phone's width. The same test runs once more with text twice as large. */
static void
test_narrow (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_rows); i++)
    {
      g_autoptr (Scene) scene = NULL;
      int width;

      scene = scene_open (state_rows[i].scene);
      gtk_window_set_default_size (GTK_WINDOW (scene->window), 360, 640);
      scene_settle (get_root (scene));
      expand_all (get_root (scene));
      width = measure_width (get_root (scene));
      g_test_message ("%s: %d", state_rows[i].scene, width);
      g_assert_cmpint (width, <=, 360);
    }
}

static guint
count_close_buttons (GtkWidget *root)
{
  GtkWidget *button;
  guint n_found = 0;

  for (guint i = 0; (button = scene_find_type (root, GTK_TYPE_BUTTON, i)) != NULL; i++)
    n_found += GTK_IS_WINDOW_CONTROLS (gtk_widget_get_parent (button)) &&
               gtk_widget_has_css_class (button, "close");

  return n_found;
}

/* Wherever a desktop has the buttons of its windows, each is there once. */
static void
test_window_buttons (void)
{
  static const char *const layouts[] = { ":close", "close:" };
  static const char *const scenes[] = { "idle", "one-card" };
  static const int widths[] = { 860, 360 };
  GtkSettings *settings = gtk_settings_get_default ();

  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (scenes); j++)
      for (guint k = 0; k < G_N_ELEMENTS (widths); k++)
        {
          g_autoptr (Scene) scene = NULL;

          g_test_message ("%s, %s, %d", layouts[i], scenes[j], widths[k]);
          g_object_set (settings, "gtk-decoration-layout", layouts[i], NULL);
          scene = scene_open_empty ();
          gtk_window_set_default_size (GTK_WINDOW (scene->window), widths[k], 640);
          scene_feed (scene, scenes[j]);
          scene_settle (get_root (scene));
          g_assert_cmpuint (count_close_buttons (get_root (scene)), ==, 1);
        }

  gtk_settings_reset_property (settings, "gtk-decoration-layout");
}

static void
test_right_to_left (void)
{
  g_autoptr (Scene) scene = NULL;
  GtkWidget *address;

  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  scene = scene_open ("idle");
  expand_all (get_root (scene));
  g_assert_cmpint (gtk_widget_get_direction (get_root (scene)), ==, GTK_TEXT_DIR_RTL);
  address = scene_find_label (get_root (scene), "\342\201\2460000:03:00.0");
  g_assert_nonnull (address);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

/* The names of cards, processes and users are whatever somebody wants them to be. */
static void
test_hostile_names (void)
{
  g_autoptr (Scene) scene = scene_open ("hostile");

  g_assert_nonnull (scene_find_label (get_root (scene), "<b>Card</b> & Co"));
  g_assert_nonnull (scene_find_label (get_root (scene), "<b>a&b</b>"));
  g_assert_nonnull (scene_find_label (get_root (scene), "<i>u</i>"));
}

static GtkWindow *
find_dialog (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *link = windows; link != NULL; link = link->next)
    if (ADW_IS_MESSAGE_DIALOG (link->data))
      return link->data;

  return NULL;
}

/* A process that calls itself by an override does not turn the question about it around. */
static void
test_hostile_question (void)
{
  g_autoptr (Scene) scene = scene_open ("hostile");
  JsonObject *holders =
      baton_view_get_holders (baton_model_get_view (scene->model), "0000:03:00.0");
  GtkWindow *dialog;

  baton_close_dialog_present (
      GTK_WINDOW (scene->window),
      baton_json_nth_object (baton_json_get_array (holders, "holders"), 0));
  dialog = find_dialog ();
  g_assert_nonnull (dialog);
  g_assert_cmpstr (adw_message_dialog_get_heading (ADW_MESSAGE_DIALOG (dialog)), ==,
                   "Close “\342\201\250<b>a&b</b>\342\200\256evil\342\201\251”?");
  gtk_window_destroy (dialog);
}

/* A service is stopped with the handoff, and who it is is asked of its own user alone. */
static void
test_service_question (void)
{
  static const struct
  {
    const char *service;
    guint uid_more;
    const char *heading;
    const char *body;
  } rows[] = {
    { "\"system\"", 1, "Stop “mpd.service”?", "It is a service" },
    { "\"user\"", 0, "Stop “mpd.service”?", "It is a service" },
    { "\"user\"", 1, "Close “mpd”?", "It belongs to somebody else" },
    { "null", 0, "Close “mpd”?", "It is asked to close." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Scene) scene = scene_open ("in-use");
      g_autofree char *text =
          g_strdup_printf ("{\"pid\":7,\"start_time\":\"70\",\"name\":\"mpd\",\"uid\":%u,"
                           "\"unit\":\"mpd.service\",\"closable\":true,\"service\":%s}",
                           (guint) getuid () + rows[i].uid_more, rows[i].service);
      g_autoptr (JsonNode) node = json_from_string (text, NULL);
      GtkWindow *dialog;

      baton_close_dialog_present (GTK_WINDOW (scene->window), json_node_get_object (node));
      dialog = find_dialog ();
      g_assert_nonnull (dialog);
      g_assert_cmpstr (adw_message_dialog_get_heading (ADW_MESSAGE_DIALOG (dialog)), ==,
                       rows[i].heading);
      g_assert_true (g_str_has_prefix (
          adw_message_dialog_get_body (ADW_MESSAGE_DIALOG (dialog)), rows[i].body));
      gtk_window_destroy (dialog);
    }
}

/* Somebody reads the second holder while the first one goes away. */
static void
test_rows_stay (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  GtkWidget *row = scene_find_type (get_root (scene), BATON_TYPE_HOLDER_ROW, 2);
  GtkWidget *button;

  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), ==,
                   "org_kde_powerdevil");
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (row), TRUE);
  button = scene_find_button (row, "Close…");
  g_assert_true (gtk_widget_grab_focus (button));

  scene_feed (scene, "in-use-fewer");
  scene_settle (get_root (scene));
  g_assert_true (scene_find_type (get_root (scene), BATON_TYPE_HOLDER_ROW, 1) == row);
  g_assert_true (adw_expander_row_get_expanded (ADW_EXPANDER_ROW (row)));
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (scene->window)) == button);
}

static GtkWidget *
create_button_row (guint index, gpointer data)
{
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), gtk_button_new_with_label ("Close…"));

  return row;
}

static void
fill_button_row (GtkWidget *row, guint index, gpointer data)
{
}

static void
show_in_order (GtkListBox *list, const char *order)
{
  g_auto (GStrv) parts = g_strsplit (order, " ", -1);
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    g_ptr_array_add (keys, parts[i]);
  baton_list_sync (list, keys, create_button_row, fill_button_row, NULL);
}

/* What somebody has come to with the keyboard moves up or down in its list. */
static void
test_rows_move (void)
{
  static const char *const orders[] = { "c a b", "c b a", "a b c", "new b a" };
  GtkWidget *list = gtk_list_box_new ();
  GtkWidget *window = g_object_new (GTK_TYPE_WINDOW, "child", list, NULL);
  GtkWidget *rows[3];

  show_in_order (GTK_LIST_BOX (list), "a b c");
  gtk_window_present (GTK_WINDOW (window));
  scene_settle (window);
  for (int i = 0; i < 3; i++)
    rows[i] = GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), i));

  /* A row itself, and a button in one. */
  for (int i = 0; i < 2; i++)
    {
      GtkWidget *focus =
          i == 0 ? rows[i] : gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (rows[i]));

      show_in_order (GTK_LIST_BOX (list), "a b c");
      g_assert_true (gtk_widget_grab_focus (focus));
      for (guint j = 0; j < G_N_ELEMENTS (orders); j++)
        {
          g_test_message ("%d, %s", i, orders[j]);
          show_in_order (GTK_LIST_BOX (list), orders[j]);
          scene_settle (window);
          g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) == focus);
        }
    }

  g_assert_true (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 2) ==
                 GTK_LIST_BOX_ROW (rows[0]));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* A window that nobody touches must not wake the processor. */
static void
test_idle (void)
{
  static const char *const scenes[] = { "idle", "in-use", "guest", "done", "stuck" };
  GMainContext *context = g_main_context_default ();

  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      g_autoptr (Scene) scene = scene_open (scenes[i]);
      GtkWidget *view = scene_find_type (get_root (scene), BATON_TYPE_STATE_BOX, 0);

      g_test_message ("%s", scenes[i]);
      g_assert_nonnull (view);
      g_assert_null (g_main_context_find_source_by_user_data (
          context, baton_state_box_get_handoff_view (BATON_STATE_BOX (view))));
    }

  {
    g_autoptr (Scene) scene = scene_open ("running");
    GtkWidget *view = scene_find_type (get_root (scene), BATON_TYPE_STATE_BOX, 0);

    g_assert_nonnull (g_main_context_find_source_by_user_data (
        context, baton_state_box_get_handoff_view (BATON_STATE_BOX (view))));
  }
}

typedef struct
{
  const char *scene;
  double fraction;
  gboolean can_cancel;
} ProgressRow;

static void
test_progress (void)
{
  static const ProgressRow rows[] = {
    { "running", 5.0 / 11, TRUE },
    { "running-last", 10.0 / 11, FALSE },
    { "stalled", 7.0 / 11, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Scene) scene = scene_open (rows[i].scene);
      GtkWidget *bar = scene_find_type (get_root (scene), GTK_TYPE_PROGRESS_BAR, 0);

      g_test_message ("%s", rows[i].scene);
      g_assert_cmpfloat_with_epsilon (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)),
                                      rows[i].fraction, 0.001);
      g_assert_cmpint (scene_find_button (get_root (scene), "_Cancel") != NULL, ==,
                       rows[i].can_cancel);
      g_assert_cmpint (scene_find_label (get_root (scene), "Can no longer be cancelled") !=
                           NULL,
                       ==, !rows[i].can_cancel);
    }
}

/* The button is hidden then, but a dialog or a notification may be older than the handoff. */
static void
test_no_plan_while_it_runs (void)
{
  g_autoptr (Scene) scene = scene_open ("running");

  gtk_widget_activate_action (get_root (scene), "win.hand", NULL);
  g_assert_null (find_plan_window ());
}

static void
test_step_list (void)
{
  g_autoptr (Scene) scene = scene_open ("rolled-back");

  expand_all (get_root (scene));
  /* Each state is said, not only shown by an icon. */
  g_assert_nonnull (scene_find_label (get_root (scene), "Failed"));
  g_assert_nonnull (scene_find_label (get_root (scene), "Put back"));
  g_assert_nonnull (scene_find_label (get_root (scene), "Device or resource busy"));
}

/* Each trouble with what to do about it: where it is waited for, at the end, and in the report. */
static void
test_remedies (void)
{
  g_autoptr (Scene) stalled = scene_open ("stalled");
  g_autoptr (Scene) degraded = scene_open ("degraded");
  g_autoptr (Scene) failed = scene_open ("rolled-back");
  BatonView *view = baton_model_get_view (failed->model);
  GtkWidget *report = GTK_WIDGET (
      baton_report_window_new (baton_view_get_report (view), baton_view_get_cards (view)));
  GtkWidget *row;

  g_assert_nonnull (scene_find_label (
      get_root (stalled), "is waiting for pipewire (1422) to let go. Close it; the handoff"));
  g_assert_nonnull (scene_find_label (
      get_root (degraded), "not supported. Run the virtual machine through libvirt, or as the "
                           "administrator."));
  /* That is the report, and it has no more to say. */
  g_assert_null (scene_find_label (get_root (degraded), "See the report"));

  expand_all (get_root (failed));
  row = scene_find_type (get_root (failed), BATON_TYPE_STEP_ROW, 6);
  g_assert_nonnull (scene_find_label (row, "busy. Look at the kernel’s log"));
  gtk_window_present (GTK_WINDOW (report));
  scene_settle (report);
  row = scene_find_type (report, BATON_TYPE_STEP_ROW, 6);
  g_assert_nonnull (scene_find_label (row, "busy. Look at the kernel’s log"));
  gtk_window_destroy (GTK_WINDOW (report));
}

static guint
count_buttons (GtkWidget *root, const char *label)
{
  GtkWidget *button;
  guint n_found = 0;

  for (guint i = 0; (button = scene_find_type (root, GTK_TYPE_BUTTON, i)) != NULL; i++)
    {
      GtkWidget *child = gtk_button_get_child (GTK_BUTTON (button));

      n_found += GTK_IS_LABEL (child) &&
                 g_strcmp0 (gtk_label_get_label (GTK_LABEL (child)), label) == 0;
    }

  return n_found;
}

/* One button, never two: the end's own comes in place of the page's. */
static void
test_end_has_the_button (void)
{
  g_autoptr (Scene) scene = scene_open ("degraded");

  g_assert_cmpuint (count_buttons (get_root (scene), "_Return to Host"), ==, 1);
  g_signal_emit_by_name (scene_find_button (get_root (scene), "_OK"), "clicked");
  scene_settle (get_root (scene));
  g_assert_true (is_pill (scene_find_button (get_root (scene), "_Return to Host")));
}

/* Where the card never left the host, the end's button could only lead where it is. */
static void
test_end_of_card_at_host (void)
{
  g_autoptr (Scene) scene = scene_open ("put-back-with-problems");
  GtkWidget *button = scene_find_button (get_root (scene), "_Hand to VM…");

  g_assert_nonnull (scene_find_label (get_root (scene), "Not Everything Was Put Back"));
  g_assert_null (scene_find_button (get_root (scene), "_Return to Host"));
  g_assert_nonnull (button);
  g_assert_true (is_pill (button));
}

static void
test_end_is_dismissed (void)
{
  g_autoptr (Scene) scene = scene_open ("done");
  GtkWidget *button = scene_find_button (get_root (scene), "_OK");

  g_signal_emit_by_name (button, "clicked");
  scene_settle (get_root (scene));
  g_assert_null (scene_find_label (get_root (scene), "Card Is Ready"));
  g_assert_nonnull (scene_find_label (get_root (scene), "Parked for a virtual machine"));
}

/* Its label has an ellipsis: a plan comes first, also on the way that needs none otherwise. */
static void
test_try_again_asks (void)
{
  g_autoptr (Scene) scene = scene_open ("return-failed");
  GtkWidget *button = scene_find_button (get_root (scene), "_Try Again…");

  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
  assert_plan_window ("Return to Host");
}

static char *
dup_clipboard (GtkWidget *widget)
{
  GdkContentProvider *content = gdk_clipboard_get_content (gtk_widget_get_clipboard (widget));
  g_auto (GValue) value = G_VALUE_INIT;

  g_assert_nonnull (content);
  g_value_init (&value, G_TYPE_STRING);
  g_assert_true (gdk_content_provider_get_value (content, &value, NULL));

  return g_value_dup_string (&value);
}

/* What came to nothing is asked about elsewhere: its report is one click away. */
static void
test_end_copies_report (void)
{
  g_autoptr (Scene) scene = scene_open ("rolled-back");
  g_autoptr (Scene) other = scene_open ("degraded");
  GtkWidget *button = scene_find_button (get_root (scene), "_Copy Report");
  g_autofree char *text = NULL;

  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
  text = dup_clipboard (get_root (scene));
  g_assert_nonnull (strstr (text, "state: rolled-back\n"));
  g_assert_nonnull (strstr (text, "unbind:0000:03:00.1"));
  g_assert_null (scene_find_button (get_root (other), "_Copy Report"));
}

static void
test_groups_search (void)
{
  g_autoptr (Scene) scene = scene_open ("idle");
  BatonGroupsWindow *window = baton_groups_window_new (scene->model);
  GtkWidget *root = GTK_WIDGET (window);

  gtk_window_present (GTK_WINDOW (window));
  scene_settle (root);
  g_assert_nonnull (scene_find_label (root, "Group 1"));
  g_assert_nonnull (scene_find_label (root, "Group 27"));
  assert_all_named (root);
  g_assert_cmpint (measure_width (root), <=, 360);

  baton_groups_window_search (window, "NVME");
  scene_settle (root);
  g_assert_nonnull (scene_find_label (root, "Group 14"));
  g_assert_null (scene_find_label (root, "Group 27"));

  baton_groups_window_search (window, "nowhere");
  scene_settle (root);
  g_assert_nonnull (scene_find_label (root, "Nothing Found"));

  gtk_window_destroy (GTK_WINDOW (window));
}

/* A button of a notification starts this program: it is pressed before anything is known. */
static void
test_wishes (void)
{
  static const struct
  {
    const char *scene;
    gboolean returns;
  } rows[] = {
    { "parked", TRUE },
    { "split", TRUE },
    { "idle", FALSE },
    { "no-card", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Scene) scene = scene_open_empty ();

      g_test_message ("%s", rows[i].scene);
      baton_window_wish_return (scene->window, CARD);
      g_assert_null (find_plan_window ());
      scene_feed (scene, rows[i].scene);
      if (rows[i].returns)
        assert_plan_window ("Return to Host");
      /* One that is some days old must not hand the card away, and comes true but once. */
      scene_feed (scene, rows[i].scene);
      g_assert_null (find_plan_window ());
    }

  {
    g_autoptr (Scene) scene = scene_open_empty ();
    GtkWidget *report;

    baton_window_wish_report (scene->window);
    g_assert_null (find_window (BATON_TYPE_REPORT_WINDOW));
    scene_feed (scene, "rolled-back");
    report = find_window (BATON_TYPE_REPORT_WINDOW);
    g_assert_nonnull (report);
    g_assert_nonnull (scene_find_label (report, "Could Not Hand Over"));
    gtk_window_destroy (GTK_WINDOW (report));
  }
}

/* The card that a notification is about, and not the first; where nobody can be asked, that is all. */
static void
test_wishes_of_a_card (void)
{
  static void (*const wishes[]) (BatonWindow *, const char *) = {
    baton_window_wish_card,
    baton_window_wish_keep_off,
  };

  for (guint i = 0; i < G_N_ELEMENTS (wishes); i++)
    {
      g_autoptr (Scene) scene = scene_open_empty ();
      const char *shown;

      wishes[i](scene->window, OTHER);
      scene_feed (scene, "in-use");
      shown = baton_card_page_get_address (baton_window_get_page (scene->window));
      g_assert_cmpstr (shown, ==, OTHER);
      wishes[i](scene->window, CARD);
      shown = baton_card_page_get_address (baton_window_get_page (scene->window));
      g_assert_cmpstr (shown, ==, CARD);
      /* It has gone since. */
      wishes[i](scene->window, "0000:99:00.0");
      shown = baton_card_page_get_address (baton_window_get_page (scene->window));
      g_assert_cmpstr (shown, ==, CARD);
    }
}

static void
test_report (void)
{
  g_autoptr (Scene) scene = scene_open ("rolled-back");
  BatonView *view = baton_model_get_view (scene->model);
  GtkWidget *root = GTK_WIDGET (
      baton_report_window_new (baton_view_get_report (view), baton_view_get_cards (view)));

  gtk_window_present (GTK_WINDOW (root));
  scene_settle (root);
  g_assert_nonnull (scene_find_label (root, "Could Not Hand Over. Everything Was Put Back"));
  g_assert_nonnull (scene_find_button (root, "_Copy Report"));
  assert_all_named (root);
  g_assert_cmpint (measure_width (root), <=, 360);

  gtk_window_destroy (GTK_WINDOW (root));
}

static void
assert_icon (const char *name)
{
  g_autofree char *path =
      g_strdup_printf ("/io/github/batongpu/Baton/icons/scalable/actions/%s.svg", name);

  g_test_message ("%s", name);
  g_assert_true (g_resources_get_info (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL, NULL, NULL));
}

/* An icon theme need not be installed, so that what we name must be in the program. */
static void
test_icons (void)
{
  static const char *const severities[] = { "blocker", "warning", "note" };
  static const char *const states[] = { "start",   "ok",   "skip",   "fail",
                                        "stalled", "undo", "undone", NULL };
  static const char *const classes[] = { "030000", "040300", "0c0330", "0c8000",
                                         "010802", "020000", "060400", "ff0000" };
  static const char *const others[] = { "baton-host-symbolic",   "baton-guest-symbolic",
                                        "baton-parked-symbolic", "baton-none-symbolic",
                                        "baton-split-symbolic",  "baton-service-symbolic",
                                        "baton-program-symbolic" };

  for (guint i = 0; i < G_N_ELEMENTS (severities); i++)
    assert_icon (baton_finding_words_get_severity_icon (severities[i]));
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    assert_icon (baton_step_words_get_icon (states[i]));
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    assert_icon (baton_card_details_get_part_icon (classes[i]));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    assert_icon (others[i]);
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/ui/window/states", test_states);
  g_test_add_func ("/ui/window/tab-order", test_tab_order);
  g_test_add_func ("/ui/window/folded-is-passed-over", test_folded_is_passed_over);
  g_test_add_func ("/ui/window/keys", test_keys);
  g_test_add_func ("/ui/window/before-the-first-look", test_before_the_first_look);
  g_test_add_func ("/ui/window/no-permission", test_no_permission);
  g_test_add_func ("/ui/window/names", test_names);
  g_test_add_func ("/ui/window/kept-off", test_kept_off);
  g_test_add_func ("/ui/window/narrow", test_narrow);
  g_test_add_func ("/ui/window/buttons", test_window_buttons);
  g_test_add_func ("/ui/window/right-to-left", test_right_to_left);
  g_test_add_func ("/ui/window/hostile-names", test_hostile_names);
  g_test_add_func ("/ui/window/hostile-question", test_hostile_question);
  g_test_add_func ("/ui/window/service-question", test_service_question);
  g_test_add_func ("/ui/window/rows-stay", test_rows_stay);
  g_test_add_func ("/ui/window/rows-move", test_rows_move);
  g_test_add_func ("/ui/window/idle", test_idle);
  g_test_add_func ("/ui/window/icons", test_icons);
  g_test_add_func ("/ui/findings/close-asks", test_close_asks);
  g_test_add_func ("/ui/findings/severity", test_severity_is_said);
  g_test_add_func ("/ui/findings/verbs", test_verbs);
  g_test_add_func ("/ui/findings/rest-is-brought-back", test_rest_is_brought_back);
  g_test_add_func ("/ui/findings/only-card", test_only_card);
  g_test_add_func ("/ui/handoff/progress", test_progress);
  g_test_add_func ("/ui/handoff/replan-asks", test_replan_asks);
  g_test_add_func ("/ui/handoff/announced", test_steps_are_announced);
  g_test_add_func ("/ui/handoff/no-plan-while-it-runs", test_no_plan_while_it_runs);
  g_test_add_func ("/ui/handoff/step-list", test_step_list);
  g_test_add_func ("/ui/handoff/remedies", test_remedies);
  g_test_add_func ("/ui/handoff/one-button", test_end_has_the_button);
  g_test_add_func ("/ui/handoff/one-button/at-host", test_end_of_card_at_host);
  g_test_add_func ("/ui/handoff/dismissed", test_end_is_dismissed);
  g_test_add_func ("/ui/handoff/try-again-asks", test_try_again_asks);
  g_test_add_func ("/ui/handoff/copy-report", test_end_copies_report);
  g_test_add_func ("/ui/window/one-each", test_one_window_each);
  g_test_add_func ("/ui/report/again", test_report_again);
  g_test_add_func ("/ui/groups/search", test_groups_search);
  g_test_add_func ("/ui/handoff/wishes", test_wishes);
  g_test_add_func ("/ui/handoff/wishes-of-a-card", test_wishes_of_a_card);
  g_test_add_func ("/ui/report/window", test_report);

  return g_test_run ();
}
