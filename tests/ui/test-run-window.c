/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>

#include "baton-run-window.h"
#include "own-home.h"
#include "scene.h"

#define CARD "0000:03:00.0"

/* Stands in for baton-run: it says what it is asked, refuses where there is a reason, and else
 * becomes the program. */
static const char *const baton_run =
    "#!/bin/sh\n"
    "echo \"$*\" >> \"$BATON_TEST_TOP/asked\"\n"
    "cat \"$BATON_TEST_TOP/drawn\" 2> /dev/null && exit 0\n"
    "cat \"$BATON_TEST_TOP/noise\" 2> /dev/null >&2 && echo >&2\n"
    "if [ -e \"$BATON_TEST_TOP/reason\" ]; then\n"
    "  echo \"baton-run: $(cat \"$BATON_TEST_TOP/reason\")\" >&2\n"
    "  exit 125\n"
    "fi\n"
    "while [ \"$1\" != -- ]; do shift; done\n"
    "shift\n"
    "exec \"$@\"\n";

/* A window behind the one that is tested. */
typedef struct
{
  Scene *scene;
} Behind;

static GtkWidget *
find_dialog (void)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      if (ADW_IS_MESSAGE_DIALOG (window) && gtk_widget_get_mapped (window))
        return window;
    }

  return NULL;
}

/* Why something did not happen, and @heading says what. */
static void
expect_dialog (const char *heading, const char *why)
{
  GtkWidget *dialog;

  while ((dialog = find_dialog ()) == NULL)
    g_main_context_iteration (NULL, TRUE);
  scene_settle (dialog);
  g_assert_nonnull (scene_find_label (dialog, heading));
  g_assert_nonnull (scene_find_label (dialog, why));
  gtk_window_destroy (GTK_WINDOW (dialog));
}

static GtkWidget *
wait_for_label (GtkWidget *window, const char *text)
{
  GtkWidget *label;

  while ((label = scene_find_label (window, text)) == NULL)
    g_main_context_iteration (NULL, TRUE);

  return label;
}

static GtkWidget *
open_window (Scene *scene)
{
  GtkWidget *window = GTK_WIDGET (baton_run_window_new (CARD, "Radeon RX 6800 XT"));

  gtk_window_set_transient_for (GTK_WINDOW (window), GTK_WINDOW (scene->window));
  gtk_window_present (GTK_WINDOW (window));
  scene_settle (window);
  wait_for_label (window, "Alpha Game");
  scene_settle (window);

  return window;
}

static GtkWidget *
find_row (GtkWidget *window, const char *name)
{
  return gtk_widget_get_ancestor (scene_find_label (window, name), GTK_TYPE_LIST_BOX_ROW);
}

static void
search (GtkWidget *window, const char *text)
{
  gtk_editable_set_text (GTK_EDITABLE (scene_find_type (window, GTK_TYPE_SEARCH_ENTRY, 0)),
                         text);
  /* The entry waits for more to be typed. */
  while (g_strcmp0 (text, "") != 0 && scene_find_label (window, "Alpha Game") != NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_every_program_of_the_menu (Behind *self, gconstpointer data)
{
  GtkWidget *window = open_window (self->scene);

  g_assert_nonnull (scene_find_label (window, "Beta Tool"));
  g_assert_null (scene_find_label (window, "Hidden"));
  search (window, "bETa");
  g_assert_nonnull (scene_find_label (window, "Beta Tool"));
  search (window, "no such program");
  wait_for_label (window, "Nothing Found");
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
on_closed_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
test_it_is_started_on_the_card (Behind *self, gconstpointer data)
{
  GtkWidget *window = open_window (self->scene);
  gboolean is_closed = FALSE;
  g_autofree char *started = own_home_build_path ("started");
  g_autofree char *asked = NULL;

  g_signal_connect_swapped (window, "destroy", G_CALLBACK (on_closed_cb), &is_closed);
  gtk_widget_activate (find_row (window, "Alpha Game"));
  while (!is_closed || !g_file_test (started, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, FALSE);

  asked = own_home_read ("asked");
  g_assert_cmpstr (asked, ==,
                   CARD " -- true\n"
                        "--notify " CARD " -- touch started\n");
}

/* What baton-run says is said here, and the window stays for another choice. */
static void
test_why_not_is_said (Behind *self, gconstpointer data)
{
  GtkWidget *window = open_window (self->scene);
  g_autofree char *started = own_home_build_path ("started");

  own_home_write ("reason", "the card is on the moon", 0600);
  gtk_widget_activate (find_row (window, "Alpha Game"));
  expect_dialog ("“Alpha Game” Was Not Started", "The card is on the moon.");
  g_assert_true (gtk_widget_get_mapped (window));
  g_assert_false (g_file_test (started, G_FILE_TEST_EXISTS));
  gtk_window_destroy (GTK_WINDOW (window));
}

static GtkWidget *
find_pin (GtkWidget *window, const char *name)
{
  return scene_find_type (find_row (window, name), GTK_TYPE_TOGGLE_BUTTON, 0);
}

static void
press (GtkWidget *pin, gboolean active)
{
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (pin), active);
  g_assert_false (gtk_widget_get_sensitive (pin));
  while (!gtk_widget_get_sensitive (pin))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_always_and_no_more (Behind *self, gconstpointer data)
{
  GtkWidget *window = open_window (self->scene);
  GtkWidget *again = NULL;
  g_autofree char *text = NULL;

  press (find_pin (window, "Beta Tool"), TRUE);
  g_assert_nonnull (scene_find_label (window, "Always runs on this card"));
  text = own_home_read ("home/applications/beta.desktop");
  g_assert_nonnull (strstr (text, "Exec=baton-run --notify " CARD " -- true\n"));
  gtk_window_destroy (GTK_WINDOW (window));

  again = open_window (self->scene);
  g_assert_true (
      gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (find_pin (again, "Beta Tool"))));
  g_assert_false (
      gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (find_pin (again, "Alpha Game"))));
  press (find_pin (again, "Beta Tool"), FALSE);
  g_assert_null (scene_find_label (again, "Always runs on this card"));
  g_assert_null (own_home_read ("home/applications/beta.desktop"));
  gtk_window_destroy (GTK_WINDOW (again));
}

static void
test_what_could_not_be_changed_is_said (Behind *self, gconstpointer data)
{
  GtkWidget *window = open_window (self->scene);
  GtkWidget *pin = find_pin (window, "Beta Tool");

  own_home_remove ("home/applications");
  own_home_write ("home/applications", "no directory", 0600);
  press (pin, TRUE);
  expect_dialog ("How “Beta Tool” Is Started Was Not Changed", "home/applications");
  g_assert_false (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (pin)));
  own_home_remove ("home/applications");
  gtk_window_destroy (GTK_WINDOW (window));
}

/* The frame is drawn by a program of its own, which the stand-in becomes no more than any other. */
static void
test_the_card_is_tested (Behind *self, gconstpointer data)
{
  GtkWidget *window = GTK_WIDGET (self->scene->window);
  g_autofree char *asked = NULL;

  own_home_write ("drawn", "Radeon RX 6800 XT (radeonsi)\nOpenGL ES 3.2 Mesa 25.0\n", 0600);
  gtk_widget_activate_action (window, "win.test-card", NULL);
  expect_dialog ("The Card Draws", "“Radeon RX 6800 XT (radeonsi)” (OpenGL ES 3.2 Mesa 25.0)");
  asked = own_home_read ("asked");
  g_assert_cmpstr (asked, ==, CARD " -- " BATON_DRAW_PATH " " CARD "\n");

  own_home_remove ("drawn");
  own_home_write ("noise", "MESA: warning: of no interest", 0600);
  own_home_write ("reason", "the card is on the moon", 0600);
  gtk_widget_activate_action (window, "win.test-card", NULL);
  expect_dialog ("The Card Did Not Draw", "The card is on the moon.");
}

/* Only for a card that draws, is here, and is not the only one. */
static void
test_where_it_is_offered (Behind *self, gconstpointer data)
{
  static const struct
  {
    const char *scene;
    gboolean offered;
  } rows[] = { { "in-use", TRUE }, { "guest", FALSE }, { "one-card", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Scene) scene = scene_open (rows[i].scene);
      GtkWidget *label = scene_find_label (GTK_WIDGET (scene->window), "Run on This Card…");

      g_test_message ("%s", rows[i].scene);
      g_assert_true ((label != NULL) == rows[i].offered);
    }
}

static void
write_programs (void)
{
  own_home_write ("bin/baton-run", baton_run, 0700);
  own_home_write ("sys/applications/alpha.desktop",
                  "[Desktop Entry]\nType=Application\nName=Alpha Game\nExec=touch started\n",
                  0600);
  own_home_write ("sys/applications/beta.desktop",
                  "[Desktop Entry]\nType=Application\nName=Beta Tool\nExec=true\n", 0600);
  own_home_write ("sys/applications/hidden.desktop",
                  "[Desktop Entry]\nType=Application\nName=Hidden\nExec=true\nNoDisplay=true\n",
                  0600);
}

static void
set_up (Behind *self, gconstpointer data)
{
  self->scene = scene_open ("in-use");
}

static void
tear_down (Behind *self, gconstpointer data)
{
  static const char *const left[] = { "asked", "drawn", "noise", "reason", "started" };

  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    own_home_remove (left[i]);
  scene_close (self->scene);
}

#define ADD(path, test) g_test_add (path, Behind, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *top = NULL;
  g_autofree char *path = NULL;
  int status;

  own_home_create ();
  top = own_home_build_path ("");
  path = g_strdup_printf ("%s/bin:/usr/bin:/bin", top);
  g_setenv ("BATON_TEST_TOP", top, TRUE);
  g_setenv ("PATH", path, TRUE);
  write_programs ();

  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_assert_no_errno (g_chdir (top));
  ADD ("/ui/run/every-program-of-the-menu", test_every_program_of_the_menu);
  ADD ("/ui/run/it-is-started-on-the-card", test_it_is_started_on_the_card);
  ADD ("/ui/run/why-not-is-said", test_why_not_is_said);
  ADD ("/ui/run/always-and-no-more", test_always_and_no_more);
  ADD ("/ui/run/what-could-not-be-changed-is-said", test_what_could_not_be_changed_is_said);
  ADD ("/ui/run/the-card-is-tested", test_the_card_is_tested);
  ADD ("/ui/run/where-it-is-offered", test_where_it_is_offered);
  status = g_test_run ();

  own_home_destroy ();

  return status;
}
