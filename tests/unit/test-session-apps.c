/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which applications a session is found to have, by a home with entries of its own. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-closed-private.h"
#include "baton-closed-session.h"
#include "baton-session-apps.h"
#include "mock-process.h"

#define CARD "0000:03:00.0"
#define SESSIONS "run/systemd/sessions/"
#define BOOT_ID "proc/sys/kernel/random/boot_id"
#define OF_USER "/user.slice/user-1000.slice/user@1000.service/app.slice/"
#define OF_SESSION "/user.slice/user-1000.slice/session-2.scope"
#define OF_SSH "/user.slice/user-1000.slice/session-9.scope"

static char *home;

static const struct
{
  const char *id;
  const char *executable;
  const char *exec;
  const char *more;
} entries[] = {
  { "org.x.Editor", "editor", "editor %U", "" },
  { "org.x.Sheet", "office", "office --sheet %U", "" },
  { "org.x.Player", "player", "player %F", "" },
  { "org.x.Two", "duo", "duo", "" },
  { "org.x.Other", "duo", "duo", "" },
  { "twin", "twin", "twin", "" },
  { "org.x.Twin", "twin", "twin", "" },
  { "org.x.Text", "text", "text", "Terminal=true\n" },
  { "org.x.Hidden", "hidden", "hidden", "NoDisplay=true\n" },
  { "org.x.Agent", "agent", "agent", "" },
  { "org.x.Panel", "panel", "panel", "" },
  { "org.x.Script", "python3", "python3 %f", "" },
  { BATON_APP_ID, "baton", "baton", "" },
};

static void
write_file (const char *name, const char *text, int mode)
{
  g_autofree char *path = g_build_filename (home, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_no_errno (g_mkdir_with_parents (directory, 0700));
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_no_errno (g_chmod (path, mode));
}

static void
write_home (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autofree char *entry = g_strdup_printf ("data/applications/%s.desktop", entries[i].id);
      g_autofree char *program = g_strdup_printf ("bin/%s", entries[i].executable);
      g_autofree char *text =
          g_strdup_printf ("[Desktop Entry]\nType=Application\nName=%s\nExec=%s\n%s",
                           entries[i].id, entries[i].exec, entries[i].more);

      write_file (program, "#!/bin/sh\n", 0755);
      write_file (entry, text, 0644);
    }
  /* The agent by its own name, the panel by another's; the player is started no more. */
  write_file ("config/autostart/org.x.Agent.desktop",
              "[Desktop Entry]\nType=Application\nName=a\nExec=agent\n", 0644);
  write_file ("etc/autostart/bar.desktop",
              "[Desktop Entry]\nType=Application\nName=b\nExec=panel --dock\n", 0644);
  write_file ("config/autostart/org.x.Player.desktop",
              "[Desktop Entry]\nType=Application\nName=c\nExec=player\nHidden=true\n", 0644);
  write_file ("etc/autostart/org.x.Player.desktop",
              "[Desktop Entry]\nType=Application\nName=c\nExec=player\n", 0644);
}

static MockMachine *
new_machine (void)
{
  MockMachine *mock = mock_machine_new ();
  g_autofree char *session = g_strdup_printf (
      "UID=%u\nUSER=u\nSTATE=active\nTYPE=wayland\nSEAT=seat0\nSERVICE=gdm\n", getuid ());
  g_autofree char *remote =
      g_strdup_printf ("UID=%u\nUSER=u\nSTATE=active\nTYPE=tty\nSERVICE=sshd\n", getuid ());

  mock_machine_write (mock, SESSIONS "2", session);
  mock_machine_write (mock, SESSIONS "9", remote);
  mock_machine_write (mock, BOOT_ID, "b\n");

  return mock;
}

/* Names of the applications that are found, with spaces between. */
static char *
find (MockMachine *mock)
{
  g_autoptr (GPtrArray) apps =
      baton_session_apps_list (mock_machine_get_root (mock), getuid ());
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < apps->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "",
                            ((BatonClosedProgram *) apps->pdata[i])->app_id);

  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* One process each: what it is found to be of. */
static void
test_found (void)
{
  static const struct
  {
    const char *name;
    const char *program;
    const char *cgroup;
    const char *app; /* or "" */
  } rows[] = {
    { "x", "/usr/bin/x", OF_USER "app-gnome-org.x.Editor-7.scope", "org.x.Editor" },
    { "x", "/usr/bin/x", OF_USER "app-org.x.Editor@0a1b.service", "org.x.Editor" },
    { "x", "/usr/bin/x", OF_USER "app-gnome-org.x.Sheet-7.scope", "org.x.Sheet" },
    { "x", "/usr/bin/x", OF_USER "app-org.x.Editor@autostart.service", "" },
    { "x", "/usr/bin/x", OF_USER "app-gnome-org.no.Such-7.scope", "" },
    { "x", "/usr/bin/x", OF_USER "app-gnome-org.x.Hidden-7.scope", "" },
    { "x", "/usr/bin/x", OF_USER "app-gnome-org.x.Agent-7.scope", "" },
    { "x", "/usr/bin/x", OF_USER "app-gnome-org.x.Panel-7.scope", "" },
    { "x", "/usr/bin/x", OF_USER "app-gnome-" BATON_APP_ID "-7.scope", "" },
    { "editor", "/usr/bin/editor", OF_USER "pipewire.service", "" },
    /* No scope names it: by its program, or the script that it is. */
    { "editor", "/opt/editor", OF_SESSION, "org.x.Editor" },
    { "editor", "/usr/bin/python3", OF_SESSION, "org.x.Editor" },
    { "Main", "/usr/lib/editor/editor", OF_SESSION, "org.x.Editor" },
    { "player", NULL, OF_SESSION, "org.x.Player" },
    { "office", "/usr/bin/office", OF_SESSION, "" },
    { "duo", "/usr/bin/duo", OF_SESSION, "" },
    { "twin", "/usr/bin/twin", OF_SESSION, "twin" },
    { "text", "/usr/bin/text", OF_SESSION, "" },
    { "python3", "/usr/bin/python3", OF_SESSION, "" },
    { "panel", "/usr/bin/panel", OF_SESSION, "" },
    { "openbox", "/usr/bin/openbox", OF_SESSION, "" },
    /* What began over the network goes on. */
    { "editor", "/usr/bin/editor", OF_SSH, "" },
    { "editor", "/usr/bin/editor", "/system.slice/x.service", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_machine ();
      g_autofree char *found = NULL;

      g_test_message ("%s in %s", rows[i].name, rows[i].cgroup);
      mock_process_add (mock, 50, rows[i].name, getuid (), rows[i].cgroup, "x");
      if (rows[i].program != NULL)
        mock_process_set_program (mock, 50, rows[i].program);
      found = find (mock);
      g_assert_cmpstr (found, ==, rows[i].app);
    }
}

/* Of an application's processes it is the first that counts, and of two windows one; nobody else's. */
static void
test_once (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (GPtrArray) apps = NULL;
  const BatonClosedProgram *app;

  mock_process_add (mock, 51, "a", getuid (), OF_USER "app-gnome-org.x.Editor-7.scope", "a");
  mock_process_add (mock, 50, "a", getuid (), OF_USER "app-gnome-org.x.Editor-7.scope", "a");
  mock_process_add (mock, 60, "a", getuid (), OF_USER "app-gnome-org.x.Editor-8.scope", "a");
  mock_process_add (mock, 40, "a", getuid () + 1, OF_USER "app-gnome-org.x.Editor-9.scope",
                    "a");
  apps = baton_session_apps_list (mock_machine_get_root (mock), getuid ());
  g_assert_cmpuint (apps->len, ==, 1);
  app = apps->pdata[0];
  g_assert_cmpstr (app->closes[0], ==, "50:5000");
  g_assert_cmpstr (app->sessions[0], ==, "2");
  g_assert_null (app->sessions[1]);
}

static void
end_session (MockMachine *mock)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (mock), SESSIONS "2", NULL);

  g_assert_no_errno (g_unlink (path));
}

static void
end_process (MockMachine *mock, int pid)
{
  g_autofree char *path =
      g_strdup_printf ("%s/proc/%d", mock_machine_get_directory (mock), pid);
  const char *argv[] = { "rm", "-r", path, NULL };

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               NULL, NULL, NULL, NULL));
}

/* A session with an application, and what is noted of it. */
static BatonClosed *
note (MockMachine *mock)
{
  g_autofree char *directory = g_build_filename (home, "closed", NULL);
  BatonClosed *closed = baton_closed_new (mock_machine_get_root (mock), directory);
  g_autoptr (GPtrArray) apps = NULL;
  g_autoptr (GError) error = NULL;

  mock_process_add (mock, 50, "a", getuid (), OF_USER "app-gnome-org.x.Editor-7.scope", "a");
  apps = baton_session_apps_list (mock_machine_get_root (mock), getuid ());
  g_assert_true (baton_closed_note_session (closed, CARD, apps, &error));
  g_assert_no_error (error);

  return closed;
}

static guint
count (BatonClosed *closed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) listed = baton_closed_list_session (closed, CARD, &error);

  g_assert_no_error (error);

  return listed->len;
}

static guint
count_cards (BatonClosed *closed)
{
  g_autoptr (GPtrArray) cards = baton_closed_list_cards (closed);

  return cards->len;
}

/* When the session is over, and while nobody has opened it; then it is not offered twice. */
static void
test_offered (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonClosed) closed = note (mock);
  g_autoptr (GPtrArray) cards = NULL;
  g_autoptr (GPtrArray) told = NULL;
  g_autoptr (GPtrArray) alone = NULL;

  g_assert_cmpuint (count (closed), ==, 0);
  end_session (mock);
  /* It lives on in another session of his. */
  g_assert_cmpuint (count (closed), ==, 0);
  end_process (mock, 50);
  g_assert_cmpuint (count (closed), ==, 1);

  /* The card's own list has nothing of it. */
  alone = baton_closed_list (closed, CARD, NULL);
  g_assert_cmpuint (alone->len, ==, 0);
  cards = baton_closed_list_cards (closed);
  g_assert_cmpuint (cards->len, ==, 1);
  g_assert_cmpstr (cards->pdata[0], ==, CARD);

  /* At the next login he opens it himself. */
  mock_machine_write (mock, SESSIONS "3", "UID=1\nTYPE=x11\n");
  {
    g_autofree char *session =
        g_strdup_printf ("UID=%u\nTYPE=wayland\nSEAT=seat0\nSERVICE=gdm\n", getuid ());

    mock_machine_write (mock, SESSIONS "3", session);
  }
  g_assert_cmpuint (count (closed), ==, 1);
  mock_process_add (mock, 70, "a", getuid (), OF_USER "app-gnome-org.x.Editor-9.scope", "a");
  g_assert_cmpuint (count (closed), ==, 0);
  end_process (mock, 70);

  baton_closed_note_told (closed, CARD);
  told = baton_closed_list_session (closed, CARD, NULL);
  g_assert_true (((BatonClosedProgram *) told->pdata[0])->is_told);
  baton_closed_forget_session (closed, CARD);
  g_assert_cmpuint (count (closed), ==, 0);
}

/* A handoff that ended without the session's end has taken nothing. */
static void
test_settled (void)
{
  g_autoptr (MockMachine) mock = new_machine ();
  g_autoptr (BatonClosed) closed = note (mock);

  baton_closed_settle (closed, CARD, NULL, FALSE);
  g_assert_cmpuint (count_cards (closed), ==, 1);
  baton_closed_settle (closed, CARD, NULL, TRUE);
  g_assert_cmpuint (count_cards (closed), ==, 0);

  /* One that ended is over whatever became of the card. */
  baton_closed_unref (g_steal_pointer (&closed));
  closed = note (mock);
  mock_machine_write (mock, SESSIONS "2", "UID=1000\nSTATE=closing\nTYPE=wayland\n");
  end_process (mock, 50);
  baton_closed_settle (closed, CARD, NULL, TRUE);
  g_assert_cmpuint (count (closed), ==, 1);

  /* By another boot it is forgotten. */
  mock_machine_write (mock, BOOT_ID, "c\n");
  baton_closed_unref (g_steal_pointer (&closed));
  {
    g_autofree char *directory = g_build_filename (home, "closed", NULL);

    closed = baton_closed_new (mock_machine_get_root (mock), directory);
  }
  g_assert_cmpuint (count (closed), ==, 0);
  baton_closed_forget_session (closed, CARD);
}

static void
set_directory (const char *variable, const char *name)
{
  g_autofree char *path = g_build_filename (home, name, NULL);

  g_assert_true (g_setenv (variable, path, TRUE));
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  const char *remove[] = { "rm", "-rf", NULL, NULL };
  int status;

  home = g_dir_make_tmp ("baton-apps-XXXXXX", NULL);
  g_assert_nonnull (home);
  set_directory ("XDG_DATA_HOME", "data");
  set_directory ("XDG_DATA_DIRS", "none");
  set_directory ("XDG_CONFIG_HOME", "config");
  set_directory ("XDG_CONFIG_DIRS", "etc");
  path = g_strconcat (home, "/bin:", g_getenv ("PATH"), NULL);
  g_setenv ("PATH", path, TRUE);
  write_home ();

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/session-apps/found", test_found);
  g_test_add_func ("/client/session-apps/once", test_once);
  g_test_add_func ("/client/session-apps/offered", test_offered);
  g_test_add_func ("/client/session-apps/settled", test_settled);
  status = g_test_run ();

  remove[2] = home;
  g_spawn_sync (NULL, (char **) remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  g_free (home);

  return status;
}
