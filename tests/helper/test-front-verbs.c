/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-verbs.h"

#include <string.h>

#define ACTION_PREFIX BATON_APP_ID "."

/* DESIGN: who may use a verb: anybody, a local user in the background, a local user in front. */
static const struct
{
  const char *verb;
  const char *any;
  const char *inactive;
  const char *active;
  const char *imply;
} expected[] = {
  { "adopt", "auth_admin", "auth_admin", "auth_admin", NULL },
  { "cancel", "auth_admin", "auth_admin", "auth_admin_keep", NULL },
  { "claim", "auth_admin", "auth_admin", "auth_admin", NULL },
  { "configure", "auth_admin", "auth_admin", "auth_admin", NULL },
  { "hand", "auth_admin", "auth_admin", "auth_admin_keep",
    ACTION_PREFIX "cancel " ACTION_PREFIX "recover" },
  { "install-hook", "auth_admin", "auth_admin", "auth_admin", NULL },
  { "isolate", "auth_admin", "auth_admin", "auth_admin", NULL },
  { "plan", "no", "no", "yes", NULL },
  { "recover", "auth_admin", "auth_admin", "auth_admin_keep", NULL },
  { "undo-all", "auth_admin", "auth_admin", "auth_admin", NULL },
  { "watch", "no", "no", "yes", NULL },
};

/* The policy as polkitd would read it: action -> (key -> text). */
typedef struct
{
  GHashTable *actions;
  GHashTable *action; /* borrowed */
  char *key;
} Policy;

static void
on_start_element (GMarkupParseContext *context,
                  const char *element,
                  const char **names,
                  const char **values,
                  gpointer data,
                  GError **error)
{
  Policy *policy = data;

  if (g_str_equal (element, "action"))
    {
      g_assert_cmpstr (names[0], ==, "id");
      g_assert_false (g_hash_table_contains (policy->actions, values[0]));
      policy->action = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_hash_table_insert (policy->actions, g_strdup (values[0]), policy->action);
    }

  g_free (policy->key);
  policy->key = g_strdup (g_str_equal (element, "annotate") ? values[0] : element);
}

static void
on_text (
    GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  Policy *policy = data;
  g_autofree char *value = g_strstrip (g_strndup (text, length));

  if (policy->action == NULL || *value == '\0')
    return;

  /* polkit honours only the last of two annotations with one key. A text may come once for each
   * language. */
  if (!g_str_equal (policy->key, "description") && !g_str_equal (policy->key, "message"))
    g_assert_false (g_hash_table_contains (policy->action, policy->key));
  g_hash_table_replace (policy->action, g_strdup (policy->key), g_steal_pointer (&value));
}

static void
set_up (Policy *policy, gconstpointer data)
{
  const GMarkupParser parser = { .start_element = on_start_element, .text = on_text };
  g_autoptr (GMarkupParseContext) context =
      g_markup_parse_context_new (&parser, 0, policy, NULL);
  g_autofree char *xml = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  policy->actions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                           (GDestroyNotify) g_hash_table_unref);
  g_file_get_contents (g_getenv ("BATON_TEST_POLICY"), &xml, &length, &error);
  g_assert_no_error (error);
  g_markup_parse_context_parse (context, xml, (gssize) length, &error);
  g_assert_no_error (error);
}

static void
tear_down (Policy *policy, gconstpointer data)
{
  g_hash_table_unref (policy->actions);
  g_free (policy->key);
}

static void
test_every_verb_has_its_action (Policy *policy, gconstpointer data)
{
  const BatonVerb *verbs;
  guint n_verbs;

  verbs = baton_verbs_get (&n_verbs);
  g_assert_cmpuint (g_hash_table_size (policy->actions), ==, n_verbs);
  for (guint i = 0; i < n_verbs; i++)
    {
      g_autofree char *id = g_strconcat (ACTION_PREFIX, verbs[i].name, NULL);
      GHashTable *action = g_hash_table_lookup (policy->actions, id);

      g_test_message ("%s", id);
      g_assert_nonnull (action);
      g_assert_cmpstr (g_hash_table_lookup (action, "org.freedesktop.policykit.exec.argv1"), ==,
                       verbs[i].name);
      g_assert_cmpstr (g_hash_table_lookup (action, "org.freedesktop.policykit.exec.path"), ==,
                       BATON_HELPER_PATH);
      g_assert_nonnull (g_hash_table_lookup (action, "message"));
      g_assert_nonnull (g_hash_table_lookup (action, "description"));
    }
}

static void
test_who_may (Policy *policy, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *id = g_strconcat (ACTION_PREFIX, expected[i].verb, NULL);
      GHashTable *action = g_hash_table_lookup (policy->actions, id);

      g_test_message ("%s", id);
      g_assert_nonnull (action);
      g_assert_cmpstr (g_hash_table_lookup (action, "allow_any"), ==, expected[i].any);
      g_assert_cmpstr (g_hash_table_lookup (action, "allow_inactive"), ==,
                       expected[i].inactive);
      g_assert_cmpstr (g_hash_table_lookup (action, "allow_active"), ==, expected[i].active);
      g_assert_cmpstr (g_hash_table_lookup (action, "org.freedesktop.policykit.imply"), ==,
                       expected[i].imply);
    }
}

/* What needs no password must have given up its rights, and what does may keep them. */
static void
test_unasked_verbs_only_look (Policy *policy, gconstpointer data)
{
  const BatonVerb *verbs;
  guint n_verbs;

  verbs = baton_verbs_get (&n_verbs);
  for (guint i = 0; i < n_verbs; i++)
    {
      g_autofree char *id = g_strconcat (ACTION_PREFIX, verbs[i].name, NULL);
      GHashTable *action = g_hash_table_lookup (policy->actions, id);
      const char *active = g_hash_table_lookup (action, "allow_active");

      g_test_message ("%s", id);
      g_assert_true (verbs[i].looks_only == g_str_equal (active, "yes"));
    }
}

#define ADD(path, func)                                                                        \
  g_test_add ("/helper/verbs/" path, Policy, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("actions", test_every_verb_has_its_action);
  ADD ("who-may", test_who_may);
  ADD ("unasked-only-look", test_unasked_verbs_only_look);

  return g_test_run ();
}
