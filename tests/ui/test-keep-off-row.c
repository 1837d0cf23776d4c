/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-keep-off-row.h"

#include <glib/gstdio.h>
#include <string.h>

#include "scene.h"

#define CARD "0000:03:00.0"

#define HELLO                                                                                  \
  "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\","          \
  "\"verb\":\"isolate\",\"by\":\"helper\"}\n"
#define RESULT(exit, state, code, args)                                                        \
  "{\"v\":1,\"seq\":2,\"t_ms\":2,\"type\":\"result\",\"exit\":" exit ",\"state\":\"" state     \
  "\",\"code\":\"" code "\",\"args\":{" args "},\"text\":\"x\",\"remedy\":null,"               \
  "\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[]}\n"

#define FREE "{\"complete\":true,\"holders\":[]}"
#define UNSEEN "{\"complete\":false,\"holders\":[]}"
#define USED                                                                                   \
  "{\"complete\":true,\"holders\":[{\"kind\":\"compositor\",\"name\":\"sway\"},"               \
  "{\"kind\":\"app\",\"name\":\"mpv\"},{\"kind\":\"display-server\",\"name\":\"Xwayland\"}]}"

/* A row in a window, and a helper that says what a test wants. */
typedef struct
{
  char *directory;
  BatonModel *model;
  GtkWidget *window;
  BatonKeepOffRow *row;
} Fixture;

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static JsonObject *
parse (const char *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return json_node_dup_object (node);
}

/* @keys: of the card. Returns: whether there is something to show */
static gboolean
show (Fixture *fixture, const char *keys, const char *holders)
{
  g_autofree char *text = g_strdup_printf ("{\"address\":\"" CARD "\",%s}", keys);
  JsonObject *card = parse (text);
  JsonObject *list = holders != NULL ? parse (holders) : NULL;
  gboolean is_shown = baton_keep_off_row_show (fixture->row, card, list);

  json_object_unref (card);
  g_clear_pointer (&list, json_object_unref);
  scene_settle (fixture->window);

  return is_shown;
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

/* Switches as its user does, and waits until the helper has ended. */
static void
press (Fixture *fixture, gboolean is_active)
{
  GtkSwitch *option = get_switch (fixture);

  gtk_switch_set_active (option, is_active);
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (option)));
  while (!gtk_widget_get_sensitive (GTK_WIDGET (option)))
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_asked (Fixture *fixture, const char *expected)
{
  g_autofree char *path = g_build_filename (fixture->directory, "isolate.arguments", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (g_strchomp (text), ==, expected);
}

/* @data: the row is about every program. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "fake-helper", NULL);
  const char *command[3] = { program, NULL, NULL };
  GtkWidget *list = gtk_list_box_new ();

  g_type_ensure (BATON_TYPE_KEEP_OFF_ROW);
  fixture->directory = g_dir_make_tmp ("baton-keep-off-XXXXXX", NULL);
  command[1] = fixture->directory;
  fixture->model = baton_model_new_for_command (command, program);
  fixture->row = g_object_new (BATON_TYPE_KEEP_OFF_ROW, "for-programs", data != NULL, NULL);
  baton_keep_off_row_set_card (fixture->row, fixture->model, CARD);
  fixture->window = gtk_window_new ();
  gtk_list_box_append (GTK_LIST_BOX (list), GTK_WIDGET (fixture->row));
  gtk_window_set_child (GTK_WINDOW (fixture->window), list);
  gtk_window_present (GTK_WINDOW (fixture->window));
  scene_settle (fixture->window);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "isolate", "isolate.arguments", "isolate.status", "" };

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_object_unref (fixture->model);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->directory, names[i], NULL);

      g_remove (path);
    }
  g_free (fixture->directory);
}

static void
test_says_what_holds (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *keys;
    const char *holders;
    gboolean is_active;
    const char *subtitle;
  } rows[] = {
    { "\"kept_off\":false", USED, FALSE, "Leave it to virtual machines" },
    { "\"kept_off\":true", FREE, TRUE, "Nothing of the desktop uses this card" },
    { "\"kept_off\":true", USED, TRUE, "still used by sway, Xwayland." },
    { "\"kept_off\":true", UNSEEN, TRUE, "at the latest" },
    { "\"kept_off\":true", NULL, TRUE, "at the latest" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s %s", rows[i].keys, rows[i].holders);
      g_assert_true (show (fixture, rows[i].keys, rows[i].holders));
      g_assert_cmpint (gtk_switch_get_active (get_switch (fixture)), ==, rows[i].is_active);
      g_assert_nonnull (strstr (get_subtitle (fixture), rows[i].subtitle));
    }
  /* What was shown was asked of nobody. */
  g_assert_true (gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))));
}

static void
test_nothing_of_the_desktops_own_card (Fixture *fixture, gconstpointer data)
{
  g_assert_false (show (fixture, "\"kept_off\":false,\"boot_display\":true", FREE));
  g_assert_false (show (fixture, "\"kept_off\":false,\"only_display\":true", FREE));
  /* But what was done is not hidden, or nobody could undo it. */
  g_assert_true (show (fixture, "\"kept_off\":true,\"boot_display\":true", FREE));
}

static void
test_there_and_back (Fixture *fixture, gconstpointer data)
{
  show (fixture, "\"kept_off\":false", FREE);
  write_file (fixture, "isolate",
              HELLO RESULT ("0", "done", "kept-off", "\"card\":\"Card One\""));
  press (fixture, TRUE);
  assert_asked (fixture, CARD);
  /* A look from before does not turn it back. */
  show (fixture, "\"kept_off\":false", FREE);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  show (fixture, "\"kept_off\":true", FREE);
  g_assert_cmpstr (get_subtitle (fixture), ==, "Nothing of the desktop uses this card");

  write_file (fixture, "isolate",
              HELLO RESULT ("0", "done", "given-back", "\"card\":\"Card One\""));
  press (fixture, FALSE);
  assert_asked (fixture, CARD " --undo");
  show (fixture, "\"kept_off\":false", FREE);
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
}

/* Off again is off for programs alone: the desktop is still kept off. */
static void
test_programs_there_and_back (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpstr (adw_preferences_row_get_title (ADW_PREFERENCES_ROW (fixture->row)), ==,
                   "Keep Programs Off, Too");
  g_assert_false (show (fixture, "\"kept_off\":false,\"programs_kept_off\":false", FREE));
  g_assert_true (show (fixture, "\"kept_off\":true,\"programs_kept_off\":false", FREE));
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (get_subtitle (fixture), "Services of the system"));

  write_file (fixture, "isolate",
              HELLO RESULT ("0", "done", "programs-kept-off", "\"card\":\"Card One\""));
  press (fixture, TRUE);
  assert_asked (fixture, CARD " --programs");
  show (fixture, "\"kept_off\":true,\"programs_kept_off\":true", USED);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (get_subtitle (fixture), "sway, mpv, Xwayland"));

  write_file (fixture, "isolate",
              HELLO RESULT ("0", "done", "kept-off", "\"card\":\"Card One\""));
  press (fixture, FALSE);
  assert_asked (fixture, CARD);
}

/* It goes back to where it was, says why, and can be tried again. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  show (fixture, "\"kept_off\":false", FREE);
  write_file (fixture, "isolate.status", "12");
  write_file (fixture, "isolate",
              HELLO RESULT ("12", "refused", "keep-off-foreign-file",
                            "\"file\":\"/etc/udev/rules.d/72-baton-kept-off.rules\","
                            "\"reason\":\"Baton did not write it\""));
  press (fixture, TRUE);
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (get_subtitle (fixture), "72-baton-kept-off.rules"));
  show (fixture, "\"kept_off\":false", FREE);
  g_assert_nonnull (strstr (get_subtitle (fixture), "72-baton-kept-off.rules"));
  press (fixture, TRUE);
  g_assert_false (gtk_switch_get_active (get_switch (fixture)));
}

static void
test_password_not_given (Fixture *fixture, gconstpointer data)
{
  show (fixture, "\"kept_off\":true", FREE);
  write_file (fixture, "isolate.status", "126");
  press (fixture, FALSE);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
}

/* That it takes a restart can be seen nowhere else. */
static void
test_at_the_next_start (Fixture *fixture, gconstpointer data)
{
  show (fixture, "\"kept_off\":false", FREE);
  write_file (
      fixture, "isolate",
      HELLO RESULT ("0", "done", "kept-off-at-boot", "\"card\":\"Card One\",\"reason\":\"x\""));
  press (fixture, TRUE);
  show (fixture, "\"kept_off\":true", FREE);
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
  g_assert_nonnull (strstr (get_subtitle (fixture), "next start of the computer"));
}

/* From a notification: the same as the switch, and nothing where it is on. */
static void
test_asked_for (Fixture *fixture, gconstpointer data)
{
  show (fixture, "\"kept_off\":false", FREE);
  write_file (fixture, "isolate",
              HELLO RESULT ("0", "done", "kept-off", "\"card\":\"Card One\""));
  baton_keep_off_row_ask (fixture->row);
  while (!gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))))
    g_main_context_iteration (NULL, TRUE);
  assert_asked (fixture, CARD);
  show (fixture, "\"kept_off\":true", FREE);

  baton_keep_off_row_ask (fixture->row);
  g_assert_true (gtk_widget_get_sensitive (GTK_WIDGET (get_switch (fixture))));
  g_assert_true (gtk_switch_get_active (get_switch (fixture)));
}

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  g_test_add ("/ui/keep-off-row/says-what-holds", Fixture, NULL, set_up, test_says_what_holds,
              tear_down);
  g_test_add ("/ui/keep-off-row/nothing-of-the-desktops-own-card", Fixture, NULL, set_up,
              test_nothing_of_the_desktops_own_card, tear_down);
  g_test_add ("/ui/keep-off-row/there-and-back", Fixture, NULL, set_up, test_there_and_back,
              tear_down);
  g_test_add ("/ui/keep-off-row/programs-there-and-back", Fixture, "programs", set_up,
              test_programs_there_and_back, tear_down);
  g_test_add ("/ui/keep-off-row/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/ui/keep-off-row/password-not-given", Fixture, NULL, set_up,
              test_password_not_given, tear_down);
  g_test_add ("/ui/keep-off-row/at-the-next-start", Fixture, NULL, set_up,
              test_at_the_next_start, tear_down);
  g_test_add ("/ui/keep-off-row/asked-for", Fixture, NULL, set_up, test_asked_for, tear_down);

  return g_test_run ();
}
