/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST

#define OLD "550.163.01"
#define LATER "580.105.08"
#define LATEST "595.45.04"

static void
stay (PlanMachine *m)
{
}

static void
run_services (PlanMachine *m)
{
  plan_machine_set_list (&m->system->nvidia->units,
                         "nvidia-persistenced.service nvidia-powerd.service");
  plan_machine_set_list (&m->system->nvidia->installed_units,
                         "nvidia-persistenced.service nvidia-powerd.service");
}

/* What runs is found as a holder as well; its own service answers for it. */
static void
run_persistenced (PlanMachine *m)
{
  BatonHolder *holder =
      plan_machine_add_holder (m, BATON_HOLDER_SERVICE, 500, "nvidia-persiste", "/dev/nvidia0");

  plan_machine_set (&holder->unit, "nvidia-persistenced.service");
  plan_machine_set_list (&m->system->nvidia->units, "nvidia-persistenced.service");
}

static void
add_second_card (PlanMachine *m)
{
  plan_machine_add_function (m, "0000:03:00.0", 0x030000, "nvidia", "9");
}

static void
set_modeset (PlanMachine *m, const char *modeset)
{
  plan_machine_set (&m->system->nvidia->modeset, modeset);
}

static void
sleep_display (PlanMachine *m)
{
  plan_machine_set (&m->display->power_control, "auto");
}

#define OVERRIDES                                                                              \
  "set-override:0000:01:00.1 (vfio-pci)\n"                                                     \
  "set-override:0000:01:00.0 (vfio-pci)\n"
#define END                                                                                    \
  "bind:0000:01:00.0 (vfio-pci)\n"                                                             \
  "bind:0000:01:00.1 (vfio-pci)\n"                                                             \
  "verify:0000:01:00.0 (guest)\n"

static const struct
{
  const char *name;
  const char *version;
  void (*prepare) (PlanMachine *m);
  const char *steps;
} to_guest_rows[] = {
  { "an old driver leaves with all its modules", OLD, stay,
    OVERRIDES "unload-module:nvidia_drm\n"
              "unload-module:nvidia_modeset\n"
              "unload-module:nvidia_uvm\n"
              "prove-unused:0000:01:00.0\n"
              "unbind:0000:01:00.1 (snd_hda_intel)\n"
              "unload-module:nvidia\n" END },
  { "a driver of unknown age is taken for an old one", NULL, stay,
    OVERRIDES "unload-module:nvidia_drm\n"
              "unload-module:nvidia_modeset\n"
              "unload-module:nvidia_uvm\n"
              "prove-unused:0000:01:00.0\n"
              "unbind:0000:01:00.1 (snd_hda_intel)\n"
              "unload-module:nvidia\n" END },
  { "a later one is unbound without its display part", LATER, stay,
    OVERRIDES "unload-module:nvidia_drm\n"
              "unload-module:nvidia_modeset\n"
              "prove-unused:0000:01:00.0\n"
              "unbind:0000:01:00.1 (snd_hda_intel)\n"
              "unbind:0000:01:00.0 (nvidia)\n" END },
  { "and with it where another card needs it", LATEST, add_second_card,
    OVERRIDES "prove-unused:0000:01:00.0\n"
              "unbind:0000:01:00.1 (snd_hda_intel)\n"
              "unbind:0000:01:00.0 (nvidia)\n" END },
  { "services go first, the last started before the others", LATEST, run_services,
    "stop-unit:nvidia-powerd.service\n"
    "stop-unit:nvidia-persistenced.service\n" OVERRIDES "unload-module:nvidia_drm\n"
    "unload-module:nvidia_modeset\n"
    "prove-unused:0000:01:00.0\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.0 (nvidia)\n" END },
  { "who holds the card as a service is not closed besides", LATEST, run_persistenced,
    "stop-unit:nvidia-persistenced.service\n" OVERRIDES "unload-module:nvidia_drm\n"
    "unload-module:nvidia_modeset\n"
    "prove-unused:0000:01:00.0\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.0 (nvidia)\n" END },
  { "it is awake when it is asked", LATEST, sleep_display,
    "hold-power:0000:01:00.0\n" OVERRIDES "unload-module:nvidia_drm\n"
    "unload-module:nvidia_modeset\n"
    "prove-unused:0000:01:00.0\n"
    "unbind:0000:01:00.1 (snd_hda_intel)\n"
    "unbind:0000:01:00.0 (nvidia)\n" END },
};

static void
test_to_guest (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (to_guest_rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      g_autofree char *steps = NULL;

      g_test_message ("%s", to_guest_rows[i].name);
      plan_machine_use_nvidia (m, to_guest_rows[i].version);
      to_guest_rows[i].prepare (m);
      plan = plan_machine_make_plan (m);
      steps = plan_machine_list_steps (plan);
      g_assert_cmpstr (steps, ==, to_guest_rows[i].steps);
      g_assert_false (baton_plan_is_blocked (plan));
    }
}

#define RETURN                                                                                 \
  "unbind:0000:01:00.0 (vfio-pci)\n"                                                           \
  "unbind:0000:01:00.1 (vfio-pci)\n"                                                           \
  "reset:0000:01:00.0 (if-needed)\n"                                                           \
  "remove-function:0000:01:00.1 (if-needed)\n"                                                 \
  "remove-function:0000:01:00.0 (if-needed)\n"                                                 \
  "rescan-bus:0000:01 (if-needed)\n"
#define BIND "bind:0000:01:00.0 (auto)\nbind:0000:01:00.1 (auto)\n"

static const struct
{
  const char *name;
  const char *modules;
  const char *loaded;
  const char *steps;
} to_host_rows[] = {
  { "with everything that may have been there", "nvidia", "snd_hda_intel",
    RETURN "load-module:nvidia (takes-card)\n" BIND "load-module:nvidia_modeset (as-before)\n"
           "load-module:nvidia_uvm (as-before)\n"
           "load-module:nvidia_drm (as-before)\n"
           "load-module:nvidia_peermem (as-before)\n"
           "start-unit:nvidia-persistenced.service (as-before)\n"
           "verify:0000:01:00.0 (host)\n" },
  { "a driver that stayed lacks its display part alone", "nvidia",
    "nvidia nvidia_uvm snd_hda_intel",
    RETURN BIND "load-module:nvidia_modeset (as-before)\n"
                "load-module:nvidia_drm (as-before)\n"
                "load-module:nvidia_peermem (as-before)\n"
                "start-unit:nvidia-persistenced.service (as-before)\n"
                "verify:0000:01:00.0 (host)\n" },
  { "a distribution's own name for the file", "nvidia_current", "snd_hda_intel",
    RETURN "load-module:nvidia (takes-card)\n" BIND "load-module:nvidia_modeset (as-before)\n"
           "load-module:nvidia_uvm (as-before)\n"
           "load-module:nvidia_drm (as-before)\n"
           "load-module:nvidia_peermem (as-before)\n"
           "start-unit:nvidia-persistenced.service (as-before)\n"
           "verify:0000:01:00.0 (host)\n" },
  { "the display part claims the card as well", "nvidia_drm nvidia", "snd_hda_intel",
    RETURN "load-module:nvidia (takes-card)\n" BIND "load-module:nvidia_modeset (as-before)\n"
           "load-module:nvidia_uvm (as-before)\n"
           "load-module:nvidia_drm (as-before)\n"
           "load-module:nvidia_peermem (as-before)\n"
           "start-unit:nvidia-persistenced.service (as-before)\n"
           "verify:0000:01:00.0 (host)\n" },
  { "another driver has nothing to do with it", "nouveau nvidia", "snd_hda_intel",
    "load-module:nouveau\n" RETURN BIND "verify:0000:01:00.0 (host)\n" },
};

static void
test_to_host (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (to_host_rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (GUEST, HOST);
      g_autoptr (BatonPlan) plan = NULL;
      g_autofree char *steps = NULL;

      g_test_message ("%s", to_host_rows[i].name);
      plan_machine_set_list (&m->display->modules, to_host_rows[i].modules);
      plan_machine_set_loaded (m, to_host_rows[i].loaded);
      plan_machine_set_list (&m->system->nvidia->installed_units,
                             "nvidia-persistenced.service");
      plan = plan_machine_make_plan (m);
      steps = plan_machine_list_steps (plan);
      g_assert_cmpstr (steps, ==, to_host_rows[i].steps);
    }
}

/* A user's process of the same name, in no service that is stopped, is asked about like any. */
static void
test_namesake_is_a_holder (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) plan = NULL;

  plan_machine_use_nvidia (m, LATEST);
  run_services (m);
  plan_machine_add_holder (m, BATON_HOLDER_APP, 500, "nvidia-persiste", "/dev/nvidia0");
  plan = plan_machine_make_plan (m);
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_IN_USE_APP));
  g_assert_true (baton_plan_is_blocked (plan));
}

static const struct
{
  const char *name;
  const char *version;
  const char *modeset;
  gboolean has_second_card;
  BatonCode code;
} display_rows[] = {
  { "it goes with the card", LATEST, "Y", FALSE, BATON_CODE_NVIDIA_MODESET_ON },
  { "it keeps both cards", LATEST, "Y", TRUE, BATON_CODE_NVIDIA_MODESET_SHARED },
  { "it keeps none", LATEST, "N", TRUE, BATON_CODE_NVIDIA_MODESET_OFF },
  { "it may not be looked at", LATEST, NULL, TRUE, BATON_CODE_NONE },
  { "the driver keeps both", OLD, "Y", TRUE, BATON_CODE_NVIDIA_OTHER_CARD },
};

/* A display part that another card needs is said to be in the way before anything is done. */
static void
test_display_parts (void)
{
  static const BatonCode codes[] = { BATON_CODE_NVIDIA_MODESET_ON,
                                     BATON_CODE_NVIDIA_MODESET_SHARED,
                                     BATON_CODE_NVIDIA_MODESET_OFF,
                                     BATON_CODE_NVIDIA_OTHER_CARD };

  for (guint i = 0; i < G_N_ELEMENTS (display_rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", display_rows[i].name);
      plan_machine_use_nvidia (m, display_rows[i].version);
      set_modeset (m, display_rows[i].modeset);
      if (display_rows[i].has_second_card)
        add_second_card (m);
      plan = plan_machine_make_plan (m);
      for (guint j = 0; j < G_N_ELEMENTS (codes); j++)
        g_assert_true ((baton_plan_find (plan, codes[j]) != NULL) ==
                       (codes[j] == display_rows[i].code));
      g_assert_true (baton_plan_is_blocked (plan) ==
                     (display_rows[i].code == BATON_CODE_NVIDIA_MODESET_SHARED ||
                      display_rows[i].code == BATON_CODE_NVIDIA_OTHER_CARD));
    }
}

static void
run_service_with_uses (PlanMachine *m, guint n_uses)
{
  run_persistenced (m);
  ((BatonHolder *) m->holders->holders->pdata[m->holders->holders->len - 1])->n_uses = n_uses;
}

static const struct
{
  const char *name;
  const char *version;
  guint module; /* of plan_machine_use_nvidia() */
  int refcount;
  const char *node; /* that a process has open, or NULL */
  gboolean has_second_card;
  gboolean is_stuck;
  guint uses_of_service;
  gboolean has_console;
} count_rows[] = {
  { "other modules are explained", OLD, 3, 2, NULL, FALSE, FALSE },
  { "one use too many", OLD, 3, 3, NULL, FALSE, TRUE },
  { "of the display part", OLD, 0, 1, NULL, FALSE, TRUE },
  { "of the display part of a later one", LATEST, 1, 2, NULL, FALSE, TRUE },
  { "of one that stays loaded", LATEST, 2, 5, NULL, FALSE, FALSE },
  { "a process may explain it", LATEST, 3, 38, "/dev/nvidia0", FALSE, FALSE },
  { "a sound server explains nothing", LATEST, 3, 38, "/dev/snd/controlC1", FALSE, TRUE },
  { "another card may explain it", LATEST, 3, 38, NULL, TRUE, FALSE },
  { "nobody knows", LATEST, 3, -1, NULL, FALSE, FALSE },
  { "a service explains it", LATEST, 3, 5, NULL, FALSE, FALSE, 3 },
  { "each of its files twice", LATEST, 3, 8, NULL, FALSE, FALSE, 3 },
  { "and no more", LATEST, 3, 9, NULL, FALSE, TRUE, 3 },
  { "a service explains a part of it", LATEST, 3, 38, NULL, FALSE, TRUE, 3 },
  { "a console explains nothing", OLD, 0, 1, NULL, FALSE, TRUE, 0, TRUE },
};

static void
test_stuck_counts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (count_rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      BatonNvidiaModule *module;

      g_test_message ("%s", count_rows[i].name);
      plan_machine_use_nvidia (m, count_rows[i].version);
      module = m->system->nvidia->modules->pdata[count_rows[i].module];
      module->refcount = count_rows[i].refcount;
      if (count_rows[i].node != NULL)
        plan_machine_add_holder (m, BATON_HOLDER_APP, 500, "game", count_rows[i].node);
      if (count_rows[i].has_second_card)
        add_second_card (m);
      if (count_rows[i].uses_of_service > 0)
        run_service_with_uses (m, count_rows[i].uses_of_service);
      if (count_rows[i].has_console)
        plan_machine_add_holder (m, BATON_HOLDER_KERNEL, 0, "console", "/dev/fb0");
      plan = plan_machine_make_plan (m);
      g_assert_true ((baton_plan_find (plan, BATON_CODE_NVIDIA_COUNT_STUCK) != NULL) ==
                     count_rows[i].is_stuck);
      if (count_rows[i].is_stuck)
        g_assert_cmpuint (plan->steps->len, ==, 0);
    }
}

/* Who may not read how the display part was loaded sees the same plan. */
static void
test_digest_without_rights (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
  g_autoptr (BatonPlan) with = NULL;
  g_autoptr (BatonPlan) without = NULL;

  plan_machine_use_nvidia (m, LATEST);
  run_persistenced (m);
  plan_machine_set (&m->system->nvidia->modeset, "Y");
  with = plan_machine_make_plan (m);
  plan_machine_set (&m->system->nvidia->modeset, NULL);
  g_ptr_array_set_size (m->holders->holders, 0);
  without = plan_machine_make_plan (m);
  g_assert_cmpstr (with->digest, ==, without->digest);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/plan/nvidia/to-guest", test_to_guest);
  g_test_add_func ("/core/plan/nvidia/to-host", test_to_host);
  g_test_add_func ("/core/plan/nvidia/namesake-is-a-holder", test_namesake_is_a_holder);
  g_test_add_func ("/core/plan/nvidia/display-parts", test_display_parts);
  g_test_add_func ("/core/plan/nvidia/stuck-counts", test_stuck_counts);
  g_test_add_func ("/core/plan/nvidia/digest-without-rights", test_digest_without_rights);

  return g_test_run ();
}
