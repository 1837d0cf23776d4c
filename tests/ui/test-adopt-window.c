/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopt-window.h"

#include <glib/gstdio.h>
#include <string.h>

#include "baton-adopt-row.h"
#include "scene.h"

#define CARD "0000:03:00.0"
#define DIGEST "abababababababababababababababababababababababababababababababab"

#define HELLO                                                                                  \
  "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\","          \
  "\"verb\":\"adopt\",\"by\":\"helper\"}\n"
#define RESULT(exit, state, code, args)                                                        \
  "{\"v\":1,\"seq\":2,\"t_ms\":2,\"type\":\"result\",\"exit\":" exit ",\"state\":\"" state     \
  "\",\"code\":\"" code "\",\"args\":{" args "},\"text\":\"x\",\"remedy\":null,"               \
  "\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[]}\n"

/* A window, and a helper that says what a test wants. */
typedef struct
{
  char *directory;
  BatonModel *model;
  GtkWidget *window;
} Fixture;

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
feed (Fixture *fixture, const char *name)
{
  Scene scene = { .model = fixture->model };

  scene_feed (&scene, name);
  scene_settle (fixture->window);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "fake-helper", NULL);
  const char *command[3] = { program, NULL, NULL };
  Scene scene = { 0 };

  fixture->directory = g_dir_make_tmp ("baton-adopt-XXXXXX", NULL);
  command[1] = fixture->directory;
  fixture->model = baton_model_new_for_command (command, program);
  scene.model = fixture->model;
  scene_feed (&scene, "adopt");
  fixture->window = GTK_WIDGET (baton_adopt_window_new (fixture->model, CARD));
  gtk_window_present (GTK_WINDOW (fixture->window));
  scene_settle (fixture->window);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "adopt", "adopt.arguments", "adopt.status", "" };

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->model);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->directory, names[i], NULL);

      g_remove (path);
    }
  g_free (fixture->directory);
}

/* Presses it, and waits until the helper has ended. */
static void
press (Fixture *fixture, const char *label)
{
  GtkWidget *button = scene_find_button (fixture->window, label);

  g_assert_nonnull (button);
  g_signal_emit_by_name (button, "clicked");
  g_assert_false (gtk_widget_get_sensitive (button));
  while (!gtk_widget_get_sensitive (button))
    g_main_context_iteration (NULL, TRUE);
  scene_settle (fixture->window);
}

static void
assert_asked (Fixture *fixture, const char *expected)
{
  g_autofree char *path = g_build_filename (fixture->directory, "adopt.arguments", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (g_strchomp (text), ==, expected);
}

static guint
count_rows (GtkWidget *root, const char *title)
{
  guint n = 0;
  GtkWidget *row;

  for (guint i = 0; (row = scene_find_type (root, ADW_TYPE_ACTION_ROW, i)) != NULL; i++)
    if (gtk_widget_get_mapped (row) &&
        strstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), title) != NULL)
      n++;

  return n;
}

static const char *
get_subtitle (Fixture *fixture, const char *title)
{
  GtkWidget *row;

  for (guint i = 0; (row = scene_find_type (fixture->window, ADW_TYPE_ACTION_ROW, i)) != NULL;
       i++)
    if (strstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), title) != NULL)
      return adw_action_row_get_subtitle (ADW_ACTION_ROW (row));

  return NULL;
}

static void
test_each_line_is_there (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpuint (count_rows (fixture->window, ""), ==, 5);
  g_assert_nonnull (strstr (get_subtitle (fixture, "VIRSH_GPU_VIDEO"), "kvm.conf"));
  g_assert_nonnull (strstr (get_subtitle (fixture, "VIRSH_GPU_VIDEO"), "line 2"));
  g_assert_nonnull (strstr (get_subtitle (fixture, "ids=1002:73bf"), "claims"));
  g_assert_nonnull (strstr (get_subtitle (fixture, "GRUB_CMDLINE"), "update-grub"));
  /* What somebody else wrote is no markup. */
  g_assert_cmpuint (count_rows (fixture->window, "<b>&amp;"), ==, 1);
}

static void
test_adopted (Fixture *fixture, gconstpointer data)
{
  write_file (
      fixture, "adopt",
      HELLO RESULT ("0", "done", "adopted", "\"card\":\"Card One\",\"files\":\"/etc/x\""));
  g_signal_emit_by_name (scene_find_button (fixture->window, "_Adopt This Setup"), "clicked");
  while (scene_find_label (fixture->window, "/etc/x") == NULL)
    g_main_context_iteration (NULL, TRUE);
  assert_asked (fixture, CARD " --expect " DIGEST);
  /* Done once is enough. */
  g_assert_null (scene_find_button (fixture->window, "_Adopt This Setup"));
  g_assert_nonnull (scene_find_button (fixture->window, "_Close"));
}

static void
test_put_back (Fixture *fixture, gconstpointer data)
{
  feed (fixture, "adopted");
  g_assert_cmpuint (count_rows (fixture->window, ""), ==, 0);
  write_file (
      fixture, "adopt",
      HELLO RESULT ("0", "done", "adopt-undone", "\"card\":\"Card One\",\"files\":\"/etc/x\""));
  g_signal_emit_by_name (scene_find_button (fixture->window, "_Put Back"), "clicked");
  while (scene_find_label (fixture->window, "/etc/x") == NULL)
    g_main_context_iteration (NULL, TRUE);
  assert_asked (fixture, CARD " --undo");
}

/* It says why, and can be tried again with what is there by then. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "adopt.status", "12");
  write_file (
      fixture, "adopt",
      HELLO RESULT ("12", "refused", "adopt-file-in-the-way",
                    "\"file\":\"/etc/modprobe.d/vfio.conf\",\"reason\":\"it is a symbolic "
                    "link\""));
  press (fixture, "_Adopt This Setup");
  g_assert_nonnull (scene_find_label (fixture->window, "/etc/modprobe.d/vfio.conf"));
  g_assert_nonnull (scene_find_button (fixture->window, "_Cancel"));
  press (fixture, "_Adopt This Setup");
}

static void
test_password_not_given (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "adopt.status", "126");
  press (fixture, "_Adopt This Setup");
  g_assert_cmpuint (count_rows (fixture->window, ""), ==, 5);
}

/* The row on the page of the card, and on no other. */
static void
test_row_on_the_page (void)
{
  g_autoptr (Scene) scene = scene_open ("adopt");
  GtkWidget *row = scene_find_type (GTK_WIDGET (scene->window), BATON_TYPE_ADOPT_ROW, 0);

  g_assert_true (gtk_widget_get_mapped (row));
  g_assert_nonnull (strstr (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)), "5 lines"));
  scene_feed (scene, "adopted");
  scene_settle (GTK_WIDGET (scene->window));
  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (row)), ==,
                   "Put the Setup Back…");
  scene_feed (scene, "idle");
  scene_settle (GTK_WIDGET (scene->window));
  g_assert_false (gtk_widget_get_mapped (row));
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add ("/ui/adopt-window/each-line", Fixture, NULL, set_up, test_each_line_is_there,
              tear_down);
  g_test_add ("/ui/adopt-window/adopted", Fixture, NULL, set_up, test_adopted, tear_down);
  g_test_add ("/ui/adopt-window/put-back", Fixture, NULL, set_up, test_put_back, tear_down);
  g_test_add ("/ui/adopt-window/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/ui/adopt-window/password-not-given", Fixture, NULL, set_up,
              test_password_not_given, tear_down);
  g_test_add_func ("/ui/adopt-window/row-on-the-page", test_row_on_the_page);

  return g_test_run ();
}
