/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "mock-machine.h"

#define CARD "0000:01:00.0"

static BatonProfile *
load (const char *text, gssize length)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("baton-profile-XXXXXX", &error);
  g_autofree char *etc = g_build_filename (directory, "etc", NULL);
  g_autofree char *file = g_build_filename (etc, "baton.conf", NULL);
  g_autoptr (BatonRoot) root = NULL;
  BatonProfile *profile = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir (etc, 0755), ==, 0);
  if (text != NULL)
    g_assert_true (g_file_set_contents (file, text, length, NULL));

  root = baton_root_new_for_directory (directory, &error);
  g_assert_no_error (error);
  profile = baton_profile_load (root, CARD);

  g_unlink (file);
  g_rmdir (etc);
  g_rmdir (directory);

  return profile;
}

static void
test_defaults (void)
{
  static const char *const rows[] = { NULL, "", "# nothing\n\n",
                                      "[0000:02:00.0]\nreturn-method=bind" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProfile) profile = load (rows[i], -1);

      g_test_message ("%s", rows[i] != NULL ? rows[i] : "no file");
      g_assert_null (profile->problem);
      g_assert_null (profile->identity);
      g_assert_cmpstr (profile->card, ==, CARD);
      g_assert_cmpint (profile->return_method, ==, BATON_RETURN_AUTO);
      g_assert_cmpint (profile->reset_before_return, ==, BATON_RESET_AUTO);
      g_assert_cmpuint (profile->close_politely_ms, ==, BATON_PROFILE_CLOSE_POLITELY_MS);
      g_assert_false (profile->return_when_guest_stops);
      g_assert_false (profile->hook_ends_session);
      g_assert_cmpint (profile->open_again, ==, BATON_OPEN_AGAIN_ASK);
    }
}

static void
test_reads_its_section (void)
{
  g_autoptr (BatonProfile) profile = load ("[0000:02:00.0]\n"
                                           "close-politely-ms=1\n"
                                           "[" CARD "]\n"
                                           "# the old one\n"
                                           "identity = 1002:73BF:1da2:e438 \r\n"
                                           "return-method=bind\n"
                                           "close-politely-ms=60000\n"
                                           "reset-before-return=true\n"
                                           "sleep-while-guest=allow\n"
                                           "open-again=yes\n"
                                           "hook-ends-session=true\n"
                                           "return-when-guest-stops=true",
                                           -1);

  g_assert_null (profile->problem);
  g_assert_cmpstr (profile->identity, ==, "1002:73bf:1da2:e438");
  g_assert_cmpint (profile->return_method, ==, BATON_RETURN_BIND);
  g_assert_cmpint (profile->reset_before_return, ==, BATON_RESET_ALWAYS);
  g_assert_cmpuint (profile->close_politely_ms, ==, 60000);
  g_assert_true (profile->return_when_guest_stops);
  g_assert_true (profile->hook_ends_session);
  g_assert_true (profile->sleeps_while_guest);
  g_assert_cmpint (profile->open_again, ==, BATON_OPEN_AGAIN_YES);
}

/* A mistake anywhere is named with its line, and nothing of the file is used. */
static void
test_names_the_mistake (void)
{
  static const struct
  {
    const char *text;
    guint line;
    const char *key;
  } rows[] = {
    { "return-method=auto", 1, "return-method" },
    { "[" CARD "]\nreturn-method=remove", 2, "return-method" },
    { "[" CARD "]\nreturn-method=", 2, "return-method" },
    { "[" CARD "]\n\nclose-politely-ms=-1", 3, "close-politely-ms" },
    { "[" CARD "]\nclose-politely-ms=60001", 2, "close-politely-ms" },
    { "[" CARD "]\nclose-politely-ms=5s", 2, "close-politely-ms" },
    { "[" CARD "]\nreturn-when-guest-stops=yes", 2, "return-when-guest-stops" },
    { "[" CARD "]\nhook-ends-session=yes", 2, "hook-ends-session" },
    { "[" CARD "]\nhook-ends-session=", 2, "hook-ends-session" },
    { "[" CARD "]\nsleep-while-guest=no", 2, "sleep-while-guest" },
    { "[" CARD "]\nopen-again=true", 2, "open-again" },
    { "[" CARD "]\nopen-again=", 2, "open-again" },
    { "[" CARD "]\nreset-before-return=bus", 2, "reset-before-return" },
    { "[" CARD "]\nidentity=1002:73bf", 2, "identity" },
    { "[" CARD "]\nidentity=1002:73bf:1da2:e4380", 2, "identity" },
    { "[" CARD "]\nstand-in=", 2, "stand-in" },
    { "[" CARD "]\nstand-in=none", 2, "stand-in" },
    { "[" CARD "]\nstand-in=02:00.0", 2, "stand-in" },
    { "[" CARD "]\nstand-in=0000:02:00.0=8086:43ed", 2, "stand-in" },
    { "[" CARD "]\nstand-in=0000:02:00.0;0000:03:00.0", 2, "stand-in" },
    { "[" CARD "]\nstand-in=../../etc", 2, "stand-in" },
    { "[" CARD "]\nxorg-host=", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=10-nvidia.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/10-nvidia.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d/10-nvidia", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d/.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d/.x.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d/a/b.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d/../b.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d//b.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-host=/etc/X11/xorg.conf.d/90-baton-x.conf", 2, "xorg-host" },
    { "[" CARD "]\nxorg-guest=/home/u/x.conf", 2, "xorg-guest" },
    { "[" CARD "]\nxorg-guest=/etc/../home/u/x.conf", 2, "xorg-guest" },
    { "[" CARD "]\nxorg-guest=/etc/", 2, "xorg-guest" },
    { "[" CARD "]\nxorg-guest=/etc/a\033b", 2, "xorg-guest" },
    { "[" CARD "]\nxorg-guest=/etc/X11/xorg.conf.d/b.conf", 2, "xorg-guest" },
    { "[0000:02:00.0]\nxorg-guest=x\n[" CARD "]", 2, "xorg-guest" },
    { "[" CARD "]\nstop-units=a.service\nstart-units-guest=b.service;a.service", 3,
      "start-units-guest" },
    { "[" CARD "]\nstart-units-guest=a.service\nstop-units=a.service", 3, "stop-units" },
    { "[0000:02:00.0]\nstop-units=a.service;dbus.service\n[" CARD "]", 2, "stop-units" },
    { "[" CARD "]\nalso=03:00.0", 2, "also" },
    { "[" CARD "]\nalso=0000:03:00.0=8086:43ed", 2, "also" },
    { "[" CARD "]\nalso=0000:03:00.0=", 2, "also" },
    { "[" CARD "]\nalso=0000:03:00.0;0000:03:00.0=8086:43ed:1028:0a5c", 2, "also" },
    { "[" CARD "]\nalso=0000:03:00.0;;0000:04:00.0", 2, "also" },
    { "[" CARD "]\nalso=../../etc", 2, "also" },
    { "[" CARD "]\nalso=", 2, "also" },
    { "[" CARD "]\nalso=0000:03:00.0;0000:03:00.1;0000:03:00.2;0000:03:00.3;0000:03:00.4;"
      "0000:03:00.5;0000:03:00.6;0000:03:00.7;0000:04:00.0",
      2, "also" },
    { "[" CARD "]\ncolour=red", 2, "colour" },
    { "[" CARD "]\nidentity=1:2:3:4\n", 2, "identity" },
    { "[" CARD "]\nreturn-method=auto\nreturn-method=bind", 3, "return-method" },
    { "[" CARD "]\n[" CARD "]", 2, "[" CARD "]" },
    { "[01:00.0]", 1, "[01:00.0]" },
    { "[../../etc]", 1, "[../../etc]" },
    { "[" CARD, 1, "[" CARD },
    { "[", 1, "[" },
    { "[" CARD "]\nreturn-method", 2, "return-method" },
    { "[" CARD "]\nreturn-method=bind\n[0000:02:00.0]\ncolour=red", 4, "colour" },
    { "[" CARD "]\n=", 2, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProfile) profile = load (rows[i].text, -1);

      g_test_message ("%s", rows[i].text);
      g_assert_nonnull (profile->problem);
      g_assert_cmpuint (profile->problem->line, ==, rows[i].line);
      g_assert_cmpstr (profile->problem->key, ==, rows[i].key);
      g_assert_true (g_str_has_suffix (profile->problem->file, "etc/baton.conf"));
      g_assert_cmpstr (profile->problem->reason, !=, "");
      g_assert_cmpint (profile->return_method, ==, BATON_RETURN_AUTO);
    }
}

static void
test_reads_units (void)
{
  g_autoptr (BatonProfile) profile = load ("[0000:02:00.0]\n"
                                           "stop-units=both.service\n"
                                           "[0000:03:00.0]\n"
                                           "start-units-guest=both.service\n"
                                           "[" CARD "]\n"
                                           "stop-units = both.service ; folding@gpu.service;\n"
                                           "start-units-guest=scream.socket",
                                           -1);

  g_assert_null (profile->problem);
  g_assert_cmpuint (g_strv_length (profile->stop_units), ==, 2);
  g_assert_cmpstr (profile->stop_units[0], ==, "both.service");
  g_assert_cmpstr (profile->stop_units[1], ==, "folding@gpu.service");
  g_assert_cmpuint (g_strv_length (profile->start_units_guest), ==, 1);
  g_assert_cmpstr (profile->start_units_guest[0], ==, "scream.socket");

  /* The tree has no units at all. */
  g_assert_cmpuint (g_strv_length (profile->missing_units), ==, 3);
}

/* What is no unit, or none that may be stopped, is named. */
static void
test_refuses_units (void)
{
  static const struct
  {
    const char *value;
    const char *reason;
  } rows[] = {
    { "", "at least one" },
    { ";", "no plain name" },
    { "a.service;;b.service", "no plain name" },
    { "ollama", "“ollama” is no plain name" },
    { "ollama.", "no plain name" },
    { "a.service b.service", "no plain name" },
    { "../../a.service", "no plain name" },
    { "/etc/a.service", "no plain name" },
    { "*.service", "no plain name" },
    { "-.mount", "no plain name" },
    { "home.mount", "no plain name" },
    { "system.slice", "no plain name" },
    { "init.scope", "no plain name" },
    { "--force.service", "no plain name" },
    { "a\x1b[2J.service", "no plain name" },
    { "a@.service", "template" },
    { "a.service;a.service", "twice" },
    { "user:1000:scream.service", "names a user" },
    { "user:", "plain name" },
    { "user:../x.service", "plain name" },
    { "user:dbus.service", "“user:dbus.service” is not touched: a handoff" },
    { "user:gnome-session.target", "desktop" },
    { "user:plasma-kwin_wayland.service", "desktop" },
    { "nvidia-persistenced.service", "NVIDIA" },
    { "baton-recover.service", "a handoff needs it" },
    { "dbus.service", "a handoff needs it" },
    { "dbus.socket", "a handoff needs it" },
    { "polkit.service", "a handoff needs it" },
    { "systemd-udevd.service", "a handoff needs it" },
    { "display-manager.service", "desktop" },
    { "gdm3.service", "desktop" },
    { "user@1000.service", "desktop" },
    { "sysinit.target", "systemd" },
    { "poweroff.target", "systemd" },
    { "runlevel0.target", "systemd" },
    { "a.service;b.service;c.service;d.service;e.service;f.service;g.service;h.service;"
      "i.service;j.service;k.service;l.service;m.service;n.service;o.service;p.service;q."
      "service",
      "16" },
  };
  static const char *const keys[] = { "stop-units", "start-units-guest" };

  for (guint i = 0; i < G_N_ELEMENTS (rows) * G_N_ELEMENTS (keys); i++)
    {
      const char *key = keys[i % 2];
      g_autofree char *text = g_strdup_printf ("[" CARD "]\n%s=%s\n", key, rows[i / 2].value);
      g_autoptr (BatonProfile) profile = load (text, -1);

      g_test_message ("%s", text);
      g_assert_nonnull (profile->problem);
      g_assert_cmpstr (profile->problem->key, ==, key);
      g_assert_cmpuint (profile->problem->line, ==, 2);
      g_assert_nonnull (strstr (profile->problem->reason, rows[i / 2].reason));
      g_assert_null (profile->stop_units);
      g_assert_null (profile->start_units_guest);
    }
}

/* Wherever systemd looks for it, and by whatever name. */
static void
test_finds_what_is_missing (void)
{
  static const struct
  {
    const char *path;
    const char *unit;
    gboolean found;
  } rows[] = {
    { "etc/systemd/system/a.service", "a.service", TRUE },
    { "run/systemd/transient/a.service", "a.service", TRUE },
    { "usr/lib/systemd/system/a.service", "a.service", TRUE },
    { "usr/local/lib/systemd/system/a.timer", "a.timer", TRUE },
    { "lib/systemd/system/a@.service", "a@b.service", TRUE },
    { "lib/systemd/system/a@.socket", "a@b.service", FALSE },
    { "lib/systemd/system/b.service", "a.service", FALSE },
    { "usr/lib/systemd/user/a.service", "a.service", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) tree = mock_machine_new ();
      BatonRoot *root = mock_machine_get_root (tree);
      g_autoptr (BatonProfile) profile = NULL;
      g_autofree char *text = g_strdup_printf ("[" CARD "]\nstop-units=%s\n", rows[i].unit);

      g_test_message ("%s", rows[i].path);
      mock_machine_write (tree, rows[i].path, "");
      mock_machine_write (tree, "etc/baton.conf", text);
      profile = baton_profile_load (root, CARD);
      g_assert_null (profile->problem);
      g_assert_cmpuint (g_strv_length (profile->missing_units), ==, rows[i].found ? 0 : 1);
    }
}

/* A unit's other names are links, and where they lead to is nobody's business here. */
static void
test_finds_links (void)
{
  g_autoptr (MockMachine) tree = mock_machine_new ();
  g_autofree char *link = g_build_filename (mock_machine_get_directory (tree),
                                            "etc/systemd/system/other.service", NULL);
  g_autoptr (BatonProfile) profile = NULL;

  mock_machine_write (tree, "etc/systemd/system/a.service", "");
  g_assert_cmpint (symlink ("/lib/systemd/system/a.service", link), ==, 0);
  mock_machine_write (tree, "etc/baton.conf", "[" CARD "]\nstart-units-guest=other.service\n");
  profile = baton_profile_load (mock_machine_get_root (tree), CARD);
  g_assert_cmpuint (g_strv_length (profile->missing_units), ==, 0);
}

static void
test_names_an_unreadable_file (void)
{
  g_autofree char *long_text = g_strnfill (70000, '#');
  const struct
  {
    const char *text;
    gssize length;
  } rows[] = { { "\xff\xfe", 2 }, { "# \0", 3 }, { long_text, 70000 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProfile) profile = load (rows[i].text, rows[i].length);

      g_assert_nonnull (profile->problem);
      g_assert_cmpuint (profile->problem->line, ==, 0);
      g_assert_null (profile->problem->key);
    }
}

/* With an identity or without, and with spaces and a last “;” as in other lists. */
static void
test_reads_what_travels_along (void)
{
  g_autoptr (BatonProfile) profile =
      load ("[0000:02:00.0]\nalso=0000:09:00.0\n[" CARD
            "]\nalso= 0000:05:00.0=8086:43ED:1028:0a5c ; 0000:06:00.1;\n",
            -1);
  const BatonAlso *first, *second;

  g_assert_null (profile->problem);
  g_assert_cmpuint (profile->also->len, ==, 2);
  first = profile->also->pdata[0];
  second = profile->also->pdata[1];
  g_assert_cmpstr (first->address, ==, "0000:05:00.0");
  g_assert_cmpstr (first->identity, ==, "8086:43ed:1028:0a5c");
  g_assert_cmpstr (second->address, ==, "0000:06:00.1");
  g_assert_null (second->identity);
}

static void
test_reads_what_stands_in (void)
{
  g_autoptr (BatonProfile) profile = load ("[0000:09:00.0]\nstand-in=0000:08:00.0\n[" CARD
                                           "]\nstand-in = 0000:02:00.0 = 1002:6611:1DA2:E269\n",
                                           -1);
  g_autoptr (BatonProfile) alone = load ("[" CARD "]\nstand-in=0000:02:00.0\n", -1);

  g_assert_null (profile->problem);
  g_assert_cmpstr (profile->stand_in->address, ==, "0000:02:00.0");
  g_assert_cmpstr (profile->stand_in->identity, ==, "1002:6611:1da2:e269");
  g_assert_null (alone->problem);
  g_assert_null (alone->stand_in->identity);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/profile/defaults", test_defaults);
  g_test_add_func ("/core/profile/reads-what-stands-in", test_reads_what_stands_in);
  g_test_add_func ("/core/profile/reads-its-section", test_reads_its_section);
  g_test_add_func ("/core/profile/names-the-mistake", test_names_the_mistake);
  g_test_add_func ("/core/profile/reads-units", test_reads_units);
  g_test_add_func ("/core/profile/refuses-units", test_refuses_units);
  g_test_add_func ("/core/profile/finds-what-is-missing", test_finds_what_is_missing);
  g_test_add_func ("/core/profile/finds-links", test_finds_links);
  g_test_add_func ("/core/profile/names-an-unreadable-file", test_names_an_unreadable_file);
  g_test_add_func ("/core/profile/travels-along", test_reads_what_travels_along);

  return g_test_run ();
}
