/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handmade.h"

#include <string.h>

#include "mock-machine.h"

#define DESKTOP "0000:00:02.0"
#define CARD "0000:01:00.0"
#define SOUND "0000:01:00.1"
#define TWIN "0000:02:00.0"
#define TWIN_SOUND "0000:02:00.1"
#define USB "0000:03:00.0"

static void
add_nvidia (MockMachine *mock, const char *address, const char *sound, const char *group)
{
  mock_machine_add_function (mock, address, 0x030000, "10de:1b80:1462:3362", NULL, group,
                             "nvidia");
  mock_machine_add_function (mock, sound, 0x040300, "10de:10f0:1462:3362", NULL, group,
                             "snd_hda_intel");
}

/* A desktop on one card, the card that guides are about, and a USB controller. */
static MockMachine *
new_mock (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_gpu (mock, DESKTOP, "1");
  add_nvidia (mock, CARD, SOUND, "2");
  mock_machine_add_function (mock, USB, 0x0c0330, "1b21:2142:1043:8748", NULL, "4", "xhci_hcd");

  return mock;
}

/* Says of each what is known of it, a line each. */
static char *
describe (MockMachine *mock, const char *card)
{
  static const char *const moves[] = { "by-hand", "line", "whole" };
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (GPtrArray) list = baton_handmade_list_of_card (machine->handmade, card);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    {
      const BatonHandmade *one = g_ptr_array_index (list, i);
      g_autofree char *functions = g_strjoinv (",", one->functions);
      g_autofree char *claims = g_strjoinv (",", one->claims);

      g_string_append_printf (text, "%s%s %s:%u %s %s", i > 0 ? "\n" : "",
                              baton_handmade_kind_to_string (one->kind), one->file, one->line,
                              moves[one->move], baton_code_get_info (one->instead)->name);
      if (*functions != '\0')
        g_string_append_printf (text, " names %s", functions);
      if (*claims != '\0')
        g_string_append_printf (text, " claims %s", claims);
      if (one->replacement != NULL)
        g_string_append_printf (text, " leaves “%s”", one->replacement);
    }

  return g_string_free (text, FALSE);
}

static void
expect (MockMachine *mock, const char *card, const char *expected)
{
  g_autofree char *found = describe (mock, card);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_nothing_is_found_where_nothing_is (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);

  g_assert_cmpuint (machine->handmade->len, ==, 0);
  g_assert_null (baton_handmade_dup_digest (machine->handmade, CARD));
}

/* The hook helper with a script for one guest: what reads the named file goes with it. */
static void
test_single_gpu_guide (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (
      mock, "etc/libvirt/hooks/qemu",
      "#!/bin/bash\nHOOKPATH=\"$BASEDIR/qemu.d/$1/$2/$3\"\nexec \"$HOOKPATH\"/*\n");
  mock_machine_write (mock, "etc/libvirt/hooks/kvm.conf",
                      "# pci_0000_01_00_0 is the card\nVIRSH_GPU_VIDEO=pci_0000_01_00_0\n"
                      "VIRSH_GPU_AUDIO=pci_0000_01_00_1\nVIRSH_USB=pci_0000_03_00_0\n");
  mock_machine_write (
      mock, "etc/libvirt/hooks/qemu.d/win10/prepare/begin/start.sh",
      "#!/bin/bash\nset -x\nsource \"/etc/libvirt/hooks/kvm.conf\"\n"
      "systemctl stop lightdm.service\nvirsh nodedev-detach $VIRSH_GPU_VIDEO\n");
  mock_machine_write (mock, "etc/libvirt/hooks/qemu.d/win10/release/end/revert.sh",
                      "#!/bin/bash\n/usr/local/bin/vfio-pci-bind \"0000:01:00.0\"\n"
                      "echo 01:00.0 01:00.1 01:00.0\n");
  mock_machine_write (
      mock, "etc/libvirt/hooks/qemu.d/other/prepare/begin/start.sh",
      "#!/bin/bash\nsource /etc/libvirt/hooks/kvm.conf.example\ndate +10:15.3\n");
  mock_machine_write (mock, "etc/libvirt/hooks/qemu.d/50-baton", "# " CARD "\n" CARD "\n");

  expect (mock, CARD,
          "hook /etc/libvirt/hooks/kvm.conf:2 whole adopt-by-hook names " CARD "\n"
          "hook /etc/libvirt/hooks/kvm.conf:3 whole adopt-by-hook names " SOUND "\n"
          "hook /etc/libvirt/hooks/qemu.d/win10/release/end/revert.sh:2 whole adopt-by-hook "
          "names " CARD "\n"
          "hook /etc/libvirt/hooks/qemu.d/win10/release/end/revert.sh:3 whole adopt-by-hook "
          "names " CARD "," SOUND "\n"
          "hook /etc/libvirt/hooks/qemu.d/win10/prepare/begin/start.sh:3 whole adopt-by-hook");
  expect (mock, DESKTOP, "");
}

/* It takes the whole driver out, and names no card at all. */
static void
test_hot_swapping_guide (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/libvirt/hooks/qemu",
                      "#!/bin/sh\nif [ -r \"/etc/libvirt/hooks/qemu.d/functions.sh\" ]; then\n"
                      "        . \"/etc/libvirt/hooks/qemu.d/functions.sh\"\nfi\n");
  mock_machine_write (mock, "etc/libvirt/hooks/qemu.d/functions.sh",
                      "#!/bin/false\nload_nvidia_modules() {\n        modprobe nvidia_uvm\n}\n"
                      "        for module in nvidia_drm nvidia-modeset nvidia; do\n"
                      "                        rmmod \"${module}\"\n");
  mock_machine_write (mock, "etc/libvirt/hooks/qemu.d/win10.sh",
                      "#!/bin/false\nunload_nvidia_modules\n");

  expect (mock, CARD,
          "hook /etc/libvirt/hooks/qemu.d/functions.sh:3 whole adopt-by-hook\n"
          "hook /etc/libvirt/hooks/qemu.d/functions.sh:5 whole adopt-by-hook\n"
          "hook /etc/libvirt/hooks/qemu:2 whole adopt-by-hook\n"
          "hook /etc/libvirt/hooks/qemu:3 whole adopt-by-hook");
  /* Which of two cards of NVIDIA's it is about nobody can tell. */
  add_nvidia (mock, TWIN, TWIN_SOUND, "3");
  expect (mock, CARD, "");
}

/* Cards that the host never uses, and the sound of one that it does. */
static void
test_strong_and_weak_guide (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/modprobe.d/vfio.conf", "options vfio-pci ids=10de:10f0\n");
  mock_machine_set_command_line (mock, "rhgb quiet amd_iommu=on rd.driver.pre=vfio-pci");
  expect (mock, CARD,
          "module-option /etc/modprobe.d/vfio.conf:1 line adopt-by-claim names " SOUND
          " claims " SOUND "\n"
          "command-line /proc/cmdline:0 by-hand adopt-command-line");
}

static void
test_ids_of_others_stay (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/modprobe.d/vfio.conf",
                      "# mine\nblacklist nouveau\noptions vfio_pci ids=1b21:2142,10de:1b80,"
                      "\\\n 10de:10f0 disable_vga=1\n"
                      "options vfio-pci ids=10de:1b80,10de:10f0,1b21:2142 disable_vga=1\n"
                      "options vfio-pci ids=10de:10f0 disable_vga=1 ids=10de:1b80,1:2\n"
                      "softdep nvidia pre: vfio-pci\noptions nvidia NVreg_X=10de:1b80\n");
  expect (mock, CARD,
          "module-option /etc/modprobe.d/vfio.conf:3 line adopt-by-claim names " CARD
          " claims " CARD " leaves “options vfio_pci ids=1b21:2142 10de:10f0 disable_vga=1”\n"
          "module-option /etc/modprobe.d/vfio.conf:5 line adopt-by-claim names " CARD "," SOUND
          " claims " CARD "," SOUND " leaves “options vfio-pci ids=1b21:2142 disable_vga=1”\n"
          "module-option /etc/modprobe.d/vfio.conf:6 line adopt-by-claim names " SOUND "," CARD
          " claims " SOUND "," CARD " leaves “options vfio-pci disable_vga=1 ids=1:2”");
}

/* What an id gave to vfio-pci goes there still: the card’s twin as well. */
static void
test_a_twin_is_claimed_too (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  add_nvidia (mock, TWIN, TWIN_SOUND, "3");
  mock_machine_write (mock, "etc/modprobe.d/vfio.conf", "options vfio-pci ids=10de:1b80\n");
  expect (mock, CARD,
          "module-option /etc/modprobe.d/vfio.conf:1 line adopt-by-claim names " CARD
          " claims " CARD "," TWIN);
  expect (mock, TWIN,
          "module-option /etc/modprobe.d/vfio.conf:1 line adopt-by-claim names " TWIN
          " claims " CARD "," TWIN);
}

static void
test_what_means_more_than_cards_is_by_hand (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/modprobe.d/vfio.conf",
                      "options vfio-pci ids=ffffffff:ffffffff\n");
  mock_machine_write (mock, "usr/lib/modprobe.d/package.conf",
                      "options vfio-pci ids=10de:10f0\n");
  expect (
      mock, CARD,
      "module-option /etc/modprobe.d/vfio.conf:1 by-hand adopt-other-device names " CARD
      "," SOUND "\n"
      "module-option /usr/lib/modprobe.d/package.conf:1 by-hand adopt-by-hand names " SOUND);
}

static void
test_driverctl (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/driverctl.d/" CARD, "vfio-pci\n");
  mock_machine_write (mock, "etc/driverctl.d/pci-" SOUND, "snd_hda_intel\n");
  mock_machine_write (mock, "etc/driverctl.d/" USB, "vfio-pci\n");
  expect (mock, CARD,
          "driverctl /etc/driverctl.d/" CARD ":1 whole adopt-by-claim names " CARD
          " claims " CARD "\n"
          "driverctl /etc/driverctl.d/pci-" SOUND ":1 whole adopt-not-needed names " SOUND);
}

/* Lists that only load the module early go with the last that needs them. */
static void
test_what_loads_early_goes_along (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/modprobe.d/vfio.conf",
                      "options vfio-pci ids=10de:1b80,10de:10f0\nsoftdep nvidia pre: vfio-pci\n"
                      "softdep snd_hda_intel pre: snd vfio-pci\n");
  mock_machine_write (mock, "etc/modules-load.d/vfio.conf", "# early\nvfio-pci\nkvm\n");
  mock_machine_write (mock, "etc/modules", "vfio\n");
  mock_machine_write (mock, "etc/initramfs-tools/modules",
                      "vfio\nvfio_pci ids=10de:1b80\nvirtio\n");
  mock_machine_write (mock, "etc/dracut.conf.d/vfio.conf",
                      "force_drivers+=\" vfio vfio-pci vfio_iommu_type1 \"\n"
                      "add_drivers+=\" kvm vfio \"\nomit_drivers+=\" vfio \"\n");
  mock_machine_write (mock, "etc/mkinitcpio.conf", "MODULES=(vfio_pci vfio)\nHOOKS=(base)\n");
  expect (mock, CARD,
          "module-option /etc/modprobe.d/vfio.conf:1 line adopt-by-claim names " CARD "," SOUND
          " claims " CARD "," SOUND "\n"
          "initramfs /etc/initramfs-tools/modules:2 line adopt-by-claim names " CARD
          " claims " CARD "\n"
          "early-module /etc/modprobe.d/vfio.conf:2 line adopt-not-needed\n"
          "early-module /etc/modprobe.d/vfio.conf:3 by-hand adopt-by-hand\n"
          "early-module /etc/modules-load.d/vfio.conf:2 line adopt-not-needed\n"
          "early-module /etc/modules:1 by-hand adopt-by-hand\n"
          "initramfs /etc/initramfs-tools/modules:1 line adopt-not-needed\n"
          "initramfs /etc/dracut.conf.d/vfio.conf:1 line adopt-not-needed\n"
          "initramfs /etc/dracut.conf.d/vfio.conf:2 by-hand adopt-by-hand\n"
          "initramfs /etc/mkinitcpio.conf:1 by-hand adopt-by-hand");

  /* Somebody else needs it as well. */
  mock_machine_write (mock, "etc/modprobe.d/usb.conf", "options vfio-pci ids=1b21:2142\n");
  expect (mock, CARD,
          "module-option /etc/modprobe.d/vfio.conf:1 line adopt-by-claim names " CARD "," SOUND
          " claims " CARD "," SOUND "\n"
          "initramfs /etc/initramfs-tools/modules:2 line adopt-by-claim names " CARD
          " claims " CARD);
}

static void
test_command_line (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_set_command_line (mock, "quiet vfio-pci.ids=10de:1b80,10de:10f0");
  expect (mock, CARD,
          "command-line /proc/cmdline:0 by-hand adopt-command-line names " CARD "," SOUND
          " claims " CARD "," SOUND);
  mock_machine_write (
      mock, "etc/default/grub",
      "#GRUB_CMDLINE_LINUX=\"vfio-pci.ids=10de:1b80\"\nGRUB_TIMEOUT=5\n"
      "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet vfio-pci.ids=10de:1b80,10de:10f0\"\n");
  mock_machine_write (mock, "etc/kernel/cmdline", "vfio_pci.ids=10de:1b80 quiet\n");
  expect (mock, CARD,
          "command-line /etc/default/grub:3 by-hand adopt-command-line names " CARD "," SOUND
          " claims " CARD "," SOUND "\n"
          "command-line /etc/kernel/cmdline:1 by-hand adopt-command-line names " CARD
          " claims " CARD);
}

static void
test_scripts_of_the_boot_image_are_by_hand (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_write (mock, "etc/initramfs-tools/scripts/init-top/vfio.sh",
                      "#!/bin/sh\nfor dev in 0000:01:00.0 0000:01:00.1; do :; done\n");
  expect (mock, CARD,
          "initramfs /etc/initramfs-tools/scripts/init-top/vfio.sh:2 by-hand adopt-by-hand "
          "names " CARD "," SOUND);
}

/* Whatever lies there, it is shown as far as it can be, and nothing else happens. */
static void
test_ugly_files (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *huge = g_strnfill (200000, '1');
  g_autoptr (GString) text = g_string_new ("#!/bin/sh\n");

  g_string_append_printf (text, "echo %s 0000:01:00.0 %s\n\xff\xfe\x1b[31m0000:01:00.1", huge,
                          huge);
  mock_machine_write_bytes (mock, "etc/libvirt/hooks/qemu", text->str, text->len - 200000);
  mock_machine_write_bytes (mock, "etc/libvirt/hooks/ugly", "\xff\0000000:01:00.0\n", 15);
  mock_machine_write (mock, "etc/libvirt/hooks/\xff.sh", "\x1b[31m 0000:01:00.0 \xfe");
  mock_machine_write (mock, "etc/modprobe.d/a.conf",
                      "options vfio-pci ids=\nids=,,,\noptions\n\\");
  mock_machine_write (mock, "etc/modprobe.d/b.conf",
                      "options vfio-pci ids=10de:1b80,zz,:::,10de:\n");
  mock_machine_write (mock, "etc/driverctl.d/" CARD, "");
  mock_machine_set_command_line (mock,
                                 "vfio-pci.ids= = =ids= \"vfio-pci.ids=\" x=vfio-pci.ids");
  expect (mock, CARD,
          "hook /etc/libvirt/hooks/qemu:2 whole adopt-by-hook names " CARD "\n"
          "hook /etc/libvirt/hooks/ugly:1 whole adopt-by-hook names " CARD "\n"
          "hook /etc/libvirt/hooks/\xef\xbf\xbd.sh:1 by-hand adopt-by-hand names " CARD "\n"
          "driverctl /etc/driverctl.d/" CARD ":1 whole adopt-not-needed names " CARD "\n"
          "module-option /etc/modprobe.d/b.conf:1 line adopt-by-claim names " CARD
          " claims " CARD " leaves “options vfio-pci ids=zz,:::,10de:”");
}

static char *
dup_digest (MockMachine *mock)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);

  return baton_handmade_dup_digest (machine->handmade, CARD);
}

static void
test_the_digest_is_of_all_that_is_shown (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *first = NULL;
  g_autofree char *same = NULL;
  g_autofree char *moved = NULL;
  g_autofree char *changed = NULL;

  mock_machine_write (mock, "etc/modprobe.d/vfio.conf", "options vfio-pci ids=10de:1b80\n");
  first = dup_digest (mock);
  same = dup_digest (mock);
  mock_machine_write (mock, "etc/modprobe.d/vfio.conf", "\noptions vfio-pci ids=10de:1b80\n");
  moved = dup_digest (mock);
  mock_machine_write (mock, "etc/modprobe.d/vfio.conf", "options vfio-pci ids=10de:1b80,1:2\n");
  changed = dup_digest (mock);
  g_assert_cmpstr (first, ==, same);
  g_assert_cmpstr (first, !=, moved);
  g_assert_cmpstr (first, !=, changed);
}

static void
test_every_other_byte_stays (void)
{
  static const struct
  {
    const char *text;
    const char *left;
  } rows[] = {
    { "options vfio-pci ids=10de:1b80\n", NULL },
    { "# mine\n\n  \noptions vfio-pci ids=10de:1b80", NULL },
    { "blacklist x\noptions vfio-pci ids=10de:1b80", "blacklist x\n" },
    { "a\r\noptions vfio-pci \\\nids=10de:1b80\r\n\xff\xfe\n# b", "a\r\n\xff\xfe\n# b" },
    { "options vfio-pci ids=10de:1b80,1:2\n\tb", "options vfio-pci ids=1:2\n\tb" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_mock ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autofree char *left = NULL;
      gsize length = 0;

      mock_machine_write (mock, "etc/modprobe.d/vfio.conf", rows[i].text);
      machine = mock_machine_look (mock);
      left = baton_handmade_rewrite (machine->handmade, "modprobe.d/vfio.conf", rows[i].text,
                                     strlen (rows[i].text), &length);
      g_test_message ("%u", i);
      g_assert_cmpstr (left, ==, rows[i].left);
      g_assert_cmpuint (length, ==, left != NULL ? strlen (left) : 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/handmade/nothing", test_nothing_is_found_where_nothing_is);
  g_test_add_func ("/core/handmade/single-gpu-guide", test_single_gpu_guide);
  g_test_add_func ("/core/handmade/hot-swapping-guide", test_hot_swapping_guide);
  g_test_add_func ("/core/handmade/strong-and-weak-guide", test_strong_and_weak_guide);
  g_test_add_func ("/core/handmade/ids-of-others-stay", test_ids_of_others_stay);
  g_test_add_func ("/core/handmade/twin", test_a_twin_is_claimed_too);
  g_test_add_func ("/core/handmade/more-than-cards",
                   test_what_means_more_than_cards_is_by_hand);
  g_test_add_func ("/core/handmade/driverctl", test_driverctl);
  g_test_add_func ("/core/handmade/early", test_what_loads_early_goes_along);
  g_test_add_func ("/core/handmade/command-line", test_command_line);
  g_test_add_func ("/core/handmade/boot-scripts", test_scripts_of_the_boot_image_are_by_hand);
  g_test_add_func ("/core/handmade/ugly-files", test_ugly_files);
  g_test_add_func ("/core/handmade/digest", test_the_digest_is_of_all_that_is_shown);
  g_test_add_func ("/core/handmade/rewrite", test_every_other_byte_stays);

  return g_test_run ();
}
