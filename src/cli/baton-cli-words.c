/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-words.h"

#include "baton-client-result.h"
#include "baton-desktop.h"
#include "baton-json.h"
#include "baton-plan.h"
#include "baton-text.h"

#include <glib/gi18n.h>
#include <string.h>

#define WAIT_GUEST "wait-guest:"

/**
 * baton_cli_describe_side:
 * @card: a card
 *
 * Returns: (transfer full): where it is, in words
 */
char *
baton_cli_describe_side (JsonObject *card)
{
  const char *word = baton_json_get_string (card, "side");
  JsonArray *guests = baton_json_get_array (card, "guests");
  const char *guest = NULL;
  BatonSide side = BATON_SIDE_NONE;

  if (word == NULL || !baton_side_from_string (word, &side))
    return g_strdup (word != NULL ? word : "?");
  if (baton_json_count (guests) > 0)
    guest = baton_json_get_string (baton_json_nth_object (guests, 0), "name");

  switch (side)
    {
    case BATON_SIDE_HOST:
      return g_strdup (_ ("used by this computer"));
    case BATON_SIDE_GUEST:
      /* Translators: %s is the name of a virtual machine. */
      return guest != NULL ? g_strdup_printf (_ ("with %s"), guest)
                           : g_strdup (_ ("parked for a virtual machine"));
    case BATON_SIDE_SPLIT:
      return g_strdup (_ ("half handed over"));
    case BATON_SIDE_NONE:
    default:
      return g_strdup (_ ("without a driver"));
    }
}

static const char *
get_step_sentence (BatonStepKind kind, const char *target)
{
  switch (kind)
    {
    case BATON_STEP_CLOSE_PROCESS:
      /* Translators: {target} is the number of a process; keep it as it is. */
      return _ ("Close process {target}");
    case BATON_STEP_LOG_OUT:
      /* Translators: {target} is the number of a login session. */
      return _ ("Log out of session {target}, which may take two minutes to save or to stay");
    case BATON_STEP_END_SESSION:
      /* Translators: {target} is the number of a login session. */
      return _ ("End session {target}");
    case BATON_STEP_RELEASE_CARD:
      /* Translators: {target} is the address of a card. */
      return _ ("Ask the desktop to let go of {target}");
    case BATON_STEP_RESERVE_SOUND:
      /* Translators: {target} is the address of a device. */
      return _ ("Ask the sound server to let go of {target}");
    case BATON_STEP_HOLD_POWER:
      /* Translators: in this and the next sentences {target} is the address of a device. */
      return _ ("Keep {target} awake");
    case BATON_STEP_LOAD_MODULE:
      /* Translators: {target} is the name of a kernel module. */
      return _ ("Load the driver module {target}");
    case BATON_STEP_UNLOAD_MODULE:
      return _ ("Unload the driver module {target}");
    case BATON_STEP_STOP_UNIT:
      if (g_str_equal (target, BATON_DISPLAY_MANAGER))
        return _ ("Stop the login screen");
      /* Translators: in this and the next sentences {target} is the name of a systemd unit. */
      return _ ("Stop {target}");
    case BATON_STEP_START_UNIT:
      if (g_str_equal (target, BATON_DISPLAY_MANAGER))
        return _ ("Start the login screen");
      /* Of these nobody without rights knows whether they ran; which of its owner's is started is
       * in the plan. */
      return g_strv_contains (baton_nvidia_list_units (), target)
                 ? _ ("Start {target} again if it ran before")
                 : _ ("Start {target}");
    case BATON_STEP_PROVE_UNUSED:
      return _ ("Ask the driver whether nobody uses {target}");
    case BATON_STEP_SHOW_CONSOLES:
      return _ ("Show the text consoles on {target}");
    case BATON_STEP_UNBIND_CONSOLE:
      /* Translators: {target} is a device of the kernel's such as efi-framebuffer.0. */
      return _ ("Take the text console off {target}");
    case BATON_STEP_SET_OVERRIDE:
      return _ ("Choose the next driver of {target}");
    case BATON_STEP_UNBIND:
      return _ ("Take {target} from its driver");
    case BATON_STEP_RESET:
      return _ ("Reset {target}");
    case BATON_STEP_REMOVE_FUNCTION:
      return _ ("Remove {target} from the bus");
    case BATON_STEP_RESCAN_BUS:
      /* Translators: {target} is the number of a PCI bus. */
      return _ ("Look for devices on the bus {target} again");
    case BATON_STEP_BIND:
      return _ ("Give {target} to its new driver");
    case BATON_STEP_PLACE_FILE:
      /* Translators: {target} is the address of a card. */
      return _ ("Put in place what Xorg reads for the side of {target}");
    case BATON_STEP_LET_OPEN:
      /* Translators: {target} is a device file such as /dev/vfio/12. */
      return _ ("Let you open {target}");
    case BATON_STEP_START_GUEST:
      /* Translators: {target} is the name of a virtual machine. */
      return _ ("Start the virtual machine “{target}”");
    case BATON_STEP_WAIT_GUEST:
      return _ ("Wait until the virtual machine lets go of {target}");
    case BATON_STEP_VERIFY:
      return _ ("Check that all of {target} is where it belongs");
    case BATON_N_STEP_KINDS:
    default:
      return NULL;
    }
}

/**
 * baton_cli_describe_step:
 * @id: a step's id, `KIND:TARGET`
 *
 * Returns: (transfer full): what it does, in words; the id itself where the kind is unknown
 */
char *
baton_cli_describe_step (const char *id)
{
  const char *colon = strchr (id, ':');
  g_autofree char *word = colon != NULL ? g_strndup (id, (gsize) (colon - id)) : NULL;
  g_autofree char *target = g_strdup (colon != NULL ? colon + 1 : "");
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  BatonStepKind kind = BATON_N_STEP_KINDS;
  const char *sentence = NULL;

  if (word == NULL || !baton_step_kind_from_string (word, &kind))
    return g_strdup (id);

  /* The start time behind a process's number says nothing to a person. */
  if (kind == BATON_STEP_CLOSE_PROCESS)
    target[strcspn (target, ":")] = '\0';

  sentence = get_step_sentence (kind, target);
  g_hash_table_insert (args, (gpointer) "target", target);

  return sentence != NULL ? baton_code_fill (sentence, args) : g_strdup (id);
}

/**
 * baton_cli_describe_planned_step:
 * @id: a step's id, `KIND:TARGET`
 * @detail: (nullable): its detail
 *
 * Returns: (transfer full): what it does, in words, with what is told of it before it is consented to
 */
char *
baton_cli_describe_planned_step (const char *id, const char *detail)
{
  /* Other steps have names of processes there, which may be anything. */
  gboolean waits = g_str_has_prefix (id, WAIT_GUEST);
  guint minutes = waits ? baton_step_get_minutes (detail) : 0;

  if (minutes == 0)
    return baton_cli_describe_step (id);

  /* Translators: %s is the address of a card. */
  return g_strdup_printf (
      ngettext ("Wait %u minute for a virtual machine to open %s, then until it lets go of it",
                "Wait %u minutes for a virtual machine to open %s, then until it lets go of it",
                minutes),
      minutes, id + strlen (WAIT_GUEST));
}

/* The sentence in the user's language where the code is known, else as the helper wrote it. */
static char *
describe (JsonObject *object, const char *key, gboolean is_remedy)
{
  const BatonCodeInfo *info = baton_code_get_info (baton_client_result_get_code (object));
  const char *msgid = info == NULL ? NULL : is_remedy ? info->remedy : info->text;
  g_autoptr (GHashTable) args = baton_json_dup_args (object, "args");

  if (msgid == NULL || baton_json_get_string (object, key) == NULL)
    return g_strdup (baton_json_get_string (object, key));

  return baton_code_fill (_ (msgid), args);
}

/**
 * baton_cli_describe_text:
 * @object: a finding, a `step`, a report or a `result`
 *
 * Returns: (transfer full) (nullable): its sentence
 */
char *
baton_cli_describe_text (JsonObject *object)
{
  return describe (object, "text", FALSE);
}

/**
 * baton_cli_describe_remedy:
 * @object: a finding, a report or a `result`
 *
 * Returns: (transfer full) (nullable): what to do about it
 */
char *
baton_cli_describe_remedy (JsonObject *object)
{
  return describe (object, "remedy", TRUE);
}

/**
 * baton_cli_describe_step_remedy:
 * @step: a `step`, which does not carry its remedy: its code does
 *
 * Returns: (transfer full) (nullable): what to do about what happened to it
 */
char *
baton_cli_describe_step_remedy (JsonObject *step)
{
  const BatonCodeInfo *info = baton_code_get_info (baton_client_result_get_code (step));
  g_autoptr (GHashTable) args = baton_json_dup_args (step, "args");

  if (info == NULL || info->remedy == NULL)
    return NULL;

  return baton_code_fill (_ (info->remedy), args);
}
