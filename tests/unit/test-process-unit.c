/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process-unit.h"

#define USER "/user.slice/user-1000.slice/user@1000.service"

static void
test_control_groups_are_taken_apart (void)
{
  static const struct
  {
    const char *cgroup;
    const char *unit;
    const char *app_id;
    const char *machine;
    gboolean is_service;
    gboolean groups_application;
  } rows[] = {
    { USER "/app.slice/app-gnome-org.gnome.Console-4711.scope",
      "app-gnome-org.gnome.Console-4711.scope", "org.gnome.Console", NULL, FALSE, TRUE },
    { USER "/app.slice/app-org.kde.konsole-815.scope", "app-org.kde.konsole-815.scope",
      "org.kde.konsole", NULL, FALSE, TRUE },
    { USER "/app.slice/app-flatpak-com.valvesoftware.Steam-99.scope",
      "app-flatpak-com.valvesoftware.Steam-99.scope", "com.valvesoftware.Steam", NULL, FALSE,
      TRUE },
    { USER "/app.slice/app-flatpak-io.github.some-body.Some-App-99.scope",
      "app-flatpak-io.github.some-body.Some-App-99.scope", "io.github.some-body.Some-App", NULL,
      FALSE, TRUE },
    { USER "/app.slice/app-flatpak-x.scope", "app-flatpak-x.scope", NULL, NULL, FALSE, TRUE },
    { USER "/app.slice/app-gnome-visual\\x2dstudio\\x2dcode-1.scope",
      "app-gnome-visual\\x2dstudio\\x2dcode-1.scope", "visual-studio-code", NULL, FALSE, TRUE },
    { USER "/app.slice/app-org.kde.dolphin@0a1b2c.service",
      "app-org.kde.dolphin@0a1b2c.service", "org.kde.dolphin", NULL, FALSE, TRUE },
    { USER "/app.slice/app-gnome-org.gnome.Software@autostart.service",
      "app-gnome-org.gnome.Software@autostart.service", "org.gnome.Software", NULL, FALSE,
      TRUE },
    { USER "/app.slice/app-firefox.service", "app-firefox.service", "firefox", NULL, FALSE,
      TRUE },
    { USER "/app.slice/snap.firefox.firefox-01234567-89ab-cdef-0123-456789abcdef.scope",
      "snap.firefox.firefox-01234567-89ab-cdef-0123-456789abcdef.scope", "firefox_firefox",
      NULL, FALSE, TRUE },
    { USER "/app.slice/snap.code.url-handler.01234567-89ab-cdef-0123-456789abcdef.scope",
      "snap.code.url-handler.01234567-89ab-cdef-0123-456789abcdef.scope", "code_url-handler",
      NULL, FALSE, TRUE },
    { USER "/app.slice/app-dbus\\x2d:1.2.slice/dbus-:1.2-org.gnome.Nautilus@0.service",
      "dbus-:1.2-org.gnome.Nautilus@0.service", "org.gnome.Nautilus", NULL, FALSE, TRUE },
    { USER "/session.slice/org.gnome.Shell@wayland.service", "org.gnome.Shell@wayland.service",
      NULL, NULL, TRUE, FALSE },
    { USER "/session.slice/pipewire.service", "pipewire.service", NULL, NULL, TRUE, FALSE },
    { USER "/init.scope", "init.scope", NULL, NULL, FALSE, FALSE },
    { "/user.slice/user-1000.slice/session-2.scope", "session-2.scope", NULL, NULL, FALSE,
      FALSE },
    { "/system.slice/nvidia-persistenced.service", "nvidia-persistenced.service", NULL, NULL,
      TRUE, FALSE },
    { "/system.slice/docker-0123.scope/inner", "docker-0123.scope", NULL, NULL, FALSE, FALSE },
    /* what a container calls so is no unit of this computer's */
    { "/system.slice/docker-0123.scope/system.slice/jellyfin.service", "docker-0123.scope",
      NULL, NULL, FALSE, FALSE },
    { "/machine.slice/systemd-nspawn@web.service/payload/system.slice/ssh.service",
      "systemd-nspawn@web.service", NULL, NULL, TRUE, FALSE },
    { "/lxc/101/ns/system.slice/ssh.service", NULL, NULL, NULL, FALSE, FALSE },
    { USER "/app.slice/app-firefox.service/ssh.service", "app-firefox.service", "firefox", NULL,
      FALSE, TRUE },
    { USER, "user@1000.service", NULL, NULL, TRUE, FALSE },
    { USER "/a name/ssh.service", "user@1000.service", NULL, NULL, TRUE, FALSE },
    { "/machine.slice/machine-qemu\\x2d1\\x2dwin11.scope/libvirt/emulator",
      "machine-qemu\\x2d1\\x2dwin11.scope", NULL, "win11", FALSE, FALSE },
    { "/machine.slice/machine-qemu\\x2d12\\x2dmy\\x2dvm.scope",
      "machine-qemu\\x2d12\\x2dmy\\x2dvm.scope", NULL, "my-vm", FALSE, FALSE },
    { "/machine.slice/machine-debian.scope", "machine-debian.scope", NULL, "debian", FALSE,
      FALSE },
    { "/init.scope", "init.scope", NULL, NULL, FALSE, FALSE },

    /* made by hand, or to mislead */
    { "/", NULL, NULL, NULL, FALSE, FALSE },
    { "", NULL, NULL, NULL, FALSE, FALSE },
    { NULL, NULL, NULL, NULL, FALSE, FALSE },
    { "/user.slice/.service/", ".service", NULL, NULL, TRUE, FALSE },
    { "/a.slice/x\n{}.service", NULL, NULL, NULL, FALSE, FALSE },
    { "/a.service/\033[2J.scope", "a.service", NULL, NULL, TRUE, FALSE },
    { "/a.slice/\xff.service", NULL, NULL, NULL, FALSE, FALSE },
    { "/a.slice/app-.scope", "app-.scope", NULL, NULL, FALSE, TRUE },
    { "/a.slice/app-x-.scope", "app-x-.scope", "x", NULL, FALSE, TRUE },
    { "/a.slice/app-\\x2e\\x2e\\x2fetc-1.scope", "app-\\x2e\\x2e\\x2fetc-1.scope", NULL, NULL,
      FALSE, TRUE },
    { "/a.slice/app-\\x0a-1.scope", "app-\\x0a-1.scope", NULL, NULL, FALSE, TRUE },
    { "/a.slice/snap..scope", "snap..scope", NULL, NULL, FALSE, FALSE },
    { "/a.slice/machine-.scope", "machine-.scope", NULL, NULL, FALSE, FALSE },
    { "/a.slice/machine-qemu\\x2d1.scope", "machine-qemu\\x2d1.scope", NULL, "qemu-1", FALSE,
      FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (BatonProcessUnit) unit = { 0 };
      g_autofree char *row =
          g_strescape (rows[i].cgroup != NULL ? rows[i].cgroup : "none", NULL);

      g_test_message ("%s", row);
      baton_process_unit_parse (&unit, rows[i].cgroup);
      g_assert_cmpstr (unit.unit, ==, rows[i].unit);
      g_assert_cmpstr (unit.app_id, ==, rows[i].app_id);
      g_assert_cmpstr (unit.machine, ==, rows[i].machine);
      g_assert_cmpint (unit.is_service, ==, rows[i].is_service);
      g_assert_cmpstr (unit.scope, ==, rows[i].groups_application ? rows[i].unit : NULL);
    }
}

static void
test_overlong_names_are_no_units (void)
{
  g_autofree char *name = g_strnfill (4096, 'a');
  g_autofree char *cgroup = g_strdup_printf ("/system.slice/%s.service", name);
  g_auto (BatonProcessUnit) unit = { 0 };

  baton_process_unit_parse (&unit, cgroup);
  g_assert_null (unit.unit);
  g_assert_false (unit.is_service);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/process-unit/parse", test_control_groups_are_taken_apart);
  g_test_add_func ("/core/process-unit/overlong", test_overlong_names_are_no_units);

  return g_test_run ();
}
