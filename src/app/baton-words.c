/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-words.h"

#include <glib/gi18n.h>
#include <gtk/gtk.h>

#include "baton-json.h"

/**
 * baton_words_get_side:
 * @card: (nullable): a card of the contract
 *
 * Returns: its side; a side that this version does not know counts as half handed over, because
 *   then only the way home is offered
 */
BatonSide
baton_words_get_side (JsonObject *card)
{
  BatonSide side = BATON_SIDE_SPLIT;
  const char *text = baton_json_get_string (card, "side");

  if (text != NULL)
    baton_side_from_string (text, &side);

  return side;
}

/**
 * baton_words_get_other_side:
 * @card: (nullable): a card of the contract
 *
 * Returns: where the one button would take it
 */
BatonSide
baton_words_get_other_side (JsonObject *card)
{
  return baton_words_get_side (card) == BATON_SIDE_HOST ? BATON_SIDE_GUEST : BATON_SIDE_HOST;
}

/* libpci's database writes the chip, then the names it is sold under in brackets:
 * "NVIDIA Corporation TU104 [GeForce RTX 2080]". People know the second. */
static char *
cut_card_name (const char *name)
{
  const char *open = strrchr (name, '[');
  gsize length = strlen (name);
  static const char *const vendors[] = { " Corporation ", ", Inc. ", " Inc. ",
                                         " Technologies " };
  static const char amd[] = "[AMD/ATI] ";
  const char *after_amd = strstr (name, amd);

  if (open != NULL && length > 0 && name[length - 1] == ']' && open + 2 < name + length)
    return g_strndup (open + 1, name + length - open - 2);

  if (after_amd != NULL)
    return g_strdup_printf ("AMD %s", after_amd + strlen (amd));

  for (guint i = 0; i < G_N_ELEMENTS (vendors); i++)
    {
      const char *found = strstr (name, vendors[i]);

      if (found != NULL)
        {
          g_autofree char *vendor = g_strndup (name, found - name);

          return g_strdup_printf ("%s %s", vendor, found + strlen (vendors[i]));
        }
    }

  return g_strdup (name);
}

/**
 * baton_words_dup_card_name:
 * @card: (nullable): a card of the contract
 * @cards: (nullable): every card of the machine
 *
 * Returns: (transfer full): the card's name as people say it; twins get a number
 */
char *
baton_words_dup_card_name (JsonObject *card, JsonArray *cards)
{
  const char *name = baton_json_get_string (card, "name");
  const char *address = baton_json_get_string (card, "address");
  g_autofree char *cut = NULL;
  guint place = 0;
  guint n_twins = 0;

  if (name == NULL)
    return g_strdup (_ ("Graphics Card"));

  cut = cut_card_name (name);

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonObject *other = baton_json_nth_object (cards, i);

      if (g_strcmp0 (baton_json_get_string (other, "name"), name) != 0)
        continue;
      n_twins++;
      if (g_strcmp0 (baton_json_get_string (other, "address"), address) == 0)
        place = n_twins;
    }

  if (n_twins < 2 || place == 0)
    return g_steal_pointer (&cut);

  /* Translators: one of several cards of the same model; %s is the model, %u counts from 1 */
  return g_strdup_printf (_ ("%s (No. %u)"), cut, place);
}

static gboolean
has_blocker (JsonObject *plan, const char *but_for)
{
  JsonArray *findings = baton_json_get_array (plan, "findings");

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);

      if (g_strcmp0 (baton_json_get_string (finding, "severity"), "blocker") == 0 &&
          baton_json_get_string (finding, "consent") == NULL &&
          g_strcmp0 (baton_json_get_string (finding, "code"), but_for) != 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_words_choose_verb:
 * @card: (nullable): a card of the contract
 * @plan: (nullable): the plan that takes it to the other side, or %NULL while none is known
 *
 * There is one button. It stays sensitive when something stands in the way, and then leads to it.
 *
 * Returns: what the button does
 */
BatonVerb
baton_words_choose_verb (JsonObject *card, JsonObject *plan)
{
  if (card == NULL)
    return BATON_VERB_NONE;

  if (has_blocker (plan, "guest-has-card"))
    return BATON_VERB_SEE_WHY;

  if (baton_words_get_side (card) == BATON_SIDE_HOST)
    return BATON_VERB_HAND;

  return baton_json_count (baton_json_get_array (card, "guests")) > 0
             ? BATON_VERB_RETURN_WHEN_FREE
             : BATON_VERB_RETURN;
}

/**
 * baton_words_get_verb_label:
 * @verb: a verb
 *
 * Returns: the button's label; an ellipsis where a plan is shown before anything happens
 */
const char *
baton_words_get_verb_label (BatonVerb verb)
{
  switch (verb)
    {
    case BATON_VERB_HAND:
      return _ ("_Hand to VM…");
    case BATON_VERB_RETURN:
      return _ ("_Return to Host");
    case BATON_VERB_RETURN_WHEN_FREE:
      return _ ("_Return When It Stops");
    case BATON_VERB_SEE_WHY:
      return _ ("_See What Is in the Way…");
    case BATON_VERB_NONE:
    default:
      return "";
    }
}

/**
 * baton_words_dup_time:
 * @unix_seconds: a moment in the past
 *
 * Returns: (transfer full): it, short: the time of day if it was today, otherwise the date too
 */
char *
baton_words_dup_time (gint64 unix_seconds)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (unix_seconds);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  if (then == NULL)
    return g_strdup ("");

  if (g_date_time_get_year (then) == g_date_time_get_year (now) &&
      g_date_time_get_day_of_year (then) == g_date_time_get_day_of_year (now))
    /* Translators: a time of day as strftime() writes it, after "Handed over" */
    return g_date_time_format (then, _ ("at %H:%M"));

  /* Translators: a date and time as strftime() writes them, after "Handed over" */
  return g_date_time_format (then, _ ("on %x at %H:%M"));
}

/**
 * baton_words_isolate:
 * @text: (nullable): a PCI address, path or identifier
 *
 * Between LRI and PDI it keeps its order in a right-to-left sentence: without them
 * `0000:01:00.0` is shown back to front, because colons and full stops are weak.
 *
 * Returns: (transfer full): @text, isolated
 */
char *
baton_words_isolate (const char *text)
{
  return g_strdup_printf ("\342\201\246%s\342\201\251", text != NULL ? text : "");
}

/**
 * baton_words_embed:
 * @text: (nullable): a name or a path that goes into a sentence
 *
 * Between FSI and PDI it cannot turn the rest of the sentence around: neither by accident, as the
 * address in an Arabic sentence, nor on purpose, as a process that calls itself by an override.
 * Where neither can be, nothing is added, so that what is copied from the screen is what it seems.
 *
 * Returns: (transfer full): @text, isolated where that makes a difference
 */
char *
baton_words_embed (const char *text)
{
  if (text == NULL)
    return g_strdup ("");
  if (g_str_is_ascii (text) && gtk_widget_get_default_direction () == GTK_TEXT_DIR_LTR)
    return g_strdup (text);

  return g_strdup_printf ("\342\201\250%s\342\201\251", text);
}

/**
 * baton_words_embed_args:
 * @args: (element-type utf8 utf8): the arguments of a sentence, changed in place
 *
 * Does baton_words_embed() to each.
 */
void
baton_words_embed_args (GHashTable *args)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, args);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_hash_table_iter_replace (&iter, baton_words_embed (value));
}
