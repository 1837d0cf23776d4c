/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST
#define NONE BATON_SIDE_NONE
#define SPLIT BATON_SIDE_SPLIT

/*
 * One row for each finding: a machine on which nothing stands in the way, and what makes the
 * finding appear. It must not be there before.
 */
typedef void (*Provoke) (PlanMachine *m);

static void
name_nothing (PlanMachine *m)
{
  plan_machine_set_list (&m->request->cards, "0000:0e:00.0");
}

static void
name_sound (PlanMachine *m)
{
  plan_machine_set_list (&m->request->cards, PLAN_SOUND);
}

static void
name_two (PlanMachine *m)
{
  plan_machine_set_list (&m->request->cards, PLAN_CARD " 0000:00:02.0");
}

static void
move_to_guest (PlanMachine *m)
{
  plan_machine_set (&m->display->driver, "vfio-pci");
  plan_machine_set (&m->sound->driver, "vfio-pci");
}

static void
set_other_identity (PlanMachine *m)
{
  m->profile->identity = g_strdup ("10de:1b80:1043:8599");
}

static void
set_problem (PlanMachine *m, guint line)
{
  m->profile->problem = g_new0 (BatonProfileProblem, 1);
  m->profile->problem->file = g_strdup ("/etc/baton.conf");
  m->profile->problem->line = line;
  m->profile->problem->key = g_strdup ("colour");
  m->profile->problem->reason = g_strdup ("there is no such key");
}

static void
spoil_profile (PlanMachine *m)
{
  set_problem (m, 3);
}

static void
hide_profile (PlanMachine *m)
{
  set_problem (m, 0);
}

static void
switch_iommu_off (PlanMachine *m, const char *reason, const char *detail)
{
  m->machine->iommu_enabled = FALSE;
  plan_machine_set (&m->display->group, NULL);
  plan_machine_set (&m->sound->group, NULL);
  plan_machine_set (&m->machine->iommu_reason, reason);
  plan_machine_set (&m->machine->iommu_detail, detail);
}

static void
switch_iommu_off_on_command_line (PlanMachine *m)
{
  switch_iommu_off (m, "command-line", "intel_iommu=off");
}

static void
switch_iommu_off_in_firmware (PlanMachine *m)
{
  switch_iommu_off (m, "no-table", NULL);
}

static void
leave_iommu_unused (PlanMachine *m)
{
  switch_iommu_off (m, "not-enabled", "DMAR");
}

/* A virtual machine may have one vendor's processor and the other's IOMMU: the table decides. */
static void
leave_intel_table_unused_by_amd (PlanMachine *m)
{
  leave_iommu_unused (m);
  plan_machine_set (&m->machine->system->cpu_vendor, "AuthenticAMD");
}

static void
leave_amd_table_unused (PlanMachine *m)
{
  switch_iommu_off (m, "not-enabled", "IVRS");
}

static void
leave_iommu_unexplained (PlanMachine *m)
{
  switch_iommu_off (m, "unknown", NULL);
}

static void
take_integrated (PlanMachine *m)
{
  plan_machine_set (&m->display->address, "0000:00:01.0");
  plan_machine_set_list (&m->request->cards, "0000:00:01.0");
  plan_machine_set (&m->holders->card, "0000:00:01.0");
  m->display->vendor_id = 0x8086;
  plan_machine_set (&m->display->group, NULL);
}

static void
leave_group (PlanMachine *m)
{
  plan_machine_set (&m->sound->group, NULL);
}

static void
add_foreign (PlanMachine *m)
{
  plan_machine_add_function (m, "0000:02:00.0", 0x010802, "nvme", "7");
}

static void
add_foreign_to_guest (PlanMachine *m)
{
  move_to_guest (m);
  add_foreign (m);
}

static void
add_idle_foreign (PlanMachine *m)
{
  plan_machine_add_function (m, "0000:02:00.0", 0x010802, NULL, "7");
}

static void
add_bridge (PlanMachine *m)
{
  plan_machine_add_function (m, "0000:00:01.0", 0x060400, "pcieport", "7");
}

static void
override_acs (PlanMachine *m)
{
  m->system->acs_override = g_strdup ("downstream");
}

static void
open_in_app (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_APP, 500, "glxgears", "/dev/dri/card1");
}

static void
open_in_service (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 501, "ollama", "/dev/dri/card1")->unit =
      g_strdup ("ollama.service");
}

static void
open_in_whole_service (PlanMachine *m)
{
  BatonHolder *holder =
      plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 501, "ollama", "/dev/dri/card1");

  holder->unit = g_strdup ("ollama.service");
  holder->main_pid = 501;
}

static void
open_in_container (PlanMachine *m)
{
  BatonHolder *holder =
      plan_machine_add_holder (m, BATON_HOLDER_APP, 506, "jellyfin", "/dev/dri/card1");

  holder->container = g_strdup ("0123456789ab");
  holder->engine = "Docker";
  holder->closable = FALSE;
}

static void
open_sound (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_SOUND, 502, "pipewire", "/dev/snd/controlC1");
}

static void
play_sound (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_APP, 502, "mpv", "/dev/snd/controlC1");
}

/* It holds nothing; it only may, one day. */
static void
open_compute (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_APP, 502, "python3", "/dev/kfd");
  m->holders->undecided = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holder_free);
  g_ptr_array_add (m->holders->undecided,
                   g_ptr_array_steal_index (m->holders->holders, m->holders->holders->len - 1));
}

static void
open_in_compositor (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_COMPOSITOR, 503, "kwin_wayland", "/dev/dri/card1");
}

static void
open_in_obliging_compositor (PlanMachine *m)
{
  plan_machine_add_desktop (m, BATON_HOLDER_COMPOSITOR, 503, "kwin_wayland");
}

static void
open_in_display_server (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_DISPLAY_SERVER, 504, "Xorg", "/dev/dri/card1");
}

static void
open_in_logind (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 505, "systemd-logind", "/dev/dri/card1")
      ->closable = FALSE;
}

static void
open_in_logind_for_session (PlanMachine *m)
{
  BatonHolder *holder = plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 505, "systemd-logind",
                                                 "/dev/dri/card1");

  holder->closable = FALSE;
  holder->kept_for = g_new0 (BatonDeviceSession, 1);
  holder->kept_for->id = g_strdup ("2");
  holder->kept_for->user = g_strdup ("anna");
  holder->kept_for->seat = g_strdup ("seat0");
}

static void
use_module (PlanMachine *m)
{
  BatonModuleUse *use = g_new0 (BatonModuleUse, 1);

  use->name = g_strdup ("bochs");
  use->refcount = 2;
  g_ptr_array_add (m->holders->modules, use);
}

static void
open_unseen (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_KERNEL, 0, "vfio", NULL)->how = BATON_HOW_VFIO;
}

static void
close_stranger (PlanMachine *m)
{
  baton_request_add_close (m->request, 4711, "99");
}

static void
open_in_guest (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_VM, 600, "qemu-system-x86", "/dev/vfio/7")->guest =
      g_strdup ("win11");
}

static void
open_in_guest_and_wait (PlanMachine *m)
{
  open_in_guest (m);
  m->request->when_free = TRUE;
}

static void
lack_permission (PlanMachine *m)
{
  m->holders->complete = FALSE;
  plan_machine_set (&m->holders->reason, "permission");
  m->holders->unreadable = 12;
}

static void
lack_permission_in_handoff (PlanMachine *m)
{
  lack_permission (m);
  plan_machine_set (&m->request->handoff, "0123");
}

static void
be_only_display (PlanMachine *m)
{
  m->card->only_display = TRUE;
}

static void
be_last_screen (PlanMachine *m)
{
  be_only_display (m);
  m->request->until_free = TRUE;
}

static void
be_last_screen_for_hours (PlanMachine *m)
{
  be_last_screen (m);
  m->request->within_minutes = 240;
}

static void
draw_in_session (PlanMachine *m)
{
  BatonSession *session = g_new0 (BatonSession, 1);

  plan_machine_add_holder (m, BATON_HOLDER_COMPOSITOR, 506, "gnome-shell", "/dev/dri/card1")
      ->unit = g_strdup ("session-2.scope");
  session->id = g_strdup ("2");
  session->uid = 1000;
  session->user = g_strdup ("user");
  session->seat = g_strdup ("seat0");
  session->service = g_strdup ("gdm-password");
  g_ptr_array_add (m->system->desktop->sessions, session);
  g_free (m->system->desktop->display_manager);
  m->system->desktop->display_manager = g_strdup ("gdm.service");
  m->request->end_session = TRUE;
}

static void
draw_beside_other_screen (PlanMachine *m)
{
  draw_in_session (m);
  m->other->could_show_desktop = TRUE;
}

static void
run_guest_in_session (PlanMachine *m)
{
  BatonSessionGuest *guest = g_new0 (BatonSessionGuest, 1);

  draw_in_session (m);
  guest->pid = 700;
  guest->guest = g_strdup ("win11");
  guest->uid = 1000;
  guest->unit = g_strdup ("session-2.scope");
  g_ptr_array_add (m->system->desktop->guests, guest);
}

static void
connect_monitor (PlanMachine *m)
{
  BatonOutput *output = g_new0 (BatonOutput, 1);

  output->name = g_strdup ("DP-1");
  output->connected = TRUE;
  output->monitor = g_strdup ("Dell U2720Q");
  g_ptr_array_add (m->card->outputs, output);
}

static void
be_boot_display (PlanMachine *m)
{
  m->card->boot_display = TRUE;
}

static void
draw_framebuffer (PlanMachine *m)
{
  m->display->class_code = 0x038000;
  m->system->framebuffer = g_strdup ("simple-framebuffer.0");
  m->system->framebuffer_driver = g_strdup ("simple-framebuffer");
  m->system->framebuffer_function = g_strdup (PLAN_CARD);
}

/* A processor's graphics: on its root bus, and with a group as `intel_iommu=on` gives them. */
static void
be_integrated (PlanMachine *m)
{
  plan_machine_set (&m->display->address, "0000:00:05.0");
  plan_machine_set_list (&m->request->cards, "0000:00:05.0");
  plan_machine_set (&m->holders->card, "0000:00:05.0");
  m->display->vendor_id = 0x8086;
}

static void
add_main_sound (PlanMachine *m, const char *address)
{
  plan_machine_add_function (m, address, 0x040300, "snd_hda_intel", "9")->vendor_id = 0x8086;
}

static void
play_through_chipset (PlanMachine *m)
{
  be_integrated (m);
  add_main_sound (m, "0000:00:1f.3");
}

static void
plug (PlanMachine *m, BatonPluggedKind kind, const char *name, const char *device)
{
  BatonFunction *usb = plan_machine_add_companion (m, "0000:01:00.2", 0x0c0330, "xhci_hcd");
  BatonPlugged *plugged = g_new0 (BatonPlugged, 1);

  plugged->kind = kind;
  plugged->name = g_strdup (name);
  plugged->device = g_strdup (device);
  usb->plugged = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_plugged_free);
  g_ptr_array_add (usb->plugged, plugged);
}

static void
plug_disk (PlanMachine *m)
{
  plug (m, BATON_PLUGGED_DISK, "sda", "Boot\x1b[2J {card}");
}

static void
plug_network (PlanMachine *m)
{
  plug (m, BATON_PLUGGED_NETWORK, "enx001122334455", "USB 10/100 LAN");
}

static void
plug_keyboard (PlanMachine *m)
{
  plug (m, BATON_PLUGGED_KEYBOARD, "input5", "Model M");
}

static void
draw_console (PlanMachine *m)
{
  m->system->framebuffer = g_strdup ("efi-framebuffer.0");
  m->system->framebuffer_function = g_strdup (PLAN_CARD);
}

static void
share_out (PlanMachine *m)
{
  BatonFunction *virtual = plan_machine_add_function (m, "0000:01:02.0", 0x030000, "vfio-pci",
                                                      "8");

  virtual->is_virtual = TRUE;
  virtual->physical = g_strdup (PLAN_CARD);
}

static void
show_console (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_KERNEL, 0, "fbcon", NULL)->how = BATON_HOW_CONSOLE;
}

static void
show_console_beside_another (PlanMachine *m)
{
  BatonNode *node = g_new0 (BatonNode, 1);

  node->kind = BATON_NODE_FRAMEBUFFER;
  node->path = g_strdup ("/dev/fb1");
  node->function = g_strdup (PLAN_OTHER);
  g_ptr_array_add (m->other->nodes, node);
  g_ptr_array_add (m->other->display->nodes, node);
  show_console (m);
}

static void
show_console_alone (PlanMachine *m)
{
  m->system->consoles_let_go = FALSE;
  show_console (m);
}

static void
claim_in_file (PlanMachine *m)
{
  plan_machine_add_claim (m, BATON_CLAIM_VFIO_IDS, NULL, "1234:1111,8086:293e", 4);
}

static void
claim_on_command_line (PlanMachine *m)
{
  plan_machine_add_claim (m, BATON_CLAIM_PCI_STUB_IDS, NULL, "1234:1111", 0);
}

static void
claim_by_driverctl (PlanMachine *m)
{
  plan_machine_add_claim (m, BATON_CLAIM_DRIVERCTL, PLAN_SOUND, "vfio-pci", 1);
}

static void
claim_in_hook (PlanMachine *m)
{
  plan_machine_add_claim (m, BATON_CLAIM_HOOK, PLAN_CARD, NULL, 12);
}

static void
run_supergfxd (PlanMachine *m)
{
  plan_machine_add_claim (m, BATON_CLAIM_SUPERGFXD, NULL, NULL, 0);
}

static BatonBootClaim *
claim_at_boot (PlanMachine *m, const char *outcome)
{
  BatonBootClaim *claim = baton_boot_claim_new_for_function (m->card->display);

  claim->outcome = g_strdup (outcome);
  m->machine->boot_claims = baton_boot_claims_new ();
  g_ptr_array_add (m->machine->boot_claims, claim);

  return claim;
}

static void
claim_and_start (PlanMachine *m)
{
  claim_at_boot (m, "claimed");
}

static void
claim_and_load_early (PlanMachine *m)
{
  claim_at_boot (m, NULL);
  plan_machine_add_claim (m, BATON_CLAIM_DRIVER_PRE, NULL, "vfio-pci", 0);
}

static void
claim_another_that_moved (PlanMachine *m)
{
  BatonBootClaim *claim = claim_at_boot (m, "other 1234:5678:9abc:def0");

  claim->identity[0] = claim->identity[0] == '9' ? '8' : '9';
}

static void
blacklist (PlanMachine *m)
{
  plan_machine_add_blacklist (m, "bochs", 7);
}

static void
blacklist_and_unload (PlanMachine *m)
{
  blacklist (m);
  plan_machine_set_loaded (m, "vfio_pci");
}

static void
blacklist_on_command_line (PlanMachine *m)
{
  plan_machine_add_blacklist (m, "bochs", 0);
  plan_machine_set_loaded (m, "vfio_pci");
}

static void
lose_driver (PlanMachine *m)
{
  plan_machine_set_list (&m->display->modules, "");
}

static void
lack_vfio (PlanMachine *m)
{
  m->system->vfio = BATON_VFIO_MISSING;
}

static void
upgrade_kernel (PlanMachine *m)
{
  m->system->vfio = BATON_VFIO_OTHER_KERNEL;
}

static void
use_radeon (PlanMachine *m)
{
  plan_machine_set (&m->display->driver, "radeon");
  plan_machine_set_list (&m->system->modules_without_remove, "radeon");
}

static void
use_qxl (PlanMachine *m)
{
  plan_machine_set (&m->display->driver, "qxl");
}

static void
lose_sound_driver (PlanMachine *m)
{
  plan_machine_set (&m->sound->driver, NULL);
}

static void
use_nvidia (PlanMachine *m)
{
  plan_machine_use_nvidia (m, "550.163.01");
}

/* Later ones let go of one card, and so of nothing to tell about. */
static void
use_later_nvidia (PlanMachine *m)
{
  plan_machine_use_nvidia (m, "595.45.04");
}

static void
add_second_nvidia (PlanMachine *m)
{
  if (!g_str_equal (m->display->driver, "nvidia"))
    use_nvidia (m);
  plan_machine_add_function (m, "0000:03:00.0", 0x030000, "nvidia", "9");
}

static void
use_fabric_module (PlanMachine *m)
{
  if (!g_str_equal (m->display->driver, "nvidia"))
    use_nvidia (m);
  plan_machine_add_nvidia_module (m, "gdrdrv", 0, "");
}

static void
stick_count (PlanMachine *m)
{
  if (!g_str_equal (m->display->driver, "nvidia"))
    use_later_nvidia (m);
  ((BatonNvidiaModule *) m->system->nvidia->modules->pdata[3])->refcount = 38;
}

static void
set_modeset (PlanMachine *m)
{
  if (!g_str_equal (m->display->driver, "nvidia"))
    use_later_nvidia (m);
  plan_machine_set (&m->system->nvidia->modeset, "Y");
  plan_machine_set (&m->system->nvidia->fbdev, "Y");
}

static void
share_display_part (PlanMachine *m)
{
  set_modeset (m);
  add_second_nvidia (m);
}

static void
clear_modeset (PlanMachine *m)
{
  set_modeset (m);
  plan_machine_set (&m->system->nvidia->modeset, "N");
}

static void
run_persistenced (PlanMachine *m)
{
  if (!g_str_equal (m->display->driver, "nvidia"))
    use_later_nvidia (m);
  plan_machine_set_list (&m->system->nvidia->units, "nvidia-persistenced.service");
}

static void
name_missing_unit (PlanMachine *m)
{
  plan_machine_set_list (&m->profile->stop_units, "olama.service");
  plan_machine_set_list (&m->profile->missing_units, "olama.service");
}

static void
name_xorg_file (PlanMachine *m)
{
  m->profile->xorg_guest = g_strdup ("/etc/X11/guest.conf");
}

static void
name_missing_xorg_file (PlanMachine *m)
{
  name_xorg_file (m);
  m->profile->xorg_fault = g_strdup ("there is no such file");
  m->profile->xorg_fault_key = BATON_PROFILE_XORG_GUEST;
}

static void
want_rescan (PlanMachine *m)
{
  m->profile->return_method = BATON_RETURN_RESCAN;
}

static void
want_reset (PlanMachine *m)
{
  m->profile->reset_before_return = BATON_RESET_ALWAYS;
}

static void
be_virtual (PlanMachine *m)
{
  want_rescan (m);
  m->display->is_virtual = TRUE;
}

static void
name_users_unit (PlanMachine *m)
{
  plan_machine_set_list (&m->profile->stop_units, "user:scream.service");
}

/* A USB controller with a disk, a network device or a keyboard on it, as its owner names it. */
static BatonAlso *
take_along (PlanMachine *m, BatonAlsoPlace place)
{
  BatonFunction *usb = plan_machine_add_function (m, "0000:05:00.0", 0x0c0330, "xhci_hcd", "9");
  BatonAlso *also = baton_also_new (usb->address, NULL);

  also->place = place;
  if (place == BATON_ALSO_TRAVELS)
    g_ptr_array_add (m->card->functions, usb);
  if (place != BATON_ALSO_MISSING)
    also->function = usb;
  m->card->also = baton_also_list_new ();
  g_ptr_array_add (m->card->also, also);
  m->card->keyboard_stays = TRUE;

  return also;
}

static BatonPlugged *
take_belonging_along (PlanMachine *m, BatonPluggedKind kind)
{
  BatonFunction *usb = (BatonFunction *) take_along (m, BATON_ALSO_TRAVELS)->function;
  BatonPlugged *plugged = g_new0 (BatonPlugged, 1);

  plugged->kind = kind;
  plugged->name = g_strdup ("x1");
  plugged->device = g_strdup ("Something");
  usb->plugged = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_plugged_free);
  g_ptr_array_add (usb->plugged, plugged);

  return plugged;
}

static void
name_missing_stand_in (PlanMachine *m)
{
  m->profile->stand_in = baton_also_new ("0000:09:00.0", NULL);
}

static void
name_card_as_stand_in (PlanMachine *m)
{
  m->profile->stand_in = baton_also_new (PLAN_SOUND, NULL);
}

static void
name_controller_as_stand_in (PlanMachine *m)
{
  m->profile->stand_in = baton_also_new (
      plan_machine_add_function (m, "0000:05:00.0", 0x0c0330, "xhci_hcd", "9")->address, NULL);
}

static void
name_stand_in (PlanMachine *m)
{
  plan_machine_add_stand_in (m, "vfio-pci", NULL);
}

static void
name_stand_in_by_address (PlanMachine *m)
{
  name_stand_in (m);
  plan_machine_set (&m->profile->stand_in->identity, NULL);
}

static void
name_stand_in_of_group (PlanMachine *m)
{
  BatonCard *card = plan_machine_add_stand_in (m, "vfio-pci", NULL);

  plan_machine_set (&((BatonFunction *) card->display)->group, "7");
}

static void
name_stand_in_of_guest (PlanMachine *m)
{
  BatonHolders *holders = NULL;
  BatonHolder *guest = NULL;

  plan_machine_add_stand_in (m, "vfio-pci", &holders);
  guest = plan_machine_add_holder (m, BATON_HOLDER_VM, 700, "qemu", "/dev/vfio/8");
  guest->how = BATON_HOW_FD | BATON_HOW_VFIO;
  g_ptr_array_add (holders->holders,
                   g_ptr_array_steal_index (m->holders->holders, m->holders->holders->len - 1));
}

static void
name_stand_in_kept_off (PlanMachine *m)
{
  plan_machine_add_stand_in (m, "vfio-pci", NULL)->kept_off = TRUE;
}

static void
name_second_nvidia (PlanMachine *m)
{
  BatonCard *card = plan_machine_add_stand_in (m, "vfio-pci", NULL);

  plan_machine_set_list (&((BatonFunction *) card->display)->modules, "nvidia");
  plan_machine_use_nvidia (m, "570.86.16");
}

static void
name_stand_in_on_host (PlanMachine *m)
{
  plan_machine_add_stand_in (m, "radeon", NULL);
}

static void
name_stand_in_and_come_back (PlanMachine *m)
{
  name_stand_in (m);
  m->request->until_free = TRUE;
  m->request->end_session = TRUE;
}

static void
take_stand_in (PlanMachine *m)
{
  plan_machine_add_stand_in (m, "radeon", NULL);
  m->card->stand_in_noted = baton_also_new (PLAN_STAND_IN, PLAN_STAND_IN_IDENTITY);
}

/* A login screen on it, and nobody to be asked. */
static void
use_stand_in (PlanMachine *m)
{
  BatonHolders *holders = NULL;

  plan_machine_add_stand_in (m, "radeon", &holders);
  m->card->stand_in_noted = baton_also_new (PLAN_STAND_IN, PLAN_STAND_IN_IDENTITY);
  m->request->unasked = TRUE;
  plan_machine_add_holder (m, BATON_HOLDER_DISPLAY_SERVER, 500, "Xorg", "/dev/dri/card2");
  g_ptr_array_add (holders->holders,
                   g_ptr_array_steal_index (m->holders->holders, m->holders->holders->len - 1));
}

static void
name_missing_device (PlanMachine *m)
{
  take_along (m, BATON_ALSO_MISSING);
}

static void
name_other_device (PlanMachine *m)
{
  take_along (m, BATON_ALSO_OTHER_DEVICE)->identity = g_strdup ("8086:43ed:1028:0a5c");
}

static void
name_fixed_device (PlanMachine *m)
{
  take_along (m, BATON_ALSO_FIXED);
}

static void
name_taken_device (PlanMachine *m)
{
  take_along (m, BATON_ALSO_TAKEN);
}

static void
name_parked_device (PlanMachine *m)
{
  take_along (m, BATON_ALSO_PARKED);
}

static void
take_device_along (PlanMachine *m)
{
  take_along (m, BATON_ALSO_TRAVELS);
}

static void
take_idle_disk_along (PlanMachine *m)
{
  take_belonging_along (m, BATON_PLUGGED_DISK);
}

static void
take_mounted_disk_along (PlanMachine *m)
{
  take_belonging_along (m, BATON_PLUGGED_DISK)->mounted_at = g_strdup ("/media/stick");
}

static void
take_used_disk_along (PlanMachine *m)
{
  take_belonging_along (m, BATON_PLUGGED_DISK)->used_by = g_strdup ("dm-0");
}

static void
take_network_along (PlanMachine *m)
{
  take_belonging_along (m, BATON_PLUGGED_NETWORK)->used_by = g_strdup ("br0");
}

static void
take_only_keyboard_along (PlanMachine *m)
{
  take_belonging_along (m, BATON_PLUGGED_KEYBOARD);
  m->card->keyboard_stays = FALSE;
}

static void
lack_reset (PlanMachine *m)
{
  plan_machine_set_list (&m->display->reset_methods, "");
}

/* As an upgrade leaves it: the new file is on the disk, and the old driver in memory. */
static void
upgrade_driver (PlanMachine *m)
{
  plan_machine_set_list (&m->system->modules_replaced, "bochs");
}

/* As an upgrade of a packed file leaves it. */
static void
install_driver (PlanMachine *m)
{
  plan_machine_set_list (&m->system->modules_untold, "bochs");
}

static void
be_polaris (PlanMachine *m)
{
  m->display->vendor_id = 0x1002;
  m->display->device_id = 0x67df;
}

static void
be_known_to_crash (PlanMachine *m)
{
  m->display->vendor_id = 0x1002;
  m->display->device_id = 0x7550;
  plan_machine_set (&m->system->kernel_release, "7.2.2-3-cachyos");
}

static void
limit_memory (PlanMachine *m)
{
  m->request->memlock_bytes = 8 << 20;
}

static void
be_removable (PlanMachine *m)
{
  m->display->removable = TRUE;
}

static void
fall_asleep (PlanMachine *m)
{
  m->display->power = BATON_POWER_D3COLD;
}

static void
fall_silent (PlanMachine *m)
{
  m->sound->is_silent = TRUE;
}

static void
run_handoff (PlanMachine *m)
{
  m->system->handoff = g_strdup ("4f5a");
}

static void
leave_journal (PlanMachine *m)
{
  m->system->journal = TRUE;
}

static void
run_other_init (PlanMachine *m)
{
  plan_machine_set (&m->system->pid1, "runit");
}

static void
be_root (PlanMachine *m)
{
  m->request->uid = 0;
}

static void
be_user (PlanMachine *m)
{
  m->request->uid = 1000;
}

static void
be_root_and_ask_to_open (PlanMachine *m)
{
  m->request->uid = 0;
  m->request->let_open = TRUE;
}

static void
want_guest (PlanMachine *m, BatonGuestFound found, const char *device)
{
  m->request->start_guest = g_strdup ("bench");
  m->request->guest = g_new0 (BatonGuestDefinition, 1);
  m->request->guest->found = found;
  m->request->guest->devices = g_ptr_array_new_with_free_func (g_free);
  if (device != NULL)
    g_ptr_array_add (m->request->guest->devices, g_strdup (device));
}

static void
offer_guest (PlanMachine *m)
{
  static const char *const guests[] = { "bench", NULL };

  m->request->guests = g_strdupv ((GStrv) guests);
}

static void
want_missing_guest (PlanMachine *m)
{
  want_guest (m, BATON_GUEST_MISSING, NULL);
}

static void
want_running_guest (PlanMachine *m)
{
  want_guest (m, BATON_GUEST_RUNNING, PLAN_CARD);
}

static void
want_guest_with_sound_alone (PlanMachine *m)
{
  want_guest (m, BATON_GUEST_OFF, PLAN_SOUND);
}

static const struct
{
  const char *name;
  BatonCode code;
  BatonSide from;
  BatonSide to;
  Provoke prepare;
  Provoke provoke;
} rows[] = {
  { "nothing there", BATON_CODE_NO_SUCH_DEVICE, HOST, GUEST, NULL, name_nothing },
  { "a sound card", BATON_CODE_NOT_A_CARD, HOST, GUEST, NULL, name_sound },
  { "two cards", BATON_CODE_ONE_CARD_ONLY, HOST, GUEST, NULL, name_two },
  { "already with the guest", BATON_CODE_ALREADY_THERE, HOST, GUEST, NULL, move_to_guest },
  { "other identity", BATON_CODE_OTHER_CARD_AT_ADDRESS, HOST, GUEST, NULL, set_other_identity },
  { "bad settings", BATON_CODE_BAD_PROFILE, HOST, GUEST, NULL, spoil_profile },
  { "unreadable settings", BATON_CODE_PROFILE_UNREADABLE, HOST, GUEST, NULL, hide_profile },
  { "intel_iommu=off", BATON_CODE_IOMMU_OFF_COMMAND_LINE, HOST, GUEST, NULL,
    switch_iommu_off_on_command_line },
  { "no table", BATON_CODE_IOMMU_OFF_FIRMWARE, HOST, GUEST, NULL,
    switch_iommu_off_in_firmware },
  { "table unused", BATON_CODE_IOMMU_OFF_NOT_ENABLED, HOST, GUEST, NULL, leave_iommu_unused },
  { "Intel's table unused, AMD's processor", BATON_CODE_IOMMU_OFF_NOT_ENABLED, HOST, GUEST,
    NULL, leave_intel_table_unused_by_amd },
  { "AMD's table unused", BATON_CODE_IOMMU_OFF_UNKNOWN, HOST, GUEST, NULL,
    leave_amd_table_unused },
  { "no idea", BATON_CODE_IOMMU_OFF_UNKNOWN, HOST, GUEST, NULL, leave_iommu_unexplained },
  { "integrated", BATON_CODE_NO_GROUP, HOST, GUEST, NULL, take_integrated },
  { "companion without group", BATON_CODE_NO_GROUP_HERE, HOST, GUEST, NULL, leave_group },
  { "foreign device", BATON_CODE_FOREIGN_IN_GROUP, HOST, GUEST, NULL, add_foreign },
  { "foreign device at guest", BATON_CODE_FOREIGN_WHILE_WITH_GUEST, HOST, GUEST, NULL,
    add_foreign_to_guest },
  { "idle device", BATON_CODE_FOREIGN_IDLE, HOST, GUEST, NULL, add_idle_foreign },
  { "bridge", BATON_CODE_BRIDGE_STAYS, HOST, GUEST, NULL, add_bridge },
  { "acs override", BATON_CODE_ACS_OVERRIDE, HOST, GUEST, NULL, override_acs },
  { "app", BATON_CODE_IN_USE_APP, HOST, GUEST, NULL, open_in_app },
  { "service", BATON_CODE_IN_USE_SERVICE, HOST, GUEST, NULL, open_in_service },
  { "whole service", BATON_CODE_IN_USE_WHOLE_SERVICE, HOST, GUEST, NULL,
    open_in_whole_service },
  { "container", BATON_CODE_IN_USE_CONTAINER, HOST, GUEST, NULL, open_in_container },
  { "sound server", BATON_CODE_SOUND_LETS_GO, HOST, GUEST, NULL, open_sound },
  { "sound", BATON_CODE_IN_USE_SOUND, HOST, GUEST, NULL, play_sound },
  { "compute", BATON_CODE_COMPUTE_UNDECIDED, HOST, GUEST, NULL, open_compute },
  { "compositor", BATON_CODE_IN_USE_COMPOSITOR, HOST, GUEST, NULL, open_in_compositor },
  { "compositor with another card", BATON_CODE_DESKTOP_LETS_GO, HOST, GUEST, NULL,
    open_in_obliging_compositor },
  { "display server", BATON_CODE_IN_USE_DISPLAY_SERVER, HOST, GUEST, NULL,
    open_in_display_server },
  { "logind", BATON_CODE_IN_USE_UNCLOSABLE, HOST, GUEST, NULL, open_in_logind },
  { "logind for a session", BATON_CODE_IN_USE_SESSION, HOST, GUEST, NULL,
    open_in_logind_for_session },
  { "module", BATON_CODE_IN_USE_MODULE, HOST, GUEST, NULL, use_module },
  { "unseen guest", BATON_CODE_IN_USE_UNSEEN, GUEST, HOST, NULL, open_unseen },
  { "stranger", BATON_CODE_CLOSE_NOT_HOLDER, HOST, GUEST, NULL, close_stranger },
  { "guest", BATON_CODE_GUEST_HAS_CARD, GUEST, HOST, NULL, open_in_guest },
  { "guest, waiting", BATON_CODE_WAITS_FOR_GUEST, GUEST, HOST, NULL, open_in_guest_and_wait },
  { "no permission", BATON_CODE_HOLDERS_INCOMPLETE, HOST, GUEST, NULL, lack_permission },
  { "no permission at work", BATON_CODE_HOLDERS_UNKNOWN, HOST, GUEST, NULL,
    lack_permission_in_handoff },
  { "only display", BATON_CODE_ONLY_DISPLAY, HOST, GUEST, NULL, be_only_display },
  { "last screen", BATON_CODE_SCREEN_GOES, HOST, GUEST, NULL, be_last_screen },
  { "last screen, with a time", BATON_CODE_SCREEN_GOES_WITHIN, HOST, GUEST, NULL,
    be_last_screen_for_hours },
  { "a session", BATON_CODE_SESSION_ENDS, HOST, GUEST, NULL, draw_in_session },
  { "a login screen", BATON_CODE_LOGIN_SCREEN_WAITS, HOST, GUEST, NULL, draw_in_session },
  { "a login screen and another card", BATON_CODE_LOGIN_SCREEN_RETURNS, HOST, GUEST, NULL,
    draw_beside_other_screen },
  { "a guest in a session", BATON_CODE_SESSION_HAS_GUEST, HOST, GUEST, NULL,
    run_guest_in_session },
  { "no ssh", BATON_CODE_NO_WAY_IN, HOST, GUEST, NULL, draw_in_session },
  { "monitor", BATON_CODE_MONITORS_GO_DARK, HOST, GUEST, NULL, connect_monitor },
  { "boot display", BATON_CODE_BOOT_DISPLAY, HOST, GUEST, NULL, be_boot_display },
  { "framebuffer", BATON_CODE_FRAMEBUFFER_STAYS, HOST, GUEST, NULL, draw_framebuffer },
  { "sound of the chipset", BATON_CODE_SOUND_STAYS, HOST, GUEST, be_integrated,
    play_through_chipset },
  { "disk on the card", BATON_CODE_USB_DISK, HOST, GUEST, NULL, plug_disk },
  { "network on the card", BATON_CODE_USB_NETWORK, HOST, GUEST, NULL, plug_network },
  { "keyboard on the card", BATON_CODE_USB_KEYBOARD, HOST, GUEST, NULL, plug_keyboard },
  { "virtual functions", BATON_CODE_VIRTUAL_FUNCTIONS, HOST, GUEST, NULL, share_out },
  { "firmware's console", BATON_CODE_CONSOLE_ENDS, HOST, GUEST, NULL, draw_console },
  { "console", BATON_CODE_CONSOLE_GOES, HOST, GUEST, NULL, show_console },
  { "console beside another", BATON_CODE_CONSOLE_MOVES, HOST, GUEST, NULL,
    show_console_beside_another },
  { "console that cannot go", BATON_CODE_CONSOLES_STUCK, HOST, GUEST, NULL,
    show_console_alone },
  { "ids in a file", BATON_CODE_CLAIMED_BY_IDS, HOST, GUEST, NULL, claim_in_file },
  { "ids on the command line", BATON_CODE_CLAIMED_ON_COMMAND_LINE, HOST, GUEST, NULL,
    claim_on_command_line },
  { "driverctl", BATON_CODE_MANAGED_BY_DRIVERCTL, HOST, GUEST, NULL, claim_by_driverctl },
  { "hook", BATON_CODE_MANAGED_BY_HOOK, HOST, GUEST, NULL, claim_in_hook },
  { "supergfxd", BATON_CODE_MANAGED_BY_PROGRAM, HOST, GUEST, NULL, run_supergfxd },
  { "claimed at boot", BATON_CODE_CLAIMED_AT_BOOT, GUEST, HOST, NULL, claim_and_start },
  { "rd.driver.pre=", BATON_CODE_VFIO_LOADED_EARLY, HOST, GUEST, NULL, claim_and_load_early },
  { "not claimed", BATON_CODE_CLAIM_NOT_MADE, HOST, GUEST, NULL, claim_another_that_moved },
  { "blacklisted, unloaded", BATON_CODE_HOST_DRIVER_BLACKLISTED, NONE, GUEST, NULL,
    blacklist_and_unload },
  { "blacklisted, loaded", BATON_CODE_HOST_DRIVER_ONLY_LOADED, HOST, GUEST, NULL, blacklist },
  { "module_blacklist=", BATON_CODE_HOST_DRIVER_OFF_COMMAND_LINE, NONE, GUEST, NULL,
    blacklist_on_command_line },
  { "no package", BATON_CODE_HOST_DRIVER_MISSING, NONE, GUEST, NULL, lose_driver },
  { "no package to return to", BATON_CODE_NO_DRIVER_TO_RETURN_TO, GUEST, HOST, NULL,
    lose_driver },
  { "blacklisted return", BATON_CODE_RETURN_DRIVER_BLACKLISTED, GUEST, HOST, NULL,
    blacklist_and_unload },
  { "a part without its driver", BATON_CODE_COMPANION_LOST_DRIVER, HOST, GUEST, NULL,
    lose_sound_driver },
  { "no vfio", BATON_CODE_VFIO_MISSING, HOST, GUEST, NULL, lack_vfio },
  { "upgraded kernel", BATON_CODE_VFIO_OTHER_KERNEL, HOST, GUEST, NULL, upgrade_kernel },
  { "radeon", BATON_CODE_DRIVER_WITHOUT_REMOVE, HOST, GUEST, NULL, use_radeon },
  { "qxl", BATON_CODE_DRIVER_CRASHES, HOST, GUEST, NULL, use_qxl },
  { "nvidia", BATON_CODE_NVIDIA_LEAVES, HOST, GUEST, NULL, use_nvidia },
  { "two nvidia", BATON_CODE_NVIDIA_OTHER_CARD, HOST, GUEST, use_nvidia, add_second_nvidia },
  { "two nvidia that show desktops", BATON_CODE_NVIDIA_MODESET_SHARED, HOST, GUEST,
    use_later_nvidia, share_display_part },
  { "gdrdrv", BATON_CODE_NVIDIA_MODULE_IN_WAY, HOST, GUEST, use_nvidia, use_fabric_module },
  { "stuck count", BATON_CODE_NVIDIA_COUNT_STUCK, HOST, GUEST, use_later_nvidia, stick_count },
  { "modeset", BATON_CODE_NVIDIA_MODESET_ON, HOST, GUEST, use_later_nvidia, set_modeset },
  { "no modeset", BATON_CODE_NVIDIA_MODESET_OFF, HOST, GUEST, use_later_nvidia, clear_modeset },
  { "persistenced", BATON_CODE_UNIT_STOPS, HOST, GUEST, use_later_nvidia, run_persistenced },
  { "a file for Xorg that is not there", BATON_CODE_XORG_FILE_UNUSABLE, HOST, GUEST, NULL,
    name_missing_xorg_file },
  { "files for Xorg, which runs on", BATON_CODE_XORG_LATER, HOST, GUEST, NULL, name_xorg_file },
  { "unit that is not there", BATON_CODE_UNIT_MISSING, HOST, GUEST, NULL, name_missing_unit },
  { "a device that is not there", BATON_CODE_ALSO_MISSING, HOST, GUEST, NULL,
    name_missing_device },
  { "another device", BATON_CODE_OTHER_DEVICE_AT_ADDRESS, HOST, GUEST, NULL,
    name_other_device },
  { "a bridge", BATON_CODE_ALSO_FIXED, HOST, GUEST, NULL, name_fixed_device },
  { "a guest's device", BATON_CODE_ALSO_WITH_GUEST, HOST, GUEST, NULL, name_taken_device },
  { "a parked device", BATON_CODE_ALSO_PARKED, HOST, GUEST, NULL, name_parked_device },
  { "a device", BATON_CODE_ALSO_TRAVELS, HOST, GUEST, NULL, take_device_along },
  { "a device by its address", BATON_CODE_ALSO_UNIDENTIFIED, HOST, GUEST, NULL,
    take_device_along },
  { "an idle disk", BATON_CODE_ALSO_TAKES_ALONG, HOST, GUEST, NULL, take_idle_disk_along },
  { "a mounted disk", BATON_CODE_ALSO_DISK_MOUNTED, HOST, GUEST, NULL,
    take_mounted_disk_along },
  { "a disk in use", BATON_CODE_ALSO_DISK_IN_USE, HOST, GUEST, NULL, take_used_disk_along },
  { "the network", BATON_CODE_ALSO_DEFAULT_ROUTE, HOST, GUEST, NULL, take_network_along },
  { "the keyboard", BATON_CODE_ALSO_ONLY_KEYBOARD, HOST, GUEST, NULL,
    take_only_keyboard_along },
  { "a unit of nobody's", BATON_CODE_UNIT_OF_NOBODY, HOST, GUEST, NULL, name_users_unit },
  { "no reset", BATON_CODE_NO_RESET, HOST, GUEST, NULL, lack_reset },
  { "half of it is here", BATON_CODE_RESCAN_LEFT_OUT, SPLIT, HOST, NULL, want_rescan },
  { "a virtual function", BATON_CODE_RESCAN_LEFT_OUT, GUEST, HOST, NULL, be_virtual },
  { "half of it is here, and not reset", BATON_CODE_RESET_LEFT_OUT, SPLIT, HOST, NULL,
    want_reset },
  { "upgraded driver", BATON_CODE_DRIVER_REPLACED, HOST, GUEST, NULL, upgrade_driver },
  { "perhaps upgraded driver", BATON_CODE_DRIVER_FILE_NEWER, HOST, GUEST, NULL,
    install_driver },
  { "perhaps upgraded driver, coming back", BATON_CODE_DRIVER_FILE_NEWER, GUEST, HOST, NULL,
    install_driver },
  { "upgraded driver, coming back", BATON_CODE_RETURN_DRIVER_REPLACED, GUEST, HOST, NULL,
    upgrade_driver },
  { "polaris", BATON_CODE_RESET_BUG, HOST, GUEST, NULL, be_polaris },
  { "rx 9070", BATON_CODE_RETURN_CRASHES, HOST, GUEST, NULL, be_known_to_crash },
  { "memlock", BATON_CODE_MEMLOCK_LOW, HOST, GUEST, NULL, limit_memory },
  { "removable", BATON_CODE_REMOVABLE, HOST, GUEST, NULL, be_removable },
  { "silent", BATON_CODE_CARD_SILENT, HOST, GUEST, NULL, fall_silent },
  { "silent, coming back", BATON_CODE_CARD_SILENT, GUEST, HOST, NULL, fall_silent },
  { "asleep", BATON_CODE_ASLEEP, HOST, GUEST, NULL, fall_asleep },
  { "handoff", BATON_CODE_HANDOFF_UNDER_WAY, HOST, GUEST, NULL, run_handoff },
  { "journal", BATON_CODE_JOURNAL_UNFINISHED, HOST, GUEST, NULL, leave_journal },
  { "runit", BATON_CODE_NO_SYSTEMD, HOST, GUEST, NULL, run_other_init },
  { "no stand-in", BATON_CODE_STAND_IN_MISSING, HOST, GUEST, NULL, name_missing_stand_in },
  { "stand-in of itself", BATON_CODE_STAND_IN_IS_CARD, HOST, GUEST, NULL,
    name_card_as_stand_in },
  { "stand-in that is no card", BATON_CODE_STAND_IN_NO_CARD, HOST, GUEST, NULL,
    name_controller_as_stand_in },
  { "stand-in in the group", BATON_CODE_STAND_IN_SHARES_GROUP, HOST, GUEST, NULL,
    name_stand_in_of_group },
  { "stand-in of a guest", BATON_CODE_STAND_IN_WITH_GUEST, HOST, GUEST, NULL,
    name_stand_in_of_guest },
  { "stand-in kept off", BATON_CODE_STAND_IN_KEPT_OFF, HOST, GUEST, NULL,
    name_stand_in_kept_off },
  { "two of NVIDIA's", BATON_CODE_STAND_IN_NVIDIA, HOST, GUEST, NULL, name_second_nvidia },
  { "stand-in by its address", BATON_CODE_STAND_IN_UNIDENTIFIED, HOST, GUEST, NULL,
    name_stand_in_by_address },
  { "stand-in", BATON_CODE_STAND_IN_COMES, HOST, GUEST, NULL, name_stand_in },
  { "stand-in until free", BATON_CODE_STAND_IN_SESSION_ENDS, HOST, GUEST, NULL,
    name_stand_in_and_come_back },
  { "stand-in on the host", BATON_CODE_STAND_IN_ON_HOST, HOST, GUEST, NULL,
    name_stand_in_on_host },
  { "stand-in that was taken", BATON_CODE_STAND_IN_GOES, GUEST, HOST, NULL, take_stand_in },
  { "stand-in that was not taken", BATON_CODE_STAND_IN_STAYS, GUEST, HOST, NULL,
    name_stand_in_on_host },
  { "stand-in in use", BATON_CODE_STAND_IN_STAYS_IN_USE, GUEST, HOST, NULL, use_stand_in },
  { "a guest that has the card", BATON_CODE_START_GUEST_OFFER, HOST, GUEST, NULL, offer_guest },
  { "no guest", BATON_CODE_NO_SUCH_GUEST, HOST, GUEST, NULL, want_missing_guest },
  { "guest runs", BATON_CODE_GUEST_RUNS_ALREADY, HOST, GUEST, NULL, want_running_guest },
  { "guest without", BATON_CODE_GUEST_WITHOUT_CARD, HOST, GUEST, NULL,
    want_guest_with_sound_alone },
  { "guest without what is there", BATON_CODE_GUEST_WITHOUT_CARD, GUEST, GUEST, NULL,
    want_guest_with_sound_alone },
  { "user", BATON_CODE_LET_OPEN_OFFER, HOST, GUEST, be_root, be_user },
  { "root wants access", BATON_CODE_LET_OPEN_NOBODY, HOST, GUEST, NULL,
    be_root_and_ask_to_open },
  { "root wants access to what is there", BATON_CODE_LET_OPEN_NOBODY, GUEST, GUEST, NULL,
    be_root_and_ask_to_open },
};

static gboolean
may_have_empty_value (const BatonFinding *finding)
{
  return finding->code == BATON_CODE_IN_USE_UNCLOSABLE;
}

static void
check_finding (const BatonFinding *finding)
{
  const BatonCodeInfo *info = baton_code_get_info (finding->code);
  g_autofree char *text = baton_finding_dup_text (finding);
  g_autofree char *remedy = baton_finding_dup_remedy (finding);
  GHashTableIter iter;
  gpointer value = NULL;

  g_test_message ("%s: %s %s", info->name, text, remedy);
  g_assert_null (strstr (text, "?"));
  g_assert_null (strstr (remedy, "?"));
  g_assert_cmpuint (g_hash_table_size (finding->args), ==,
                    g_strv_length ((char **) info->args));

  g_hash_table_iter_init (&iter, finding->args);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_assert_true (may_have_empty_value (finding) || *(const char *) value != '\0');
}

static void
test_each_is_provoked (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (rows[i].from, rows[i].to);
      g_autoptr (BatonPlan) before = NULL;
      g_autoptr (BatonPlan) after = NULL;

      g_test_message ("%s", rows[i].name);
      if (rows[i].prepare != NULL)
        rows[i].prepare (m);
      before = plan_machine_make_plan (m);
      g_assert_null (baton_plan_find (before, rows[i].code));
      g_assert_false (baton_plan_is_blocked (before));

      rows[i].provoke (m);
      after = plan_machine_make_plan (m);
      g_assert_nonnull (baton_plan_find (after, rows[i].code));
      check_finding (baton_plan_find (after, rows[i].code));
    }
}

/* What can be found is tested: a code of kind finding without a row fails here. */
static void
test_every_code_has_a_row (void)
{
  for (guint code = BATON_CODE_NONE + 1; code < BATON_N_CODES; code++)
    {
      const BatonCodeInfo *info = baton_code_get_info (code);
      gboolean found = FALSE;

      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        found |= rows[i].code == code;

      if (info->kind == BATON_CODE_KIND_FINDING && !found)
        g_test_message ("nothing provokes '%s'", info->name);
      g_assert_true (found == (info->kind == BATON_CODE_KIND_FINDING));
    }
}

/* A blocker blocks unless its consent is there; what weighs less never does. */
static void
test_only_blockers_block (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (rows[i].from, rows[i].to);
      g_autoptr (BatonPlan) plan = NULL;
      const BatonFinding *finding = NULL;
      gboolean is_blocker = FALSE;

      rows[i].provoke (m);
      plan = plan_machine_make_plan (m);
      finding = baton_plan_find (plan, rows[i].code);
      is_blocker = baton_finding_get_severity (finding) == BATON_SEVERITY_BLOCKER;

      g_test_message ("%s", rows[i].name);
      g_assert_true (baton_plan_is_blocked (plan) == is_blocker);
      if (is_blocker && finding->consent == BATON_CONSENT_NONE)
        g_assert_cmpuint (plan->steps->len, ==, 0);
      else if (!plan->there_already)
        g_assert_cmpuint (plan->steps->len, >, 0);
    }
}

/* Since Linux 6.11 the firmware's framebuffer is a node of the card. It does not come back. */
static void
test_firmware_console_ends (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;

  show_console (m);
  draw_console (m);
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_CONSOLE_ENDS));
  g_assert_null (baton_plan_find (plan, BATON_CODE_CONSOLE_GOES));
  g_assert_null (baton_plan_find (plan, BATON_CODE_FRAMEBUFFER_STAYS));
}

/* vfio-pci leaves it on a card that is not of class 0300: it is unbound where that leaves nothing of it on
 * the card, and before vfio-pci has that. */
static void
test_firmware_console_is_unbound (void)
{
  static const struct
  {
    const char *framebuffer;
    const char *driver;
    guint32 class_code;
    BatonCode code;
    gboolean is_unbound;
  } places[] = {
    { "efi-framebuffer.0", "efi-framebuffer", 0x038000, BATON_CODE_CONSOLE_ENDS, TRUE },
    { "vesa-framebuffer.0", "vesa-framebuffer", 0x030200, BATON_CODE_CONSOLE_ENDS, TRUE },
    { "efi-framebuffer.0", "efi-framebuffer", 0x030000, BATON_CODE_CONSOLE_ENDS, FALSE },
    { "simple-framebuffer.0", "simple-framebuffer", 0x038000, BATON_CODE_FRAMEBUFFER_STAYS,
      FALSE },
    { "BOOTFB", NULL, 0x038000, BATON_CODE_FRAMEBUFFER_STAYS, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      const BatonStep *step = NULL;
      gboolean is_bound = FALSE;

      g_test_message ("%s, class %06x", places[i].framebuffer, places[i].class_code);
      m->display->class_code = places[i].class_code;
      m->system->framebuffer = g_strdup (places[i].framebuffer);
      m->system->framebuffer_driver = g_strdup (places[i].driver);
      m->system->framebuffer_function = g_strdup (PLAN_CARD);
      plan = plan_machine_make_plan (m);
      g_assert_nonnull (baton_plan_find (plan, places[i].code));
      for (guint j = 0; j < plan->steps->len; j++)
        {
          const BatonStep *other = plan->steps->pdata[j];

          is_bound |= other->kind == BATON_STEP_BIND;
          if (other->kind != BATON_STEP_UNBIND_CONSOLE)
            continue;
          g_assert_false (is_bound);
          g_assert_null (step);
          step = other;
        }
      g_assert_cmpint (step != NULL, ==, places[i].is_unbound);
      if (step != NULL)
        {
          g_assert_cmpstr (step->target, ==, places[i].framebuffer);
          g_assert_cmpstr (step->detail, ==, places[i].driver);
        }
    }
}

/* One use of the driver for each sound function that plays through the card is no riddle. */
static void
test_sound_explains_uses (void)
{
  static const struct
  {
    const char *name;
    gboolean integrated;
    const char *sounds[2];
    int refcount;
    guint n_stay;
    gboolean is_riddle;
  } uses[] = {
    { "its own", FALSE, { NULL }, 1, 0, FALSE },
    { "its own, and one more use", FALSE, { NULL }, 2, 0, TRUE },
    { "the chipset's is nothing to a card", FALSE, { "0000:00:1f.3" }, 2, 0, TRUE },
    { "the chipset's", TRUE, { "0000:00:1f.3" }, 2, 1, FALSE },
    { "the chipset's, and one more use", TRUE, { "0000:00:1f.3" }, 3, 1, TRUE },
    { "the processor's", TRUE, { "0000:00:03.0", "0000:00:1b.0" }, 2, 1, FALSE },
    { "the processor's, and one more use",
      TRUE,
      { "0000:00:03.0", "0000:00:1b.0" },
      3,
      1,
      TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      guint n_stay = 0;

      g_test_message ("%s", uses[i].name);
      if (uses[i].integrated)
        be_integrated (m);
      for (guint j = 0; j < 2 && uses[i].sounds[j] != NULL; j++)
        add_main_sound (m, uses[i].sounds[j]);
      use_module (m);
      ((BatonModuleUse *) m->holders->modules->pdata[0])->refcount = uses[i].refcount;
      plan = plan_machine_make_plan (m);

      for (guint j = 0; j < plan->findings->len; j++)
        n_stay += ((BatonFinding *) plan->findings->pdata[j])->code == BATON_CODE_SOUND_STAYS;
      g_assert_cmpuint (n_stay, ==, uses[i].n_stay);
      g_assert_true ((baton_plan_find (plan, BATON_CODE_IN_USE_MODULE) != NULL) ==
                     uses[i].is_riddle);
    }
}

/* A card with virtual functions may come back, and those of another one are not its own. */
static void
test_virtual_functions_keep_nobody_else (void)
{
  static const struct
  {
    const char *physical;
    BatonSide from;
    BatonSide to;
  } free_ways[] = {
    { PLAN_CARD, GUEST, HOST },
    { "0000:00:02.0", HOST, GUEST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (free_ways); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (free_ways[i].from, free_ways[i].to);
      g_autoptr (BatonPlan) plan = NULL;
      BatonFunction *virtual = NULL;

      share_out (m);
      virtual = baton_machine_find_function (m->machine, "0000:01:02.0");
      plan_machine_set (&virtual->physical, free_ways[i].physical);
      plan = plan_machine_make_plan (m);
      g_assert_null (baton_plan_find (plan, BATON_CODE_VIRTUAL_FUNCTIONS));
      g_assert_false (baton_plan_is_blocked (plan));
    }
}

static void
test_worst_comes_first (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  BatonSeverity last = BATON_SEVERITY_NONE;

  fall_asleep (m);
  add_bridge (m);
  override_acs (m);
  connect_monitor (m);
  open_in_app (m);
  add_foreign (m);
  plan = plan_machine_make_plan (m);

  g_assert_cmpuint (plan->findings->len, >=, 6);
  for (guint i = 0; i < plan->findings->len; i++)
    {
      BatonSeverity severity = baton_finding_get_severity (plan->findings->pdata[i]);

      g_assert_cmpint (severity, >=, last);
      last = severity;
    }
}

static void
test_bytes_of_others_are_cleaned (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  g_autofree char *text = NULL;

  plan_machine_add_holder (m, BATON_HOLDER_APP, 7, "x\n{\"type\":\"result\"}\xff{pid}",
                           "/dev/dri/card1");
  plan = plan_machine_make_plan (m);
  text = baton_finding_dup_text (baton_plan_find (plan, BATON_CODE_IN_USE_APP));

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strchr (text, '\n'));
  g_assert_nonnull (strstr (text, "{pid}"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan/findings/each-is-provoked", test_each_is_provoked);
  g_test_add_func ("/core/plan/findings/every-code-has-a-row", test_every_code_has_a_row);
  g_test_add_func ("/core/plan/findings/only-blockers-block", test_only_blockers_block);
  g_test_add_func ("/core/plan/findings/firmware-console", test_firmware_console_ends);
  g_test_add_func ("/core/plan/findings/firmware-console-is-unbound",
                   test_firmware_console_is_unbound);
  g_test_add_func ("/core/plan/findings/sound-explains-uses", test_sound_explains_uses);
  g_test_add_func ("/core/plan/findings/virtual-functions",
                   test_virtual_functions_keep_nobody_else);
  g_test_add_func ("/core/plan/findings/worst-comes-first", test_worst_comes_first);
  g_test_add_func ("/core/plan/findings/bytes-are-cleaned", test_bytes_of_others_are_cleaned);

  return g_test_run ();
}
