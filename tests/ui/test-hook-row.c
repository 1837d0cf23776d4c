/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>
#include <string.h>

#include "baton-hook-row.h"
#include "scene.h"

#define DIRECTORY "etc/libvirt/hooks/qemu.d"
#define SCRIPT DIRECTORY "/50-baton"

#define HELLO                                                                                  \
  "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\","          \
  "\"verb\":\"install-hook\",\"by\":\"helper\"}\n"
#define RESULT(exit, state, code, args, text)                                                  \
  "{\"v\":1,\"seq\":2,\"t_ms\":2,\"type\":\"result\",\"exit\":" exit ",\"state\":\"" state     \
  "\",\"code\":\"" code "\",\"args\":{" args "},\"text\":\"" text                              \
  "\",\"remedy\":null,\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[]}\n"

/* A row, a computer that it looks at, and a helper that says what a test wants. */
typedef struct
{
  char *top;
  GtkWidget *window;
  BatonHookRow *row;
} Fixture;

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->top, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

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

static void
set_up (Fixture *fixture, gconstpointer has_libvirt)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "fake-helper", NULL);
  g_autoptr (BatonHelperClient) client = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (GError) error = NULL;
  GtkWidget *list = gtk_list_box_new ();
  const char *command[3] = { program, NULL, NULL };

  fixture->top = g_dir_make_tmp ("baton-hook-XXXXXX", &error);
  g_assert_no_error (error);
  command[1] = fixture->top;
  if (has_libvirt != NULL)
    {
      g_autofree char *directory = g_build_filename (fixture->top, DIRECTORY, NULL);

      g_mkdir_with_parents (directory, 0755);
    }
  client = baton_helper_client_new_for_command (command, program);
  root = baton_root_new_for_directory (fixture->top, &error);
  g_assert_no_error (error);

  fixture->row = g_object_new (BATON_TYPE_HOOK_ROW, NULL);
  baton_hook_row_set_client (fixture->row, root, client);
  fixture->window = gtk_window_new ();
  gtk_list_box_append (GTK_LIST_BOX (list), GTK_WIDGET (fixture->row));
  gtk_window_set_child (GTK_WINDOW (fixture->window), list);
  gtk_window_present (GTK_WINDOW (fixture->window));
  scene_settle (fixture->window);
}

static void
tear_down (Fixture *fixture, gconstpointer has_libvirt)
{
  static const char *const left[] = { "install-hook",
                                      "install-hook.arguments",
                                      "install-hook.status",
                                      "install-hook.cancelled",
                                      SCRIPT,
                                      DIRECTORY,
                                      "etc/libvirt/hooks",
                                      "etc/libvirt",
                                      "etc",
                                      "" };

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    {
      g_autofree char *path = g_build_filename (fixture->top, left[i], NULL);

      g_remove (path);
    }
  g_free (fixture->top);
}

/* Presses the switch, and waits until the helper has said so. */
static void
press (Fixture *fixture, const char *arguments)
{
  g_autofree char *path = g_build_filename (fixture->top, "install-hook.arguments", NULL);
  g_autofree char *asked = NULL;
  GtkSwitch *option = get_switch (fixture);

  gtk_switch_set_active (option, !gtk_switch_get_active (option));
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (option)));
  while (!gtk_widget_get_sensitive (GTK_WIDGET (option)))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_file_get_contents (path, &asked, NULL, NULL));
  g_assert_cmpstr (g_strstrip (asked), ==, arguments);
}

static void
test_installed_and_removed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *script = g_build_filename (fixture->top, SCRIPT, NULL);

  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  write_file (fixture, "install-hook",
              HELLO RESULT ("0", "done", "hook-installed", "", "It is there."));
  write_file (fixture, SCRIPT, "#!/bin/sh\n");
  press (fixture, "");
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));

  write_file (fixture, "install-hook",
              HELLO RESULT ("0", "done", "hook-removed", "", "It is gone."));
  g_remove (script);
  press (fixture, "--undo");
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
}

/* The switch shows what holds, whatever was wanted. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "install-hook",
              HELLO RESULT ("12", "refused", "hook-foreign-file",
                            "\"file\":\"/etc/x\",\"reason\":\"Baton did not write it\"",
                            "The file is somebody’s."));
  write_file (fixture, "install-hook.status", "12");
  press (fixture, "");
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (get_subtitle (fixture), "/etc/x"));
}

/* By somebody else, from a terminal. */
static void
test_changed_meanwhile (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, SCRIPT, "#!/bin/sh\n");
  baton_hook_row_look (fixture->row);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  g_assert_true (gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))));
}

static void
test_no_libvirt (Fixture *fixture, gconstpointer data)
{
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (fixture->row)));
}

#define ADD(path, has_libvirt, test)                                                           \
  g_test_add ("/ui/hook-row/" path, Fixture, has_libvirt, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  ADD ("installed-and-removed", "libvirt", test_installed_and_removed);
  ADD ("refused", "libvirt", test_refused);
  ADD ("changed-meanwhile", "libvirt", test_changed_meanwhile);
  ADD ("no-libvirt", NULL, test_no_libvirt);

  return g_test_run ();
}
