/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-xorg-file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-profile.h"
#include "mock-machine.h"

#define CARD "0000:01:00.0"
#define DIRECTORY "etc/X11/xorg.conf.d"
#define HOST "/etc/X11/xorg.conf.d/10-host.conf"
#define GUEST "/etc/X11/guest.conf"

static MockMachine *
make_machine (void)
{
  MockMachine *m = mock_machine_new ();

  mock_machine_write (m, DIRECTORY "/10-host.conf", "# host\n");
  mock_machine_write (m, "etc/X11/guest.conf", "# guest\n");

  return m;
}

static char *
build_path (MockMachine *m, const char *path)
{
  return g_build_filename (mock_machine_get_directory (m), path, NULL);
}

static void
set_mode (MockMachine *m, const char *path, guint mode)
{
  g_autofree char *whole = build_path (m, path);

  g_assert_cmpint (chmod (whole, mode), ==, 0);
}

static char *
find_fault (MockMachine *m, const char *path, BatonXorgUse use)
{
  return baton_xorg_file_find_fault (mock_machine_get_root (m), path, use);
}

static void
test_good (void)
{
  g_autoptr (MockMachine) m = make_machine ();
  g_autofree char *bytes = NULL;
  g_autofree char *reason = NULL;
  gsize length = 0;
  mode_t mode = 0;

  set_mode (m, "etc/X11/guest.conf", 0640);
  g_assert_null (find_fault (m, HOST, BATON_XORG_HOST));
  g_assert_null (find_fault (m, GUEST, BATON_XORG_GUEST));
  g_assert_null (baton_xorg_file_find_obstacle (mock_machine_get_root (m), CARD));
  bytes = baton_xorg_file_read (mock_machine_get_root (m), GUEST, &length, &mode, &reason);
  g_assert_cmpstr (bytes, ==, "# guest\n");
  g_assert_cmpuint (length, ==, strlen ("# guest\n"));
  g_assert_cmpuint (mode, ==, 0640);
}

static void
plant_link (MockMachine *m)
{
  mock_machine_remove (m, "etc/X11/guest.conf");
  mock_machine_link (m, "etc/X11/guest.conf", "/etc/X11/xorg.conf.d/10-host.conf");
}

static void
plant_fifo (MockMachine *m)
{
  g_autofree char *path = build_path (m, "etc/X11/guest.conf");

  mock_machine_remove (m, "etc/X11/guest.conf");
  g_assert_cmpint (mkfifo (path, 0644), ==, 0);
}

static void
plant_directory (MockMachine *m)
{
  mock_machine_remove (m, "etc/X11/guest.conf");
  mock_machine_write (m, "etc/X11/guest.conf/x", "");
}

static void
let_others_write (MockMachine *m)
{
  set_mode (m, "etc/X11/guest.conf", 0666);
}

static void
let_group_write (MockMachine *m)
{
  set_mode (m, "etc/X11/guest.conf", 0664);
}

static void
let_others_write_beside (MockMachine *m)
{
  set_mode (m, "etc/X11", 0777);
}

static void
grow (MockMachine *m)
{
  g_autofree char *text = g_strnfill (BATON_XORG_MAX_BYTES + 1, '#');

  mock_machine_write (m, "etc/X11/guest.conf", text);
}

static void
take_away (MockMachine *m)
{
  mock_machine_remove (m, "etc/X11/guest.conf");
}

static void
take_directory_away (MockMachine *m)
{
  mock_machine_remove (m, DIRECTORY);
}

static void
link_directory (MockMachine *m)
{
  mock_machine_remove (m, DIRECTORY);
  mock_machine_write (m, "elsewhere/x", "");
  mock_machine_link (m, DIRECTORY, "/elsewhere");
}

/* Whoever may write what Xorg reads is root on many a system. */
static void
test_bad (void)
{
  static const struct
  {
    void (*spoil) (MockMachine *m);
    const char *says;
  } rows[] = {
    { plant_link, "symbolic link" },
    { plant_fifo, "not a regular file" },
    { plant_directory, "not a regular file" },
    { let_others_write, "others than root" },
    { let_group_write, "others than root" },
    { let_others_write_beside, "others than root may write in “/etc/X11”" },
    { grow, "64 KiB" },
    { take_away, "there is no “/etc/X11/guest.conf”" },
    { take_directory_away, "mkdir" },
    { link_directory, "symbolic link" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) m = make_machine ();
      g_autofree char *fault = NULL;
      g_autofree char *bytes = NULL;
      g_autofree char *reason = NULL;
      gsize length = 0;
      mode_t mode = 0;

      rows[i].spoil (m);
      fault = find_fault (m, GUEST, BATON_XORG_GUEST);
      g_test_message ("%s", fault);
      g_assert_nonnull (fault);
      g_assert_nonnull (strstr (fault, rows[i].says));

      /* Looked at again by whoever uses it; but for the place that it is to come to. */
      if (rows[i].spoil == take_directory_away || rows[i].spoil == link_directory)
        continue;
      bytes = baton_xorg_file_read (mock_machine_get_root (m), GUEST, &length, &mode, &reason);
      g_assert_null (bytes);
      g_assert_nonnull (reason);
    }
}

/* The host's file is moved as it is, whatever it is; one that is not there would be a mistake. */
static void
test_host (void)
{
  g_autoptr (MockMachine) m = make_machine ();
  g_autofree char *gone = NULL;
  g_autofree char *aside = NULL;

  mock_machine_write (m, "etc/X11/xorg.conf.avail/x", "# elsewhere\n");
  mock_machine_remove (m, DIRECTORY "/10-host.conf");
  mock_machine_link (m, DIRECTORY "/10-host.conf", "/etc/X11/xorg.conf.avail/x");
  g_assert_null (find_fault (m, HOST, BATON_XORG_HOST));

  mock_machine_remove (m, DIRECTORY "/10-host.conf");
  gone = find_fault (m, HOST, BATON_XORG_HOST);
  g_assert_nonnull (strstr (gone, "there is no"));

  mock_machine_write (m, DIRECTORY "/10-host.conf", "");
  mock_machine_write (m, DIRECTORY "/10-host.conf" BATON_XORG_ASIDE_SUFFIX, "");
  aside = find_fault (m, HOST, BATON_XORG_HOST);
  g_assert_nonnull (strstr (aside, "in the way"));
}

/* What is moved aside already is not missed, and what Baton has put in place is in nobody's way. */
static void
test_profile (void)
{
  static const struct
  {
    const char *text;
    gboolean is_away;
    const char *key; /* with a fault, or NULL */
  } rows[] = {
    { "xorg-host=" HOST "\nxorg-guest=" GUEST, FALSE, NULL },
    { "xorg-host=none\nxorg-guest=none", FALSE, NULL },
    { "xorg-host=/etc/X11/xorg.conf.d/11.conf", FALSE, "xorg-host" },
    { "xorg-guest=/etc/11.conf", FALSE, "xorg-guest" },
    { "xorg-host=/etc/X11/xorg.conf.d/11.conf", TRUE, NULL },
    { "xorg-guest=/etc/11.conf", TRUE, "xorg-guest" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) m = make_machine ();
      g_autofree char *text = g_strdup_printf ("[" CARD "]\n%s\n", rows[i].text);
      g_autoptr (BatonProfile) profile = NULL;

      g_test_message ("%s", rows[i].text);
      mock_machine_write (m, "etc/baton.conf", text);
      if (rows[i].is_away)
        mock_machine_write (m, "var/lib/baton/xorg/" CARD ".json", "{}");
      profile = baton_profile_load (mock_machine_get_root (m), CARD);
      g_assert_null (profile->problem);
      g_assert_cmpstr (profile->xorg_fault_key, ==, rows[i].key);
      g_assert_true ((profile->xorg_fault != NULL) == (rows[i].key != NULL));
    }
}

static void
test_obstacle (void)
{
  g_autoptr (MockMachine) m = make_machine ();
  g_autoptr (BatonProfile) profile = NULL;

  mock_machine_write (m, "etc/baton.conf", "[" CARD "]\nxorg-guest=" GUEST "\n");
  mock_machine_write (m, DIRECTORY "/90-baton-" CARD ".conf", "# somebody’s\n");
  profile = baton_profile_load (mock_machine_get_root (m), CARD);
  g_assert_nonnull (profile->xorg_fault);
  g_assert_nonnull (strstr (profile->xorg_fault, "90-baton-" CARD ".conf"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/xorg-file/good", test_good);
  g_test_add_func ("/core/xorg-file/bad", test_bad);
  g_test_add_func ("/core/xorg-file/host", test_host);
  g_test_add_func ("/core/xorg-file/profile", test_profile);
  g_test_add_func ("/core/xorg-file/obstacle", test_obstacle);

  return g_test_run ();
}
