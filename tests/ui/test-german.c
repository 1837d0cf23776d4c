/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window says in German has no English left in it, whatever the helper has said. */
#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "baton-close.h"
#include "baton-codes.h"
#include "baton-finding-words.h"
#include "baton-json.h"
#include "baton-plan.h"
#include "baton-result-words.h"
#include "baton-step-words.h"
#include "baton-trouble-words.h"
#include "scene.h"

/* One address for each part of a card, which a step's words depend on. */
#define CARDS                                                                                  \
  "[{\"functions\":[{\"address\":\"0\",\"class\":\"030000\"},"                                 \
  "{\"address\":\"1\",\"class\":\"040300\"},{\"address\":\"2\",\"class\":\"0c0330\"},"         \
  "{\"address\":\"3\",\"class\":\"ff0000\"}]}]"

static void
say (GPtrArray *said, char *text)
{
  if (text != NULL)
    g_ptr_array_add (said, text);
}

/* With a number in the place of each argument, which reads alike in every language. */
static JsonObject *
new_coded (const BatonCodeInfo *info)
{
  JsonObject *object = json_object_new ();
  JsonObject *args = json_object_new ();

  for (guint i = 0; info->args[i] != NULL; i++)
    json_object_set_string_member (args, info->args[i], "7");
  json_object_set_string_member (object, "code", info->name);
  json_object_set_object_member (object, "args", args);
  json_object_set_string_member (object, "text", "The helper’s own words.");
  json_object_set_string_member (object, "remedy", "The helper’s own words.");

  return object;
}

static void
say_steps (GPtrArray *said)
{
  g_autoptr (JsonNode) cards = json_from_string (CARDS, NULL);
  static const char *const sides[] = { "guest", "host" };
  static const char *const states[] = { NULL,   "start", "ok",     "skip",
                                        "fail", "undo",  "undone", "stalled" };

  for (guint kind = 0; kind < BATON_N_STEP_KINDS; kind++)
    for (guint side = 0; side < G_N_ELEMENTS (sides); side++)
      for (guint part = 0; part < 4; part++)
        {
          g_autofree char *target = g_strdup_printf ("%u", part);
          g_autoptr (JsonObject) step = json_object_new ();

          json_object_set_string_member (step, "kind", baton_step_kind_to_string (kind));
          json_object_set_string_member (step, "target", target);
          json_object_set_string_member (step, "id", "the helper’s own words");
          say (said, baton_step_words_dup_title (step, sides[side], json_node_get_array (cards),
                                                 NULL));
          json_object_set_string_member (step, "detail", BATON_IF_NEEDED);
          say (said, baton_step_words_dup_title (step, sides[side], json_node_get_array (cards),
                                                 NULL));
        }
  for (guint i = 1; i < 3; i++)
    {
      g_autofree char *detail = g_strdup_printf (BATON_WITHIN "%u", i);
      g_autoptr (JsonObject) step = json_object_new ();

      json_object_set_string_member (step, "kind",
                                     baton_step_kind_to_string (BATON_STEP_WAIT_GUEST));
      json_object_set_string_member (step, "detail", detail);
      say (said, baton_step_words_dup_title (step, "guest", NULL, NULL));
    }
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    say (said, g_strdup (baton_step_words_get_state (states[i])));
}

static void
say_result (GPtrArray *said, const BatonCodeInfo *info)
{
  g_autoptr (JsonObject) result = new_coded (info);
  JsonArray *troubles = json_array_new ();
  static const char *const parts[] = { "cause", "problems" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      JsonObject *trouble = new_coded (baton_code_get_info (BATON_CODE_SOUND_MISSING));

      json_object_set_string_member (trouble, "part", parts[i]);
      json_array_add_object_element (troubles, trouble);
    }
  json_object_set_array_member (result, "troubles", troubles);
  say (said, baton_result_words_dup_title (result, "guest"));
  say (said, baton_result_words_dup_title (result, "host"));
  say (said, baton_result_words_dup_text (result));
}

static void
say_codes (GPtrArray *said)
{
  for (guint code = BATON_CODE_NONE + 1; code < BATON_N_CODES; code++)
    {
      const BatonCodeInfo *info = baton_code_get_info (code);
      g_autoptr (JsonObject) coded = new_coded (info);

      if (info->kind == BATON_CODE_KIND_FINDING)
        {
          say (said, baton_finding_words_dup_title (coded, NULL));
          say (said, baton_finding_words_dup_detail (coded, NULL));
        }
      else if (info->kind == BATON_CODE_KIND_STEP)
        say (said, baton_trouble_words_dup_text (coded));
      else
        say_result (said, info);
    }
}

static void
say_labels (GPtrArray *said)
{
  static const char *const severities[] = { "blocker", "warning", "note" };

  for (guint i = 0; i < G_N_ELEMENTS (severities); i++)
    say (said, g_strdup (baton_finding_words_get_severity_label (severities[i])));
  for (guint verb = BATON_FINDING_VERB_NONE + 1; verb <= BATON_FINDING_VERB_RECOVER; verb++)
    say (said, g_strdup (baton_finding_words_get_verb_label (verb)));
  for (guint remedy = BATON_REMEDY_NONE + 1; remedy <= BATON_REMEDY_CHECK_AGAIN; remedy++)
    say (said, g_strdup (baton_result_words_get_remedy_label (remedy)));
}

static GPtrArray *
say_everything (void)
{
  GPtrArray *said = g_ptr_array_new_with_free_func (g_free);

  say_steps (said);
  say_codes (said);
  say_labels (said);

  return said;
}

/* Words that no German sentence has, and hardly an English one is without. */
static void
assert_no_english (const char *text)
{
  static const char *const english[] = { "the",  "The",  "is",     "and",   "card", "Card",
                                         "this", "This", "with",   "has",   "by",   "are",
                                         "of",   "from", "cannot", "Could", "could" };
  g_auto (GStrv) words = g_strsplit_set (text, " .,:;!?…“”„‘’()\n", -1);

  for (guint i = 0; words[i] != NULL; i++)
    for (guint j = 0; j < G_N_ELEMENTS (english); j++)
      if (g_str_equal (words[i], english[j]))
        g_error ("there is “%s” in “%s”", english[j], text);
}

static void
start_german (void)
{
  g_autofree char *catalogues = g_test_build_filename (G_TEST_BUILT, "..", "..", "po", NULL);

  bindtextdomain (GETTEXT_PACKAGE, catalogues);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_assert_cmpstr (_ ("Warning"), ==, "Warnung");
}

/* What is said by the program's own words: each of them has another one in German. */
static void
test_words (gconstpointer data)
{
  GPtrArray *english = (GPtrArray *) data;
  g_autoptr (GPtrArray) german = say_everything ();

  g_assert_cmpuint (german->len, ==, english->len);
  for (guint i = 0; i < german->len; i++)
    {
      g_test_message ("%s", (const char *) german->pdata[i]);
      g_assert_cmpstr (german->pdata[i], !=, english->pdata[i]);
      assert_no_english (german->pdata[i]);
    }
}

/* The kernel's reason is the errno's text, which the C library has in the user's language. */
static void
test_reason (void)
{
  g_autoptr (JsonObject) trouble = new_coded (baton_code_get_info (BATON_CODE_OPEN_REFUSED));
  g_autofree char *text = NULL;

  json_object_set_int_member (trouble, "errno", EBUSY);
  text = baton_trouble_words_dup_text (trouble);
  g_assert_nonnull (strstr (text, g_strerror (EBUSY)));
}

/* It is shown in a sentence of the window's. */
static void
test_close_errors (void)
{
  g_autoptr (GError) gone = NULL;
  g_autoptr (GError) other = NULL;

  g_assert_false (baton_close_ask (G_MAXINT, "1", &gone));
  g_assert_false (baton_close_ask ((int) getpid (), "1", &other));
  assert_no_english (gone->message);
  assert_no_english (other->message);
  g_assert_null (strstr (gone->message, "process "));
  g_assert_null (strstr (other->message, "process "));
}

static void
check_labels (GtkWidget *root)
{
  if (GTK_IS_LABEL (root) && scene_is_on_screen (root))
    assert_no_english (gtk_label_get_text (GTK_LABEL (root)));
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    check_labels (child);
}

/* What is on screen, in every state of a card and a handoff. */
static void
test_scenes (void)
{
  static const char *const scenes[] = {
    "blocked",  "degraded", "done",   "guest",       "idle",      "in-use",           "no-card",
    "no-iommu", "none",     "parked", "rolled-back", "running",   "running-last",     "split",
    "stalled",  "stuck",    "twins",  "one-card",    "only-card", "only-card-within",
  };

  for (guint i = 0; i < G_N_ELEMENTS (scenes); i++)
    {
      g_autoptr (Scene) scene = NULL;
      GtkWidget *widget;

      g_test_message ("%s", scenes[i]);
      scene = scene_open (scenes[i]);
      for (guint j = 0; (widget = scene_find_type (GTK_WIDGET (scene->window),
                                                   GTK_TYPE_EXPANDER, j)) != NULL;
           j++)
        gtk_expander_set_expanded (GTK_EXPANDER (widget), TRUE);
      scene_settle (GTK_WIDGET (scene->window));
      check_labels (GTK_WIDGET (scene->window));
      scene_assert_keys_differ (GTK_WIDGET (scene->window));
    }
}

/* The plan, the report, the groups, the preferences and the help. */
static void
test_other_windows (void)
{
  static const char *const actions[] = { "win.hand", "win.report", "win.groups",
                                         "win.preferences", "win.help" };
  g_autoptr (Scene) scene = scene_open ("rolled-back");

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      g_autoptr (GListModel) windows = NULL;
      guint n_windows;

      g_test_message ("%s", actions[i]);
      g_assert_true (gtk_widget_activate_action (GTK_WIDGET (scene->window), actions[i], NULL));
      windows = g_object_ref (gtk_window_get_toplevels ());
      n_windows = g_list_model_get_n_items (windows);
      g_assert_cmpuint (n_windows, ==, 2);
      for (guint j = 0; j < n_windows; j++)
        {
          g_autoptr (GtkWidget) window = g_list_model_get_item (windows, n_windows - 1 - j);

          scene_settle (window);
          check_labels (window);
          scene_assert_keys_differ (window);
          if (window != GTK_WIDGET (scene->window))
            gtk_window_destroy (GTK_WINDOW (window));
        }
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) english = NULL;

  setlocale (LC_ALL, "");
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();
  english = say_everything ();
  start_german ();

  g_test_add_data_func ("/app/german/words", english, test_words);
  g_test_add_func ("/app/german/reason", test_reason);
  g_test_add_func ("/app/german/close-errors", test_close_errors);
  g_test_add_func ("/app/german/scenes", test_scenes);

  g_test_add_func ("/app/german/other-windows", test_other_windows);

  return g_test_run ();
}
