/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes pictures of scenes, to look at while working on the window:
 *
 *   tests/ui/run-with-display build/tests/ui/picture OUT-DIRECTORY [OPTION...] SCENE[:PART]...
 *
 * PART: plan plan-returns adopt groups preferences settings notices report run how help details steps. The pictures for the README are not made with
 * this: they come from the bench, where everything behind the window is real.
 */
#include "config.h"

#include <locale.h>

#include <glib/gi18n.h>

#include "baton-adopt-row.h"
#include "baton-handoff-view.h"
#include "baton-how-window.h"
#include "baton-json.h"
#include "baton-minutes-row.h"
#include "baton-option-row.h"
#include "baton-plan-window.h"
#include "scene.h"

static gboolean dark;
static gboolean rtl;
static int width = 860;
static int height = 680;
static char *suffix;
static char *locale_dir;

static const GOptionEntry options[] = {
  { "dark", 0, 0, G_OPTION_ARG_NONE, &dark, "Dark style", NULL },
  { "rtl", 0, 0, G_OPTION_ARG_NONE, &rtl, "Right to left", NULL },
  { "width", 0, 0, G_OPTION_ARG_INT, &width, "Width of the window", "PIXELS" },
  { "height", 0, 0, G_OPTION_ARG_INT, &height, "Height of the window", "PIXELS" },
  { "suffix", 0, 0, G_OPTION_ARG_STRING, &suffix, "Added to each file's name", "TEXT" },
  { "locale-dir", 0, 0, G_OPTION_ARG_STRING, &locale_dir, "Where translations are",
    "DIRECTORY" },
  { NULL },
};

static void
save (GtkWidget *window, const char *path)
{
  g_autoptr (GdkPaintable) paintable = gtk_widget_paintable_new (window);
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  gdk_paintable_snapshot (paintable, snapshot, gdk_paintable_get_intrinsic_width (paintable),
                          gdk_paintable_get_intrinsic_height (paintable));
  node = gtk_snapshot_free_to_node (g_steal_pointer (&snapshot));
  texture =
      gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)), node, NULL);
  if (!gdk_texture_save_to_png (texture, path))
    g_error ("%s could not be written", path);
}

static GtkWidget *
find_other_window (GtkWidget *first)
{
  g_autoptr (GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr (GtkWidget) window = g_list_model_get_item (windows, i);

      if (window != first && gtk_widget_get_visible (window))
        return window;
    }

  return first;
}

static void
expand_all (GtkWidget *root)
{
  GtkWidget *widget;

  for (guint i = 0; (widget = scene_find_type (root, GTK_TYPE_EXPANDER, i)) != NULL; i++)
    gtk_expander_set_expanded (GTK_EXPANDER (widget), TRUE);
}

/* As its user has it come back by itself; the scene's plan is the one for that. */
static void
choose_return (GtkWidget *window, JsonObject *plan)
{
  GtkWidget *row;

  for (guint i = 0; (row = scene_find_type (window, BATON_TYPE_OPTION_ROW, i)) != NULL; i++)
    if (g_str_equal (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)),
                     _ ("Return the card when the virtual machine stops")))
      baton_option_row_set_active (BATON_OPTION_ROW (row), TRUE);
  baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (window)), plan);
  scene_settle (window);
  row = scene_find_type (window, BATON_TYPE_MINUTES_ROW, 0);
  if (row != NULL)
    adw_action_row_activate (ADW_ACTION_ROW (row));
}

static GtkWidget *
open_part (Scene *scene, const char *part)
{
  GtkWidget *window = GTK_WIDGET (scene->window);
  JsonObject *plan = baton_view_get_plan (baton_model_get_view (scene->model));

  if (g_strcmp0 (part, "plan") == 0 || g_strcmp0 (part, "plan-returns") == 0)
    {
      GtkWidget *other;

      baton_card_page_press (baton_window_get_page (scene->window));
      other = find_other_window (window);
      if (BATON_IS_PLAN_WINDOW (other))
        baton_preview_take (baton_plan_window_get_preview (BATON_PLAN_WINDOW (other)), plan);
      if (g_str_equal (part, "plan-returns"))
        choose_return (other, plan);
      return other;
    }

  if (g_strcmp0 (part, "how") == 0)
    baton_how_window_present (
        GTK_WINDOW (window),
        baton_json_nth_object (baton_json_get_array (plan, "findings"), 0));
  else if (g_strcmp0 (part, "groups") == 0)
    gtk_widget_activate_action (window, "win.groups", NULL);
  else if (g_strcmp0 (part, "preferences") == 0)
    gtk_widget_activate_action (window, "win.preferences", NULL);
  else if (g_strcmp0 (part, "settings") == 0 || g_strcmp0 (part, "notices") == 0)
    {
      gtk_widget_activate_action (window, "win.preferences", NULL);
      adw_preferences_window_set_visible_page_name (
          ADW_PREFERENCES_WINDOW (find_other_window (window)), part);
    }
  else if (g_strcmp0 (part, "report") == 0)
    gtk_widget_activate_action (window, "win.report", NULL);
  else if (g_strcmp0 (part, "run") == 0)
    gtk_widget_activate_action (window, "win.run-on-card", NULL);
  else if (g_strcmp0 (part, "help") == 0)
    gtk_widget_activate_action (window, "win.help", NULL);
  else if (g_strcmp0 (part, "adopt") == 0)
    adw_action_row_activate (
        ADW_ACTION_ROW (scene_find_type (window, BATON_TYPE_ADOPT_ROW, 0)));
  else if (g_strcmp0 (part, "details") == 0)
    expand_all (window);

  return find_other_window (window);
}

static void
take (const char *directory, const char *what)
{
  g_auto (GStrv) parts = g_strsplit (what, ":", 2);
  g_autoptr (Scene) scene = scene_open (parts[0]);
  g_autofree char *path =
      g_strdup_printf ("%s/%s%s%s%s.png", directory, parts[0], parts[1] != NULL ? "-" : "",
                       parts[1] != NULL ? parts[1] : "", suffix != NULL ? suffix : "");
  GtkWidget *window = GTK_WIDGET (scene->window);

  gtk_window_set_default_size (GTK_WINDOW (window), width, height);
  scene_settle (window);
  if (parts[1] != NULL)
    window = open_part (scene, parts[1]);
  if (window != GTK_WIDGET (scene->window) && width < 480)
    gtk_window_set_default_size (GTK_WINDOW (window), width, height);
  scene_settle (window);
  scene_settle (window);
  save (window, path);
  if (window != GTK_WIDGET (scene->window))
    gtk_window_destroy (GTK_WINDOW (window));
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("DIRECTORY SCENE[:PART]...");
  g_autoptr (GError) error = NULL;
  /* g_test_init() takes the arguments that it knows; it is here for the path of the scenes. */
  char *test_arguments[] = { argv[0], NULL };
  char **test_argv = test_arguments;
  int test_argc = 1;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc < 3)
    {
      g_printerr ("%s\n", error != NULL ? error->message : "picture: DIRECTORY SCENE...");
      return 2;
    }

  setlocale (LC_ALL, "");
  if (locale_dir != NULL)
    {
      bindtextdomain (GETTEXT_PACKAGE, locale_dir);
      bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
      textdomain (GETTEXT_PACKAGE);
    }
  gtk_test_init (&test_argc, &test_argv, NULL);
  adw_init ();
  if (rtl)
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      dark ? ADW_COLOR_SCHEME_FORCE_DARK
                                           : ADW_COLOR_SCHEME_FORCE_LIGHT);
  gtk_icon_theme_add_resource_path (gtk_icon_theme_get_for_display (gdk_display_get_default ()),
                                    "/io/github/batongpu/Baton/icons");
  {
    g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

    gtk_css_provider_load_from_resource (provider, "/io/github/batongpu/Baton/style.css");
    gtk_style_context_add_provider_for_display (gdk_display_get_default (),
                                                GTK_STYLE_PROVIDER (provider),
                                                GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
  }

  for (int i = 2; i < argc; i++)
    take (argv[1], argv[i]);

  return 0;
}
