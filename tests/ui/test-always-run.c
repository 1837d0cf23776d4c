/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-always-run.h"

#include <glib/gstdio.h>
#include <string.h>

#include "own-home.h"

#define CARD "0000:03:00.0"
#define OTHER "0000:04:00.0"

/* By its file: GLib's list of all of them is behind by as long as an event takes. */
static GDesktopAppInfo *
find_app (const char *id)
{
  g_autofree char *path = g_build_filename ("sys", "applications", id, NULL);
  g_autofree char *whole = own_home_build_path (path);
  GDesktopAppInfo *app = g_desktop_app_info_new_from_filename (whole);

  g_assert_nonnull (app);
  g_assert_cmpstr (g_app_info_get_id (G_APP_INFO (app)), ==, id);

  return app;
}

static void
set (const char *id, const char *address)
{
  g_autoptr (GDesktopAppInfo) app = find_app (id);
  g_autoptr (GError) error = NULL;
  g_autofree char *card = NULL;

  baton_always_run_set (app, address, &error);
  g_assert_no_error (error);
  card = baton_always_run_dup_card (app);
  g_assert_cmpstr (card, ==, address);
}

static void
unset (const char *id)
{
  g_autoptr (GDesktopAppInfo) app = find_app (id);
  g_autoptr (GError) error = NULL;

  baton_always_run_unset (id, &error);
  g_assert_no_error (error);
  g_assert_null (baton_always_run_dup_card (app));
}

static void
assert_line (const char *text, const char *line)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  if (!g_strv_contains ((const char *const *) lines, line))
    g_error ("“%s” is no line of: %s", line, text);
}

static void
test_all_that_it_starts_runs_on_the_card (void)
{
  g_autofree char *text = NULL;

  own_home_write ("sys/applications/game.desktop",
                  "# A comment.\n"
                  "[Desktop Entry]\n"
                  "Type=Application\n"
                  "Name=Game\n"
                  "Name[de]=Spiel\n"
                  "Exec=true %U \"a b\"\n"
                  "DBusActivatable=true\n"
                  "PrefersNonDefaultGPU=true\n"
                  "Actions=new;\n"
                  "\n"
                  "[Desktop Action new]\n"
                  "Name=New\n"
                  "Exec=true --new\n",
                  0600);
  set ("game.desktop", CARD);

  text = own_home_read ("home/applications/game.desktop");
  assert_line (text, "# A comment.");
  assert_line (text, "Name[de]=Spiel");
  assert_line (text, "Exec=baton-run --notify " CARD " -- true %U \"a b\"");
  assert_line (text, "Exec=baton-run --notify " CARD " -- true --new");
  g_assert_null (strstr (text, "DBusActivatable"));
  g_assert_null (strstr (text, "PrefersNonDefaultGPU"));

  unset ("game.desktop");
  g_assert_null (own_home_read ("home/applications/game.desktop"));
}

static void
test_another_card_takes_its_place (void)
{
  g_autofree char *text = NULL;

  own_home_write ("sys/applications/moved.desktop",
                  "[Desktop Entry]\nType=Application\n"
                  "Name=Moved\nExec=true -- x\n",
                  0600);
  set ("moved.desktop", CARD);
  set ("moved.desktop", OTHER);
  text = own_home_read ("home/applications/moved.desktop");
  assert_line (text, "Exec=baton-run --notify " OTHER " -- true -- x");
  unset ("moved.desktop");
  g_assert_null (own_home_read ("home/applications/moved.desktop"));
}

/* Odd spaces and a last line without an end: no key file writer would leave it so. */
static void
test_an_entry_of_ones_own_comes_back_to_the_byte (void)
{
  static const char *const own =
      "\n#mine\n[Desktop Entry]\nType = Application\nName=Own  \nExec=true   own\n\n\nX-A=b";
  g_autofree char *changed = NULL;
  g_autofree char *back = NULL;

  own_home_write ("sys/applications/own.desktop",
                  "[Desktop Entry]\nType=Application\nName=System's\nExec=true system\n", 0600);
  own_home_write ("home/applications/own.desktop", own, 0600);

  set ("own.desktop", CARD);
  set ("own.desktop", OTHER);
  changed = own_home_read ("home/applications/own.desktop");
  assert_line (changed, "Exec=baton-run --notify " OTHER " -- true   own");

  unset ("own.desktop");
  back = own_home_read ("home/applications/own.desktop");
  g_assert_cmpstr (back, ==, own);
}

static void
test_what_is_not_batons_is_left_alone (void)
{
  static const char *const own = "[Desktop Entry]\nType=Application\nName=X\nExec=true\n";
  g_autofree char *text = NULL;

  own_home_write ("sys/applications/alone.desktop", own, 0600);
  own_home_write ("home/applications/alone.desktop", own, 0600);
  unset ("alone.desktop");
  text = own_home_read ("home/applications/alone.desktop");
  g_assert_cmpstr (text, ==, own);
}

static void
test_an_entry_without_a_command_is_refused (void)
{
  g_autoptr (GDesktopAppInfo) app = NULL;
  g_autoptr (GError) error = NULL;

  own_home_write ("sys/applications/org.example.Bus.desktop",
                  "[Desktop Entry]\nType=Application\nName=Bus\nDBusActivatable=true\n", 0600);
  app = find_app ("org.example.Bus.desktop");
  g_assert_false (baton_always_run_set (app, CARD, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_null (own_home_read ("home/applications/org.example.Bus.desktop"));
}

/* A full disk, a home that is read-only: here something else has the place of a directory. */
static void
test_what_cannot_be_written_changes_nothing (void)
{
  static const char *const own = "[Desktop Entry]\nType=Application\nName=Y\nExec=true\n";
  g_autoptr (GDesktopAppInfo) app = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = own_home_build_path ("home/baton");
  g_autofree char *moved = own_home_build_path ("home/baton.moved");
  g_autofree char *text = NULL;

  g_rename (kept, moved);
  own_home_write ("home/baton", "", 0600);
  own_home_write ("sys/applications/stays.desktop", own, 0600);
  own_home_write ("home/applications/stays.desktop", own, 0600);
  app = find_app ("stays.desktop");
  g_assert_false (baton_always_run_set (app, CARD, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "/baton"));
  text = own_home_read ("home/applications/stays.desktop");
  g_assert_cmpstr (text, ==, own);
  g_unlink (kept);
  g_rename (moved, kept);
}

int
main (int argc, char **argv)
{
  int status;

  own_home_create ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/always-run/all-that-it-starts-runs-on-the-card",
                   test_all_that_it_starts_runs_on_the_card);
  g_test_add_func ("/always-run/another-card-takes-its-place",
                   test_another_card_takes_its_place);
  g_test_add_func ("/always-run/an-entry-of-ones-own-comes-back-to-the-byte",
                   test_an_entry_of_ones_own_comes_back_to_the_byte);
  g_test_add_func ("/always-run/what-is-not-batons-is-left-alone",
                   test_what_is_not_batons_is_left_alone);
  g_test_add_func ("/always-run/an-entry-without-a-command-is-refused",
                   test_an_entry_without_a_command_is_refused);
  g_test_add_func ("/always-run/what-cannot-be-written-changes-nothing",
                   test_what_cannot_be_written_changes_nothing);
  status = g_test_run ();

  own_home_destroy ();

  return status;
}
