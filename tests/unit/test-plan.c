/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST
#define NONE BATON_SIDE_NONE
#define SPLIT BATON_SIDE_SPLIT

/* What vfio-pci leaves behind: every function overridden. */
static void
override_all (PlanMachine *m)
{
  plan_machine_set (&m->display->override, "vfio-pci");
  plan_machine_set (&m->sound->override, "vfio-pci");
}

static void
add_usb_and_ucsi (PlanMachine *m)
{
  BatonFunction *usb = plan_machine_add_companion (m, "0000:01:00.2", 0x0c0330, "xhci_hcd");

  plan_machine_set_list (&usb->modules, "xhci_pci");
  plan_machine_add_companion (m, "0000:01:00.3", 0x0c8000, NULL);
}

static void
sleep_all (PlanMachine *m)
{
  plan_machine_set (&m->display->power_control, "auto");
  plan_machine_set (&m->sound->power_control, "auto");
}

static void
unload_all (PlanMachine *m)
{
  m->system->vfio = BATON_VFIO_LOADABLE;
  plan_machine_set_loaded (m, "");
}

static void
override_and_unload_all (PlanMachine *m)
{
  override_all (m);
  unload_all (m);
  sleep_all (m);
}

static void
ask_to_open_and_to_return (PlanMachine *m)
{
  m->request->let_open = TRUE;
  m->request->until_free = TRUE;
}

static void
ask_to_open_as_root (PlanMachine *m)
{
  m->request->let_open = TRUE;
  m->request->uid = 0;
}

static void
want_return_by_profile (PlanMachine *m)
{
  m->profile->return_when_guest_stops = TRUE;
}

static void
ask_as_hook (PlanMachine *m)
{
  want_return_by_profile (m);
  m->request->hook_guest = g_strdup ("bench");
}

static void
ask_to_start_guest (PlanMachine *m)
{
  m->request->start_guest = g_strdup ("Windows 11");
}

static void
wait_until_free (PlanMachine *m)
{
  override_all (m);
  m->request->when_free = TRUE;
}

static void
park_with_stub (PlanMachine *m)
{
  plan_machine_set (&m->display->driver, "pci-stub");
}

static void
name_own_override (PlanMachine *m)
{
  plan_machine_set (&m->display->override, "vfio-pci");
  plan_machine_set (&m->sound->override, "snd_hda_intel");
}

static void
prefer_other_module (PlanMachine *m)
{
  plan_machine_set_list (&m->display->modules, "nouveau other");
  plan_machine_add_blacklist (m, "nouveau", 1);
}

static void
switch_off_loaded_module (PlanMachine *m)
{
  plan_machine_add_blacklist (m, "snd-hda-intel", 1);
}

static void
want_rescan (PlanMachine *m)
{
  override_all (m);
  m->profile->return_method = BATON_RETURN_RESCAN;
}

static void
want_bind (PlanMachine *m)
{
  m->profile->return_method = BATON_RETURN_BIND;
}

static void
want_reset (PlanMachine *m)
{
  override_all (m);
  m->profile->return_method = BATON_RETURN_BIND;
  m->profile->reset_before_return = BATON_RESET_ALWAYS;
}

static void
want_no_reset (PlanMachine *m)
{
  override_all (m);
  m->profile->reset_before_return = BATON_RESET_NEVER;
}

/* A family that keeps what the guest left in it, and the module that knows how to reset it. */
static void
be_polaris_with_help (PlanMachine *m)
{
  want_bind (m);
  m->display->vendor_id = 0x1002;
  m->display->device_id = 0x67df;
  plan_machine_set_loaded (m, "snd_hda_intel bochs vendor_reset");
}

static void
lack_reset (PlanMachine *m)
{
  plan_machine_set_list (&m->display->reset_methods, "");
}

/* The sound is behind another port of the switch that the card carries. */
static void
put_on_switch (PlanMachine *m)
{
  m->profile->return_method = BATON_RETURN_RESCAN;
  plan_machine_set (&m->display->override, "vfio-pci");
  plan_machine_set (&m->sound->address, "0000:02:00.0");
  plan_machine_add_companion (m, "0000:00:02.0", 0x060400, "pcieport")->is_bridge = TRUE;
}

/* What a return leaves behind when the sound's driver did not take it. */
static void
lose_sound (PlanMachine *m)
{
  plan_machine_set (&m->sound->driver, NULL);
}

static void
lose_sound_and_sleep (PlanMachine *m)
{
  lose_sound (m);
  plan_machine_set (&m->sound->power_control, "auto");
  plan_machine_add_companion (m, "0000:01:00.3", 0x0c8000, NULL);
}

/* Its module was unloaded meanwhile; what parked it is still written down. */
static void
leave_sound_parked (PlanMachine *m)
{
  lose_sound (m);
  plan_machine_set (&m->sound->override, "vfio-pci");
  plan_machine_set_loaded (m, "bochs i915 vfio_pci");
}

static void
keep_sound_from_host (PlanMachine *m)
{
  lose_sound (m);
  plan_machine_set (&m->sound->override, "none");
}

static void
never_load_sound (PlanMachine *m)
{
  lose_sound (m);
  plan_machine_set_loaded (m, "bochs i915 vfio_pci");
}

static void
lose_sound_to_stub (PlanMachine *m)
{
  plan_machine_set (&m->sound->driver, "pci-stub");
}

/* What every return may come to where a driver does not take the card. */
#define RUNGS                                                                                  \
  "reset:0000:01:00.0 (if-needed)\n"                                                           \
  "remove-function:0000:01:00.1 (if-needed)\n"                                                 \
  "remove-function:0000:01:00.0 (if-needed)\n"                                                 \
  "rescan-bus:0000:01 (if-needed)\n"

static const struct
{
  const char *name;
  BatonSide from;
  BatonSide to;
  void (*prepare) (PlanMachine *m);
  const char *steps;
} step_rows[] = {
  { "from the host to the guest", HOST, GUEST, NULL,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.0 (bochs-drm)\n"
    "bind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "a companion that never had a driver goes as well", HOST, GUEST, add_usb_and_ucsi,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.2 (vfio-pci)\n"
    "set-override:0000:01:00.3 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.2 (xhci_hcd)\n"
    "unbind:0000:01:00.0 (bochs-drm)\n"
    "bind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.2 (vfio-pci)\n"
    "bind:0000:01:00.3 (vfio-pci)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "what may sleep is kept awake", HOST, GUEST, sleep_all,
    "hold-power:0000:01:00.1\n"
    "hold-power:0000:01:00.0\n"
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.0 (bochs-drm)\n"
    "bind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "vfio-pci is loaded where it is not", NONE, GUEST, unload_all,
    "load-module:vfio-pci\n"
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "half of it is there", SPLIT, GUEST, override_all,
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "from pci-stub", HOST, GUEST, park_with_stub,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.0 (pci-stub)\n"
    "bind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "opened for the user, back by itself", SPLIT, GUEST, ask_to_open_and_to_return,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "let-open:/dev/vfio/7 (1000)\n"
    "verify:0000:01:00.0 (guest)\n"
    "wait-guest:0000:01:00.0\n" },
  { "back by itself, says the owner", SPLIT, GUEST, want_return_by_profile,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n"
    "wait-guest:0000:01:00.0\n" },
  { "back by itself, and a hook will do that", SPLIT, GUEST, ask_as_hook,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
  { "and a guest is started with it", SPLIT, GUEST, ask_to_start_guest,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n"
    "start-guest:Windows 11 (0000:01:00.0)\n"
    "wait-guest:0000:01:00.0 (started)\n" },
  { "there already, and a guest is started with it", GUEST, GUEST, ask_to_start_guest,
    "start-guest:Windows 11 (0000:01:00.0)\n"
    "wait-guest:0000:01:00.0 (started)\n" },
  { "there already", GUEST, GUEST, NULL, "" },
  { "there already, and its owner wants it back", GUEST, GUEST, want_return_by_profile, "" },
  { "there already, and root opens what it likes", GUEST, GUEST, ask_to_open_as_root, "" },
  { "there already, and yet something to do", GUEST, GUEST, ask_to_open_and_to_return,
    "let-open:/dev/vfio/7 (1000)\n"
    "wait-guest:0000:01:00.0\n" },
  { "from the guest to the host", GUEST, HOST, override_all,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n" RUNGS "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "parked at boot, without an override", GUEST, HOST, NULL,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n" RUNGS "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "drivers are loaded before anything is let go", GUEST, HOST, override_and_unload_all,
    "hold-power:0000:01:00.0\n"
    "hold-power:0000:01:00.1\n"
    "load-module:bochs\n"
    "load-module:snd_hda_intel\n"
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n" RUNGS "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "when the guest is done", GUEST, HOST, wait_until_free,
    "wait-guest:0000:01:00.0\n"
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n" RUNGS "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "from nowhere", NONE, HOST, override_all,
    RUNGS "set-override:0000:01:00.0 ()\n"
          "set-override:0000:01:00.1 ()\n"
          "bind:0000:01:00.0 (auto)\n"
          "bind:0000:01:00.1 (auto)\n"
          "verify:0000:01:00.0 (host)\n" },
  { "the host's half stays, its own override too", SPLIT, HOST, name_own_override,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "set-override:0000:01:00.0 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "a companion that nobody wants stays unbound", NONE, HOST, add_usb_and_ucsi,
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "not the module that is switched off", SPLIT, HOST, prefer_other_module,
    "load-module:other\n"
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.0 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "but it, where somebody loaded it", NONE, HOST, switch_off_loaded_module,
    RUNGS "bind:0000:01:00.0 (auto)\n"
          "bind:0000:01:00.1 (auto)\n"
          "verify:0000:01:00.0 (host)\n" },
  { "back over the bus, says the owner", GUEST, HOST, want_rescan,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n"
    "remove-function:0000:01:00.1\n"
    "remove-function:0000:01:00.0\n"
    "rescan-bus:0000:01\n"
    "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "a switch of its own stays, and each bus is looked through", GUEST, HOST, put_on_switch,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:02:00.0 (vfio-pci)\n"
    "remove-function:0000:02:00.0\n"
    "remove-function:0000:01:00.0\n"
    "rescan-bus:0000:01\n"
    "rescan-bus:0000:02\n"
    "set-override:0000:01:00.0 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:02:00.0 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "by its drivers alone, says the owner", GUEST, HOST, want_bind,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "reset first, says the owner", GUEST, HOST, want_reset,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n"
    "reset:0000:01:00.0\n"
    "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "never reset, says the owner", NONE, HOST, want_no_reset,
    "remove-function:0000:01:00.1 (if-needed)\n"
    "remove-function:0000:01:00.0 (if-needed)\n"
    "rescan-bus:0000:01 (if-needed)\n"
    "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "reset by the one way that helps", GUEST, HOST, be_polaris_with_help,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.1 (vfio-pci)\n"
    "reset:0000:01:00.0 (device_specific)\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "no way to reset it", NONE, HOST, lack_reset,
    "remove-function:0000:01:00.1 (if-needed)\n"
    "remove-function:0000:01:00.0 (if-needed)\n"
    "rescan-bus:0000:01 (if-needed)\n"
    "bind:0000:01:00.0 (auto)\n"
    "bind:0000:01:00.1 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "half of it is used here: nothing is reset", SPLIT, HOST, want_reset,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "half of it is used here: nothing is removed", SPLIT, HOST, want_rescan,
    "unbind:0000:01:00.0 (vfio-pci)\n"
    "set-override:0000:01:00.0 ()\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.0 (auto)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "back already", HOST, HOST, NULL, "" },
  { "back, but for its sound", HOST, HOST, lose_sound_and_sleep,
    "hold-power:0000:01:00.1\n"
    "bind:0000:01:00.1 (any)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "back, and its sound still parked", HOST, HOST, leave_sound_parked,
    "load-module:snd_hda_intel\n"
    "set-override:0000:01:00.1 ()\n"
    "bind:0000:01:00.1 (any)\n"
    "verify:0000:01:00.0 (host)\n" },
  { "a sound function that its owner keeps from the host", HOST, HOST, keep_sound_from_host,
    "" },
  { "a sound function that never had a driver", HOST, HOST, never_load_sound, "" },
  { "a sound function that is parked on purpose", HOST, HOST, lose_sound_to_stub, "" },
  { "its sound goes along without a driver too", HOST, GUEST, lose_sound,
    "set-override:0000:01:00.1 (vfio-pci)\n"
    "set-override:0000:01:00.0 (vfio-pci)\n"
    "unbind:0000:01:00.0 (bochs-drm)\n"
    "bind:0000:01:00.0 (vfio-pci)\n"
    "bind:0000:01:00.1 (vfio-pci)\n"
    "verify:0000:01:00.0 (guest)\n" },
};

static void
test_steps (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (step_rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (step_rows[i].from, step_rows[i].to);
      g_autoptr (BatonPlan) plan = NULL;
      g_autofree char *steps = NULL;

      g_test_message ("%s", step_rows[i].name);
      if (step_rows[i].prepare != NULL)
        step_rows[i].prepare (m);
      plan = plan_machine_make_plan (m);
      steps = plan_machine_list_steps (plan);

      g_assert_false (baton_plan_is_blocked (plan));
      g_assert_cmpstr (steps, ==, step_rows[i].steps);
      g_assert_true (plan->there_already ==
                     (step_rows[i].from == step_rows[i].to && *steps == '\0'));
      g_assert_false (plan->ends_session);
    }
}

/* No step's id stands for two, or consent to one would be consent to the other. */
static void
test_ids_are_unique (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (step_rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (step_rows[i].from, step_rows[i].to);
      g_autoptr (GHashTable) seen =
          g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_autoptr (BatonPlan) plan = NULL;

      if (step_rows[i].prepare != NULL)
        step_rows[i].prepare (m);
      plan = plan_machine_make_plan (m);
      for (guint j = 0; j < plan->steps->len; j++)
        g_assert_true (g_hash_table_add (seen, baton_step_dup_id (plan->steps->pdata[j])));
    }
}

/* Side and there-already only where nothing else would be done: a user who asked to open a
 * card that is there has something coming. */
static void
test_there_already_is_said (void)
{
  static const BatonSide sides[] = { HOST, GUEST };

  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (sides[i], sides[i]);
      g_autoptr (BatonPlan) plan = NULL;

      /* Not even this matters, since nothing is done. */
      m->system->journal = TRUE;
      m->machine->iommu_enabled = FALSE;
      plan = plan_machine_make_plan (m);

      g_assert_true (plan->there_already);
      g_assert_nonnull (baton_plan_find (plan, BATON_CODE_ALREADY_THERE));
      g_assert_cmpuint (plan->findings->len, ==, 1);
    }
}

/* A card that came back in parts says so whatever is planned for it, and is not "there already". */
static void
test_lost_driver_is_said (void)
{
  static const struct
  {
    void (*prepare) (PlanMachine *m);
    gboolean lost;
  } rows[] = {
    { lose_sound, TRUE },        { leave_sound_parked, TRUE },  { keep_sound_from_host, FALSE },
    { never_load_sound, FALSE }, { lose_sound_to_stub, FALSE },
  };
  static const BatonSide sides[] = { HOST, GUEST };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sides); j++)
      {
        g_autoptr (PlanMachine) m = plan_machine_new (HOST, sides[j]);
        g_autoptr (BatonPlan) plan = NULL;
        const BatonFinding *finding = NULL;

        g_test_message ("row %u to the %s", i, baton_side_to_string (sides[j]));
        rows[i].prepare (m);
        plan = plan_machine_make_plan (m);
        finding = baton_plan_find (plan, BATON_CODE_COMPANION_LOST_DRIVER);
        g_assert_true ((finding != NULL) == rows[i].lost);
        if (finding != NULL)
          g_assert_cmpstr (finding->subject, ==, PLAN_SOUND);
        g_assert_true (plan->there_already == (sides[j] == HOST && !rows[i].lost));
        g_assert_true ((baton_plan_find (plan, BATON_CODE_ALREADY_THERE) != NULL) ==
                       plan->there_already);
      }
}

static void
test_digest_is_known (void)
{
  static const char text[] = PLAN_CARD "\nguest\n"
                                       "set-override:" PLAN_SOUND "\n"
                                       "set-override:" PLAN_CARD "\n"
                                       "unbind:" PLAN_SOUND "\n"
                                       "unbind:" PLAN_CARD "\n"
                                       "bind:" PLAN_CARD "\n"
                                       "bind:" PLAN_SOUND "\n"
                                       "verify:" PLAN_CARD "\n";
  g_autofree char *expected = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = plan_machine_make_plan (m);

  g_assert_cmpstr (plan->digest, ==, expected);
}

static void
lose_permission (PlanMachine *m)
{
  m->holders->complete = FALSE;
  plan_machine_set (&m->holders->reason, "permission");
}

static void
open_in_app (PlanMachine *m)
{
  plan_machine_add_holder (m, BATON_HOLDER_APP, 500, "glxgears", "/dev/dri/card1");
}

static void
open_in_app_and_consent (PlanMachine *m)
{
  open_in_app (m);
  baton_request_add_close (m->request, 500, PLAN_DIGITS);
}

static void
open_in_service (PlanMachine *m)
{
  for (int pid = 501; pid < 503; pid++)
    {
      BatonHolder *holder =
          plan_machine_add_holder (m, BATON_HOLDER_SERVICE, pid, "ollama", "/dev/dri/card1");

      plan_machine_set (&holder->unit, "ollama.service");
      holder->main_pid = 501;
    }
}

static void
open_in_service_and_consent (PlanMachine *m)
{
  open_in_service (m);
  baton_request_add_close (m->request, 502, PLAN_DIGITS);
}

static void
use_other_driver (PlanMachine *m)
{
  plan_machine_set (&m->display->driver, "simple-drm");
}

static void
connect_monitor (PlanMachine *m)
{
  m->card->boot_display = TRUE;
}

static void
override_sound (PlanMachine *m)
{
  plan_machine_set (&m->sound->override, "vfio-pci");
}

static void
let_open (PlanMachine *m)
{
  m->request->let_open = TRUE;
}

static void
go_home (PlanMachine *m)
{
  plan_machine_set (&m->display->driver, "vfio-pci");
  plan_machine_set (&m->sound->driver, "vfio-pci");
  m->request->to = HOST;
}

/* The digest covers what is done, not who looked, who is closed, or what is said about it. */
static void
test_digest_covers (void)
{
  static const struct
  {
    const char *name;
    void (*change) (PlanMachine *m);
    gboolean same;
  } rows[] = {
    { "an unprivileged look", lose_permission, TRUE },
    { "somebody in the way", open_in_app, TRUE },
    { "consent to close him", open_in_app_and_consent, TRUE },
    { "a service that is stopped", open_in_service_and_consent, TRUE },
    { "a note", connect_monitor, TRUE },
    { "a detail", use_other_driver, TRUE },
    { "a step less", override_sound, FALSE },
    { "a step more", let_open, FALSE },
    { "the other side", go_home, FALSE },
  };
  g_autoptr (PlanMachine) plain = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) expected = plan_machine_make_plan (plain);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", rows[i].name);
      rows[i].change (m);
      plan = plan_machine_make_plan (m);
      g_assert_true (g_str_equal (plan->digest, expected->digest) == rows[i].same);
    }
}

/* A guest that ends between the preview and the handoff is no reason to ask again. */
static void
test_digest_does_not_depend_on_the_guest (void)
{
  g_autofree char *running = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (GUEST, HOST);
      g_autoptr (BatonPlan) plan = NULL;

      m->request->when_free = TRUE;
      if (i == 0)
        plan_machine_add_holder (m, BATON_HOLDER_VM, 600, "qemu-system-x86", "/dev/vfio/7");
      plan = plan_machine_make_plan (m);
      g_assert_false (baton_plan_is_blocked (plan));
      if (i == 0)
        running = g_strdup (plan->digest);
      else
        g_assert_cmpstr (plan->digest, ==, running);
    }
}

/* Whether each of three processes of one application is set aside by consent to one. */
static void
test_consent_covers_the_application (void)
{
  static const struct
  {
    const char *name;
    const char *scope;
    guint uid;
    const char *start_time;
    gboolean granted;
  } rows[] = {
    { "the same application", "app-firefox-7.scope", 1000, PLAN_DIGITS, TRUE },
    { "another application", "app-steam-9.scope", 1000, PLAN_DIGITS, FALSE },
    { "no application", NULL, 1000, PLAN_DIGITS, FALSE },
    { "another user's of the same name", "app-firefox-7.scope", 1001, PLAN_DIGITS, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      BatonHolder *named = NULL;
      BatonHolder *other = NULL;
      guint n_closed = 0;

      g_test_message ("%s", rows[i].name);
      other =
          plan_machine_add_holder (m, BATON_HOLDER_APP, 499, "GPU Process", "/dev/dri/card1");
      plan_machine_set (&other->scope, rows[i].scope);
      other->uid = rows[i].uid;
      named = plan_machine_add_holder (m, BATON_HOLDER_APP, 500, "firefox", "/dev/dri/card1");
      plan_machine_set (&named->scope, "app-firefox-7.scope");
      baton_request_add_close (m->request, 500, PLAN_DIGITS);
      plan = plan_machine_make_plan (m);

      g_assert_true (baton_plan_is_blocked (plan) != rows[i].granted);
      for (guint j = 0; j < plan->steps->len; j++)
        n_closed += ((BatonStep *) plan->steps->pdata[j])->kind == BATON_STEP_CLOSE_PROCESS;
      g_assert_cmpuint (n_closed, ==, rows[i].granted ? 1 : 2);
      g_assert_cmpstr (((BatonStep *) plan->steps->pdata[0])->target, ==, "500:" PLAN_DIGITS);
      g_assert_cmpstr (((BatonStep *) plan->steps->pdata[0])->detail, ==, "firefox");
    }
}

/* The steps by which holders are closed. */
static char *
list_closes (const BatonPlan *plan)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];
      g_autofree char *id = baton_step_dup_id (step);

      if (step->kind == BATON_STEP_CLOSE_PROCESS || step->kind == BATON_STEP_STOP_UNIT)
        g_string_append_printf (list, "%s ", id);
    }

  return g_string_free (g_steal_pointer (&list), FALSE);
}

/* Consent to one process of a service stops the service, once, and ends no process of it. Another
 * program that it has started is another holder. */
static void
test_consent_stops_the_service (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) other = NULL;
  g_autofree char *list = NULL;
  BatonHolder *child = NULL;

  open_in_service_and_consent (m);
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  list = list_closes (plan);
  g_assert_cmpstr (list, ==, "stop-unit:ollama.service ");

  child = plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 503, "ffmpeg", "/dev/dri/card1");
  plan_machine_set (&child->unit, "ollama.service");
  other = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (other));
  g_assert_false (baton_plan_find (other, BATON_CODE_IN_USE_SERVICE)->granted);
  g_assert_true (baton_plan_find (other, BATON_CODE_IN_USE_WHOLE_SERVICE)->granted);
}

/* His own alone, and through his own systemd: that of another user is none of his. */
static void
test_consent_stops_ones_own_service (void)
{
  static const struct
  {
    guint uid;
    gboolean has_systemd;
    const char *steps;
  } rows[] = {
    { 1000, TRUE, "stop-unit:user:1000:mpd.service " },
    { 1001, TRUE, "close-process:501:" PLAN_DIGITS " " },
    { 1000, FALSE, "close-process:501:" PLAN_DIGITS " " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      g_autofree char *list = NULL;
      BatonHolder *holder =
          plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 501, "mpd", "/dev/dri/card1");

      plan_machine_set (&holder->unit, "mpd.service");
      holder->main_pid = 501;
      holder->of_user = TRUE;
      holder->uid = 1000;
      m->request->uid = rows[i].uid;
      m->request->has_systemd = rows[i].has_systemd;
      baton_request_add_close (m->request, 501, PLAN_DIGITS);
      plan = plan_machine_make_plan (m);
      g_assert_false (baton_plan_is_blocked (plan));
      list = list_closes (plan);
      g_assert_cmpstr (list, ==, rows[i].steps);
    }
}

/* Nothing in a container is closed, whatever is consented to. */
static void
test_consent_is_none_for_containers (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  BatonHolder *holder =
      plan_machine_add_holder (m, BATON_HOLDER_APP, 500, "jellyfin", "/dev/dri/card1");
  g_autofree char *remedy = NULL;
  const BatonFinding *finding;

  plan_machine_set (&holder->container, "0123456789ab");
  holder->engine = "Docker";
  holder->closable = FALSE;
  baton_request_add_close (m->request, 500, PLAN_DIGITS);
  plan = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (plan));
  finding = baton_plan_find (plan, BATON_CODE_IN_USE_CONTAINER);
  g_assert_nonnull (finding);
  g_assert_false (finding->granted);
  remedy = baton_finding_dup_remedy (finding);
  g_assert_nonnull (strstr (remedy, "docker stop 0123456789ab"));
}

static void
test_consent_is_for_one_process (void)
{
  static const struct
  {
    const char *name;
    int pid;
    const char *start_time;
    gboolean closable;
    BatonHolderKind kind;
    gboolean blocked;
  } rows[] = {
    { "the one that was shown", 500, PLAN_DIGITS, TRUE, BATON_HOLDER_APP, FALSE },
    { "a later one with its number", 500, "7001", TRUE, BATON_HOLDER_APP, TRUE },
    { "one that must not be closed", 500, PLAN_DIGITS, FALSE, BATON_HOLDER_SERVICE, TRUE },
    { "a compositor", 500, PLAN_DIGITS, TRUE, BATON_HOLDER_COMPOSITOR, TRUE },
    { "a guest", 500, PLAN_DIGITS, TRUE, BATON_HOLDER_VM, TRUE },
    { "process 1", 1, PLAN_DIGITS, TRUE, BATON_HOLDER_SERVICE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", rows[i].name);
      plan_machine_add_holder (m, rows[i].kind, rows[i].pid, "holder", "/dev/dri/card1")
          ->closable = rows[i].closable;
      baton_request_add_close (m->request, rows[i].pid, rows[i].start_time);
      plan = plan_machine_make_plan (m);
      g_assert_true (baton_plan_is_blocked (plan) == rows[i].blocked);
    }
}

/* A card that may not come back goes when its owner says so, and not before. */
static void
test_consent_not_to_return (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (NONE, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      g_autofree char *steps = NULL;

      plan_machine_set_list (&m->display->modules, "");
      m->request->may_not_return = i == 1;
      plan = plan_machine_make_plan (m);
      steps = plan_machine_list_steps (plan);

      g_assert_nonnull (baton_plan_find (plan, BATON_CODE_HOST_DRIVER_MISSING));
      g_assert_true (baton_plan_is_blocked (plan) == (i == 0));
      g_assert_cmpstr (steps, !=, "");
    }
}

/* A card that stays as the guest left it is handed over by somebody who knows; with the module that
 * resets it there is nothing to know. */
static void
test_reset_bug (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      m->display->vendor_id = 0x1002;
      m->display->device_id = 0x67df;
      m->request->may_not_return = i == 1;
      if (i == 2)
        plan_machine_set_loaded (m, "snd_hda_intel bochs vendor_reset");
      plan = plan_machine_make_plan (m);

      g_assert_true ((baton_plan_find (plan, BATON_CODE_RESET_BUG) != NULL) == (i < 2));
      g_assert_true (baton_plan_is_blocked (plan) == (i == 0));
    }
}

/* Who uses what the host's drivers serve is in nobody's way when the rest comes home. */
static void
test_return_minds_vfio_alone (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (SPLIT, HOST);
  g_autoptr (BatonPlan) free_plan = NULL;
  g_autoptr (BatonPlan) held_plan = NULL;

  plan_machine_add_holder (m, BATON_HOLDER_SOUND, 502, "pipewire", "/dev/snd/controlC1");
  free_plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (free_plan));
  g_assert_null (baton_plan_find (free_plan, BATON_CODE_IN_USE_SOUND));

  plan_machine_add_holder (m, BATON_HOLDER_APP, 503, "dpdk", "/dev/vfio/7");
  held_plan = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (held_plan));
  g_assert_nonnull (baton_plan_find (held_plan, BATON_CODE_IN_USE_APP));
}

/* An app that plays sound is asked for its sound, not for the picture. */
static void
test_sound_is_told_from_picture (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_add_holder (m, BATON_HOLDER_APP, 503, "mpv", "/dev/snd/controlC1");
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_IN_USE_SOUND));
  g_assert_null (baton_plan_find (plan, BATON_CODE_IN_USE_APP));
}

/* A user's sound server is asked and goes on; everybody else who has the sound is in the way. What
 * an unprivileged preview does not see of it is not in the digest. */
static void
test_sound_servers_are_asked (void)
{
  static const struct
  {
    const char *about;
    const char *name;
    guint uid;
    const char *node;
    gboolean granted;
    BatonCode code;
    const char *step;
  } rows[] = {
    { "a user's", "wireplumber", 1000, "/dev/snd/controlC1", FALSE, BATON_CODE_SOUND_LETS_GO,
      "reserve-sound:" PLAN_SOUND },
    { "its name cut off", "pipewire-media-", 1000, "/dev/snd/controlC1", FALSE,
      BATON_CODE_SOUND_LETS_GO, "reserve-sound:" PLAN_SOUND },
    { "to be closed", "wireplumber", 1000, "/dev/snd/controlC1", TRUE, BATON_CODE_IN_USE_SOUND,
      "close-process:500:" PLAN_DIGITS },
    { "the system's", "pulseaudio", 0, "/dev/snd/controlC1", FALSE, BATON_CODE_IN_USE_SOUND,
      "close-process:500:" PLAN_DIGITS },
    { "one that cannot be asked", "jackd", 1000, "/dev/snd/controlC1", FALSE,
      BATON_CODE_IN_USE_SOUND, "close-process:500:" PLAN_DIGITS },
    { "one with the picture", "pipewire", 1000, "/dev/dri/card1", FALSE,
      BATON_CODE_IN_USE_SOUND, "close-process:500:" PLAN_DIGITS },
  };
  g_autoptr (PlanMachine) quiet = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) wanted = plan_machine_make_plan (quiet);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      g_autofree char *first = NULL;

      g_test_message ("%s", rows[i].about);
      plan_machine_add_holder (m, BATON_HOLDER_SOUND, 500, rows[i].name, rows[i].node)->uid =
          rows[i].uid;
      if (rows[i].granted)
        baton_request_add_close (m->request, 500, PLAN_DIGITS);
      plan = plan_machine_make_plan (m);
      first = baton_step_dup_id (plan->steps->pdata[0]);

      g_assert_nonnull (baton_plan_find (plan, rows[i].code));
      g_assert_cmpstr (first, ==, rows[i].step);
      g_assert_true (baton_plan_is_blocked (plan) !=
                     (rows[i].granted || rows[i].code == BATON_CODE_SOUND_LETS_GO));
      g_assert_cmpuint (plan->steps->len, ==, wanted->steps->len + 1);
      g_assert_cmpstr (plan->digest, ==, wanted->digest);
    }
}

/* The sound function's hold on the display driver is no use that nobody explains. */
static void
test_module_uses_are_explained (void)
{
  static const struct
  {
    const char *name;
    int refcount;
    gboolean sound_on_host;
    gboolean twin;
    gboolean holder;
    gboolean found;
  } rows[] = {
    { "one use, by the sound driver", 1, TRUE, FALSE, FALSE, FALSE },
    { "one use, no sound driver", 1, FALSE, FALSE, FALSE, TRUE },
    { "two uses", 2, TRUE, FALSE, FALSE, TRUE },
    { "no use", 0, TRUE, FALSE, FALSE, FALSE },
    { "unknown", -1, FALSE, FALSE, FALSE, FALSE },
    { "a twin has the driver too", 9, TRUE, TRUE, FALSE, FALSE },
    { "a process explains it", 9, TRUE, FALSE, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      BatonModuleUse *use = g_new0 (BatonModuleUse, 1);

      g_test_message ("%s", rows[i].name);
      use->name = g_strdup ("bochs");
      use->refcount = rows[i].refcount;
      g_ptr_array_add (m->holders->modules, use);
      if (!rows[i].sound_on_host)
        plan_machine_set (&m->sound->driver, NULL);
      if (rows[i].twin)
        plan_machine_add_function (m, "0000:02:00.0", 0x030000, "bochs-drm", "8")
            ->driver_module = g_strdup ("bochs");
      if (rows[i].holder)
        open_in_app (m);

      plan = plan_machine_make_plan (m);
      g_assert_true ((baton_plan_find (plan, BATON_CODE_IN_USE_MODULE) != NULL) ==
                     rows[i].found);
    }
}

static void
test_claims_are_about_this_card (void)
{
  static const struct
  {
    const char *ids;
    gboolean found;
  } rows[] = {
    { "1234:1111", TRUE },
    { "10de:1b80,1234:1111", TRUE },
    { "1234:1111:1af4:1100", TRUE },
    { "1234:1111:1af4", TRUE },
    { "1234:1111:ffffffff:ffffffff:030000:ff0000", TRUE },
    { "1234:1111:1af4:1101", FALSE },
    { "1234:1111:ffffffff:ffffffff:020000:ff0000", FALSE },
    { "1234:1112", FALSE },
    { "1234", FALSE },
    { "", FALSE },
    { ",,:", FALSE },
    { "1234:1111:1:2:3:4:5", FALSE },
    { "12345678:1111", FALSE },
    { "x:y", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", rows[i].ids);
      plan_machine_add_claim (m, BATON_CLAIM_VFIO_IDS, NULL, rows[i].ids, 3);
      plan_machine_add_claim (m, BATON_CLAIM_DRIVERCTL, "0000:00:02.0", "i915", 1);
      plan = plan_machine_make_plan (m);
      g_assert_true ((baton_plan_find (plan, BATON_CODE_CLAIMED_BY_IDS) != NULL) ==
                     rows[i].found);
      g_assert_null (baton_plan_find (plan, BATON_CODE_MANAGED_BY_DRIVERCTL));
    }
}

/* Which of the neighbours in the group keeps a guest from opening it. */
static void
test_group_viability (void)
{
  static const struct
  {
    const char *name;
    guint32 class_code;
    const char *driver;
    BatonCode code;
  } rows[] = {
    { "a disk in use", 0x010802, "nvme", BATON_CODE_FOREIGN_IN_GROUP },
    { "a disk without driver", 0x010802, NULL, BATON_CODE_FOREIGN_IDLE },
    { "a disk on vfio", 0x010802, "vfio-pci", BATON_CODE_FOREIGN_IDLE },
    { "a disk on pci-stub", 0x010802, "pci-stub", BATON_CODE_FOREIGN_IDLE },
    { "a port", 0x060400, "pcieport", BATON_CODE_BRIDGE_STAYS },
    { "a bridge without driver", 0x060400, NULL, BATON_CODE_BRIDGE_STAYS },
    { "a bridge with a driver of its own", 0x060100, "lpc_ich", BATON_CODE_FOREIGN_IN_GROUP },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      const BatonFinding *finding = NULL;

      g_test_message ("%s", rows[i].name);
      plan_machine_add_function (m, "0000:02:00.0", rows[i].class_code, rows[i].driver, "7");
      plan_machine_add_function (m, "0000:03:00.0", 0x010802, "nvme", "8");
      plan = plan_machine_make_plan (m);
      finding = baton_plan_find (plan, rows[i].code);
      g_assert_nonnull (finding);
      g_assert_cmpstr (finding->subject, ==, "0000:02:00.0");
    }
}

/* A companion may be in a group of its own (cards with a switch): its neighbours count too. */
static void
test_companions_group_counts (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set (&m->sound->group, "8");
  plan_machine_add_function (m, "0000:03:00.0", 0x010802, "nvme", "8");
  m->request->let_open = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_FOREIGN_IN_GROUP));
}

/* A kernel is known by all of its number, and by no more of its name. */
static void
test_kernels_that_crash (void)
{
  static const struct
  {
    const char *release;
    gboolean found;
  } rows[] = {
    { "7.2.2", TRUE },   { "7.2.2-3-cachyos", TRUE }, { "7.2.1", FALSE },   { "7.2.3", FALSE },
    { "7.2.20", FALSE }, { "6.1.0-40-amd64", FALSE }, { "7.2-rc2", FALSE }, { "7", FALSE },
    { "17.2.2", FALSE }, { "who knows", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", rows[i].release);
      m->display->vendor_id = 0x1002;
      m->display->device_id = 0x7550;
      plan_machine_set (&m->system->kernel_release, rows[i].release);
      plan = plan_machine_make_plan (m);
      g_assert_true ((baton_plan_find (plan, BATON_CODE_RETURN_CRASHES) != NULL) ==
                     rows[i].found);
    }
}

/* A driver that crashes when it gets a card back is refused both ways: it would get it back. */
static void
test_drivers_that_crash (void)
{
  static const BatonSide ways[][2] = { { HOST, GUEST }, { GUEST, HOST } };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (ways[i][0], ways[i][1]);
      g_autoptr (BatonPlan) plan = NULL;

      if (ways[i][0] == HOST)
        plan_machine_set (&m->display->driver, "qxl");
      plan_machine_set_list (&m->display->modules, "qxl");
      plan = plan_machine_make_plan (m);
      g_assert_nonnull (baton_plan_find (plan, BATON_CODE_DRIVER_CRASHES));
      g_assert_cmpuint (plan->steps->len, ==, 0);
    }
}

/* No index of modules tells what cards a part of the kernel takes. */
static void
test_built_in_driver (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (GUEST, HOST);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set_list (&m->display->modules, "");
  m->display->built_in = "virtio-pci";
  plan = plan_machine_make_plan (m);
  g_assert_null (baton_plan_find (plan, BATON_CODE_NO_DRIVER_TO_RETURN_TO));
  g_assert_cmpuint (plan->steps->len, >, 0);
}

/* The handoff's own lock does not stand in its own way; another's does. */
static void
test_own_lock_is_no_obstacle (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) own = NULL;
  g_autoptr (BatonPlan) other = NULL;

  m->system->handoff = g_strdup ("4f5a");
  m->request->handoff = g_strdup ("4f5a");
  own = plan_machine_make_plan (m);
  g_assert_null (baton_plan_find (own, BATON_CODE_HANDOFF_UNDER_WAY));

  plan_machine_set (&m->request->handoff, "beef");
  other = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (other, BATON_CODE_HANDOFF_UNDER_WAY));
}

static void
test_nobody_looked (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_set (&m->holders->card, "0000:00:02.0");
  plan = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_HOLDERS_UNKNOWN));
}

static void
test_json (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *object = NULL;
  JsonObject *finding = NULL;

  open_in_app (m);
  plan = plan_machine_make_plan (m);
  node = baton_plan_to_json (plan);
  object = json_node_get_object (node);
  finding =
      json_array_get_object_element (json_object_get_array_member (object, "findings"), 0);

  g_assert_cmpstr (json_object_get_string_member (object, "to"), ==, "guest");
  g_assert_cmpstr (json_object_get_string_member (object, "digest"), ==, plan->digest);
  g_assert_false (json_object_get_boolean_member (object, "ends_session"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (object, "steps")), ==,
                    plan->steps->len);
  g_assert_cmpstr (json_object_get_string_member (finding, "severity"), ==, "blocker");
  g_assert_cmpstr (json_object_get_string_member (finding, "code"), ==, "in-use-app");
  g_assert_cmpstr (json_object_get_string_member (finding, "consent"), ==, "close");
  g_assert_cmpstr (json_object_get_string_member (finding, "subject"), ==, "500:" PLAN_DIGITS);
  g_assert_cmpstr (json_object_get_string_member (finding, "text"), ==,
                   "glxgears (process 500 of user) is using the card through /dev/dri/card1.");
  g_assert_nonnull (json_object_get_string_member (finding, "remedy"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan/steps", test_steps);
  g_test_add_func ("/core/plan/ids-are-unique", test_ids_are_unique);
  g_test_add_func ("/core/plan/there-already", test_there_already_is_said);
  g_test_add_func ("/core/plan/lost-driver", test_lost_driver_is_said);
  g_test_add_func ("/core/plan/digest/is-known", test_digest_is_known);
  g_test_add_func ("/core/plan/digest/covers", test_digest_covers);
  g_test_add_func ("/core/plan/digest/without-guest", test_digest_does_not_depend_on_the_guest);
  g_test_add_func ("/core/plan/consent/application", test_consent_covers_the_application);
  g_test_add_func ("/core/plan/consent/service", test_consent_stops_the_service);
  g_test_add_func ("/core/plan/consent/own-service", test_consent_stops_ones_own_service);
  g_test_add_func ("/core/plan/consent/container", test_consent_is_none_for_containers);
  g_test_add_func ("/core/plan/consent/process", test_consent_is_for_one_process);
  g_test_add_func ("/core/plan/consent/not-to-return", test_consent_not_to_return);
  g_test_add_func ("/core/plan/reset-bug", test_reset_bug);
  g_test_add_func ("/core/plan/holders/return-minds-vfio", test_return_minds_vfio_alone);
  g_test_add_func ("/core/plan/holders/sound", test_sound_is_told_from_picture);
  g_test_add_func ("/core/plan/sound/servers-are-asked", test_sound_servers_are_asked);
  g_test_add_func ("/core/plan/holders/modules", test_module_uses_are_explained);
  g_test_add_func ("/core/plan/holders/nobody-looked", test_nobody_looked);
  g_test_add_func ("/core/plan/claims", test_claims_are_about_this_card);
  g_test_add_func ("/core/plan/group/viability", test_group_viability);
  g_test_add_func ("/core/plan/group/companions", test_companions_group_counts);
  g_test_add_func ("/core/plan/drivers/crash", test_drivers_that_crash);
  g_test_add_func ("/core/plan/drivers/kernels", test_kernels_that_crash);
  g_test_add_func ("/core/plan/drivers/built-in", test_built_in_driver);
  g_test_add_func ("/core/plan/own-lock", test_own_lock_is_no_obstacle);
  g_test_add_func ("/core/plan/json", test_json);

  return g_test_run ();
}
