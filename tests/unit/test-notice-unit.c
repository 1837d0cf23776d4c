/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-unit.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-error.h"
#include "fake-systemd.h"

/* A session's bus, and whoever is on it. */
typedef struct
{
  GTestDBus *bus;
  FakeSystemd *systemd;
  GAsyncResult *result;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer without_systemd)
{
  fixture->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (fixture->bus);
  if (without_systemd == NULL)
    fixture->systemd = fake_systemd_new (g_test_dbus_get_bus_address (fixture->bus));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  fake_systemd_free (fixture->systemd);
  g_test_dbus_down (fixture->bus);
  g_object_unref (fixture->bus);
}

static void
on_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;

  fixture->result = g_object_ref (result);
}

static GAsyncResult *
wait (Fixture *fixture)
{
  while (fixture->result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return g_steal_pointer (&fixture->result);
}

static gboolean
look (Fixture *fixture, gboolean *ret_is_on, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  baton_notice_unit_look_async (NULL, on_done_cb, fixture);
  result = wait (fixture);

  return baton_notice_unit_look_finish (result, ret_is_on, error);
}

static gboolean
switch_it (Fixture *fixture, gboolean on, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  baton_notice_unit_switch_async (on, NULL, on_done_cb, fixture);
  result = wait (fixture);

  return baton_notice_unit_switch_finish (result, error);
}

static void
test_looks (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *state;
    gboolean is_on;
    const char *error;
  } rows[] = {
    { "disabled", FALSE, NULL },
    { "enabled", TRUE, NULL },
    { "enabled-runtime", TRUE, NULL },
    { "masked", FALSE, "systemctl --user unmask" },
    { "org.freedesktop.DBus.Error.FileNotFound", FALSE, "is not installed" },
    { "org.freedesktop.systemd1.NoSuchUnit", FALSE, "is not installed" },
    { "org.freedesktop.DBus.Error.AccessDenied", FALSE, "No such file or directory" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean is_on = 7;

      g_test_message ("%s", rows[i].state);
      fixture->systemd->state = rows[i].state;
      g_assert_cmpint (look (fixture, &is_on, &error), ==, rows[i].error == NULL);
      g_assert_cmpint (is_on, ==, rows[i].error == NULL ? rows[i].is_on : 7);
      if (rows[i].error != NULL)
        g_assert_nonnull (strstr (error->message, rows[i].error));
      else
        g_assert_no_error (error);
    }
}

static void
test_switches (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (switch_it (fixture, TRUE, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->systemd->calls->str, ==,
                   "EnableUnitFiles(['baton-notice.service'], false, true)\n"
                   "Reload()\n"
                   "StartUnit('baton-notice.service', 'replace')\n");

  g_string_truncate (fixture->systemd->calls, 0);
  g_assert_true (switch_it (fixture, FALSE, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->systemd->calls->str, ==,
                   "StopUnit('baton-notice.service', 'replace')\n"
                   "DisableUnitFiles(['baton-notice.service'], false)\n"
                   "Reload()\n");
}

/* Nothing is started of which it is not known whether it will be at the next login. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->systemd->fails = "EnableUnitFiles";
  g_assert_false (switch_it (fixture, TRUE, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "The disk is full"));
  g_assert_null (strstr (fixture->systemd->calls->str, "StartUnit"));
}

static gint has_started;

static gpointer
start_in_thread (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (baton_notice_unit_start_if_wanted (data, &error));
  g_assert_no_error (error);
  g_atomic_int_set (&has_started, 1);
  g_main_context_wakeup (NULL);

  return NULL;
}

/* It waits for an answer, which is given here. */
static void
start (const char *directory)
{
  GThread *thread;

  g_atomic_int_set (&has_started, 0);
  thread = g_thread_new ("login", start_in_thread, (gpointer) directory);
  while (!g_atomic_int_get (&has_started))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
}

static void
test_at_login (Fixture *fixture, gconstpointer data)
{
  static const char *const below[] = {
    "systemd/user/graphical-session.target.wants/" BATON_NOTICE_UNIT,
    "systemd/user/graphical-session.target.wants",
    "systemd/user",
    "systemd",
    "",
  };
  g_autofree char *directory = g_dir_make_tmp ("baton-config-XXXXXX", NULL);
  g_autofree char *wants = g_build_filename (directory, below[1], NULL);
  g_autofree char *link = g_build_filename (directory, below[0], NULL);

  start (directory);
  g_assert_cmpstr (fixture->systemd->calls->str, ==, "");
  g_assert_cmpint (g_mkdir_with_parents (wants, 0700), ==, 0);
  g_assert_cmpint (symlink ("/usr/lib/systemd/user/" BATON_NOTICE_UNIT, link), ==, 0);
  start (directory);
  g_assert_cmpstr (fixture->systemd->calls->str, ==,
                   "StartUnit('baton-notice.service', 'replace')\n");

  for (guint i = 0; i < G_N_ELEMENTS (below); i++)
    {
      g_autofree char *path = g_build_filename (directory, below[i], NULL);

      g_remove (path);
    }
}

static void
test_no_systemd (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean is_on = 7;

  g_assert_false (look (fixture, &is_on, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED);
  g_assert_cmpint (is_on, ==, 7);
  g_clear_error (&error);
  g_assert_false (switch_it (fixture, TRUE, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/client/notice-unit/looks", Fixture, NULL, set_up, test_looks, tear_down);
  g_test_add ("/client/notice-unit/switches", Fixture, NULL, set_up, test_switches, tear_down);
  g_test_add ("/client/notice-unit/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/client/notice-unit/at-login", Fixture, NULL, set_up, test_at_login, tear_down);
  g_test_add ("/client/notice-unit/no-systemd", Fixture, "", set_up, test_no_systemd,
              tear_down);

  return g_test_run ();
}
