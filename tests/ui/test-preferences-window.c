/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>

#include "baton-always-row.h"
#include "baton-preferences-window.h"
#include "scene.h"

#define CARD "0000:03:00.0"
#define EMPTY "No program is closed without a warning for this card."

static const char *const programs[] = { "firefox.desktop", "wireplumber.service", NULL };

/* A window, and the administrator's settings that it reads. */
typedef struct
{
  Scene *scene;
  GtkWidget *window;
  BatonAlwaysClose *always;
  JsonObject *card;
  char *top;
} Open;

static void
settle (Open *self)
{
  while (baton_always_close_is_busy (self->always))
    g_main_context_iteration (NULL, TRUE);
  scene_settle (self->window);
}

static void
set_always (Open *self, gboolean always)
{
  while (baton_always_close_is_busy (self->always))
    g_main_context_iteration (NULL, TRUE);
  baton_always_close_set (self->always, self->card, programs, always);
  while (baton_always_close_is_busy (self->always))
    g_main_context_iteration (NULL, TRUE);
}

static void
set_up (Open *self, gconstpointer settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;

  self->scene = scene_open ("in-use");
  self->always = baton_model_get_always_close (self->scene->model);
  self->card = baton_view_find_card (baton_model_get_view (self->scene->model), CARD);
  set_always (self, FALSE);

  self->top = g_dir_make_tmp ("baton-preferences-XXXXXX", &error);
  g_assert_no_error (error);
  if (settings != NULL)
    {
      g_autofree char *directory = g_build_filename (self->top, "etc", NULL);
      g_autofree char *file = g_build_filename (directory, "baton.conf", NULL);

      g_mkdir (directory, 0755);
      g_file_set_contents (file, settings, -1, &error);
      g_assert_no_error (error);
    }
  root = baton_root_new_for_directory (self->top, &error);
  g_assert_no_error (error);

  self->window = GTK_WIDGET (baton_preferences_window_new (self->scene->model, root));
  gtk_window_present (GTK_WINDOW (self->window));
  settle (self);
}

static void
tear_down (Open *self, gconstpointer settings)
{
  static const char *const left[] = { "etc/baton.conf", "etc", "" };

  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    {
      g_autofree char *path = g_build_filename (self->top, left[i], NULL);

      g_remove (path);
    }
  gtk_window_destroy (GTK_WINDOW (self->window));
  scene_close (self->scene);
  g_free (self->top);
}

/* The settings come from a thread. */
static void
wait_for_patience (Open *self, double seconds)
{
  GtkWidget *spin = NULL;

  adw_preferences_window_set_visible_page_name (ADW_PREFERENCES_WINDOW (self->window),
                                                "settings");
  while ((spin = scene_find_type (self->window, GTK_TYPE_SPIN_BUTTON, 0)) == NULL ||
         gtk_spin_button_get_value (GTK_SPIN_BUTTON (spin)) != seconds)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_empty (Open *self, gconstpointer data)
{
  g_assert_nonnull (scene_find_label (self->window, EMPTY));
  g_assert_null (scene_find_type (self->window, BATON_TYPE_ALWAYS_ROW, 0));
  /* Every card has its place. */
  g_assert_nonnull (scene_find_label (self->window, "Radeon RX 6800 XT"));
  g_assert_nonnull (scene_find_label (self->window, "Raphael"));
}

static void
test_remove (Open *self, gconstpointer data)
{
  GtkWidget *row = NULL;
  GtkWidget *button = NULL;
  g_auto (GStrv) left = NULL;

  set_always (self, TRUE);
  settle (self);
  row = scene_find_type (self->window, BATON_TYPE_ALWAYS_ROW, 0);
  g_assert_nonnull (row);
  g_assert_nonnull (scene_find_type (self->window, BATON_TYPE_ALWAYS_ROW, 1));
  g_assert_cmpstr (baton_always_row_get_program (BATON_ALWAYS_ROW (row)), ==,
                   "firefox.desktop");
  button = scene_find_type (row, GTK_TYPE_BUTTON, 0);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Remove “firefox.desktop”");

  g_signal_emit_by_name (button, "clicked");
  settle (self);
  left = baton_always_close_list (self->always, self->card);
  g_assert_cmpint (g_strv_length (left), ==, 1);
  g_assert_cmpstr (left[0], ==, "wireplumber.service");
  row = scene_find_type (self->window, BATON_TYPE_ALWAYS_ROW, 0);
  g_assert_cmpstr (baton_always_row_get_program (BATON_ALWAYS_ROW (row)), ==,
                   "wireplumber.service");

  g_signal_emit_by_name (scene_find_type (row, GTK_TYPE_BUTTON, 0), "clicked");
  settle (self);
  g_assert_null (scene_find_type (self->window, BATON_TYPE_ALWAYS_ROW, 0));
  g_assert_nonnull (scene_find_label (self->window, EMPTY));
}

static void
write_settings (Open *self, const char *text)
{
  g_autofree char *file = g_build_filename (self->top, "etc/baton.conf", NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (file, text, -1, &error);
  g_assert_no_error (error);
}

static void
test_defaults (Open *self, gconstpointer data)
{
  wait_for_patience (self, 5);
  g_assert_nonnull (scene_find_label (self->window, "kept in /etc/baton.conf"));
  g_assert_nonnull (scene_find_label (self->window, "Where It Is Needed"));
  g_assert_null (scene_find_label (self->window, "Only for the Card"));
}

static void
test_settings (Open *self, gconstpointer data)
{
  wait_for_patience (self, 1.5);
  g_assert_nonnull (scene_find_label (self->window, "1002:73bf:1da2:e438"));
  g_assert_true (
      gtk_switch_get_active (GTK_SWITCH (scene_find_type (self->window, GTK_TYPE_SWITCH, 0))));
  /* the other card's */
  g_assert_false (
      gtk_switch_get_active (GTK_SWITCH (scene_find_type (self->window, GTK_TYPE_SWITCH, 2))));
}

static void
test_broken_settings (Open *self, gconstpointer data)
{
  adw_preferences_window_set_visible_page_name (ADW_PREFERENCES_WINDOW (self->window),
                                                "settings");
  while (scene_find_label (self->window, "there is no such key") == NULL)
    g_main_context_iteration (NULL, TRUE);
}

/* Changed by an editor or by another program, the file is read again. */
static void
test_follows_the_file (Open *self, gconstpointer data)
{
  wait_for_patience (self, 1);
  write_settings (self, "[0000:03:00.0]\nclose-politely-ms=2000\n");
  wait_for_patience (self, 2);
  write_settings (self, "[0000:03:00.0]\nclose-politely-ms=3000\n");
  wait_for_patience (self, 3);
}

/* A narrow screen; the frame, which is a shadow where there is a compositor, comes on top. */
static void
test_narrow (Open *self, gconstpointer data)
{
  GtkWidget *content = adw_window_get_content (ADW_WINDOW (self->window));

  set_always (self, TRUE);
  settle (self);
  gtk_window_set_default_size (GTK_WINDOW (self->window), 360, 640);
  /* As long as something needs more room, it keeps that; libadwaita lays out anew meanwhile. */
  while (gtk_widget_get_width (content) > 360 ||
         scene_find_type (self->window, BATON_TYPE_ALWAYS_ROW, 0) == NULL)
    g_main_context_iteration (NULL, TRUE);
}

#define ADD(path, settings, test) g_test_add (path, Open, settings, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  ADD ("/ui/preferences/empty", NULL, test_empty);
  ADD ("/ui/preferences/remove", NULL, test_remove);
  ADD ("/ui/preferences/defaults", NULL, test_defaults);
  ADD ("/ui/preferences/settings",
       "[0000:03:00.0]\nidentity=1002:73bf:1da2:e438\nclose-politely-ms=1500\n"
       "return-method=rescan\nreset-before-return=false\nreturn-when-guest-stops=true\n"
       "sleep-while-guest=allow\nstop-units=ollama.service;folding@gpu.service\n"
       "start-units-guest=scream.service\n",
       test_settings);
  ADD ("/ui/preferences/broken-settings", "[0000:03:00.0]\ncolour=red\n", test_broken_settings);
  ADD ("/ui/preferences/follows-the-file", "[0000:03:00.0]\nclose-politely-ms=1000\n",
       test_follows_the_file);
  ADD ("/ui/preferences/narrow", NULL, test_narrow);

  return g_test_run ();
}
