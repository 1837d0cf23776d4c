/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-unit-note.h"
#include "plan-machine.h"

#define HOST BATON_SIDE_HOST
#define GUEST BATON_SIDE_GUEST
#define STOP "stop-unit:display-manager.service"
#define START "start-unit:display-manager.service"
#define PLACE "place-file:" PLAN_CARD

static void
add_session (PlanMachine *m, const char *id, guint uid, const char *type, const char *service)
{
  BatonSession *session = g_new0 (BatonSession, 1);

  session->id = g_strdup (id);
  session->uid = uid;
  session->user = g_strdup_printf ("user%u", uid);
  session->type = g_strdup (type);
  session->seat = g_strdup (g_str_equal (service, "sshd") ? NULL : "seat0");
  session->service = g_strdup (service);
  g_ptr_array_add (m->system->desktop->sessions, session);
}

static BatonHolder *
add_holder (PlanMachine *m, BatonHolderKind kind, int pid, const char *name, const char *unit)
{
  BatonHolder *holder = plan_machine_add_holder (m, kind, pid, name, "/dev/dri/card1");

  holder->unit = g_strdup (unit);
  holder->closable = kind == BATON_HOLDER_APP;

  return holder;
}

/* Xorg as lightdm starts it, with the session of user 1000 on it; another card could show a desktop. */
static PlanMachine *
make_machine (void)
{
  PlanMachine *m = plan_machine_new (HOST, GUEST);

  m->other->could_show_desktop = TRUE;
  m->system->desktop->has_ssh = TRUE;
  m->system->desktop->display_manager = g_strdup ("lightdm.service");
  add_session (m, "2", 1000, "x11", "lightdm-autologin");
  add_holder (m, BATON_HOLDER_DISPLAY_SERVER, 500, "Xorg", "lightdm.service")->uid = 0;

  return m;
}

/* Steps of the desktop alone, in their order, with an ellipsis where the card goes in between. */
static char *
list_steps (const BatonPlan *plan)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = plan->steps->pdata[i];
      g_autofree char *id = baton_step_dup_id (step);

      if (step->kind == BATON_STEP_BIND)
        g_string_append (text, "… ");
      else if (step->kind == BATON_STEP_STOP_UNIT || step->kind == BATON_STEP_START_UNIT ||
               step->kind == BATON_STEP_END_SESSION || step->kind == BATON_STEP_CLOSE_PROCESS ||
               step->kind == BATON_STEP_PLACE_FILE)
        g_string_append_printf (text, "%s ", id);
    }

  return g_string_free (text, FALSE);
}

static void
assert_steps (const BatonPlan *plan, const char *wanted)
{
  g_autofree char *steps = list_steps (plan);

  g_assert_cmpstr (steps, ==, wanted);
}

static BatonConsent
get_consent (const BatonPlan *plan, BatonCode code)
{
  const BatonFinding *finding = baton_plan_find (plan, code);

  g_assert_nonnull (finding);

  return finding->consent;
}

/* The preview shows all of it, and has the digest of what is done with the consent. */
static void
test_consent (void)
{
  g_autoptr (PlanMachine) m = make_machine ();
  g_autoptr (BatonPlan) preview = plan_machine_make_plan (m);
  g_autoptr (BatonPlan) plan = NULL;

  g_assert_true (baton_plan_is_blocked (preview));
  g_assert_true (preview->ends_session);
  g_assert_cmpint (get_consent (preview, BATON_CODE_IN_USE_DISPLAY_SERVER), ==,
                   BATON_CONSENT_END_SESSION);
  g_assert_nonnull (baton_plan_find (preview, BATON_CODE_SESSION_ENDS));
  g_assert_nonnull (baton_plan_find (preview, BATON_CODE_LOGIN_SCREEN_RETURNS));
  g_assert_null (baton_plan_find (preview, BATON_CODE_NO_WAY_IN));

  m->request->end_session = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_cmpstr (plan->digest, ==, preview->digest);
  assert_steps (plan, STOP " end-session:2 … … " START " ");
  g_assert_cmpstr (((BatonStep *) plan->steps->pdata[1])->detail, ==, "1000");
}

/* Who draws where, and which of it ends for the card. */
static void
test_which_sessions (void)
{
  static const struct
  {
    const char *about;
    const char *service;
    const char *type;
    const char *unit;
    gboolean of_user;
    guint uid;
    BatonDisplayManagerWish wish;
    const char *steps; /* NULL: it cannot be ended */
  } rows[] = {
    { "GNOME, below its user's systemd", "gdm-password", "wayland",
      "org.gnome.Shell@wayland.service", TRUE, 1000, 0, STOP " end-session:7 … … " START " " },
    { "KWin in the session itself", "sddm", "wayland", "session-7.scope", FALSE, 1000, 0,
      STOP " end-session:7 … … " START " " },
    { "a greeter", "gdm-launch-environment", "wayland", "session-7.scope", FALSE, 1000, 0,
      STOP " end-session:7 … … " START " " },
    { "sway from a text console", "login", "tty", "session-7.scope", FALSE, 1000, 0,
      "end-session:7 … … " },
    { "the same, and its owner wants the login screen stopped", "login", "tty",
      "session-7.scope", FALSE, 1000, BATON_DISPLAY_MANAGER_STOP,
      STOP " end-session:7 … … " START " " },
    { "its owner wants the login screen kept", "sddm", "wayland", "session-7.scope", FALSE,
      1000, BATON_DISPLAY_MANAGER_KEEP, "end-session:7 … … " },
    { "without a seat", "sshd", "tty", "session-7.scope", FALSE, 1000, 0, NULL },
    { "somebody else's", "gdm-password", "wayland", "org.gnome.Shell@wayland.service", TRUE,
      1001, 0, NULL },
    { "a text console of somebody whose desktop nobody knows", "login", "tty", "sway.service",
      TRUE, 1000, 0, NULL },
    { "in a container", "gdm-password", "wayland", "docker-1.scope", FALSE, 1000, 0, NULL },
    { "in a service", "gdm-password", "wayland", "kiosk.service", FALSE, 1000, 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = plan_machine_new (HOST, GUEST);
      g_autoptr (BatonPlan) plan = NULL;
      BatonHolder *holder =
          add_holder (m, BATON_HOLDER_COMPOSITOR, 500, "gnome-shell", rows[i].unit);

      g_test_message ("%s", rows[i].about);
      m->other->could_show_desktop = TRUE;
      m->system->desktop->display_manager = g_strdup ("some-dm.service");
      m->profile->display_manager = rows[i].wish;
      m->request->end_session = TRUE;
      holder->of_user = rows[i].of_user;
      holder->uid = rows[i].uid;
      add_session (m, "7", 1000, rows[i].type, rows[i].service);
      plan = plan_machine_make_plan (m);

      g_assert_true (baton_plan_is_blocked (plan) == (rows[i].steps == NULL));
      g_assert_true (plan->ends_session == (rows[i].steps != NULL));
      g_assert_cmpint (get_consent (plan, BATON_CODE_IN_USE_COMPOSITOR), ==,
                       rows[i].steps != NULL ? BATON_CONSENT_END_SESSION : BATON_CONSENT_NONE);
      assert_steps (plan, rows[i].steps != NULL ? rows[i].steps : "");
    }
}

/* What the login screen has opened goes with it, on whichever card it draws; and nothing else. */
/* First of all: and only of who asks, and can. */
static void
test_log_out (void)
{
  static const struct
  {
    guint uid;
    gboolean log_out;
    const char *first;
  } rows[] = {
    { 1000, TRUE, "log-out:2" },
    { 1000, FALSE, STOP },
    { 1001, TRUE, STOP },
    { 0, TRUE, STOP },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = make_machine ();
      g_autoptr (BatonPlan) plan = NULL;
      const BatonStep *step;
      g_autofree char *id = NULL;

      m->request->end_session = TRUE;
      m->request->log_out = rows[i].log_out;
      m->request->uid = rows[i].uid;
      plan = plan_machine_make_plan (m);
      step = plan->steps->pdata[0];
      id = g_strdup_printf ("%s:%s", baton_step_kind_to_string (step->kind), step->target);
      g_test_message ("%u", i);
      g_assert_cmpstr (id, ==, rows[i].first);
    }
}

static void
test_other_sessions (void)
{
  g_autoptr (PlanMachine) m = make_machine ();
  g_autoptr (BatonPlan) plan = NULL;

  add_session (m, "3", 1001, "x11", "lightdm");
  add_session (m, "4", 1002, "tty", "login");
  add_session (m, "5", 1000, "tty", "sshd");
  add_session (m, "6", 1003, "wayland", "login");
  m->request->end_session = TRUE;
  plan = plan_machine_make_plan (m);
  assert_steps (plan, STOP " end-session:2 end-session:3 … … " START " ");
}

/* A program that goes with its session needs no consent of its own. One that was named is asked to
 * close before. */
static void
test_programs (void)
{
  g_autoptr (PlanMachine) m = make_machine ();
  g_autoptr (BatonPlan) refused = NULL;
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) closing = NULL;
  BatonHolder *service = NULL;

  add_holder (m, BATON_HOLDER_APP, 600, "glxgears", "session-2.scope");
  service = add_holder (m, BATON_HOLDER_APP, 601, "firefox", "app-firefox-1.scope");
  service->of_user = TRUE;
  add_holder (m, BATON_HOLDER_SERVICE, 300, "systemd-logind", "systemd-logind.service")->uid =
      0;
  m->request->end_session = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_cmpint (get_consent (plan, BATON_CODE_IN_USE_APP), ==, BATON_CONSENT_END_SESSION);
  g_assert_null (baton_plan_find (plan, BATON_CODE_IN_USE_UNCLOSABLE));
  assert_steps (plan, STOP " end-session:2 … … " START " ");

  baton_request_add_close (m->request, 600, PLAN_DIGITS);
  closing = plan_machine_make_plan (m);
  assert_steps (closing,
                "close-process:600:" PLAN_DIGITS " " STOP " end-session:2 … … " START " ");
  g_assert_cmpstr (closing->digest, ==, plan->digest);

  /* Somebody else's does not go with it. */
  add_holder (m, BATON_HOLDER_APP, 602, "blender", "session-9.scope")->uid = 1001;
  refused = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (refused));
}

static BatonSessionGuest *
add_guest (PlanMachine *m, const char *unit, gboolean of_user)
{
  BatonSessionGuest *guest = g_new0 (BatonSessionGuest, 1);

  guest->pid = 700;
  guest->guest = g_strdup ("win11");
  guest->uid = 1000;
  guest->unit = g_strdup (unit);
  guest->of_user = of_user;
  g_ptr_array_add (m->system->desktop->guests, guest);

  return guest;
}

/* A virtual machine of the user's own ends with his last session, and no consent is enough. */
static void
test_guests (void)
{
  static const struct
  {
    const char *about;
    const char *unit;
    gboolean of_user;
    guint lingers;
    const char *other_session;
    gboolean blocks;
  } rows[] = {
    { "in the session", "session-2.scope", FALSE, 0, NULL, TRUE },
    { "in the session of a user who lingers", "session-2.scope", FALSE, 1000, NULL, TRUE },
    { "below the user's systemd", "app-virt.scope", TRUE, 0, NULL, TRUE },
    { "below that of a user who lingers", "app-virt.scope", TRUE, 1000, NULL, FALSE },
    { "below that of one who is there by ssh as well", "app-virt.scope", TRUE, 0, "sshd",
      FALSE },
    { "beside his own systemd’s session", "app-virt.scope", TRUE, 0, "systemd-user", TRUE },
    { "somebody else lingers", "app-virt.scope", TRUE, 1001, NULL, TRUE },
    { "in another session", "session-8.scope", FALSE, 0, NULL, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = make_machine ();
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%s", rows[i].about);
      m->request->end_session = TRUE;
      add_guest (m, rows[i].unit, rows[i].of_user);
      if (rows[i].lingers != 0)
        g_array_append_val (m->system->desktop->lingering, rows[i].lingers);
      if (rows[i].other_session != NULL)
        add_session (m, "8", 1000, "tty", rows[i].other_session);
      plan = plan_machine_make_plan (m);
      g_assert_true (baton_plan_is_blocked (plan) == rows[i].blocks);
      g_assert_true ((baton_plan_find (plan, BATON_CODE_SESSION_HAS_GUEST) != NULL) ==
                     rows[i].blocks);
    }
}

/* Whoever has another screen may wait for ever, and still say that it shall not be for ever. */
static void
test_time_beside_another_screen (void)
{
  g_autoptr (PlanMachine) m = make_machine ();
  g_autoptr (BatonPlan) patient = NULL;
  g_autoptr (BatonPlan) timed = NULL;

  m->request->until_free = TRUE;
  patient = plan_machine_make_plan (m);
  m->request->within_minutes = 1;
  timed = plan_machine_make_plan (m);
  g_assert_null (((BatonStep *) patient->steps->pdata[patient->steps->len - 1])->detail);
  g_assert_cmpstr (((BatonStep *) timed->steps->pdata[timed->steps->len - 1])->detail, ==,
                   BATON_WITHIN "1");
  g_assert_null (baton_plan_find (timed, BATON_CODE_SCREEN_GOES));
}

/* With no other screen the card has to come back by itself, and the login screen waits for it. */
static void
test_last_screen (void)
{
  g_autoptr (PlanMachine) m = make_machine ();
  g_autoptr (BatonPlan) refused = NULL;
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) timed = NULL;
  g_autoptr (BatonPlan) by_profile = NULL;
  g_autoptr (BatonPlan) kept_off = NULL;

  m->other->could_show_desktop = FALSE;
  m->card->only_display = TRUE;
  m->request->end_session = TRUE;
  m->system->desktop->has_ssh = FALSE;
  refused = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (refused));
  g_assert_nonnull (baton_plan_find (refused, BATON_CODE_ONLY_DISPLAY));

  m->request->until_free = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_null (baton_plan_find (plan, BATON_CODE_ONLY_DISPLAY));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_SCREEN_GOES));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_LOGIN_SCREEN_WAITS));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_NO_WAY_IN));
  assert_steps (plan, STOP " end-session:2 … … ");
  g_assert_cmpint (((BatonStep *) plan->steps->pdata[plan->steps->len - 1])->kind, ==,
                   BATON_STEP_WAIT_GUEST);
  g_assert_cmpstr (((BatonStep *) plan->steps->pdata[plan->steps->len - 1])->detail, ==,
                   BATON_SOON);

  m->request->within_minutes = 15;
  timed = plan_machine_make_plan (m);
  g_assert_null (baton_plan_find (timed, BATON_CODE_SCREEN_GOES));
  g_assert_cmpstr (g_hash_table_lookup (
                       baton_plan_find (timed, BATON_CODE_SCREEN_GOES_WITHIN)->args, "minutes"),
                   ==, "15");
  g_assert_cmpstr (((BatonStep *) timed->steps->pdata[timed->steps->len - 1])->detail, ==,
                   BATON_WITHIN "15");

  m->request->within_minutes = 0;
  m->request->until_free = FALSE;
  m->profile->return_when_guest_stops = TRUE;
  by_profile = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (by_profile));

  /* A card that the desktop is kept off is none to come back on. */
  m->other->could_show_desktop = m->other->kept_off = TRUE;
  kept_off = plan_machine_make_plan (m);
  assert_steps (kept_off, STOP " end-session:2 … … ");
}

/* The way back ends nobody's session, and starts what was stopped. */
static void
test_way_back (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (GUEST, HOST);
  g_autoptr (BatonPlan) plan = NULL;

  m->system->desktop->display_manager = g_strdup ("lightdm.service");
  add_session (m, "2", 1000, "x11", "lightdm");
  m->card->unit_notes = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_unit_note_free);
  g_ptr_array_add (m->card->unit_notes,
                   baton_unit_note_new (BATON_DISPLAY_MANAGER, BATON_DISPLAY_MANAGER, FALSE));
  m->request->end_session = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_false (plan->ends_session);
  assert_steps (plan, "… … " START " ");
}

/* Where libvirt asks nobody can be asked: a session ends if the card's owner has said so, and else it is in
 * the way. For a person who asks it says nothing. */
static void
test_hook (void)
{
  static const struct
  {
    const char *hook_guest;
    gboolean wish;
    gboolean blocks;
  } rows[] = {
    { "win11", FALSE, TRUE },
    { "win11", TRUE, FALSE },
    { NULL, TRUE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PlanMachine) m = make_machine ();
      g_autoptr (BatonPlan) plan = NULL;

      g_test_message ("%u", i);
      m->request->hook_guest = g_strdup (rows[i].hook_guest);
      m->profile->hook_ends_session = rows[i].wish;
      plan = plan_machine_make_plan (m);
      g_assert_true (baton_plan_is_blocked (plan) == rows[i].blocks);
    }
}

static const BatonStep *
get_last_step (const BatonPlan *plan)
{
  return plan->steps->pdata[plan->steps->len - 1];
}

/* Of the only screen, too: its return is the hook's, and somebody waits in case that does not come. A guest
 * that would end with the session is not ended for another. */
static void
test_hook_on_last_screen (void)
{
  g_autoptr (PlanMachine) m = make_machine ();
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) beside = NULL;
  g_autoptr (BatonPlan) refused = NULL;

  m->other->could_show_desktop = FALSE;
  m->card->only_display = TRUE;
  m->request->hook_guest = g_strdup ("win11");
  m->profile->hook_ends_session = TRUE;
  plan = plan_machine_make_plan (m);
  g_assert_false (baton_plan_is_blocked (plan));
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_SCREEN_GOES));
  assert_steps (plan, STOP " end-session:2 … … ");
  g_assert_cmpint (get_last_step (plan)->kind, ==, BATON_STEP_WAIT_GUEST);
  g_assert_cmpstr (get_last_step (plan)->detail, ==, BATON_SOON);

  m->card->only_display = FALSE;
  m->other->could_show_desktop = TRUE;
  beside = plan_machine_make_plan (m);
  g_assert_cmpint (get_last_step (beside)->kind, !=, BATON_STEP_WAIT_GUEST);
  m->other->could_show_desktop = FALSE;
  m->card->only_display = TRUE;

  add_guest (m, "session-2.scope", FALSE);
  refused = plan_machine_make_plan (m);
  g_assert_true (baton_plan_is_blocked (refused));
}

static const BatonStep *
find_place (const BatonPlan *plan)
{
  for (guint i = 0; i < plan->steps->len; i++)
    if (((BatonStep *) plan->steps->pdata[i])->kind == BATON_STEP_PLACE_FILE)
      return plan->steps->pdata[i];

  return NULL;
}

/* What Xorg reads is changed after it has ended and before it starts; and put back before it could be
 * read by one that starts with the card. All of it outlives a restart. */
static void
test_xorg (void)
{
  g_autoptr (PlanMachine) there = make_machine ();
  g_autoptr (PlanMachine) back = plan_machine_new (GUEST, HOST);
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonPlan) return_plan = NULL;
  g_autoptr (BatonPlan) later = NULL;

  there->profile->xorg_host = g_strdup ("/etc/X11/xorg.conf.d/10-host.conf");
  there->request->end_session = TRUE;
  plan = plan_machine_make_plan (there);
  assert_steps (plan, STOP " end-session:2 " PLACE " … … " START " ");
  g_assert_true (find_place (plan)->persistent);
  g_assert_cmpstr (find_place (plan)->detail, ==, "guest");
  g_assert_null (baton_plan_find (plan, BATON_CODE_XORG_LATER));

  back->card->xorg_noted = TRUE;
  back->card->unit_notes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_unit_note_free);
  g_ptr_array_add (back->card->unit_notes,
                   baton_unit_note_new (BATON_DISPLAY_MANAGER, BATON_DISPLAY_MANAGER, FALSE));
  return_plan = plan_machine_make_plan (back);
  assert_steps (return_plan, "… … " PLACE " " START " ");
  g_assert_true (find_place (return_plan)->persistent);
  g_assert_cmpstr (find_place (return_plan)->detail, ==, "host");
  g_assert_null (baton_plan_find (return_plan, BATON_CODE_XORG_LATER));

  /* A desktop on another card has run all the time, and goes on. */
  back->other->could_show_desktop = TRUE;
  later = plan_machine_make_plan (back);
  g_assert_nonnull (baton_plan_find (later, BATON_CODE_XORG_LATER));
}

/* What was not changed is not put back, whatever the settings have become. */
static void
test_xorg_not_noted (void)
{
  g_autoptr (PlanMachine) m = plan_machine_new (GUEST, HOST);
  g_autoptr (BatonPlan) plan = NULL;

  m->profile->xorg_host = g_strdup ("/etc/X11/xorg.conf.d/10-host.conf");
  m->profile->xorg_fault = g_strdup ("it is a symbolic link");
  plan = plan_machine_make_plan (m);
  g_assert_null (find_place (plan));
  g_assert_null (baton_plan_find (plan, BATON_CODE_XORG_FILE_UNUSABLE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan-session/consent", test_consent);
  g_test_add_func ("/plan-session/log-out", test_log_out);
  g_test_add_func ("/plan-session/which-sessions", test_which_sessions);
  g_test_add_func ("/plan-session/other-sessions", test_other_sessions);
  g_test_add_func ("/plan-session/programs", test_programs);
  g_test_add_func ("/plan-session/guests", test_guests);
  g_test_add_func ("/plan-session/last-screen", test_last_screen);
  g_test_add_func ("/plan-session/time-beside-another-screen", test_time_beside_another_screen);
  g_test_add_func ("/plan-session/way-back", test_way_back);
  g_test_add_func ("/plan-session/hook", test_hook);
  g_test_add_func ("/plan-session/hook-on-last-screen", test_hook_on_last_screen);
  g_test_add_func ("/plan-session/xorg", test_xorg);
  g_test_add_func ("/plan-session/xorg-not-noted", test_xorg_not_noted);

  return g_test_run ();
}
