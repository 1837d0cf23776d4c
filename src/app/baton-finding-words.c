/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-finding-words.h"

#include <glib/gi18n.h>

#include "baton-app-info.h"
#include "baton-codes.h"
#include "baton-json.h"
#include "baton-text.h"
#include "baton-words.h"

/* codes.json has a heading and sentences for each code, made for the terminal as well. A row says
 * the fact in its title: where the code's heading is too general for that, it stands here. */
typedef struct
{
  BatonCode code;
  BatonFindingVerb verb;
  const char *title;
} FindingWords;

static const FindingWords table[] = {
  { BATON_CODE_IN_USE_APP, BATON_FINDING_VERB_CLOSE, N_ ("{name} is using the card") },
  { BATON_CODE_IN_USE_SERVICE, BATON_FINDING_VERB_CLOSE, N_ ("{name} is using the card") },
  { BATON_CODE_IN_USE_WHOLE_SERVICE, BATON_FINDING_VERB_CLOSE,
    N_ ("The service “{unit}” is using the card") },
  { BATON_CODE_IN_USE_CONTAINER, BATON_FINDING_VERB_NONE,
    N_ ("The container “{container}” is using the card") },
  { BATON_CODE_IN_USE_SOUND, BATON_FINDING_VERB_CLOSE,
    N_ ("{name} is using the card’s sound") },
  { BATON_CODE_SOUND_LETS_GO, BATON_FINDING_VERB_NONE,
    N_ ("{name} lets go of the card’s sound") },
  { BATON_CODE_DESKTOP_LETS_GO, BATON_FINDING_VERB_NONE,
    N_ ("The desktop lets go of the card") },
  { BATON_CODE_IN_USE_COMPOSITOR, BATON_FINDING_VERB_NONE,
    N_ ("The desktop is using the card") },
  { BATON_CODE_IN_USE_DISPLAY_SERVER, BATON_FINDING_VERB_NONE,
    N_ ("The display server is using the card") },
  { BATON_CODE_IN_USE_UNCLOSABLE, BATON_FINDING_VERB_NONE,
    N_ ("{name} is using the card and must not be closed") },
  { BATON_CODE_IN_USE_SESSION, BATON_FINDING_VERB_NONE,
    N_ ("{name} keeps the card for a session of {user}") },
  { BATON_CODE_GUEST_HAS_CARD, BATON_FINDING_VERB_NONE, N_ ("“{guest}” is using the card") },
  { BATON_CODE_WAITS_FOR_GUEST, BATON_FINDING_VERB_NONE,
    N_ ("Waits until “{guest}” has stopped") },
  { BATON_CODE_FOREIGN_IN_GROUP, BATON_FINDING_VERB_SHOW_GROUP,
    N_ ("Shares its group with {device}") },
  { BATON_CODE_FOREIGN_IDLE, BATON_FINDING_VERB_SHOW_GROUP, NULL },
  { BATON_CODE_BRIDGE_STAYS, BATON_FINDING_VERB_SHOW_GROUP, NULL },
  { BATON_CODE_IOMMU_OFF_COMMAND_LINE, BATON_FINDING_VERB_SHOW_HOW,
    N_ ("IOMMU is off: started with {word}") },
  { BATON_CODE_IOMMU_OFF_FIRMWARE, BATON_FINDING_VERB_SHOW_HOW,
    N_ ("IOMMU is off: switched off in the firmware") },
  { BATON_CODE_IOMMU_OFF_NOT_ENABLED, BATON_FINDING_VERB_SHOW_HOW,
    N_ ("IOMMU is off: the kernel does not use it") },
  { BATON_CODE_IOMMU_OFF_UNKNOWN, BATON_FINDING_VERB_SHOW_HOW, NULL },
  { BATON_CODE_NO_GROUP, BATON_FINDING_VERB_SHOW_HOW, NULL },
  { BATON_CODE_ONLY_DISPLAY, BATON_FINDING_VERB_COME_BACK, NULL },
  { BATON_CODE_SCREEN_GOES_WITHIN, BATON_FINDING_VERB_SET_TIME, NULL },
  { BATON_CODE_MONITORS_GO_DARK, BATON_FINDING_VERB_NONE, N_ ("{outputs} will go dark") },
  { BATON_CODE_HOST_DRIVER_BLACKLISTED, BATON_FINDING_VERB_SHOW_HOW, NULL },
  { BATON_CODE_HOST_DRIVER_MISSING, BATON_FINDING_VERB_SHOW_HOW, NULL },
  { BATON_CODE_NO_DRIVER_TO_RETURN_TO, BATON_FINDING_VERB_SHOW_HOW, NULL },
  { BATON_CODE_MEMLOCK_LOW, BATON_FINDING_VERB_SHOW_HOW, NULL },
  { BATON_CODE_JOURNAL_UNFINISHED, BATON_FINDING_VERB_RECOVER, NULL },
  { BATON_CODE_COMPANION_LOST_DRIVER, BATON_FINDING_VERB_RETURN,
    N_ ("{device} has no driver") },
};

static BatonCode
get_code (JsonObject *finding)
{
  BatonCode code = BATON_CODE_NONE;
  const char *name = baton_json_get_string (finding, "code");

  if (name != NULL)
    baton_code_from_string (name, &code);

  return code;
}

static const FindingWords *
find_words (BatonCode code)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].code == code)
      return &table[i];

  return NULL;
}

/* An argument "name" is the process's; people know the app. */
static GHashTable *
dup_args (JsonObject *finding, JsonObject *holders)
{
  GHashTable *args = baton_json_dup_args (finding, "args");
  g_autofree char *pid = g_strdup (g_hash_table_lookup (args, "pid"));
  JsonArray *list = baton_json_get_array (holders, "holders");

  for (guint i = 0; pid != NULL && i < baton_json_count (list); i++)
    {
      JsonObject *holder = baton_json_nth_object (list, i);

      if (baton_json_get_int (holder, "pid", 0) == g_ascii_strtoll (pid, NULL, 10))
        {
          g_hash_table_insert (args, g_strdup ("name"), baton_app_info_dup_name (holder));
          break;
        }
    }

  baton_words_embed_args (args);

  return args;
}

/**
 * baton_finding_words_dup_title:
 * @finding: (nullable): a finding of a plan
 * @holders: (nullable): who holds the card, for the names of apps
 *
 * Returns: (transfer full): the fact, in one line
 */
char *
baton_finding_words_dup_title (JsonObject *finding, JsonObject *holders)
{
  BatonCode code = get_code (finding);
  const BatonCodeInfo *info = baton_code_get_info (code);
  const FindingWords *words = find_words (code);
  g_autoptr (GHashTable) args = NULL;

  /* A newer helper's code: its own English sentence is better than none. */
  if (info == NULL)
    return g_strdup (baton_json_get_string (finding, "text"));

  args = dup_args (finding, holders);

  return baton_code_fill (
      words != NULL && words->title != NULL ? _ (words->title) : _ (info->title), args);
}

/**
 * baton_finding_words_dup_detail:
 * @finding: (nullable): a finding of a plan
 * @holders: (nullable): who holds the card, for the names of apps
 *
 * Returns: (transfer full): who and why, and what to do where the row's verb does not do it
 */
char *
baton_finding_words_dup_detail (JsonObject *finding, JsonObject *holders)
{
  const BatonCodeInfo *info = baton_code_get_info (get_code (finding));
  g_autoptr (GHashTable) args = NULL;
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;

  if (info == NULL)
    return g_strdup (baton_json_get_string (finding, "remedy"));

  args = dup_args (finding, holders);
  text = baton_code_fill (_ (info->text), args);

  if (info->remedy == NULL || info->severity == BATON_SEVERITY_NOTE ||
      baton_finding_words_get_verb (finding) == BATON_FINDING_VERB_RECOVER)
    return g_steal_pointer (&text);

  remedy = baton_code_fill (_ (info->remedy), args);

  /* Translators: a sentence that says what is so, and one that says what to do about it */
  return g_strdup_printf (C_ ("fact and remedy", "%s %s"), text, remedy);
}

/**
 * baton_finding_words_get_verb:
 * @finding: (nullable): a finding of a plan
 *
 * Returns: what its row offers
 */
BatonFindingVerb
baton_finding_words_get_verb (JsonObject *finding)
{
  const FindingWords *words = find_words (get_code (finding));

  return words != NULL ? words->verb : BATON_FINDING_VERB_NONE;
}

/**
 * baton_finding_words_get_verb_label:
 * @verb: a verb
 *
 * Returns: the label of its button
 */
const char *
baton_finding_words_get_verb_label (BatonFindingVerb verb)
{
  switch (verb)
    {
    case BATON_FINDING_VERB_CLOSE:
      return _ ("Close…");
    case BATON_FINDING_VERB_SHOW_GROUP:
      return _ ("Show Group");
    case BATON_FINDING_VERB_SHOW_HOW:
      return _ ("Show How…");
    case BATON_FINDING_VERB_RECOVER:
      return _ ("Recover");
    case BATON_FINDING_VERB_RETURN:
      return _ ("Return to Host…");
    case BATON_FINDING_VERB_COME_BACK:
      return _ ("Return Later…");
    case BATON_FINDING_VERB_SET_TIME:
      return _ ("Change Time…");
    case BATON_FINDING_VERB_NONE:
    default:
      return NULL;
    }
}

/**
 * baton_finding_words_get_severity_label:
 * @severity: (nullable): `blocker`, `warning` or `note`
 *
 * Returns: what a screen reader says for its icon
 */
const char *
baton_finding_words_get_severity_label (const char *severity)
{
  if (g_strcmp0 (severity, "blocker") == 0)
    return _ ("In the way");
  if (g_strcmp0 (severity, "warning") == 0)
    return _ ("Warning");

  return _ ("Good to know");
}

/**
 * baton_finding_words_get_severity_icon:
 * @severity: (nullable): `blocker`, `warning` or `note`
 *
 * Returns: name of its icon
 */
const char *
baton_finding_words_get_severity_icon (const char *severity)
{
  if (g_strcmp0 (severity, "blocker") == 0)
    return "baton-blocker-symbolic";
  if (g_strcmp0 (severity, "warning") == 0)
    return "baton-warning-symbolic";

  return "baton-note-symbolic";
}

/**
 * baton_finding_words_dup_key:
 * @finding: (nullable): a finding of a plan
 *
 * Returns: (transfer full): what tells it from the plan's other findings, so that its row stays the
 *   same while the plan is made again
 */
char *
baton_finding_words_dup_key (JsonObject *finding)
{
  /* Not each has a subject, and one subject can be told of in two places: which place it is tells
   * them apart. What is told of it may change while its row stays. */
  static const char *const places[] = { "what", "value", "program", "file", "line" };
  JsonObject *args = baton_json_get_object (finding, "args");
  const char *subject = baton_json_get_string (finding, "subject");
  GString *key = g_string_new (baton_json_get_string (finding, "code"));

  g_string_append_printf (key, "\n%s", subject != NULL ? subject : "");
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      const char *value = baton_json_get_string (args, places[i]);

      g_string_append_printf (key, "\n%s", value != NULL ? value : "");
    }

  return g_string_free (key, FALSE);
}
