/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "plan-machine.h"

#define RELEASE "release-card:" PLAN_CARD

typedef struct
{
  const char *about;
  BatonHolderKind kind;
  const char *name;
  const char *screens;
  gboolean hidden;
  BatonCode code;
} Desktop;

static gboolean
begins_with_release (const BatonPlan *plan)
{
  g_autofree char *first =
      plan->steps->len > 0 ? baton_step_dup_id (plan->steps->pdata[0]) : NULL;

  return g_strcmp0 (first, RELEASE) == 0;
}

static BatonHolder *
add_keeper (PlanMachine *m, int pid, const char *name)
{
  BatonHolder *keeper =
      plan_machine_add_holder (m, BATON_HOLDER_SERVICE, pid, name, "/dev/dri/card1");

  keeper->closable = FALSE;
  keeper->uid = 0;

  return keeper;
}

/* Who is known to let go of a second card is asked to; whose first card it is, or may be, would end
 * with it. */
static void
test_who_is_asked (void)
{
  static const Desktop rows[] = {
    { "KWin", BATON_HOLDER_COMPOSITOR, "kwin_wayland", NULL, FALSE,
      BATON_CODE_DESKTOP_LETS_GO },
    { "KWin, packed by NixOS", BATON_HOLDER_COMPOSITOR, ".kwin_wayland-w", NULL, FALSE,
      BATON_CODE_DESKTOP_LETS_GO },
    { "sway ended once", BATON_HOLDER_COMPOSITOR, "sway", NULL, FALSE,
      BATON_CODE_IN_USE_COMPOSITOR },
    { "nobody has tried Hyprland", BATON_HOLDER_COMPOSITOR, "Hyprland", NULL, FALSE,
      BATON_CODE_IN_USE_COMPOSITOR },
    { "Xorg ends the second time", BATON_HOLDER_DISPLAY_SERVER, "Xorg", NULL, FALSE,
      BATON_CODE_IN_USE_DISPLAY_SERVER },
    { "mutter keeps it", BATON_HOLDER_COMPOSITOR, "gnome-shell", NULL, FALSE,
      BATON_CODE_IN_USE_COMPOSITOR },
    { "nobody knows what Xwayland does", BATON_HOLDER_DISPLAY_SERVER, "Xwayland", NULL, FALSE,
      BATON_CODE_IN_USE_DISPLAY_SERVER },
    { "told to draw on the other one first", BATON_HOLDER_COMPOSITOR, "kwin_wayland",
      "/dev/dri/card0:/dev/dri/card1", FALSE, BATON_CODE_DESKTOP_LETS_GO },
    { "told to draw on this one first", BATON_HOLDER_COMPOSITOR, "kwin_wayland",
      "/dev/dri/card1:/dev/dri/card0", FALSE, BATON_CODE_IN_USE_COMPOSITOR },
    { "told something that is not understood", BATON_HOLDER_COMPOSITOR, "kwin_wayland",
      "/dev/dri/by-path/pci-0000\\:01\\:00.0-card", FALSE, BATON_CODE_IN_USE_COMPOSITOR },
    { "nobody knows what it was told", BATON_HOLDER_COMPOSITOR, "kwin_wayland", NULL, TRUE,
      BATON_CODE_IN_USE_COMPOSITOR },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean asked = rows[i].code == BATON_CODE_DESKTOP_LETS_GO;
      g_autoptr (PlanMachine) m = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      BatonHolder *holder = plan_machine_add_desktop (m, rows[i].kind, 500, rows[i].name);

      g_test_message ("%s", rows[i].about);
      plan_machine_set (&holder->screens, rows[i].screens);
      holder->environment_known = !rows[i].hidden;
      add_keeper (m, 300, "systemd-logind");
      plan = plan_machine_make_plan (m);

      g_assert_nonnull (baton_plan_find (plan, rows[i].code));
      g_assert_true (baton_plan_is_blocked (plan) != asked);
      g_assert_true (begins_with_release (plan) == asked);
      /* Who keeps it for the desktop lets go with it, or is named as well. */
      g_assert_true ((baton_plan_find (plan, BATON_CODE_IN_USE_UNCLOSABLE) == NULL) == asked);
    }
}

/* Without another card to go on with there is no desktop left. */
static void
test_first_screen_is_left_alone (void)
{
  g_autoptr (PlanMachine) alone = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (PlanMachine) boot = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (PlanMachine) away = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  PlanMachine *machines[] = { alone, boot, away };

  plan_machine_add_holder (alone, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland",
                           "/dev/dri/card1")
      ->environment_known = TRUE;
  plan_machine_add_desktop (boot, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  boot->card->boot_display = TRUE;
  plan_machine_add_desktop (away, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  plan_machine_set (&((BatonFunction *) away->other->display)->driver, "vfio-pci");

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      g_autoptr (BatonPlan) plan = plan_machine_make_plan (machines[i]);

      g_assert_nonnull (baton_plan_find (plan, BATON_CODE_IN_USE_COMPOSITOR));
      g_assert_false (begins_with_release (plan));
    }
}

/* One that obeys does not speak for one that does not, and a keeper has nothing else of the card. */
static void
test_others_are_in_the_way (void)
{
  g_autoptr (PlanMachine) two = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (PlanMachine) more = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (PlanMachine) liar = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) held = NULL;
  g_autoptr (BatonPlan) lied = NULL;
  BatonHolder *keeper;

  plan_machine_add_desktop (two, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  plan_machine_add_desktop (two, BATON_HOLDER_COMPOSITOR, 600, "gnome-shell");
  plan = plan_machine_make_plan (two);
  g_assert_true (baton_plan_is_blocked (plan));

  plan_machine_add_desktop (more, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  keeper = add_keeper (more, 1, "systemd");
  plan_machine_set_list (&keeper->nodes, "/dev/dri/card1 /dev/snd/controlC1");
  held = plan_machine_make_plan (more);
  g_assert_nonnull (baton_plan_find (held, BATON_CODE_IN_USE_UNCLOSABLE));

  /* Any user's process may call itself so. */
  plan_machine_add_desktop (liar, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  add_keeper (liar, 700, "systemd-logind")->uid = 1000;
  lied = plan_machine_make_plan (liar);
  g_assert_nonnull (baton_plan_find (lied, BATON_CODE_IN_USE_UNCLOSABLE));
}

/* A look without rights does not see another user's desktop, and has the same digest; and nobody is
 * asked for a card that comes back. */
static void
test_digest_and_way_back (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (PlanMachine) unseen = plan_machine_new (BATON_SIDE_HOST, BATON_SIDE_GUEST);
  g_autoptr (PlanMachine) back = plan_machine_new (BATON_SIDE_GUEST, BATON_SIDE_HOST);
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) preview = plan_machine_make_plan (unseen);
  g_autoptr (BatonPlan) return_plan = NULL;

  plan_machine_add_desktop (m, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  plan = plan_machine_make_plan (m);
  g_assert_true (begins_with_release (plan));
  g_assert_cmpstr (plan->digest, ==, preview->digest);

  plan_machine_add_desktop (back, BATON_HOLDER_COMPOSITOR, 500, "kwin_wayland");
  return_plan = plan_machine_make_plan (back);
  g_assert_false (begins_with_release (return_plan));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-release/who-is-asked", test_who_is_asked);
  g_test_add_func ("/plan-release/first-screen", test_first_screen_is_left_alone);
  g_test_add_func ("/plan-release/others", test_others_are_in_the_way);
  g_test_add_func ("/plan-release/digest-and-way-back", test_digest_and_way_back);

  return g_test_run ();
}
