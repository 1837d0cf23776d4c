/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-desktop.h"

#include "mock-machine.h"
#include "mock-process.h"

#define SESSIONS "run/systemd/sessions/"

static void
test_sessions (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonDesktop) desktop = NULL;
  const BatonSession *session = NULL;

  mock_machine_write (mock, SESSIONS "2",
                      "# This is private data. Do not parse.\nUID=1000\nUSER=u\nACTIVE=1\n"
                      "TYPE=x11\nORIGINAL_TYPE=x11\nCLASS=user\nSEAT=seat0\n"
                      "SERVICE=lightdm-autologin\nVTNR=7\n");
  mock_machine_write (mock, SESSIONS "c1", "UID=0\nTYPE=tty\nSERVICE=login\nSEAT=\n");
  mock_machine_write (mock, SESSIONS "2.ref", "UID=1000\nUSER=pipe\n");
  mock_machine_write (mock, SESSIONS "../../shadow", "UID=0\n");
  mock_machine_write (mock, SESSIONS "3", "USER=nobody knows\nTYPE=x11\n");
  mock_machine_write (mock, SESSIONS "4", "UID=99999999999\nTYPE=x11\n");
  mock_machine_write (mock, SESSIONS "5", "");
  desktop = baton_desktop_new (mock_machine_get_root (mock));

  g_assert_cmpuint (desktop->sessions->len, ==, 2);
  session = baton_desktop_find_session (desktop, "2");
  g_assert_cmpuint (session->uid, ==, 1000);
  g_assert_cmpstr (session->user, ==, "u");
  g_assert_cmpstr (session->type, ==, "x11");
  g_assert_cmpstr (session->seat, ==, "seat0");
  g_assert_cmpstr (session->service, ==, "lightdm-autologin");
  g_assert_true (baton_session_is_graphical (session));

  session = baton_desktop_find_session (desktop, "c1");
  g_assert_cmpstr (session->user, ==, "0");
  g_assert_null (session->seat);
  g_assert_false (baton_session_is_graphical (session));
  g_assert_null (baton_desktop_find_session (desktop, "3"));
}

static void
test_session_ids (void)
{
  static const char *const good[] = { "1", "c1", "c0", "4294967295", "0" };
  static const char *const bad[] = { "",    "c",    "01",     "-1", "1 ",
                                     "1\n", "../1", "c1.ref", "d1", "99999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (baton_session_id_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (baton_session_id_is_valid (bad[i]));
}

/* By the link that an administrator has, by that of the distribution, or by a file of that name; what
 * is masked is none. */
static void
test_display_manager (void)
{
  static const struct
  {
    const char *place;
    const char *leads_to;
    const char *unit;
  } rows[] = {
    { "etc/systemd/system/display-manager.service", "/lib/systemd/system/lightdm.service",
      "lightdm.service" },
    { "usr/lib/systemd/system/display-manager.service", "gdm.service", "gdm.service" },
    { "etc/systemd/system/display-manager.service", "/dev/null", NULL },
    { "etc/systemd/system/display-manager.service", NULL, "display-manager.service" },
    { "etc/systemd/system/other.service", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonDesktop) desktop = NULL;

      if (rows[i].leads_to != NULL)
        mock_machine_link (mock, rows[i].place, rows[i].leads_to);
      else
        mock_machine_write (mock, rows[i].place, "[Service]\n");
      desktop = baton_desktop_new (mock_machine_get_root (mock));
      g_assert_cmpstr (desktop->display_manager, ==, rows[i].unit);
    }
}

/* A virtual machine of a user's own is in one of his control groups; libvirt's are not. */
static void
test_guests (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonDesktop) desktop = NULL;
  const BatonSessionGuest *guest = NULL;

  mock_machine_write (mock, SESSIONS "2", "UID=1000\nUSER=u\nTYPE=x11\n");
  mock_machine_write (mock, "var/lib/systemd/linger/u", "");
  mock_process_add (mock, 700, "qemu-system-x86", 1000,
                    "/user.slice/user-1000.slice/session-2.scope",
                    "qemu-system-x86_64|-name|guest=win11");
  mock_process_add (mock, 701, "qemu-system-x86", 1000,
                    "/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope",
                    "qemu-system-x86_64");
  mock_process_add (mock, 702, "qemu-system-x86", 64055,
                    "/machine.slice/machine-qemu\\x2d1\\x2dwin.scope", "qemu-system-x86_64");
  mock_process_add (mock, 703, "firefox", 1000, "/user.slice/user-1000.slice/session-2.scope",
                    "firefox");
  desktop = baton_desktop_new (mock_machine_get_root (mock));

  g_assert_cmpuint (desktop->guests->len, ==, 2);
  guest = desktop->guests->pdata[0];
  g_assert_cmpint (guest->pid, ==, 700);
  g_assert_cmpstr (guest->guest, ==, "win11");
  g_assert_cmpstr (guest->unit, ==, "session-2.scope");
  g_assert_false (guest->of_user);
  guest = desktop->guests->pdata[1];
  g_assert_cmpstr (guest->guest, ==, "qemu-system-x86");
  g_assert_true (guest->of_user);
  g_assert_cmpuint (desktop->lingering->len, ==, 1);
  g_assert_cmpuint (g_array_index (desktop->lingering, guint, 0), ==, 1000);
}

#define TCP_HEAD                                                                               \
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"

static void
test_ssh (void)
{
  static const struct
  {
    const char *file;
    const char *text;
    gboolean has;
  } rows[] = {
    { "proc/self/net/tcp", TCP_HEAD "   0: 00000000:0016 00000000:0000 0A 0:0 0:0 0 0\n",
      TRUE },
    { "proc/self/net/tcp6",
      TCP_HEAD "   0: 00000000000000000000000000000000:0016 "
               "00000000000000000000000000000000:0000 0A 0:0\n",
      TRUE },
    { "proc/self/net/tcp", TCP_HEAD "   0: 0100007F:0277 00000000:0000 0A 0:0 0:0\n", FALSE },
    { "proc/self/net/tcp", TCP_HEAD "   0: 0100007F:D431 0100007F:0016 01 0:0 0:0\n", FALSE },
    { "proc/self/net/tcp", TCP_HEAD "   0: 0100007F:0016 0100007F:D431 01 0:0 0:0\n", FALSE },
    { "proc/self/net/tcp", "", FALSE },
    { "proc/self/net/tcp", TCP_HEAD "\n0\n", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonDesktop) desktop = NULL;

      g_test_message ("%s", rows[i].text);
      mock_machine_write (mock, rows[i].file, rows[i].text);
      desktop = baton_desktop_new (mock_machine_get_root (mock));
      g_assert_true (desktop->has_ssh == rows[i].has);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/desktop/sessions", test_sessions);
  g_test_add_func ("/core/desktop/session-ids", test_session_ids);
  g_test_add_func ("/core/desktop/display-manager", test_display_manager);
  g_test_add_func ("/core/desktop/guests", test_guests);
  g_test_add_func ("/core/desktop/ssh", test_ssh);

  return g_test_run ();
}
