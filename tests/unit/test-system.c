/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system.h"

#include <string.h>
#include <unistd.h>

#include "mock-machine.h"
#include "mock-process.h"

static BatonSystem *
read_system (MockMachine *mock)
{
  g_autoptr (GError) error = NULL;
  BatonSystem *system = baton_system_new (mock_machine_get_root (mock), &error);

  g_assert_no_error (error);
  g_assert_nonnull (system);
  return system;
}

/* Each claim as "KIND ADDRESS VALUE FILE:LINE", one a line. */
static char *
describe_claims (const BatonSystem *system)
{
  static const char *const kinds[] = {
    [BATON_CLAIM_VFIO_IDS] = "vfio",       [BATON_CLAIM_PCI_STUB_IDS] = "stub",
    [BATON_CLAIM_DRIVERCTL] = "driverctl", [BATON_CLAIM_HOOK] = "hook",
    [BATON_CLAIM_DRIVER_PRE] = "early",    [BATON_CLAIM_SUPERGFXD] = "supergfxd",
    [BATON_CLAIM_CARDWIRED] = "cardwired",
  };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < system->claims->len; i++)
    {
      const BatonClaim *claim = g_ptr_array_index (system->claims, i);

      g_string_append_printf (text, "%s%s %s %s %s:%u", i > 0 ? "\n" : "", kinds[claim->kind],
                              claim->address != NULL ? claim->address : "-",
                              claim->value != NULL ? claim->value : "-",
                              claim->file != NULL ? claim->file : "-", claim->line);
    }

  return g_string_free (text, FALSE);
}

static char *
describe_blacklists (const BatonSystem *system)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < system->blacklists->len; i++)
    {
      const BatonBlacklist *blacklist = g_ptr_array_index (system->blacklists, i);

      g_string_append_printf (text, "%s%s %s:%u", i > 0 ? "\n" : "", blacklist->module,
                              blacklist->file, blacklist->line);
    }

  return g_string_free (text, FALSE);
}

static void
test_plain_machine (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) system = read_system (mock);

  g_assert_cmpstr (system->kernel_release, ==, MOCK_RELEASE);
  g_assert_cmpstr (system->cpu_vendor, ==, "GenuineIntel");
  g_assert_cmpstr (system->pid1, ==, "systemd");
  g_assert_cmpuint (system->memory_bytes, ==, G_GUINT64_CONSTANT (16384000000));
  g_assert_cmpint (system->vfio, ==, BATON_VFIO_LOADABLE);
  g_assert_cmpuint (system->claims->len, ==, 0);
  g_assert_cmpuint (system->blacklists->len, ==, 0);
  g_assert_cmpuint (g_strv_length (system->modules_without_remove), ==, 0);
  g_assert_null (system->acs_override);
  g_assert_null (system->framebuffer);
  g_assert_null (system->handoff);
  g_assert_false (system->journal);
}

static void
test_nothing_is_readable (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) system = NULL;

  mock_machine_remove (mock, "proc");
  mock_machine_remove (mock, "sys");
  mock_machine_remove (mock, "usr");
  system = read_system (mock);

  g_assert_null (system->kernel_release);
  g_assert_null (system->cpu_vendor);
  g_assert_null (system->pid1);
  g_assert_cmpstr (system->command_line, ==, "");
  g_assert_cmpint (system->vfio, ==, BATON_VFIO_MISSING);
}

static void
test_command_line (void)
{
  static const struct
  {
    const char *line;
    const char *claims;
    const char *blacklists;
    const char *acs;
  } rows[] = {
    { "vfio-pci.ids=10de:1b81,10de:10f0", "vfio - 10de:1b81,10de:10f0 /proc/cmdline:0", "",
      NULL },
    { "vfio_pci.ids=10de:1b81", "vfio - 10de:1b81 /proc/cmdline:0", "", NULL },
    { "pci-stub.ids=1002:67df", "stub - 1002:67df /proc/cmdline:0", "", NULL },
    { "rd.driver.pre=vfio-pci", "early - vfio-pci /proc/cmdline:0", "", NULL },
    { "rd.driver.pre=i915,vfio_pci", "early - i915,vfio_pci /proc/cmdline:0", "", NULL },
    { "rd.driver.pre=nouveau", "", "", NULL },
    { "vfio-pci.ids=", "", "", NULL },
    { "xvfio-pci.ids=10de:1b81", "", "", NULL },
    { "vfio-pci.disable_vga=1", "", "", NULL },
    { "module_blacklist=nouveau,radeon", "", "nouveau /proc/cmdline:0\nradeon /proc/cmdline:0",
      NULL },
    { "modprobe.blacklist=nouveau", "", "nouveau /proc/cmdline:0", NULL },
    { "pcie_acs_override=downstream", "", "", "downstream" },
    { "pcie_acs_override=downstream pcie_acs_override=downstream,multifunction", "", "",
      "downstream,multifunction" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonSystem) system = NULL;
      g_autofree char *claims = NULL;
      g_autofree char *blacklists = NULL;

      g_test_message ("%s", rows[i].line);
      mock_machine_set_command_line (mock, rows[i].line);
      system = read_system (mock);
      claims = describe_claims (system);
      blacklists = describe_blacklists (system);
      g_assert_cmpstr (claims, ==, rows[i].claims);
      g_assert_cmpstr (blacklists, ==, rows[i].blacklists);
      g_assert_cmpstr (system->acs_override, ==, rows[i].acs);
    }
}

static void
test_modprobe_lines (void)
{
  static const struct
  {
    const char *text;
    const char *claims;
    const char *blacklists;
  } rows[] = {
    { "options vfio-pci ids=10de:1b81,10de:10f0 disable_vga=1\n",
      "vfio - 10de:1b81,10de:10f0 /etc/modprobe.d/a.conf:1", "" },
    { "# options vfio-pci ids=10de:1b81\n\n\toptions\tvfio_pci  ids=1:2\n",
      "vfio - 1:2 /etc/modprobe.d/a.conf:3", "" },
    { "options vfio-pci \\\n  ids=1:2 \\\n  disable_vga=1\n",
      "vfio - 1:2 /etc/modprobe.d/a.conf:1", "" },
    { "options pci-stub ids=1:2", "stub - 1:2 /etc/modprobe.d/a.conf:1", "" },
    { "options vfio-pci disable_idle_d3=1\n", "", "" },
    { "options snd ids=1:2\n", "", "" },
    { "softdep nouveau pre: vfio-pci\nblacklist nouveau\n", "",
      "nouveau /etc/modprobe.d/a.conf:2" },
    { "install nouveau /bin/false\ninstall radeon /usr/bin/true\n", "",
      "nouveau /etc/modprobe.d/a.conf:1\nradeon /etc/modprobe.d/a.conf:2" },
    { "install vfio-pci /sbin/vfio-pci-override-vga.sh\n", "", "" },
    { "blacklist\noptions\noptions vfio-pci\ninstall\n\\\n", "", "" },
    { "options vfio-pci ids=\xff\xfe\n",
      "vfio - \xef\xbf\xbd\xef\xbf\xbd /etc/modprobe.d/a.conf:1", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonSystem) system = NULL;
      g_autofree char *claims = NULL;
      g_autofree char *blacklists = NULL;

      g_test_message ("row %u", i);
      mock_machine_write (mock, "etc/modprobe.d/a.conf", rows[i].text);
      system = read_system (mock);
      claims = describe_claims (system);
      blacklists = describe_blacklists (system);
      g_assert_cmpstr (claims, ==, rows[i].claims);
      g_assert_cmpstr (blacklists, ==, rows[i].blacklists);
    }
}

static void
test_modprobe_directories (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) system = NULL;
  g_autofree char *blacklists = NULL;

  mock_machine_write (mock, "etc/modprobe.d/same.conf", "blacklist from_etc\n");
  mock_machine_write (mock, "run/modprobe.d/same.conf", "blacklist hidden\n");
  mock_machine_write (mock, "run/modprobe.d/run.conf", "blacklist from_run\n");
  mock_machine_write (mock, "usr/lib/modprobe.d/usr.conf", "blacklist from_usr\n");
  mock_machine_write (mock, "etc/modprobe.d/notes.txt", "blacklist not_read\n");
  system = read_system (mock);
  blacklists = describe_blacklists (system);

  /* /lib is a link to usr/lib here: what is in both is counted once. */
  g_assert_cmpstr (blacklists, ==,
                   "from_etc /etc/modprobe.d/same.conf:1\n"
                   "from_run /run/modprobe.d/run.conf:1\n"
                   "from_usr /usr/lib/modprobe.d/usr.conf:1");
}

static void
test_initramfs_modules (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) system = NULL;
  g_autofree char *claims = NULL;

  mock_machine_write (mock, "etc/initramfs-tools/modules",
                      "# modules\nvfio\nvfio_pci ids=10de:1b81\n");
  system = read_system (mock);
  claims = describe_claims (system);
  g_assert_cmpstr (claims, ==, "vfio - 10de:1b81 /etc/initramfs-tools/modules:3");
}

static void
test_driverctl (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) system = NULL;
  g_autofree char *claims = NULL;

  mock_machine_write (mock, "etc/driverctl.d/0000:01:00.0", "vfio-pci\n");
  mock_machine_write (mock, "etc/driverctl.d/pci-0000:02:00.0", "nouveau\n");
  mock_machine_write (mock, "etc/driverctl.d/README", "vfio-pci\n");
  system = read_system (mock);
  claims = describe_claims (system);
  g_assert_cmpstr (claims, ==,
                   "driverctl 0000:01:00.0 vfio-pci /etc/driverctl.d/0000:01:00.0:1\n"
                   "driverctl 0000:02:00.0 nouveau /etc/driverctl.d/pci-0000:02:00.0:1");
}

static void
test_hooks (void)
{
  static const struct
  {
    const char *path;
    const char *text;
    const char *claims;
  } rows[] = {
    { "libvirt/hooks/qemu", "#!/bin/sh\nvirsh nodedev-detach pci_0000_01_00_0\n",
      "hook 0000:01:00.0 - /etc/libvirt/hooks/qemu:2" },
    { "libvirt/hooks/qemu.d/win11/prepare/begin/start.sh",
      "GPU=0000:01:00.0\nGPU2=\"01:00.1\"\n",
      "hook 0000:01:00.0 - /etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh:1\n"
      "hook 0000:01:00.1 - /etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh:2" },
    { "libvirt/hooks/kvm.conf", "VIRSH_GPU_VIDEO=pci_0000_0A_00_0\n",
      "hook 0000:0a:00.0 - /etc/libvirt/hooks/kvm.conf:1" },
    { "libvirt/hooks/kvm.conf", "  # 0000:01:00.0\n", "" },
    { "libvirt/hooks/kvm.conf", "echo 0000:01:00.0\necho 0000:01:00.0\n",
      "hook 0000:01:00.0 - /etc/libvirt/hooks/kvm.conf:1" },
    { "libvirt/hooks/kvm.conf", "x=10000:e1:00.0",
      "hook 10000:e1:00.0 - /etc/libvirt/hooks/kvm.conf:1" },
    { "libvirt/hooks/kvm.conf", "/sys/bus/pci/devices/0000:01:00.0/driver/unbind",
      "hook 0000:01:00.0 - /etc/libvirt/hooks/kvm.conf:1" },
    { "libvirt/hooks/kvm.conf", "0000:01:00.01 1.2.3.4 pci_ pci_0000_01_00 ::1 a:b.c", "" },
    { "initramfs-tools/scripts/init-top/bind_vfio.sh", "DEVS=\"0000:41:00.0\"\n",
      "hook 0000:41:00.0 - /etc/initramfs-tools/scripts/init-top/bind_vfio.sh:1" },
    { "cron.d/other", "0000:01:00.0\n", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonSystem) system = NULL;
      g_autofree char *path = g_build_filename ("etc", rows[i].path, NULL);
      g_autofree char *claims = NULL;

      g_test_message ("%s: %s", rows[i].path, rows[i].text);
      mock_machine_write (mock, path, rows[i].text);
      system = read_system (mock);
      claims = describe_claims (system);
      g_assert_cmpstr (claims, ==, rows[i].claims);
    }
}

static void
test_programs (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) system = NULL;
  g_autofree char *claims = NULL;

  mock_machine_write (mock, "proc/812/comm", "supergfxd\n");
  mock_machine_write (mock, "proc/813/comm", "supergfxd\n");
  mock_machine_write (mock, "proc/814/comm", "cardwired\n");
  mock_machine_write (mock, "proc/815/comm", "cardwired-not\n");
  mock_machine_write (mock, "proc/816/comm", "");
  system = read_system (mock);
  claims = describe_claims (system);
  g_assert_cmpstr (claims, ==, "supergfxd - supergfxd -:0\ncardwired - cardwired -:0");
}

static void
test_vfio (void)
{
  static const struct
  {
    const char *name;
    const char *remove;
    const char *write;
    const char *text;
    BatonVfio vfio;
  } rows[] = {
    { "registered", NULL, "sys/bus/pci/drivers/vfio-pci/bind", "", BATON_VFIO_READY },
    { "of this kernel", NULL, NULL, NULL, BATON_VFIO_LOADABLE },
    { "kernel without it", NULL, "usr/lib/modules/" MOCK_RELEASE "/modules.dep",
      "kernel/fs/ext4/ext4.ko:\n", BATON_VFIO_MISSING },
    { "upgraded", "usr/lib/modules/" MOCK_RELEASE, "usr/lib/modules/6.2/modules.dep",
      "kernel/drivers/vfio/pci/vfio-pci.ko:\n", BATON_VFIO_OTHER_KERNEL },
    { "no modules at all", "usr/lib/modules", NULL, NULL, BATON_VFIO_MISSING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonSystem) system = NULL;

      g_test_message ("%s", rows[i].name);
      if (rows[i].remove != NULL)
        mock_machine_remove (mock, rows[i].remove);
      if (rows[i].write != NULL)
        mock_machine_write (mock, rows[i].write, rows[i].text);
      system = read_system (mock);
      g_assert_cmpint (system->vfio, ==, rows[i].vfio);
    }
}

static void
test_drivers_without_remove (void)
{
  g_autofree char *filler = g_strnfill (65536 * 2 - 10, 'x');
  g_autofree char *across = g_strconcat (filler, "\n0 t radeon_pci_remove\t[radeon]\n",
                                         "0 t radeon_pci_probe\t[radeon]\n", NULL);
  const struct
  {
    const char *name;
    const char *kallsyms;
    gboolean loaded;
    gboolean listed;
  } rows[] = {
    { "without", "0 t radeon_pci_probe\t[radeon]\n", TRUE, TRUE },
    { "with", "0 t radeon_pci_remove\t[radeon]\n0 t radeon_pci_probe\t[radeon]\n", TRUE,
      FALSE },
    { "across two reads", across, TRUE, FALSE },
    { "not loaded", "0 t radeon_pci_probe\t[radeon]\n", FALSE, FALSE },
    { "symbols not shown", "0 t schedule\n", TRUE, FALSE },
    { "no symbols", NULL, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonSystem) system = NULL;

      g_test_message ("%s", rows[i].name);
      if (rows[i].loaded)
        mock_machine_add_driver (mock, "radeon", "radeon");
      if (rows[i].kallsyms != NULL)
        mock_machine_write (mock, "proc/kallsyms", rows[i].kallsyms);
      system = read_system (mock);
      g_assert_cmpint (
          g_strv_contains ((const char *const *) system->modules_without_remove, "radeon"), ==,
          rows[i].listed);
    }
}

static void
test_framebuffer (void)
{
  static const char iomem[] = "00000000-00000000 : PCI Bus 0000:00\n"
                              "  00000000-00000000 : 0000:00:02.0\n"
                              "  00000000-00000000 : PCI Bus 0000:01\n"
                              "    00000000-00000000 : 0000:01:00.0\n"
                              "      00000000-00000000 : efifb\n";
  static const struct
  {
    const char *name;
    const char *device; /* where the platform device is */
    const char *driver; /* what draws on it */
    const char *iomem;
    const char *framebuffer;
    const char *function;
  } rows[] = {
    { "none", NULL, NULL, "00000000-00000000 : System RAM\n", NULL, NULL },
    { "child of the function", "sys/devices/pci0000:00/0000:01:00.0/efi-framebuffer.0",
      "efi-framebuffer", NULL, "efi-framebuffer.0", "0000:01:00.0" },
    { "unbound", "sys/devices/pci0000:00/0000:01:00.0/efi-framebuffer.0", NULL, NULL, NULL,
      NULL },
    { "of its own, owner by memory", "sys/devices/platform/efi-framebuffer.0",
      "efi-framebuffer", iomem, "efi-framebuffer.0", "0000:01:00.0" },
    { "of its own, owner not known", "sys/devices/platform/simple-framebuffer.0",
      "simple-framebuffer", NULL, "simple-framebuffer.0", NULL },
    { "memory alone", NULL, NULL,
      "00000000-00000000 : 0000:01:00.0\n  00000000-00000000 : BOOTFB\n", "BOOTFB",
      "0000:01:00.0" },
    { "memory of nobody", NULL, NULL, "00000000-00000000 : efifb\n", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonSystem) system = NULL;

      g_test_message ("%s", rows[i].name);
      if (rows[i].device != NULL)
        {
          g_autofree char *uevent = g_build_filename (rows[i].device, "uevent", NULL);
          g_autofree char *name = g_path_get_basename (rows[i].device);
          g_autofree char *link = g_build_filename ("sys/bus/platform/devices", name, NULL);

          mock_machine_write (mock, uevent, "");
          mock_machine_link (mock, link, rows[i].device);
        }
      if (rows[i].driver != NULL)
        {
          g_autofree char *driver =
              g_build_filename ("sys/bus/platform/drivers", rows[i].driver, NULL);
          g_autofree char *bind = g_build_filename (driver, "bind", NULL);
          g_autofree char *link = g_build_filename (rows[i].device, "driver", NULL);

          mock_machine_write (mock, bind, "");
          mock_machine_link (mock, link, driver);
        }
      if (rows[i].iomem != NULL)
        mock_machine_write (mock, "proc/iomem", rows[i].iomem);
      system = read_system (mock);
      g_assert_cmpstr (system->framebuffer, ==, rows[i].framebuffer);
      g_assert_cmpstr (system->framebuffer_driver, ==, rows[i].driver);
      g_assert_cmpstr (system->framebuffer_function, ==, rows[i].function);
    }
}

static void
test_handoff (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) before = NULL;
  g_autoptr (BatonSystem) held = NULL;
  g_autoptr (BatonSystem) after = NULL;

  /* A lock file that nobody holds says nothing. */
  mock_machine_write (mock, "run/baton/lock", "4f00\n");
  before = read_system (mock);
  g_assert_null (before->handoff);

  mock_machine_hold_lock (mock, "4f01\n");
  held = read_system (mock);
  g_assert_cmpstr (held->handoff, ==, "4f01");
  g_assert_false (held->journal);

  mock_machine_remove (mock, "proc/locks");
  mock_machine_write (mock, "var/lib/baton/journal", "");
  after = read_system (mock);
  g_assert_null (after->handoff);
  g_assert_true (after->journal);
}

/* Whoever took it knows that, though the list of locks does not say so; another process that has
 * his number by now does not. Who let it go has emptied it. */
static void
test_own_handoff (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *ours = g_strdup_printf ("4f02\n%d %d00\n", getpid (), getpid ());
  g_autofree char *others = g_strdup_printf ("4f02\n%d 7\n", getpid ());
  g_autoptr (BatonSystem) own = NULL;
  g_autoptr (BatonSystem) other = NULL;
  g_autoptr (BatonSystem) after = NULL;

  mock_process_add (mock, getpid (), "baton-helper", 0, "/", "baton-helper");
  mock_machine_write (mock, "run/baton/lock", ours);
  own = read_system (mock);
  g_assert_cmpstr (own->handoff, ==, "4f02");

  mock_machine_write (mock, "run/baton/lock", others);
  other = read_system (mock);
  g_assert_null (other->handoff);

  mock_machine_hold_lock (mock, "");
  after = read_system (mock);
  g_assert_null (after->handoff);
}

/* A kernel with framebuffers alone is one whose consoles have nothing else to go to. */
static void
test_text_consoles_that_cannot_let_go (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonSystem) without = read_system (mock);
  g_autoptr (BatonSystem) stuck = NULL;
  g_autoptr (BatonSystem) system = NULL;

  g_assert_true (without->consoles_let_go);
  mock_machine_write (mock, "sys/class/vtconsole/vtcon1/name", "(M) frame buffer device\n");
  stuck = read_system (mock);
  g_assert_false (stuck->consoles_let_go);
  mock_machine_write (mock, "sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
  system = read_system (mock);
  g_assert_true (system->consoles_let_go);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/system/plain", test_plain_machine);
  g_test_add_func ("/core/system/nothing-is-readable", test_nothing_is_readable);
  g_test_add_func ("/core/system/command-line", test_command_line);
  g_test_add_func ("/core/system/modprobe/lines", test_modprobe_lines);
  g_test_add_func ("/core/system/modprobe/directories", test_modprobe_directories);
  g_test_add_func ("/core/system/initramfs-modules", test_initramfs_modules);
  g_test_add_func ("/core/system/driverctl", test_driverctl);
  g_test_add_func ("/core/system/hooks", test_hooks);
  g_test_add_func ("/core/system/programs", test_programs);
  g_test_add_func ("/core/system/vfio", test_vfio);
  g_test_add_func ("/core/system/drivers-without-remove", test_drivers_without_remove);
  g_test_add_func ("/core/system/framebuffer", test_framebuffer);
  g_test_add_func ("/core/system/handoff", test_handoff);
  g_test_add_func ("/core/system/own-handoff", test_own_handoff);
  g_test_add_func ("/core/system/text-consoles-that-cannot-let-go",
                   test_text_consoles_that_cannot_let_go);

  return g_test_run ();
}
