/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>

#include "baton-option-row.h"
#include "baton-settings-group.h"
#include "baton-stand-in-row.h"
#include "scene.h"

#define CARD "0000:03:00.0"
#define FILE_NAME "/etc/baton.conf"

#define HELLO                                                                                  \
  "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\","          \
  "\"verb\":\"configure\",\"by\":\"helper\"}\n"
#define RESULT(exit, state, code, args)                                                        \
  "{\"v\":1,\"seq\":2,\"t_ms\":2,\"type\":\"result\",\"exit\":" exit ",\"state\":\"" state     \
  "\",\"code\":\"" code "\",\"args\":{" args "},\"text\":\"x\",\"remedy\":null,"               \
  "\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[]}\n"

/* The settings of one card, and a helper that says what a test wants. */
typedef struct
{
  char *directory;
  GtkWidget *window;
  BatonSettingsGroup *group;
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
show (Fixture *fixture, const char *keys)
{
  g_autofree char *text = g_strconcat ("[" CARD "]\n", keys, NULL);
  g_autoptr (BatonProfile) profile =
      baton_profile_new_from_text (CARD, FILE_NAME, text, strlen (text));

  baton_settings_group_show (fixture->group, profile);
}

static void
set_up (Fixture *fixture, gconstpointer has_client)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "fake-helper", NULL);
  g_autoptr (BatonHelperClient) client = NULL;
  const char *command[3] = { program, NULL, NULL };
  GtkWidget *scroller = gtk_scrolled_window_new ();

  fixture->directory = g_dir_make_tmp ("baton-settings-XXXXXX", NULL);
  command[1] = fixture->directory;
  if (has_client != NULL)
    client = baton_helper_client_new_for_command (command, program);
  fixture->group = baton_settings_group_new (CARD, client);
  fixture->window = gtk_window_new ();
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 600, 400);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), GTK_WIDGET (fixture->group));
  gtk_window_set_child (GTK_WINDOW (fixture->window), scroller);
  gtk_window_present (GTK_WINDOW (fixture->window));
  show (fixture, "");
  scene_settle (fixture->window);
}

static void
tear_down (Fixture *fixture, gconstpointer has_client)
{
  static const char *const names[] = { "configure", "configure.arguments", "configure.status",
                                       "configure.cancelled", "" };

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->directory, names[i], NULL);

      g_remove (path);
    }
  g_free (fixture->directory);
}

static GtkWidget *
get_button (Fixture *fixture, const char *label)
{
  GtkWidget *button = scene_find_button (fixture->window, label);

  return button != NULL && scene_is_on_screen (button) ? button : NULL;
}

static AdwComboRow *
get_combo (Fixture *fixture, guint nth)
{
  return ADW_COMBO_ROW (scene_find_type (fixture->window, ADW_TYPE_COMBO_ROW, nth));
}

static BatonOptionRow *
get_option (Fixture *fixture, guint nth)
{
  return BATON_OPTION_ROW (scene_find_type (fixture->window, BATON_TYPE_OPTION_ROW, nth));
}

static GtkSpinButton *
get_spin (Fixture *fixture)
{
  return GTK_SPIN_BUTTON (scene_find_type (fixture->window, GTK_TYPE_SPIN_BUTTON, 0));
}

/* Applies, and waits until a label says @expected. */
static void
apply (Fixture *fixture, const char *expected)
{
  g_signal_emit_by_name (get_button (fixture, "_Apply…"), "clicked");
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (get_combo (fixture, 0))));
  while (scene_find_label (fixture->window, expected) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (gtk_widget_get_sensitive (GTK_WIDGET (get_combo (fixture, 0))));
}

static void
assert_asked (Fixture *fixture, const char *expected)
{
  g_autofree char *path = g_build_filename (fixture->directory, "configure.arguments", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (g_strchomp (text), ==, expected);
}

static void
test_shows_the_file (Fixture *fixture, gconstpointer data)
{
  show (fixture,
        "identity=1002:73bf:1da2:e438\nreturn-method=rescan\nreset-before-return=false\n"
        "return-when-guest-stops=true\nsleep-while-guest=allow\nclose-politely-ms=1234\n"
        "display-manager=stop\nopen-again=no\nhook-ends-session=true\n");
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 0)), ==, 2);
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 1)), ==, 2);
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 2)), ==, 1);
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 3)), ==, 2);
  g_assert_true (baton_option_row_get_active (get_option (fixture, 0)));
  g_assert_true (baton_option_row_get_active (get_option (fixture, 1)));
  g_assert_true (baton_option_row_get_active (get_option (fixture, 2)));
  g_assert_nonnull (scene_find_label (fixture->window, "1002:73bf:1da2:e438"));
  /* Nothing was changed, however exact the file is. */
  g_assert_null (get_button (fixture, "_Apply…"));
}

/* One question for all, and what is the default again needs no line in the file. */
static void
test_applies_all_at_once (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "configure",
              HELLO RESULT ("0", "done", "settings-changed",
                            "\"card\":\"x\",\"file\":\"y\",\"changes\":\"z\""));
  show (fixture, "return-method=bind\nclose-politely-ms=7000\n");
  adw_combo_row_set_selected (get_combo (fixture, 0), 0);
  baton_option_row_set_active (get_option (fixture, 0), TRUE);
  baton_option_row_set_active (get_option (fixture, 2), TRUE);
  gtk_spin_button_set_value (get_spin (fixture), 0.5);
  adw_combo_row_set_selected (get_combo (fixture, 2), 2);
  adw_combo_row_set_selected (get_combo (fixture, 3), 1);
  g_assert_nonnull (get_button (fixture, "_Apply…"));
  apply (fixture, "The settings were changed.");
  assert_asked (fixture,
                CARD " return-method= return-when-guest-stops=true hook-ends-session=true "
                     "close-politely-ms=500 display-manager=keep open-again=yes");
  g_assert_null (get_button (fixture, "_Apply…"));
  /* Then the file is seen to have changed. */
  show (fixture, "return-when-guest-stops=true\nhook-ends-session=true\nclose-politely-ms=500\n"
                 "display-manager=keep\nopen-again=yes\n");
  g_assert_null (get_button (fixture, "_Apply…"));
  g_assert_true (baton_option_row_get_active (get_option (fixture, 0)));
}

/* What was not accepted is told where it was changed, and is not lost. */
static void
test_tells_what_is_wrong (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "configure",
              HELLO RESULT ("12", "refused", "settings-mistake",
                            "\"file\":\"/etc/baton.conf\",\"line\":\"7\",\"key\":\"colour\","
                            "\"reason\":\"there is no such key\""));
  write_file (fixture, "configure.status", "12");
  adw_combo_row_set_selected (get_combo (fixture, 1), 1);
  apply (fixture, "line 7");
  g_assert_nonnull (scene_find_label (fixture->window, "Correct that line by hand"));
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 1)), ==, 1);
  g_assert_nonnull (get_button (fixture, "_Apply…"));
}

static void
test_dismissed (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "configure.status", "126");
  baton_option_row_set_active (get_option (fixture, 1), TRUE);
  apply (fixture, "dismissed");
  g_assert_true (baton_option_row_get_active (get_option (fixture, 1)));
  g_assert_nonnull (get_button (fixture, "_Apply…"));
}

/* Whoever edits the file by hand is followed, but for what is being changed here. */
static void
test_follows_the_file (Fixture *fixture, gconstpointer data)
{
  adw_combo_row_set_selected (get_combo (fixture, 0), 2);
  show (fixture, "return-method=bind\nclose-politely-ms=9000\n");
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 0)), ==, 2);
  g_assert_cmpfloat (gtk_spin_button_get_value (get_spin (fixture)), ==, 9.0);
  g_assert_nonnull (get_button (fixture, "_Apply…"));
  g_signal_emit_by_name (get_button (fixture, "_Discard"), "clicked");
  g_assert_cmpuint (adw_combo_row_get_selected (get_combo (fixture, 0)), ==, 1);
  g_assert_null (get_button (fixture, "_Apply…"));
}

static GtkEditable *
get_entry (Fixture *fixture, guint nth)
{
  return GTK_EDITABLE (scene_find_type (GTK_WIDGET (fixture->group), ADW_TYPE_ENTRY_ROW, nth));
}

/* Lists of services are written as in the file, and an empty one is no line in it. */
static void
test_services (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "configure",
              HELLO RESULT ("0", "done", "settings-changed",
                            "\"card\":\"x\",\"file\":\"y\",\"changes\":\"z\""));
  show (fixture, "stop-units=ollama.service;folding@gpu.service\n");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 0)), ==,
                   "ollama.service;folding@gpu.service");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 1)), ==, "");
  g_assert_null (get_button (fixture, "_Apply…"));

  gtk_editable_set_text (get_entry (fixture, 1), "half");
  g_signal_emit_by_name (get_button (fixture, "_Discard"), "clicked");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 0)), ==,
                   "ollama.service;folding@gpu.service");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 1)), ==, "");

  gtk_editable_set_text (get_entry (fixture, 0), "");
  gtk_editable_set_text (get_entry (fixture, 1), " scream.service");
  apply (fixture, "The settings were changed.");
  assert_asked (fixture, CARD " stop-units= start-units-guest=scream.service");
}

/* So is what travels along, with the identities that its owner wrote. */
static void
test_what_travels_along (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "configure",
              HELLO RESULT ("0", "done", "settings-changed",
                            "\"card\":\"x\",\"file\":\"y\",\"changes\":\"z\""));
  show (fixture, "also=0000:05:00.0=8086:43ed:1028:0a5c;0000:06:00.0\n");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 2)), ==,
                   "0000:05:00.0=8086:43ed:1028:0a5c;0000:06:00.0");
  g_assert_null (get_button (fixture, "_Apply…"));

  gtk_editable_set_text (get_entry (fixture, 2), "");
  apply (fixture, "The settings were changed.");
  assert_asked (fixture, CARD " also=");
}

/* With the quotes of another kind. */
static const char groups_text[] =
    "[{'id':'1','functions':["
    "{'address':'0000:00:01.0','class':'060400','name':'Port','card':null,"
    "'identity':'8086:0001:0000:0000'},"
    "{'address':'0000:03:00.0','class':'030000','name':'Navi','card':'0000:03:00.0',"
    "'identity':'1002:73bf:1da2:e438'},"
    "{'address':'0000:03:00.1','class':'040300','name':'Navi sound','card':'0000:03:00.0',"
    "'identity':'1002:ab28:1da2:e438'}]},"
    "{'id':'2','functions':["
    "{'address':'0000:05:00.0','class':'0c0330','name':'USB controller','card':null,"
    "'identity':'8086:43ed:1028:0a5c'}]},"
    "{'id':'3','functions':["
    "{'address':'0000:06:00.0','class':'010802','name':'Disk','card':'0000:03:00.0',"
    "'identity':'144d:a808:144d:a801'}]},"
    "{'id':'4','functions':["
    "{'address':'0000:07:00.0','class':'040300','name':'Their sound','card':'0000:08:00.0',"
    "'identity':'10de:22ba:10de:0000'}]}]";

/* Nobody knows addresses by heart: what could go along is chosen from a list, and what was written by
 * hand stays as it was. */
static void
test_what_travels_along_is_chosen (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_strdelimit (g_strdup (groups_text), "'", '"');
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  GtkWidget *button;
  GtkCheckButton *usb;
  GtkCheckButton *disk;

  show (fixture, "also=0000:09:00.0;0000:06:00.0=144d:a808:144d:a801\n");
  baton_settings_group_set_groups (fixture->group, json_node_get_array (node));
  button = scene_find_type (fixture->window, GTK_TYPE_MENU_BUTTON, 0);
  /* What is not on the screen has no place for a list beside it. */
  gtk_widget_grab_focus (button);
  scene_settle (fixture->window);
  gtk_menu_button_popup (GTK_MENU_BUTTON (button));
  scene_settle (fixture->window);
  usb = GTK_CHECK_BUTTON (scene_find_type (button, GTK_TYPE_CHECK_BUTTON, 0));
  disk = GTK_CHECK_BUTTON (scene_find_type (button, GTK_TYPE_CHECK_BUTTON, 1));
  g_assert_null (scene_find_type (button, GTK_TYPE_CHECK_BUTTON, 2));
  g_assert_false (gtk_check_button_get_active (usb));
  g_assert_true (gtk_check_button_get_active (disk));

  gtk_check_button_set_active (usb, TRUE);
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 2)), ==,
                   "0000:09:00.0;0000:06:00.0=144d:a808:144d:a801;"
                   "0000:05:00.0=8086:43ed:1028:0a5c");
  gtk_check_button_set_active (disk, FALSE);
  gtk_check_button_set_active (usb, FALSE);
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 2)), ==, "0000:09:00.0");
  g_assert_nonnull (get_button (fixture, "_Apply…"));
  gtk_menu_button_popdown (GTK_MENU_BUTTON (button));
}

static const char other_cards_text[] =
    "[{'id':'1','functions':["
    "{'address':'0000:03:00.0','class':'030000','name':'Navi','card':'0000:03:00.0',"
    "'identity':'1002:73bf:1da2:e438'}]},"
    "{'id':'2','functions':["
    "{'address':'0000:07:00.0','class':'030000','name':'Oland','card':'0000:07:00.0',"
    "'identity':'1002:6611:1028:210b'},"
    "{'address':'0000:07:00.1','class':'040300','name':'Oland sound','card':'0000:07:00.0',"
    "'identity':'1002:aab0:1028:aab0'}]}]";

static BatonStandInRow *
get_stand_in (Fixture *fixture)
{
  return BATON_STAND_IN_ROW (scene_find_type (fixture->window, BATON_TYPE_STAND_IN_ROW, 0));
}

/* The other cards are offered and nothing else; what the file names stays as it is written, whether it
 * is there or not. */
static void
test_what_stands_in_is_chosen (Fixture *fixture, gconstpointer data)
{
  g_autofree char *text = g_strdelimit (g_strdup (other_cards_text), "'", '"');
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  AdwComboRow *row = ADW_COMBO_ROW (get_stand_in (fixture));

  write_file (fixture, "configure",
              HELLO RESULT ("0", "done", "settings-changed",
                            "\"card\":\"x\",\"file\":\"y\",\"changes\":\"z\""));
  baton_settings_group_set_groups (fixture->group, json_node_get_array (node));
  g_assert_cmpuint (g_list_model_get_n_items (adw_combo_row_get_model (row)), ==, 2);
  g_assert_cmpuint (adw_combo_row_get_selected (row), ==, 0);
  g_assert_null (get_button (fixture, "_Apply…"));

  show (fixture, "stand-in=0000:07:00.0\n");
  g_assert_cmpuint (adw_combo_row_get_selected (row), ==, 1);
  g_assert_null (get_button (fixture, "_Apply…"));
  show (fixture, "stand-in=0000:09:00.0=1002:6611:1028:210b\n");
  g_assert_cmpuint (g_list_model_get_n_items (adw_combo_row_get_model (row)), ==, 3);
  g_assert_cmpuint (adw_combo_row_get_selected (row), ==, 2);
  g_assert_null (get_button (fixture, "_Apply…"));

  adw_combo_row_set_selected (row, 1);
  /* A list that is the same is shown again and again, and changes nothing. */
  baton_settings_group_set_groups (fixture->group, json_node_get_array (node));
  g_assert_cmpuint (adw_combo_row_get_selected (row), ==, 1);
  apply (fixture, "The settings were changed.");
  assert_asked (fixture, CARD " stand-in=0000:07:00.0=1002:6611:1028:210b");
  adw_combo_row_set_selected (row, 0);
  apply (fixture, "The settings were changed.");
  assert_asked (fixture, CARD " stand-in=");
}

/* And the files for Xorg, of which one that says “none” is as good as no line. */
static void
test_files_for_xorg (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "configure",
              HELLO RESULT ("0", "done", "settings-changed",
                            "\"card\":\"x\",\"file\":\"y\",\"changes\":\"z\""));
  show (fixture, "xorg-host=/etc/X11/xorg.conf.d/10.conf\nxorg-guest=none\n");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 3)), ==,
                   "/etc/X11/xorg.conf.d/10.conf");
  g_assert_cmpstr (gtk_editable_get_text (get_entry (fixture, 4)), ==, "");
  g_assert_null (get_button (fixture, "_Apply…"));

  gtk_editable_set_text (get_entry (fixture, 3), "");
  gtk_editable_set_text (get_entry (fixture, 4), "/etc/X11/guest.conf ");
  apply (fixture, "The settings were changed.");
  assert_asked (fixture, CARD " xorg-host= xorg-guest=/etc/X11/guest.conf");
}

static void
test_mistake_in_the_file (Fixture *fixture, gconstpointer data)
{
  baton_option_row_set_active (get_option (fixture, 0), TRUE);
  show (fixture, "colour=red\n");
  g_assert_nonnull (scene_find_label (fixture->window, "there is no such key"));
  g_assert_null (scene_find_type (fixture->window, ADW_TYPE_COMBO_ROW, 0));
  g_assert_null (get_button (fixture, "_Apply…"));
  show (fixture, "");
  g_assert_null (scene_find_label (fixture->window, "there is no such key"));
  g_assert_true (baton_option_row_get_active (get_option (fixture, 0)));
}

/* The window is closed while the password is asked for: the question goes with it. */
static void
test_closed_while_asked (Fixture *fixture, gconstpointer data)
{
  GWeakRef group;
  GObject *left = NULL;

  write_file (fixture, "configure.cancelled", "");
  baton_option_row_set_active (get_option (fixture, 0), TRUE);
  g_signal_emit_by_name (get_button (fixture, "_Apply…"), "clicked");
  g_weak_ref_init (&group, fixture->group);
  gtk_window_set_child (GTK_WINDOW (fixture->window), NULL);
  while ((left = g_weak_ref_get (&group)) != NULL)
    {
      g_object_unref (left);
      g_main_context_iteration (NULL, TRUE);
    }
  g_weak_ref_clear (&group);
}

/* Nobody can be asked here: the settings are shown, not offered. */
static void
test_only_shown (Fixture *fixture, gconstpointer data)
{
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (get_combo (fixture, 0))));
  g_assert_false (gtk_widget_get_sensitive (GTK_WIDGET (get_option (fixture, 0))));
}

#define ADD(path, client, test)                                                                \
  g_test_add ("/ui/settings-group/" path, Fixture, client, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  ADD ("shows-the-file", "client", test_shows_the_file);
  ADD ("applies-all-at-once", "client", test_applies_all_at_once);
  ADD ("tells-what-is-wrong", "client", test_tells_what_is_wrong);
  ADD ("dismissed", "client", test_dismissed);
  ADD ("follows-the-file", "client", test_follows_the_file);
  ADD ("services", "client", test_services);
  ADD ("travels-along", "client", test_what_travels_along);
  ADD ("travels-along-chosen", "client", test_what_travels_along_is_chosen);
  ADD ("stands-in-chosen", "client", test_what_stands_in_is_chosen);
  ADD ("files-for-xorg", "client", test_files_for_xorg);
  ADD ("mistake-in-the-file", "client", test_mistake_in_the_file);
  ADD ("closed-while-asked", "client", test_closed_while_asked);
  ADD ("only-shown", NULL, test_only_shown);

  return g_test_run ();
}
