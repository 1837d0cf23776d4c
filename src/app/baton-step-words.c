/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-step-words.h"

#include <glib/gi18n.h>

#include "baton-app-info.h"
#include "baton-desktop.h"
#include "baton-json.h"
#include "baton-plan.h"
#include "baton-words.h"

/* What a function is for the person who looks at the card. */
typedef enum
{
  PART_DISPLAY,
  PART_SOUND,
  PART_USB,
  PART_OTHER,
  N_PARTS,
} Part;

/* Whole sentences for each part: languages bend the noun and its article differently after each
 * verb, so that a "%s" for the part could not be translated. */
static const char *const wake_titles[N_PARTS] = {
  N_ ("Keep the graphics card awake"),
  N_ ("Keep the card’s sound awake"),
  N_ ("Keep the card’s USB port awake"),
  N_ ("Keep another part of the card awake"),
};

static const char *const reserve_titles[N_PARTS] = {
  N_ ("Reserve the graphics card for virtual machines"),
  N_ ("Reserve the card’s sound for virtual machines"),
  N_ ("Reserve the card’s USB port for virtual machines"),
  N_ ("Reserve another part of the card for virtual machines"),
};

static const char *const unreserve_titles[N_PARTS] = {
  N_ ("Lift the reservation of the graphics card"),
  N_ ("Lift the reservation of the card’s sound"),
  N_ ("Lift the reservation of the card’s USB port"),
  N_ ("Lift the reservation of another part of the card"),
};

static const char *const release_titles[N_PARTS] = {
  N_ ("Take the graphics card from this computer"),
  N_ ("Take the card’s sound from this computer"),
  N_ ("Take the card’s USB port from this computer"),
  N_ ("Take another part of the card from this computer"),
};

static const char *const reclaim_titles[N_PARTS] = {
  N_ ("Take the graphics card back from virtual machines"),
  N_ ("Take the card’s sound back from virtual machines"),
  N_ ("Take the card’s USB port back from virtual machines"),
  N_ ("Take another part of the card back from virtual machines"),
};

static const char *const offer_titles[N_PARTS] = {
  N_ ("Make the graphics card ready for a virtual machine"),
  N_ ("Make the card’s sound ready for a virtual machine"),
  N_ ("Make the card’s USB port ready for a virtual machine"),
  N_ ("Make another part of the card ready for a virtual machine"),
};

static const char *const return_titles[N_PARTS] = {
  N_ ("Give the graphics card back to this computer"),
  N_ ("Give the card’s sound back to this computer"),
  N_ ("Give the card’s USB port back to this computer"),
  N_ ("Give another part of the card back to this computer"),
};

static const char *const remove_titles[N_PARTS] = {
  N_ ("Have the system forget the graphics card"),
  N_ ("Have the system forget the card’s sound"),
  N_ ("Have the system forget the card’s USB port"),
  N_ ("Have the system forget another part of the card"),
};

static const char *const remove_if_needed_titles[N_PARTS] = {
  N_ ("If its driver does not take it, have the system forget the graphics card"),
  N_ ("If its driver does not take it, have the system forget the card’s sound"),
  N_ ("If its driver does not take it, have the system forget the card’s USB port"),
  N_ ("If its driver does not take it, have the system forget another part of the card"),
};

/* PCI Code and ID Assignment: base class 03 display, 0403 HD audio, 0c03 USB, 0c80 serial bus of
 * another kind, which is what the UCSI controllers of cards with a USB-C socket call themselves. */
static Part
find_part (JsonArray *cards, const char *address)
{
  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonArray *functions =
          baton_json_get_array (baton_json_nth_object (cards, i), "functions");

      for (guint j = 0; j < baton_json_count (functions); j++)
        {
          JsonObject *function = baton_json_nth_object (functions, j);
          const char *class = baton_json_get_string (function, "class");

          if (g_strcmp0 (baton_json_get_string (function, "address"), address) != 0 ||
              class == NULL)
            continue;

          if (g_str_has_prefix (class, "03"))
            return PART_DISPLAY;
          if (g_str_has_prefix (class, "0403"))
            return PART_SOUND;
          if (g_str_has_prefix (class, "0c03") || g_str_has_prefix (class, "0c80"))
            return PART_USB;
          return PART_OTHER;
        }
    }

  return PART_OTHER;
}

/* The target of close-process is PID:START. */
static char *
describe_close (const char *target, JsonArray *holders)
{
  gint64 pid = g_ascii_strtoll (target != NULL ? target : "", NULL, 10);

  for (guint i = 0; i < baton_json_count (holders); i++)
    {
      JsonObject *holder = baton_json_nth_object (holders, i);

      if (pid > 0 && baton_json_get_int (holder, "pid", 0) == pid &&
          baton_json_get_string (holder, "name") != NULL)
        {
          g_autofree char *name = baton_app_info_dup_name (holder);
          g_autofree char *embedded = baton_words_embed (name);

          /* Translators: a step of a handoff; %s is the name of a program */
          return g_strdup_printf (_ ("Close “%s”"), embedded);
        }
    }

  return g_strdup (_ ("Close a program that uses the card"));
}

/* A unit's name says most; it is what its owner wrote, or one of NVIDIA's. */
static char *
describe_stop (const char *unit)
{
  g_autofree char *embedded = baton_words_embed (unit != NULL ? unit : "");

  if (g_strcmp0 (unit, BATON_DISPLAY_MANAGER) == 0)
    return g_strdup (_ ("Stop the login screen"));

  /* Translators: a step of a handoff; %s is the name of a systemd unit, such as ollama.service */
  return g_strdup_printf (_ ("Stop “%s”"), embedded);
}

static char *
describe_guest (const char *name)
{
  g_autofree char *embedded = baton_words_embed (name != NULL ? name : "");

  /* Translators: a step of a handoff; %s is the name of a virtual machine */
  return g_strdup_printf (_ ("Start the virtual machine “%s”"), embedded);
}

static char *
describe_start (const char *unit, gboolean as_before, gboolean to_guest)
{
  g_autofree char *embedded = baton_words_embed (unit != NULL ? unit : "");

  if (g_strcmp0 (unit, BATON_DISPLAY_MANAGER) == 0)
    return g_strdup (_ ("Start the login screen"));

  /* Translators: in this and the next two sentences %s is the name of a systemd unit */
  if (as_before)
    return g_strdup_printf (_ ("Start “%s” again if it ran before"), embedded);
  if (to_guest)
    return g_strdup_printf (_ ("Start “%s”"), embedded);

  return g_strdup_printf (_ ("Start “%s” again"), embedded);
}

static char *
describe_wait (const char *detail)
{
  guint minutes = baton_step_get_minutes (detail);

  if (minutes == 0)
    return g_strdup (_ ("Wait until the virtual machine has stopped"));

  return g_strdup_printf (
      ngettext ("Wait %u minute for a virtual machine, then until it has stopped",
                "Wait %u minutes for a virtual machine, then until it has stopped", minutes),
      minutes);
}

static char *
describe (JsonObject *step, gboolean to_guest, JsonArray *cards, JsonArray *holders)
{
  const char *kind = baton_json_get_string (step, "kind");
  const char *target = baton_json_get_string (step, "target");
  gboolean if_needed = g_strcmp0 (baton_json_get_string (step, "detail"), BATON_IF_NEEDED) == 0;
  gboolean as_before = g_strcmp0 (baton_json_get_string (step, "detail"), BATON_AS_BEFORE) == 0;
  Part part = find_part (cards, target);

  if (g_strcmp0 (kind, "close-process") == 0)
    return describe_close (target, holders);

  if (g_strcmp0 (kind, "log-out") == 0)
    return g_strdup (
        _ ("Ask the desktop to log you out; for two minutes you can save, or stay"));

  if (g_strcmp0 (kind, "end-session") == 0)
    return g_strdup (_ ("End the session that draws on the card"));

  if (g_strcmp0 (kind, "release-card") == 0)
    return g_strdup (_ ("Ask the desktop to let go of the card"));

  if (g_strcmp0 (kind, "reserve-sound") == 0)
    return g_strdup (_ ("Ask for the card’s sound"));

  if (g_strcmp0 (kind, "hold-power") == 0)
    return g_strdup (_ (wake_titles[part]));

  if (g_strcmp0 (kind, "load-module") == 0)
    return g_strdup (to_guest ? _ ("Load the driver for virtual machines")
                              : _ ("Load this computer’s driver for the card"));

  if (g_strcmp0 (kind, "show-consoles") == 0)
    return g_strdup (_ ("Show the text consoles on a card that is there"));

  if (g_strcmp0 (kind, "unbind-console") == 0)
    return g_strdup (_ ("Take the text console off the card"));

  if (g_strcmp0 (kind, "unload-module") == 0)
    return g_strdup (_ ("Unload a part of the card’s driver"));

  if (g_strcmp0 (kind, "stop-unit") == 0)
    return describe_stop (target);

  if (g_strcmp0 (kind, "start-unit") == 0)
    return describe_start (target, as_before, to_guest);

  if (g_strcmp0 (kind, "prove-unused") == 0)
    return g_strdup (_ ("Ask the driver whether nobody uses the card"));

  if (g_strcmp0 (kind, "set-override") == 0)
    return g_strdup (to_guest ? _ (reserve_titles[part]) : _ (unreserve_titles[part]));

  if (g_strcmp0 (kind, "unbind") == 0)
    return g_strdup (to_guest ? _ (release_titles[part]) : _ (reclaim_titles[part]));

  if (g_strcmp0 (kind, "reset") == 0)
    return g_strdup (if_needed ? _ ("If its driver does not take the card, reset it")
                               : _ ("Reset the card"));

  if (g_strcmp0 (kind, "remove-function") == 0)
    return g_strdup (if_needed ? _ (remove_if_needed_titles[part]) : _ (remove_titles[part]));

  if (g_strcmp0 (kind, "rescan-bus") == 0)
    return g_strdup (if_needed ? _ ("If it was forgotten, have the system find the card anew")
                               : _ ("Have the system find the card anew"));

  if (g_strcmp0 (kind, "bind") == 0)
    return g_strdup (to_guest ? _ (offer_titles[part]) : _ (return_titles[part]));

  if (g_strcmp0 (kind, "place-file") == 0)
    return g_strdup (to_guest ? _ ("Put in place what Xorg reads without the card")
                              : _ ("Put back what Xorg reads with the card"));

  if (g_strcmp0 (kind, "let-open") == 0)
    return g_strdup (_ ("Let your own programs open the card"));

  if (g_strcmp0 (kind, "start-guest") == 0)
    return describe_guest (baton_json_get_string (step, "target"));

  if (g_strcmp0 (kind, "wait-guest") == 0)
    return describe_wait (baton_json_get_string (step, "detail"));

  if (g_strcmp0 (kind, "verify") == 0)
    return g_strdup (to_guest ? _ ("Check that a virtual machine can have the card")
                              : _ ("Check that the card works here again"));

  return g_strdup (baton_json_get_string (step, "id"));
}

/**
 * baton_step_words_dup_title:
 * @step: (nullable): a step of a plan
 * @to: (nullable): `guest` or `host`
 * @cards: (nullable): the machine's cards, to say which part of one a step is about
 * @holders: (nullable): who holds the card, to name what is closed
 *
 * Returns: (transfer full): what the step does, in plain words; its id where this version does not
 *   know the kind
 */
char *
baton_step_words_dup_title (JsonObject *step,
                            const char *to,
                            JsonArray *cards,
                            JsonArray *holders)
{
  gboolean to_guest = g_strcmp0 (to, "guest") == 0;
  g_autofree char *title = NULL;

  if (baton_json_get_string (step, "card") == NULL)
    return describe (step, to_guest, cards, holders);

  title = describe (step, !to_guest, cards, holders);

  /* Translators: a step of a handoff; %s is a whole sentence, about the card that shows the desktop
   * while the other one is with a virtual machine */
  return g_strdup_printf (_ ("Stand-in: %s"), title != NULL ? title : "");
}

typedef struct
{
  const char *state;
  const char *words;
  const char *icon;
} StateWords;

static const StateWords states[] = {
  { "start", N_ ("Under way"), "baton-running-symbolic" },
  { "ok", N_ ("Done"), "baton-done-symbolic" },
  { "skip", N_ ("Not needed"), "baton-done-symbolic" },
  { "fail", N_ ("Failed"), "baton-blocker-symbolic" },
  { "stalled", N_ ("Waiting"), "baton-waiting-symbolic" },
  { "undo", N_ ("Being put back"), "baton-undone-symbolic" },
  { "undone", N_ ("Put back"), "baton-undone-symbolic" },
};

static const StateWords *
find_state (const char *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_strcmp0 (states[i].state, state) == 0)
      return &states[i];

  return NULL;
}

/**
 * baton_step_words_get_state:
 * @state: (nullable): a step's state, %NULL before it has begun
 *
 * Returns: it, in a word or two
 */
const char *
baton_step_words_get_state (const char *state)
{
  const StateWords *found = find_state (state);

  return found != NULL ? _ (found->words) : _ ("Still to come");
}

/**
 * baton_step_words_get_icon:
 * @state: (nullable): a step's state, %NULL before it has begun
 *
 * Returns: name of its icon
 */
const char *
baton_step_words_get_icon (const char *state)
{
  const StateWords *found = find_state (state);

  return found != NULL ? found->icon : "baton-pending-symbolic";
}
