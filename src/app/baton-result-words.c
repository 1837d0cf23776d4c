/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-result-words.h"

#include <glib/gi18n.h>

#include "baton-codes.h"
#include "baton-event.h"
#include "baton-json.h"
#include "baton-text.h"
#include "baton-trouble-words.h"
#include "baton-words.h"

static BatonCode
get_code (JsonObject *result)
{
  BatonCode code = BATON_CODE_OUTCOME_UNKNOWN;
  const char *name = baton_json_get_string (result, "code");

  if (result != NULL && name != NULL && !baton_code_from_string (name, &code))
    code = BATON_CODE_NONE;

  return code;
}

static gint64
get_exit (JsonObject *result)
{
  return baton_json_get_int (result, "exit", -1);
}

/**
 * baton_result_words_dup_title:
 * @result: (nullable): the result of a handoff, or %NULL where none came
 * @to: (nullable): the side it went to
 *
 * Returns: (transfer full): how it ended, as a heading
 */
char *
baton_result_words_dup_title (JsonObject *result, const char *to)
{
  BatonCode code = get_code (result);
  const BatonCodeInfo *info = baton_code_get_info (code);

  if (code == BATON_CODE_ROLLED_BACK && g_strcmp0 (to, "host") == 0)
    return g_strdup (_ ("Could Not Return. Everything Was Put Back"));

  if (info == NULL)
    return g_strdup (get_exit (result) == BATON_EXIT_DONE ? _ ("Done") : _ ("Did Not Work"));

  return g_strdup (_ (info->title));
}

/* Of a result's arguments these are sentences themselves; the troubles say them anew, each with its
 * remedy. Where the computer has to be restarted nothing else helps, and the result says that. */
static GHashTable *
dup_args (JsonObject *result)
{
  static const char *const parts[] = { "cause", "problems" };
  JsonArray *troubles = baton_json_get_array (result, "troubles");
  GHashTable *args = baton_json_dup_args (result, "args");
  gboolean remedies = get_code (result) != BATON_CODE_STUCK;

  baton_words_embed_args (args);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      char *said = baton_trouble_words_dup_part (troubles, parts[i], remedies);

      if (said != NULL)
        g_hash_table_insert (args, g_strdup (parts[i]), said);
    }

  return args;
}

/* A terminal says to look at the report for what to do; here each problem has said it. */
static gboolean
is_told_with_remedies (JsonObject *result)
{
  return get_code (result) == BATON_CODE_HANDED_OVER_WITH_PROBLEMS &&
         baton_json_count (baton_json_get_array (result, "troubles")) > 0;
}

/**
 * baton_result_words_dup_text:
 * @result: (nullable): the result of a handoff, or %NULL where none came
 *
 * Returns: (transfer full): cause and remedy in sentences
 */
char *
baton_result_words_dup_text (JsonObject *result)
{
  const BatonCodeInfo *info = baton_code_get_info (get_code (result));
  g_autoptr (GHashTable) args = NULL;
  g_autofree char *text = NULL;
  g_autofree char *remedy = NULL;

  if (info == NULL)
    return g_strdup (baton_json_get_string (result, "text"));

  args = dup_args (result);
  text = baton_code_fill (_ (info->text), args);
  if (info->remedy == NULL || is_told_with_remedies (result))
    return g_steal_pointer (&text);

  remedy = baton_code_fill (_ (info->remedy), args);

  return g_strdup_printf (C_ ("fact and remedy", "%s %s"), text, remedy);
}

/**
 * baton_result_words_get_icon:
 * @result: (nullable): the result of a handoff
 *
 * Returns: name of the icon of its end
 */
const char *
baton_result_words_get_icon (JsonObject *result)
{
  switch (get_exit (result))
    {
    case BATON_EXIT_DONE:
      return "baton-done-symbolic";
    case BATON_EXIT_CANCELLED:
    case BATON_EXIT_ROLLED_BACK:
      return "baton-undone-symbolic";
    case BATON_EXIT_DEGRADED:
    case -1:
      return "baton-warning-symbolic";
    default:
      return "baton-blocker-symbolic";
    }
}

/**
 * baton_result_words_get_style:
 * @result: (nullable): the result of a handoff
 *
 * Returns: (nullable): style class of its icon
 */
const char *
baton_result_words_get_style (JsonObject *result)
{
  switch (get_exit (result))
    {
    case BATON_EXIT_DONE:
      return "success";
    case BATON_EXIT_CANCELLED:
      return NULL;
    case BATON_EXIT_ROLLED_BACK:
    case BATON_EXIT_DEGRADED:
    case -1:
      return "warning";
    default:
      return "error";
    }
}

/**
 * baton_result_words_is_urgent:
 * @result: (nullable): the result of a handoff
 *
 * Returns: %TRUE if its notification should not wait until its reader has time
 */
gboolean
baton_result_words_is_urgent (JsonObject *result)
{
  gint64 status = get_exit (result);

  return status != BATON_EXIT_DONE && status != BATON_EXIT_CANCELLED;
}

/**
 * baton_result_words_is_quiet:
 * @result: (nullable): the result of a handoff
 *
 * Returns: %TRUE for an end that changed nothing and needs no answer: a toast says enough
 */
gboolean
baton_result_words_is_quiet (JsonObject *result)
{
  switch (get_code (result))
    {
    case BATON_CODE_CANCELLED:
    case BATON_CODE_NOTHING_TO_DO:
    case BATON_CODE_NOTHING_TO_RECOVER:
    case BATON_CODE_DISMISSED:
      return TRUE;
    default:
      return FALSE;
    }
}

/**
 * baton_result_words_get_remedy:
 * @result: (nullable): the result of a handoff
 * @card: (nullable): its card as it is now, of the contract
 *
 * Returns: what the one button of its end does
 */
BatonRemedy
baton_result_words_get_remedy (JsonObject *result, JsonObject *card)
{
  BatonCode code = get_code (result);

  if (code == BATON_CODE_OUTCOME_UNKNOWN || code == BATON_CODE_INTERNAL)
    return BATON_REMEDY_CHECK_AGAIN;
  /* Nothing has settled yet what was begun, and each new attempt would be refused until then. */
  if (code == BATON_CODE_WORKER_LOST)
    return BATON_REMEDY_RECOVER;
  switch (get_exit (result))
    {
    case BATON_EXIT_ROLLED_BACK:
    case BATON_EXIT_REFUSED:
    case BATON_EXIT_BUSY:
    case BATON_EXIT_ERROR:
      return BATON_REMEDY_TRY_AGAIN;
    /* Also what was undone may have left the card where it was to go, or at the host: there the
     * page's button leads away again. What has no driver yet is a finding of the card's, with a
     * button of its own. */
    case BATON_EXIT_DEGRADED:
      return code != BATON_CODE_RETURNED_WITH_PROBLEMS &&
                     baton_words_get_other_side (card) == BATON_SIDE_HOST
                 ? BATON_REMEDY_RETURN
                 : BATON_REMEDY_NONE;
    default:
      return BATON_REMEDY_NONE;
    }
}

/**
 * baton_result_words_get_remedy_label:
 * @remedy: a remedy
 *
 * Returns: (nullable): the label of its button
 */
const char *
baton_result_words_get_remedy_label (BatonRemedy remedy)
{
  switch (remedy)
    {
    case BATON_REMEDY_TRY_AGAIN:
      return _ ("_Try Again…");
    case BATON_REMEDY_RETURN:
      return _ ("_Return to Host");
    case BATON_REMEDY_RECOVER:
      return _ ("Reco_ver");
    case BATON_REMEDY_CHECK_AGAIN:
      return _ ("_Check Again");
    case BATON_REMEDY_NONE:
    default:
      return NULL;
    }
}
