/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include <adwaita.h>
#include <glib/gstdio.h>

#include "baton-closed-session.h"
#include "baton-reopen-box.h"
#include "own-home.h"
#include "scene.h"

#define CARD "0000:03:00.0"
#define PATIENCE_US (20 * G_USEC_PER_SEC)

/* Programs that were closed for a card, beside a window that shows it. */
typedef struct
{
  char *directory;
  BatonClosed *closed;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  g_autofree char *kept = NULL;

  fixture->directory = own_home_build_path ("closed");
  kept = g_build_filename (fixture->directory, "kept", NULL);
  g_assert_no_errno (g_mkdir_with_parents (fixture->directory, 0700));
  fixture->closed = baton_closed_new (root, kept);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_closed_forget (fixture->closed, CARD);
  baton_closed_unref (fixture->closed);
  g_free (fixture->directory);
}

static void
note (Fixture *fixture, const char *name, BatonClosedObstacle obstacle)
{
  g_autoptr (GPtrArray) programs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
  BatonClosedProgram *program = g_new0 (BatonClosedProgram, 1);
  g_autoptr (GError) error = NULL;

  program->closes = g_strsplit ("4000000:1", " ", -1);
  program->name = g_strdup (name);
  program->executable = g_strdup ("/bin/sh");
  program->arguments = g_strsplit ("sh|-c|: >here", "|", -1);
  program->directory = g_strdup (fixture->directory);
  program->variables = g_new0 (char *, 1);
  program->obstacle = obstacle;
  program->is_closed = TRUE;
  g_ptr_array_add (programs, program);
  g_assert_true (baton_closed_note (fixture->closed, CARD, programs, &error));
  g_assert_no_error (error);
}

/* An application that ended with a session. */
static void
note_session (Fixture *fixture, const char *app_id)
{
  g_autoptr (GPtrArray) programs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
  BatonClosedProgram *program = g_new0 (BatonClosedProgram, 1);
  g_autoptr (GError) error = NULL;

  program->closes = g_strsplit ("4000000:1", " ", -1);
  program->name = g_strdup ("editor");
  program->app_id = g_strdup (app_id);
  program->arguments = g_new0 (char *, 1);
  program->variables = g_new0 (char *, 1);
  program->sessions = g_strsplit ("99999", " ", -1);
  g_ptr_array_add (programs, program);
  g_assert_true (baton_closed_note_session (fixture->closed, CARD, programs, &error));
  g_assert_no_error (error);
}

static Scene *
open_scene (Fixture *fixture, const char *name)
{
  Scene *scene = scene_open_empty ();

  baton_model_set_closed (scene->model, fixture->closed);
  scene_feed (scene, name);
  scene_settle (GTK_WIDGET (scene->window));

  return scene;
}

static GtkWidget *
find_open (Scene *scene)
{
  return scene_find_button (GTK_WIDGET (scene->window), "_Open Again");
}

static GtkWidget *
find_forget (Scene *scene)
{
  GtkWidget *button;

  for (guint i = 0;
       (button = scene_find_type (GTK_WIDGET (scene->window), GTK_TYPE_BUTTON, i)) != NULL; i++)
    if (g_strcmp0 (gtk_widget_get_tooltip_text (button), "Do Not Open Again") == 0)
      return button;

  return NULL;
}

static void
wait_for_file (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->directory, "here", NULL);
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;

  while (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (10000);
    }
  g_unlink (path);
}

/* Only for the card that it was closed for, when that is here. */
static void
test_offered (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *scene;
    gboolean is_offered;
  } rows[] = {
    { "idle", TRUE },   { "in-use", TRUE },   { "parked", FALSE },
    { "guest", FALSE }, { "running", FALSE },
  };

  note (fixture, "glow", BATON_CLOSED_POSSIBLE);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Scene) scene = open_scene (fixture, rows[i].scene);

      g_test_message ("%s", rows[i].scene);
      g_assert_true ((find_open (scene) != NULL) == rows[i].is_offered);
      if (rows[i].is_offered)
        g_assert_nonnull (scene_find_label (GTK_WIDGET (scene->window), "glow"));
    }
  baton_closed_forget (fixture->closed, CARD);
  {
    g_autoptr (Scene) scene = open_scene (fixture, "idle");

    g_assert_null (find_open (scene));
    g_assert_null (find_forget (scene));
  }
}

static void
test_opened (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Scene) scene = NULL;
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;

  note (fixture, "glow", BATON_CLOSED_POSSIBLE);
  scene = open_scene (fixture, "idle");
  g_signal_emit_by_name (find_open (scene), "clicked");
  g_assert_null (find_open (scene));
  wait_for_file (fixture);
  while (scene_find_label (GTK_WIDGET (scene->window), "Opened again: ") == NULL)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_main_context_iteration (NULL, TRUE);
    }

  /* Not twice. */
  scene_feed (scene, "idle");
  g_assert_null (find_open (scene));
}

static void
test_forgotten (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Scene) scene = NULL;
  g_autoptr (GPtrArray) cards = NULL;

  note (fixture, "glow", BATON_CLOSED_POSSIBLE);
  scene = open_scene (fixture, "idle");
  g_signal_emit_by_name (find_forget (scene), "clicked");
  g_assert_null (find_open (scene));
  cards = baton_closed_list_cards (fixture->closed);
  g_assert_cmpuint (cards->len, ==, 0);
}

/* What cannot be is named, with the reason; alone, there is nothing to press but that it is known. */
static void
test_impossible (Fixture *fixture, gconstpointer data)
{
  note (fixture, "other\xe2\x80\xae<b>", BATON_CLOSED_OTHER_USER);
  {
    g_autoptr (Scene) scene = open_scene (fixture, "idle");

    g_assert_null (find_open (scene));
    g_assert_nonnull (find_forget (scene));
    g_assert_nonnull (
        scene_find_label (GTK_WIDGET (scene->window), "it belongs to another user"));
  }
  note (fixture, "glow", BATON_CLOSED_POSSIBLE);
  {
    g_autoptr (Scene) scene = open_scene (fixture, "idle");

    g_assert_nonnull (find_open (scene));
    g_assert_nonnull (
        scene_find_label (GTK_WIDGET (scene->window), "Cannot be opened again: "));
  }
}

/* It does in the menu what the others do here. */
static void
write_entry (void)
{
  g_autofree char *directory = own_home_build_path ("closed");
  g_autofree char *text = g_strdup_printf (
      "[Desktop Entry]\nType=Application\nName=Glow Worm\nExec=touch %s/here\n", directory);

  own_home_write ("home/applications/org.x.Glow.desktop", text, 0644);
}

/* It needs a desktop, which is here, and not the card; once. */
static void
test_session (Fixture *fixture, gconstpointer data)
{
  static const char *const scenes[] = { "idle", "guest" };
  g_autoptr (Scene) scene = NULL;

  /* There is no entry of it any more. */
  note_session (fixture, "org.no.Such");
  {
    g_autoptr (Scene) gone = open_scene (fixture, "guest");

    g_assert_null (find_open (gone));
    g_assert_nonnull (
        scene_find_label (GTK_WIDGET (gone->window), "is not installed any more"));
    g_signal_emit_by_name (find_forget (gone), "clicked");
    g_assert_null (find_forget (gone));
  }

  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      g_autoptr (Scene) shown = NULL;

      g_test_message ("%s", scenes[i]);
      note_session (fixture, "org.x.Glow");
      shown = open_scene (fixture, scenes[i]);
      g_assert_nonnull (scene_find_label (GTK_WIDGET (shown->window), "Glow Worm"));
      g_assert_nonnull (scene_find_label (GTK_WIDGET (shown->window),
                                          "What was not saved does not come back."));
      g_signal_emit_by_name (find_open (shown), "clicked");
      g_assert_null (find_open (shown));
      wait_for_file (fixture);
    }

  scene = open_scene (fixture, "idle");
  g_assert_null (find_open (scene));
}

/* By the button of a notification, which may be what starts the window. */
static void
test_wished (Fixture *fixture, gconstpointer data)
{
  g_autoptr (Scene) scene = NULL;

  note_session (fixture, "org.x.Glow");
  scene = open_scene (fixture, "guest");
  baton_window_wish_reopen (scene->window, CARD);
  wait_for_file (fixture);
  g_assert_null (find_open (scene));
}

int
main (int argc, char **argv)
{
  int status;

  /* GLib remembers where it found its home at first. */
  own_home_create ();
  write_entry ();
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

#define add(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  add ("/ui/reopen-box/offered", test_offered);
  add ("/ui/reopen-box/opened", test_opened);
  add ("/ui/reopen-box/forgotten", test_forgotten);
  add ("/ui/reopen-box/impossible", test_impossible);
  add ("/ui/reopen-box/session", test_session);
  add ("/ui/reopen-box/wished", test_wished);
#undef add

  status = g_test_run ();
  own_home_destroy ();

  return status;
}
