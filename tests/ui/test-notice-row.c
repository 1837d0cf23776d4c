/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-notice-row.h"
#include "fake-systemd.h"
#include "scene.h"

/* A row in a window, and the systemd that it asks. */
typedef struct
{
  GTestDBus *bus;
  FakeSystemd *systemd;
  GtkWidget *window;
  BatonNoticeRow *row;
} Fixture;

static GtkSwitch *
get_switch (Fixture *fixture)
{
  return GTK_SWITCH (scene_find_type (fixture->window, GTK_TYPE_SWITCH, 0));
}

static const char *
get_subtitle (Fixture *fixture)
{
  return adw_action_row_get_subtitle (ADW_ACTION_ROW (fixture->row));
}

/* @state: of the unit's file; %NULL where there is no systemd. Waits for what @says of it. */
static void
open_row (Fixture *fixture, const char *state, const char *says)
{
  GtkWidget *list = gtk_list_box_new ();

  if (state != NULL)
    {
      fixture->systemd = fake_systemd_new (g_test_dbus_get_bus_address (fixture->bus));
      fixture->systemd->state = state;
    }
  fixture->row = g_object_new (BATON_TYPE_NOTICE_ROW, NULL);
  fixture->window = gtk_window_new ();
  gtk_list_box_append (GTK_LIST_BOX (list), GTK_WIDGET (fixture->row));
  gtk_window_set_child (GTK_WINDOW (fixture->window), list);
  gtk_window_present (GTK_WINDOW (fixture->window));
  /* Nothing can be switched of which nothing is known. */
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))));
  while (says != NULL ? strstr (get_subtitle (fixture), says) == NULL
                      : !gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))))
    g_main_context_iteration (NULL, TRUE);
}

static void
press (Fixture *fixture)
{
  GtkSwitch *option = get_switch (fixture);

  gtk_switch_set_active (option, !gtk_switch_get_active (option));
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (option)));
  while (!gtk_widget_get_sensitive (GTK_WIDGET (option)))
    g_main_context_iteration (NULL, TRUE);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->bus);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  fake_systemd_free (fixture->systemd);
  g_test_dbus_down (fixture->bus);
  g_object_unref (fixture->bus);
}

static void
test_on_and_off (Fixture *fixture, gconstpointer data)
{
  open_row (fixture, "disabled", NULL);
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  press (fixture);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (fixture->systemd->calls->str, "StartUnit"));
  press (fixture);
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (fixture->systemd->calls->str, "DisableUnitFiles"));
}

/* To show it switches nothing. */
static void
test_on_already (Fixture *fixture, gconstpointer data)
{
  open_row (fixture, "enabled", NULL);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  g_assert_cmpstr (fixture->systemd->calls->str, ==,
                   "GetUnitFileState('baton-notice.service',)\n");
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  open_row (fixture, "disabled", NULL);
  fixture->systemd->fails = "EnableUnitFiles";
  press (fixture);
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (get_subtitle (fixture), "The disk is full"));
  fixture->systemd->fails = NULL;
  press (fixture);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  g_assert_null (strstr (get_subtitle (fixture), "The disk is full"));
}

static void
test_no_systemd (Fixture *fixture, gconstpointer data)
{
  open_row (fixture, NULL, "No systemd of yours");
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))));
}

static void
test_masked (Fixture *fixture, gconstpointer data)
{
  open_row (fixture, "masked", "systemctl --user unmask");
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))));
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add ("/ui/notice-row/on-and-off", Fixture, NULL, set_up, test_on_and_off, tear_down);
  g_test_add ("/ui/notice-row/on-already", Fixture, NULL, set_up, test_on_already, tear_down);
  g_test_add ("/ui/notice-row/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/ui/notice-row/no-systemd", Fixture, NULL, set_up, test_no_systemd, tear_down);
  g_test_add ("/ui/notice-row/masked", Fixture, NULL, set_up, test_masked, tear_down);

  return g_test_run ();
}
