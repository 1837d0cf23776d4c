/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-words.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "baton-codes.h"
#include "baton-finding-words.h"

static void
free_word (gpointer data)
{
  BatonProfileWord *word = data;

  g_free (word->title);
  g_free (word->value);
  g_free (word);
}

static void
take_word (GPtrArray *words, const char *title, char *value)
{
  BatonProfileWord *word = g_new0 (BatonProfileWord, 1);

  word->title = g_strdup (title);
  word->value = value;
  g_ptr_array_add (words, word);
}

/* A plan says the same of it, in the same words. */
static void
add_problem (GPtrArray *words, const BatonProfileProblem *problem)
{
  g_autoptr (JsonObject) finding = json_object_new ();
  JsonObject *args = json_object_new ();
  BatonCode code = problem->line > 0 ? BATON_CODE_BAD_PROFILE : BATON_CODE_PROFILE_UNREADABLE;
  g_autofree char *line = g_strdup_printf ("%u", problem->line);
  g_autofree char *title = NULL;

  json_object_set_string_member (args, "file", problem->file);
  json_object_set_string_member (args, "line", line);
  json_object_set_string_member (args, "key", problem->key != NULL ? problem->key : "");
  json_object_set_string_member (args, "reason", problem->reason);
  json_object_set_string_member (finding, "code", baton_code_get_info (code)->name);
  json_object_set_object_member (finding, "args", args);
  title = baton_finding_words_dup_title (finding, NULL);
  take_word (words, title, baton_finding_words_dup_detail (finding, NULL));
}

static const char *
describe_return_method (BatonReturnMethod method)
{
  switch (method)
    {
    case BATON_RETURN_BIND:
      return _ ("It is given to its driver, and stays where it was if that does not take it");
    case BATON_RETURN_RESCAN:
      return _ ("The kernel forgets it and looks for it anew");
    case BATON_RETURN_AUTO:
    default:
      return _ ("It is given to its driver, and looked for anew if that does not take it");
    }
}

static const char *
describe_reset (BatonResetWish wish)
{
  switch (wish)
    {
    case BATON_RESET_ALWAYS:
      return _ ("Each time");
    case BATON_RESET_NEVER:
      return _ ("Never");
    case BATON_RESET_AUTO:
    default:
      return _ ("Where it is needed");
    }
}

static char *
describe_patience (guint ms)
{
  if (ms % 1000 == 0)
    return g_strdup_printf (ngettext ("%u second", "%u seconds", ms / 1000), ms / 1000);

  return g_strdup_printf (ngettext ("%u millisecond", "%u milliseconds", ms), ms);
}

static void
add_units (GPtrArray *words, const char *title, GStrv units)
{
  if (units != NULL)
    take_word (words, title, g_strjoinv (", ", units));
}

/**
 * baton_profile_words_list:
 * @profile: a card's settings
 *
 * Returns: (transfer full) (element-type BatonProfileWord): what they say, for people; where the
 *   file cannot be used, that it cannot, and why
 */
GPtrArray *
baton_profile_words_list (const BatonProfile *profile)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (free_word);

  if (profile->problem != NULL)
    {
      add_problem (words, profile->problem);
      return words;
    }

  if (profile->identity != NULL)
    take_word (words, _ ("Only for the Card"), g_strdup (profile->identity));
  take_word (words, _ ("How It Comes Back"),
             g_strdup (describe_return_method (profile->return_method)));
  take_word (words, _ ("Reset on Its Way Back"),
             g_strdup (describe_reset (profile->reset_before_return)));
  take_word (words, _ ("Time for Programs to End by Themselves"),
             describe_patience (profile->close_politely_ms));
  take_word (words, _ ("When the Virtual Machine Has Stopped"),
             g_strdup (profile->return_when_guest_stops ? _ ("It comes back by itself")
                                                        : _ ("It stays until it is returned")));
  take_word (words, _ ("While a Virtual Machine Has It Open"),
             g_strdup (profile->sleeps_while_guest ? _ ("This computer may sleep")
                                                   : _ ("This computer stays awake")));
  add_units (words, _ ("Stopped While It Is Away"), profile->stop_units);
  add_units (words, _ ("Runs While It Is Away"), profile->start_units_guest);

  return words;
}
