/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "baton-process-kind.h"

static BatonProcess *
new_process (const char *program, const char *name, const char *const *arguments)
{
  BatonProcess *process = g_new0 (BatonProcess, 1);

  process->pid = 4711;
  process->uid = 1000;
  process->program = g_strdup (program);
  process->name = g_strdup (name);
  process->arguments = g_strdupv ((char **) arguments);
  return process;
}

static const char *const no_arguments[] = { NULL };

static void
test_kinds_follow_from_program_and_unit (void)
{
  static const struct
  {
    const char *program;
    const char *name;
    const char *cgroup;
    gboolean has_vfio;
    BatonHolderKind kind;
    gboolean closable;
  } rows[] = {
    { "gnome-shell", "gnome-shell", "/u/org.gnome.Shell@wayland.service", FALSE,
      BATON_HOLDER_COMPOSITOR, FALSE },
    { "kwin_wayland", "kwin_wayland", "/u/plasma-kwin_wayland.service", FALSE,
      BATON_HOLDER_COMPOSITOR, FALSE },
    { ".kwin_wayland-wrapped", ".kwin_wayland-w", "/u/session-1.scope", FALSE,
      BATON_HOLDER_COMPOSITOR, FALSE },
    { ".Hyprland-wrapped", ".Hyprland-wrapp", "/u/session-1.scope", FALSE,
      BATON_HOLDER_COMPOSITOR, FALSE },
    { NULL, "kwin_wayland_wr", NULL, FALSE, BATON_HOLDER_COMPOSITOR, FALSE },
    { "python3.11", "qtile", "/u/session-1.scope", FALSE, BATON_HOLDER_COMPOSITOR, FALSE },
    { "Xorg", "Xorg", "/system.slice/lightdm.service", FALSE, BATON_HOLDER_DISPLAY_SERVER,
      FALSE },
    { "Xwayland", "Xwayland", "/u/session-1.scope", FALSE, BATON_HOLDER_DISPLAY_SERVER, FALSE },
    { "wireplumber", "wireplumber", "/u/wireplumber.service", FALSE, BATON_HOLDER_SOUND, TRUE },
    { "pipewire", "pipewire-pulse", "/u/pipewire-pulse.service", FALSE, BATON_HOLDER_SOUND,
      TRUE },
    { "qemu-system-x86_64", "qemu-system-x86", "/u/session-1.scope", FALSE, BATON_HOLDER_VM,
      FALSE },
    { "custom", "custom", "/machine.slice/machine-qemu\\x2d1\\x2da.scope", FALSE,
      BATON_HOLDER_VM, FALSE },
    { "python3.11", "python3", "/u/session-1.scope", TRUE, BATON_HOLDER_VM, FALSE },
    { "nvidia-persistenced", "nvidia-persiste", "/system.slice/nvidia-persistenced.service",
      FALSE, BATON_HOLDER_SERVICE, TRUE },
    { "systemd-logind", "systemd-logind", "/system.slice/systemd-logind.service", FALSE,
      BATON_HOLDER_SERVICE, FALSE },
    { "batonctl", "batonctl", "/u/session-1.scope", FALSE, BATON_HOLDER_APP, FALSE },
    { "firefox", "firefox", "/u/app-gnome-firefox-1.scope", FALSE, BATON_HOLDER_APP, TRUE },
    { "gnome-shell-calendar-server", "gnome-shell-cal", "/u/session-1.scope", FALSE,
      BATON_HOLDER_APP, TRUE },
    { "swaylock", "swaylock", NULL, FALSE, BATON_HOLDER_APP, TRUE },
    /* a name alone does not make a user's process one that must stay */
    { "evil", "seatd", "/u/session-1.scope", FALSE, BATON_HOLDER_APP, TRUE },
    { "evil", "-wrapped", NULL, FALSE, BATON_HOLDER_APP, TRUE },
    { "evil", ".", NULL, FALSE, BATON_HOLDER_APP, TRUE },
    { "", "", NULL, FALSE, BATON_HOLDER_APP, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProcess) process =
          new_process (rows[i].program, rows[i].name, no_arguments);
      g_auto (BatonProcessUnit) unit = { 0 };
      BatonHolderKind kind;

      g_test_message ("%s, %s", rows[i].name, rows[i].cgroup);
      baton_process_unit_parse (&unit, rows[i].cgroup);
      kind = baton_process_find_kind (process, &unit, rows[i].has_vfio);
      g_assert_cmpstr (baton_holder_kind_to_string (kind), ==,
                       baton_holder_kind_to_string (rows[i].kind));
      g_assert_cmpint (baton_process_may_be_closed (process, kind), ==, rows[i].closable);
    }
}

static void
test_first_process_and_baton_stay (void)
{
  g_autoptr (BatonProcess) process = new_process ("anything", "anything", no_arguments);

  g_assert_true (baton_process_may_be_closed (process, BATON_HOLDER_APP));
  process->pid = getpid ();
  g_assert_false (baton_process_may_be_closed (process, BATON_HOLDER_APP));
  process->pid = 1;
  g_assert_false (baton_process_may_be_closed (process, BATON_HOLDER_SERVICE));
  process->pid = 0;
  g_assert_false (baton_process_may_be_closed (process, BATON_HOLDER_KERNEL));
}

static void
test_guests_have_names (void)
{
  static const struct
  {
    const char *arguments[8];
    const char *cgroup;
    const char *name;
  } rows[] = {
    { { "qemu-system-x86_64", "-name", "guest=win11,debug-threads=on" }, NULL, "win11" },
    { { "qemu-system-x86_64", "-m", "128", "-name", "plain" }, NULL, "plain" },
    { { "qemu", "-name", "guest=a,,b,debug-threads=on" }, NULL, "a,b" },
    { { "qemu", "-name", "$(reboot)" }, NULL, "$(reboot)" },
    { { "qemu", "-name", "guest=\033[2J\n{}" }, NULL, "\033[2J\n{}" },
    { { "VBoxHeadless", "--comment", "My VM", "--startvm", "0-0" }, NULL, "My VM" },
    { { "firecracker", "--id", "fc1" }, NULL, "fc1" },
    { { "qemu" }, "/machine.slice/machine-qemu\\x2d3\\x2dlinux.scope", "linux" },
    { { "qemu", "-name" }, NULL, NULL },
    { { "qemu", "-name", "guest=" }, NULL, NULL },
    { { NULL }, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProcess) process = new_process ("qemu", "qemu", rows[i].arguments);
      g_auto (BatonProcessUnit) unit = { 0 };
      g_autofree char *name = NULL;

      g_test_message ("row %u", i);
      baton_process_unit_parse (&unit, rows[i].cgroup);
      name = baton_process_dup_guest_name (process, &unit);
      g_assert_cmpstr (name, ==, rows[i].name);
    }
}

static void
test_arguments_name_a_function (void)
{
  static const struct
  {
    const char *argument;
    gboolean named;
  } rows[] = {
    { "vfio-pci,host=01:00.0", TRUE },
    { "vfio-pci,host=0000:01:00.0,id=x", TRUE },
    { "vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:01:00.0", TRUE },
    { "path=/sys/bus/pci/devices/0000:01:00.0/,iommu=on", TRUE },
    { "{\"driver\":\"vfio-pci\",\"host\":\"0000:01:00.0\"}", TRUE },
    { "vfio-pci,host=01:00.1", FALSE },
    { "vfio-pci,host=0001:01:00.0", FALSE },
    { "vfio-pci,host=10:01:00.0", FALSE },
    { "01:00.0", FALSE },
    { "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *arguments[] = { "qemu", "-device", rows[i].argument, NULL };
      g_autoptr (BatonProcess) process = new_process ("qemu", "qemu", arguments);

      g_test_message ("%s", rows[i].argument);
      g_assert_cmpint (baton_process_names_function (process, "0000:01:00.0"), ==,
                       rows[i].named);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/process-kind/kinds", test_kinds_follow_from_program_and_unit);
  g_test_add_func ("/core/process-kind/stay", test_first_process_and_baton_stay);
  g_test_add_func ("/core/process-kind/guest-names", test_guests_have_names);
  g_test_add_func ("/core/process-kind/names-function", test_arguments_name_a_function);

  return g_test_run ();
}
