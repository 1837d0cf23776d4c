/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <unistd.h>

#include "baton-finding-row.h"
#include "baton-holder-row.h"
#include "baton-json.h"
#include "baton-minutes-row.h"
#include "baton-option-row.h"
#include "baton-plan-window.h"
#include "baton-section.h"
#include "scene.h"

#define CARD "0000:03:00.0"

static GtkWidget *
open_plan (Scene *scene, BatonSide to)
{
  g_autoptr (BatonRequest) request = baton_request_new ();
  GtkWidget *window;

  g_strfreev (request->cards);
  request->cards = g_strsplit (CARD, " ", -1);
  request->to = to;
  window = GTK_WIDGET (baton_plan_window_new (scene->model, request));
  gtk_window_present (GTK_WINDOW (window));
  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)),
                      baton_view_get_plan (baton_model_get_view (scene->model)));
  scene_settle (window);

  return window;
}

static GtkWidget *
find_accept (GtkWidget *window, const char *label)
{
  GtkWidget *found = scene_find_label (window, label);

  return found != NULL ? gtk_widget_get_ancestor (found, GTK_TYPE_BUTTON) : NULL;
}

static void
test_nothing_lost (void)
{
  g_autoptr (Scene) scene = scene_open ("idle");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *accept = find_accept (window, "Hand Over");

  g_assert_nonnull (accept);
  g_assert_true (gtk_widget_has_css_class (accept, "suggested-action"));
  g_assert_false (gtk_widget_has_css_class (accept, "destructive-action"));
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) == accept);
  g_assert_null (scene_find_label (window, "Will Be Closed"));
  g_assert_nonnull (scene_find_label (window, "10 Steps"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_apps_close (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *accept = find_accept (window, "Close 4 Apps and Hand Over");
  GtkWidget *cancel = scene_find_button (window, "_Cancel");

  g_assert_nonnull (accept);
  g_assert_true (gtk_widget_has_css_class (accept, "destructive-action"));
  /* Return must not close anything. */
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) == cancel);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) == cancel);
  g_assert_nonnull (scene_find_label (window, "Will Be Closed"));
  g_assert_nonnull (scene_find_type (window, BATON_TYPE_HOLDER_ROW, 3));
  g_assert_null (scene_find_type (window, BATON_TYPE_HOLDER_ROW, 4));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* Another plan of the card, as it comes while the window is open. */
static void
give_plan_of (GtkWidget *window, const char *name)
{
  g_autoptr (BatonView) view = scene_read (name);

  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)),
                      baton_view_get_plan (view));
  scene_settle (window);
}

/* An app opens the card while somebody has a finger on Return. */
static void
test_becomes_destructive (void)
{
  g_autoptr (Scene) scene = scene_open ("idle");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *accept = find_accept (window, "Hand Over");
  GtkWidget *cancel = scene_find_button (window, "_Cancel");
  GtkWidget *option = scene_find_type (window, BATON_TYPE_OPTION_ROW, 0);

  g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) == accept);
  give_plan_of (window, "in-use");
  g_assert_true (gtk_widget_has_css_class (accept, "destructive-action"));
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) == cancel);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) == cancel);

  /* And closes it again, while somebody is elsewhere in the window. */
  g_assert_true (gtk_widget_child_focus (option, GTK_DIR_TAB_FORWARD));
  give_plan_of (window, "idle");
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) == accept);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (window)), option) ||
                 gtk_window_get_focus (GTK_WINDOW (window)) == option);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* Nothing of the last plan stands below the word that there is none. */
static void
test_no_plan (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  BatonPreview *preview = baton_plan_window_get_preview (BATON_PLAN_WINDOW (window));

  baton_preview_take (preview, NULL);
  scene_settle (window);
  g_assert_null (scene_find_label (window, "4 apps close"));
  g_assert_null (scene_find_type (window, BATON_TYPE_SECTION, 0));
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) ==
                 scene_find_button (window, "_Cancel"));

  baton_preview_take (preview, baton_view_get_plan (baton_model_get_view (scene->model)));
  scene_settle (window);
  g_assert_nonnull (scene_find_label (window, "Will Be Closed"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_keys (void)
{
  static const char *const scenes[] = { "idle", "in-use", "blocked", "only-card",
                                        "only-card-within" };

  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      g_autoptr (Scene) scene = scene_open (scenes[i]);
      GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);

      g_test_message ("%s", scenes[i]);
      scene_assert_keys_differ (window);
      gtk_window_destroy (GTK_WINDOW (window));
    }
}

/* How long it took the last time is told, and nothing of a way that the card has not gone yet. */
static void
test_duration (void)
{
  g_autoptr (Scene) gone = scene_open ("done");
  g_autoptr (Scene) never_back = scene_open ("parked");
  GtkWidget *window = open_plan (gone, BATON_SIDE_GUEST);

  g_assert_nonnull (scene_find_label (window, "The desktop keeps running. About 2 seconds."));
  gtk_window_destroy (GTK_WINDOW (window));

  window = open_plan (never_back, BATON_SIDE_HOST);
  g_assert_nonnull (scene_find_label (window, "The card comes back to this computer."));
  g_assert_null (scene_find_label (window, "About"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_blocked (void)
{
  g_autoptr (Scene) scene = scene_open ("blocked");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);

  g_assert_nonnull (scene_find_label (window, "The card cannot be handed over"));
  g_assert_null (find_accept (window, "Hand Over"));
  g_assert_null (scene_find_type (window, BATON_TYPE_OPTION_ROW, 0));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
on_accepted_cb (BatonPlanWindow *window, const BatonRequest *request, gpointer data)
{
  *(GStrv *) data = baton_request_to_arguments (request);
}

static void
test_accepted (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  JsonObject *plan = baton_view_get_plan (baton_model_get_view (scene->model));
  g_auto (GStrv) arguments = NULL;
  g_autofree char *joined = NULL;
  g_autofree char *expected = g_strdup_printf (
      "guest " CARD " --close 4711:884213 --close 5120:884213 --close 2201:884213"
      " --close 1932:884213 --expect %s",
      baton_json_get_string (plan, "digest"));

  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &arguments);
  g_signal_emit_by_name (find_accept (window, "Close 4 Apps"), "clicked");
  g_assert_nonnull (arguments);
  joined = g_strjoinv (" ", arguments);
  /* What was shown, and nothing else. */
  g_assert_cmpstr (joined, ==, expected);
}

/* The scene's processes belong to somebody who is not there; vkcube has been started by hand. */
static void
make_mine (Scene *scene, const char *vkcube)
{
  JsonArray *holders = baton_json_get_array (
      baton_view_get_holders (baton_model_get_view (scene->model), CARD), "holders");

  for (guint i = 0; i < baton_json_count (holders); i++)
    {
      JsonObject *holder = baton_json_nth_object (holders, i);

      json_object_set_int_member (holder, "uid", getuid ());
      if (g_strcmp0 (baton_json_get_string (holder, "name"), "vkcube") == 0)
        baton_json_set_string (holder, "app_id", vkcube);
    }
}

static BatonOptionRow *
find_always (GtkWidget *window)
{
  GtkWidget *label = scene_find_label (window, "Always close these");

  return label != NULL
             ? BATON_OPTION_ROW (gtk_widget_get_ancestor (label, BATON_TYPE_OPTION_ROW))
             : NULL;
}

static void
wait_for_choice (Scene *scene, GtkWidget *window)
{
  while (baton_always_close_is_busy (baton_model_get_always_close (scene->model)))
    g_main_context_iteration (NULL, TRUE);
  scene_settle (window);
}

static void
test_cannot_know_again (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  GtkWidget *window = NULL;

  make_mine (scene, NULL);
  window = open_plan (scene, BATON_SIDE_GUEST);
  wait_for_choice (scene, window);
  g_assert_nonnull (scene_find_label (window, "Will Be Closed"));
  g_assert_null (find_always (window));
  gtk_window_destroy (GTK_WINDOW (window));
}

/* Chosen once, the next plan warns no more; what it consents to is the same. */
static void
test_always (void)
{
  g_autoptr (Scene) scene = scene_open ("in-use");
  JsonObject *plan = baton_view_get_plan (baton_model_get_view (scene->model));
  GtkWidget *window = NULL;
  GtkWidget *accept = NULL;
  g_auto (GStrv) asked = NULL;
  g_auto (GStrv) always = NULL;

  make_mine (scene, "vkcube");
  window = open_plan (scene, BATON_SIDE_GUEST);
  wait_for_choice (scene, window);
  g_assert_false (baton_option_row_get_active (find_always (window)));
  baton_option_row_set_active (find_always (window), TRUE);
  wait_for_choice (scene, window);
  accept = find_accept (window, "Close 4 Apps and Hand Over");
  g_assert_true (gtk_widget_has_css_class (accept, "suggested-action"));
  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &asked);
  g_signal_emit_by_name (accept, "clicked");

  window = open_plan (scene, BATON_SIDE_GUEST);
  wait_for_choice (scene, window);
  accept = find_accept (window, "Close 4 Apps and Hand Over");
  g_assert_nonnull (scene_find_label (window, "4 apps are closed, as always for this card."));
  g_assert_false (gtk_widget_has_css_class (accept, "destructive-action"));
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) == accept);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) == accept);
  g_assert_true (baton_option_row_get_active (find_always (window)));
  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &always);
  g_signal_emit_by_name (accept, "clicked");
  g_assert_true (g_strv_equal ((const char *const *) asked, (const char *const *) always));

  /* A plan that cannot be made shows no row, and that is nobody's choice. */
  window = open_plan (scene, BATON_SIDE_GUEST);
  wait_for_choice (scene, window);
  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)), NULL);
  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)), plan);
  scene_settle (window);
  g_assert_true (baton_option_row_get_active (find_always (window)));

  baton_option_row_set_active (find_always (window), FALSE);
  wait_for_choice (scene, window);
  accept = find_accept (window, "Close 4 Apps and Hand Over");
  g_assert_true (gtk_widget_has_css_class (accept, "destructive-action"));
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) ==
                 scene_find_button (window, "_Cancel"));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_options (void)
{
  g_autoptr (Scene) scene = scene_open ("idle");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *row = scene_find_type (window, BATON_TYPE_OPTION_ROW, 0);
  GtkWidget *accept = find_accept (window, "Hand Over");
  g_auto (GStrv) arguments = NULL;

  g_assert_nonnull (row);
  baton_option_row_set_active (BATON_OPTION_ROW (row), TRUE);
  /* Another plan is on its way: the one on screen may no longer be agreed to. */
  g_assert_false (gtk_widget_get_sensitive (accept));
  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)),
                      baton_view_get_plan (baton_model_get_view (scene->model)));
  g_assert_true (gtk_widget_get_sensitive (accept));
  /* Where another screen shows the desktop, it waits as long as it takes. */
  scene_settle (window);
  g_assert_null (scene_find_type (window, BATON_TYPE_MINUTES_ROW, 0));

  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &arguments);
  g_signal_emit_by_name (accept, "clicked");
  g_assert_true (g_strv_contains ((const char *const *) arguments, "--until-free"));
  g_assert_false (g_strv_contains ((const char *const *) arguments, "--let-open"));
}

static void
show_plan_again (GtkWidget *window, Scene *scene)
{
  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)),
                      baton_view_get_plan (baton_model_get_view (scene->model)));
}

/* Who could be started with the card is something to choose, and one of them at most. */
static void
test_guests (void)
{
  g_autoptr (Scene) scene = scene_open ("startable");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *first = scene_find_type (window, BATON_TYPE_OPTION_ROW, 0);
  GtkWidget *second = scene_find_type (window, BATON_TYPE_OPTION_ROW, 1);
  g_auto (GStrv) arguments = NULL;

  g_assert_null (scene_find_type (window, BATON_TYPE_FINDING_ROW, 1));
  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (second)), ==,
                   "Start “<b>games</b>”");
  baton_option_row_set_active (BATON_OPTION_ROW (first), TRUE);
  show_plan_again (window, scene);
  baton_option_row_set_active (BATON_OPTION_ROW (second), TRUE);
  show_plan_again (window, scene);
  g_assert_false (baton_option_row_get_active (BATON_OPTION_ROW (first)));

  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &arguments);
  g_signal_emit_by_name (find_accept (window, "Hand Over"), "clicked");
  g_assert_true (g_strv_contains ((const char *const *) arguments, "--start-guest"));
  g_assert_true (g_strv_contains ((const char *const *) arguments, "<b>games</b>"));
  g_assert_false (g_strv_contains ((const char *const *) arguments, "Windows 11"));
}

static BatonOptionRow *
find_return (GtkWidget *window)
{
  GtkWidget *row = NULL;

  /* What is in the way names it as well. */
  for (guint i = 0; (row = scene_find_type (window, BATON_TYPE_OPTION_ROW, i)) != NULL; i++)
    if (g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)),
                     "Return the card when the virtual machine stops"))
      break;

  return BATON_OPTION_ROW (row);
}

static GtkWidget *
find_minutes (GtkWidget *window)
{
  return scene_find_type (window, GTK_TYPE_SPIN_BUTTON, 0);
}

/* A computer's only card, its way back chosen by the button beside what is in the way. */
static GtkWidget *
open_timed_plan (Scene *scene)
{
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);

  g_signal_emit_by_name (scene_find_button (window, "Return Later…"), "clicked");
  give_plan_of (window, "only-card-within");

  return window;
}

static char *
accept_timed_plan (GtkWidget *window)
{
  g_auto (GStrv) arguments = NULL;

  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &arguments);
  g_signal_emit_by_name (find_accept (window, "Log Out and Hand Over"), "clicked");
  g_assert_nonnull (arguments);

  return g_strjoinv (" ", arguments);
}

/* What `batonctl guest CARD --end-session --until-free=MINUTES` asks of the helper, which
 * tests/cli/hand.py holds it to. */
static char *
join_timed_request (const char *time)
{
  g_autoptr (BatonView) view = scene_read ("only-card-within");
  JsonObject *plan = baton_view_get_plan (view);
  const char *const words[] = { "guest", CARD,       "--end-session",
                                time,    "--expect", baton_json_get_string (plan, "digest"),
                                NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request = baton_request_new_from_arguments (words, &error);

  g_assert_no_error (error);

  return g_strjoinv (" ", (char **) words);
}

/* The only card is refused for want of a way back, and what is refused offers it. */
static void
test_only_card (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *button = scene_find_button (window, "Return Later…");
  g_autofree char *expected = join_timed_request ("--until-free=5");
  g_autofree char *arguments = NULL;

  g_assert_nonnull (scene_find_label (window, "The card cannot be handed over"));
  g_assert_null (find_accept (window, "Hand Over"));
  g_assert_null (find_minutes (window));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (button),
                                       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "The Only Display");

  g_signal_emit_by_name (button, "clicked");
  give_plan_of (window, "only-card-within");
  g_assert_true (baton_option_row_get_active (find_return (window)));
  g_assert_nonnull (scene_find_label (window, "none has opened the card within 5 minutes"));
  g_assert_null (scene_find_button (window, "Return Later…"));
  g_assert_cmpfloat (gtk_spin_button_get_value (GTK_SPIN_BUTTON (find_minutes (window))), ==,
                     5);
  /* Return ends no session. */
  g_assert_true (gtk_window_get_default_widget (GTK_WINDOW (window)) ==
                 scene_find_button (window, "_Cancel"));

  arguments = accept_timed_plan (window);
  g_assert_cmpstr (arguments, ==, expected);
}

/* By the switch it is the same as by the button, and off it is nothing. */
static void
test_only_card_switch (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  g_autofree char *expected = join_timed_request ("--until-free=5");
  g_autofree char *arguments = NULL;

  baton_option_row_set_active (find_return (window), TRUE);
  give_plan_of (window, "only-card-within");
  g_assert_nonnull (find_minutes (window));
  baton_option_row_set_active (find_return (window), FALSE);
  give_plan_of (window, "only-card");
  g_assert_null (find_minutes (window));
  g_assert_null (find_accept (window, "Hand Over"));

  baton_option_row_set_active (find_return (window), TRUE);
  give_plan_of (window, "only-card-within");
  arguments = accept_timed_plan (window);
  g_assert_cmpstr (arguments, ==, expected);
}

/* Another time is another plan; whom Baton starts itself has no time, and the time is not forgotten. */
static void
test_minutes (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_timed_plan (scene);
  GtkWidget *accept = find_accept (window, "Log Out and Hand Over");
  GtkWidget *guest = scene_find_type (window, BATON_TYPE_OPTION_ROW, 0);
  g_autofree char *expected = join_timed_request ("--until-free=20");
  g_autofree char *arguments = NULL;
  double minimum = 0;
  double maximum = 0;

  gtk_spin_button_get_range (GTK_SPIN_BUTTON (find_minutes (window)), &minimum, &maximum);
  g_assert_cmpfloat (minimum, ==, 1);
  g_assert_cmpfloat (maximum, ==, BATON_MAX_MINUTES);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (find_minutes (window)), 20);
  g_assert_false (gtk_widget_get_sensitive (accept));
  give_plan_of (window, "only-card-within");
  g_assert_true (gtk_widget_get_sensitive (accept));

  baton_option_row_set_active (BATON_OPTION_ROW (guest), TRUE);
  give_plan_of (window, "only-card-within");
  g_assert_null (find_minutes (window));
  baton_option_row_set_active (BATON_OPTION_ROW (guest), FALSE);
  give_plan_of (window, "only-card-within");
  g_assert_cmpfloat (gtk_spin_button_get_value (GTK_SPIN_BUTTON (find_minutes (window))), ==,
                     20);

  arguments = accept_timed_plan (window);
  g_assert_cmpstr (arguments, ==, expected);
}

static void
test_no_time_with_guest (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_timed_plan (scene);
  g_autofree char *arguments = NULL;

  baton_option_row_set_active (
      BATON_OPTION_ROW (scene_find_type (window, BATON_TYPE_OPTION_ROW, 0)), TRUE);
  give_plan_of (window, "only-card-within");
  arguments = accept_timed_plan (window);
  g_assert_nonnull (strstr (arguments, " --until-free --start-guest Windows 11 "));
}

/* A number that is still being typed is lost to no plan that comes meanwhile, and handed over with by
 * no button: the plan with it is shown first. */
static void
test_minutes_typed (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_timed_plan (scene);
  GtkWidget *accept = find_accept (window, "Log Out and Hand Over");
  GtkWidget *spin = NULL;
  g_auto (GStrv) too_early = NULL;
  g_autofree char *expected = join_timed_request ("--until-free=30");
  g_autofree char *arguments = NULL;

  /* By the keyboard: from what tells of the time to where it is set. */
  g_signal_emit_by_name (scene_find_button (window, "Change Time…"), "clicked");
  spin = find_minutes (window);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (window)), spin));
  gtk_editable_set_text (GTK_EDITABLE (spin), "30");
  give_plan_of (window, "only-card-within");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (spin)), ==, "30");
  g_assert_true (gtk_widget_get_sensitive (accept));

  g_signal_connect (window, "accepted", G_CALLBACK (on_accepted_cb), &too_early);
  g_signal_emit_by_name (accept, "clicked");
  g_assert_null (too_early);
  g_assert_false (gtk_widget_get_sensitive (accept));
  g_signal_handlers_disconnect_by_func (window, on_accepted_cb, &too_early);

  give_plan_of (window, "only-card-within");
  arguments = accept_timed_plan (window);
  g_assert_cmpstr (arguments, ==, expected);
}

/* Whoever gives up in the middle of a number has asked for nothing. */
static void
test_minutes_given_up (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_timed_plan (scene);

  g_signal_emit_by_name (scene_find_button (window, "Change Time…"), "clicked");
  gtk_editable_set_text (GTK_EDITABLE (find_minutes (window)), "30");
  g_object_add_weak_pointer (G_OBJECT (window), (gpointer *) &window);
  gtk_window_close (GTK_WINDOW (window));
  while (window != NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* It has a name of its own, and the wheel that moves the plan leaves it as it is. */
static void
test_minutes_row (void)
{
  g_autoptr (Scene) scene = scene_open ("only-card");
  GtkWidget *window = open_timed_plan (scene);
  GtkWidget *spin = find_minutes (window);
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (spin);
  GtkWidget *row = gtk_widget_get_ancestor (spin, BATON_TYPE_MINUTES_ROW);
  int minimum = 0;

  gtk_test_accessible_assert_property (
      GTK_ACCESSIBLE (spin), GTK_ACCESSIBLE_PROPERTY_LABEL,
      adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)));
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        g_assert_cmpint (gtk_event_controller_get_propagation_phase (controller), ==,
                         GTK_PHASE_NONE);
    }

  /* From the switch above it, by Tab. */
  g_assert_true (gtk_widget_grab_focus (GTK_WIDGET (find_return (window))));
  for (guint i = 0;
       i < 4 && !gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (window)), spin); i++)
    g_signal_emit_by_name (window, "move-focus", GTK_DIR_TAB_FORWARD);
  g_assert_true (gtk_widget_is_ancestor (gtk_window_get_focus (GTK_WINDOW (window)), spin));

  scene_assert_keys_differ (window);
  gtk_widget_measure (window, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, 360);
  gtk_window_destroy (GTK_WINDOW (window));
}

/* What the watch tells next. */
static void
tell (Scene *scene, const char *line)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonEvent) event = baton_event_parse (line, -1, &error);

  g_assert_no_error (error);
  baton_model_take_change (scene->model,
                           baton_view_feed (baton_model_get_view (scene->model), event));
}

#define HOLDERS(card, seq, name, refcount)                                                     \
  "{\"v\":1,\"seq\":" seq ",\"t_ms\":900000,\"type\":\"holders\",\"card\":\"" card "\","       \
  "\"complete\":true,\"reason\":null,\"unreadable\":0,\"holders\":[" name "],"                 \
  "\"modules\":[{\"name\":\"amdgpu\",\"refcount\":" refcount "}],\"snap\":" seq                \
  ",\"more\":false}"
#define SHELL                                                                                  \
  "{\"pid\":77,\"start_time\":\"9\",\"name\":\"shell\",\"command\":\"/bin/"                    \
  "shell\",\"uid\":1000,"                                                                      \
  "\"user\":\"anna\",\"unit\":null,\"app_id\":null,\"kind\":\"app\",\"how\":[\"fd\"],"         \
  "\"nodes\":[\"/dev/dri/card0\"],\"closable\":true}"

/* The desktop's programs open and close its own card all the time: that is no news of this one, and
 * the button stays what it is under somebody's finger. */
static void
test_other_card (void)
{
  static const char *const lines[] = {
    HOLDERS ("0000:08:00.0", "90", SHELL, "13"),
    HOLDERS (CARD, "91", "", "13"), /* the driver of both counts it */
    HOLDERS ("0000:08:00.0", "92", "", "12"),
  };
  g_autoptr (Scene) scene = scene_open ("idle");
  GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
  GtkWidget *accept = find_accept (window, "Hand Over");

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_test_message ("%s", lines[i]);
      tell (scene, lines[i]);
      g_assert_true (gtk_widget_get_sensitive (accept));
      g_assert_true (gtk_window_get_focus (GTK_WINDOW (window)) == accept);
    }

  /* Somebody who opens this one has changed its plan. */
  tell (scene, HOLDERS (CARD, "93", SHELL, "13"));
  g_assert_false (gtk_widget_get_sensitive (accept));
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_narrow (void)
{
  static const char *const scenes[] = { "idle", "in-use", "blocked", "only-card",
                                        "only-card-within" };

  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      g_autoptr (Scene) scene = scene_open (scenes[i]);
      GtkWidget *window = open_plan (scene, BATON_SIDE_GUEST);
      int minimum = 0;

      gtk_widget_measure (window, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
      g_test_message ("%s: %d", scenes[i], minimum);
      g_assert_cmpint (minimum, <=, 360);
      gtk_window_destroy (GTK_WINDOW (window));
    }
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add_func ("/ui/plan/nothing-lost", test_nothing_lost);
  g_test_add_func ("/ui/plan/apps-close", test_apps_close);
  g_test_add_func ("/ui/plan/becomes-destructive", test_becomes_destructive);
  g_test_add_func ("/ui/plan/no-plan", test_no_plan);
  g_test_add_func ("/ui/plan/keys", test_keys);
  g_test_add_func ("/ui/plan/duration", test_duration);
  g_test_add_func ("/ui/plan/blocked", test_blocked);
  g_test_add_func ("/ui/plan/accepted", test_accepted);
  g_test_add_func ("/ui/plan/always", test_always);
  g_test_add_func ("/ui/plan/cannot-know-again", test_cannot_know_again);
  g_test_add_func ("/ui/plan/options", test_options);
  g_test_add_func ("/ui/plan/guests", test_guests);
  g_test_add_func ("/ui/plan/only-card", test_only_card);
  g_test_add_func ("/ui/plan/only-card-switch", test_only_card_switch);
  g_test_add_func ("/ui/plan/minutes", test_minutes);
  g_test_add_func ("/ui/plan/no-time-with-guest", test_no_time_with_guest);
  g_test_add_func ("/ui/plan/minutes-typed", test_minutes_typed);
  g_test_add_func ("/ui/plan/minutes-given-up", test_minutes_given_up);
  g_test_add_func ("/ui/plan/minutes-row", test_minutes_row);
  g_test_add_func ("/ui/plan/other-card", test_other_card);
  g_test_add_func ("/ui/plan/narrow", test_narrow);

  return g_test_run ();
}
