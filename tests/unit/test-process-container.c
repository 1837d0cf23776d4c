/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-process-container.h"

#define USER "/user.slice/user-1000.slice/user@1000.service"
#define ID "0123456789ab0123456789ab0123456789ab0123456789ab0123456789abcdef"

static void
test_parse (void)
{
  static const struct
  {
    const char *cgroup;
    const char *engine; /* NULL: in none */
    const char *name;
  } rows[] = {
    { "/system.slice/docker-" ID ".scope", "Docker", "0123456789ab" },
    { "/system.slice/docker-" ID ".scope/system.slice/jellyfin.service", "Docker",
      "0123456789ab" },
    { "/docker/" ID, "Docker", "0123456789ab" },
    { "/docker/buildx/" ID, NULL, NULL },
    { "/machine.slice/libpod-" ID ".scope/container", "Podman", "0123456789ab" },
    { USER "/user.slice/libpod-" ID ".scope/container", "Podman", "0123456789ab" },
    { USER "/user.slice/libpod-conmon-" ID ".scope", NULL, NULL },
    { "/libpod_parent/libpod-" ID, "Podman", "0123456789ab" },
    { "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", "containerd",
      "0123456789ab" },
    { "/kubepods/besteffort/pod1/" ID, "Kubernetes", "0123456789ab" },
    { "/system.slice/web.service/libpod-payload-" ID, "Podman", "0123456789ab" },
    { USER "/user.slice/user-libpod_pod_1.slice/libpod-" ID ".scope/container", "Podman",
      "0123456789ab" },
    { USER "/user.slice/docker-" ID ".scope", "Docker", "0123456789ab" },
    { "/kubepods.slice/crio-" ID ".scope", "CRI-O", "0123456789ab" },
    { "/system.slice/nerdctl-" ID ".scope", "nerdctl", "0123456789ab" },
    { "/lxc.payload.waydroid", "LXC", "waydroid" },
    { "/lxc/101/ns/system.slice/ssh.service", "LXC", "101" },
    { "/machine.slice/machine-debian\\x2dsid.scope/payload", "systemd-machined", "debian-sid" },
    { "/machine.slice/systemd-nspawn@web.service/payload", "systemd-nspawn", "web" },
    { "/machine.slice/machine-lxc\\x2d1\\x2dbox.scope", "systemd-machined", "lxc-1-box" },
    /* the outermost is what can be stopped */
    { "/lxc.payload.box/docker/" ID, "LXC", "box" },

    /* a virtual machine, and what is none of them */
    { "/machine.slice/machine-qemu\\x2d1\\x2dwin11.scope", NULL, NULL },
    { "/system.slice/docker.service", NULL, NULL },
    { "/system.slice/kubepods/" ID, NULL, NULL },
    { "/system.slice/docker-0123.scope", NULL, NULL },
    { "/system.slice/docker-.scope", NULL, NULL },
    { "/docker/", NULL, NULL },
    { "/lxc/", NULL, NULL },
    { "/machine.slice/machine-.scope", NULL, NULL },
    { "/lxc.payload.", NULL, NULL },
    { USER "/app.slice/app-firefox-1.scope", NULL, NULL },
    { "/", NULL, NULL },
    { "", NULL, NULL },
    { NULL, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *engine = "untouched";
      g_autofree char *name = NULL;
      gboolean found;

      g_test_message ("%s", rows[i].cgroup);
      found = baton_process_container_parse (rows[i].cgroup, &engine, &name);
      g_assert_cmpint (found, ==, rows[i].engine != NULL);
      g_assert_cmpstr (engine, ==, found ? rows[i].engine : "untouched");
      g_assert_cmpstr (name, ==, rows[i].name);
    }
}

static void
test_stop (void)
{
  static const struct
  {
    const char *engine;
    const char *name;
    const char *command;
  } rows[] = {
    { "Docker", "0123456789ab", "docker stop 0123456789ab" },
    { "Podman", "0123456789ab", "podman stop 0123456789ab" },
    { "containerd", "0123456789ab", "crictl stop 0123456789ab" },
    { "nerdctl", "0123456789ab", "nerdctl stop 0123456789ab" },
    { "CRI-O", "0123456789ab", "crictl stop 0123456789ab" },
    { "Kubernetes", "0123456789ab", "crictl stop 0123456789ab" },
    { "LXC", "way-droid_1.0", "lxc-stop -n way-droid_1.0" },
    { "systemd-machined", "debian sid", "machinectl stop 'debian sid'" },
    { "systemd-nspawn", "$(reboot)", "machinectl stop '$(reboot)'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *command =
          baton_process_container_dup_stop (rows[i].engine, rows[i].name);

      g_assert_cmpstr (command, ==, rows[i].command);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/process-container/parse", test_parse);
  g_test_add_func ("/core/process-container/stop", test_stop);

  return g_test_run ();
}
