/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "scene.h"

#include <string.h>

#include "baton-json.h"

static char *
read_lines (const char *name)
{
  g_autofree char *file = g_strconcat (name, ".jsonl", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "scenes", file, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);

  return text;
}

/* A page asks the helper for its plan; in a scene the recorded lines bring it. */
static void
give_plan (Scene *self)
{
  JsonObject *plan = baton_view_get_plan (baton_model_get_view (self->model));
  JsonArray *cards = baton_json_get_array (plan, "cards");
  BatonCardPage *page;

  if (baton_json_count (cards) == 0 || self->window == NULL)
    return;

  page = baton_window_find_page (self->window, json_array_get_string_element (cards, 0));
  if (page != NULL)
    baton_preview_take (baton_card_page_get_preview (page), plan);
}

/**
 * scene_feed:
 * @self: a scene
 * @name: name of a file of recorded lines
 *
 * Feeds more lines to the window, as the watch would.
 */
void
scene_feed (Scene *self, const char *name)
{
  g_autofree char *text = read_lines (name);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BatonEvent) event = NULL;

      if (*lines[i] == '\0')
        continue;

      event = baton_event_parse (lines[i], -1, &error);
      g_assert_no_error (error);
      baton_model_take_change (self->model,
                               baton_view_feed (baton_model_get_view (self->model), event));
    }

  give_plan (self);
}

/**
 * scene_read:
 * @name: name of a file of recorded lines
 *
 * Returns: (transfer full): what they say, without a window
 */
BatonView *
scene_read (const char *name)
{
  g_autofree char *text = read_lines (name);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  BatonView *view = baton_view_new ();

  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BatonEvent) event = baton_event_parse (lines[i], -1, &error);

      g_assert_no_error (error);
      baton_view_feed (view, event);
    }

  return view;
}

/**
 * scene_open_empty:
 *
 * Returns: (transfer full): a window that knows of nothing yet
 */
Scene *
scene_open_empty (void)
{
  Scene *self = g_new0 (Scene, 1);

  self->model = baton_model_new_for_view (baton_view_new ());
  self->window = g_object_ref_sink (baton_window_new (NULL, self->model));
  gtk_window_present (GTK_WINDOW (self->window));

  return self;
}

/**
 * scene_open:
 * @name: name of a file of recorded lines
 *
 * Returns: (transfer full): a window that shows them
 */
Scene *
scene_open (const char *name)
{
  Scene *self = scene_open_empty ();

  scene_feed (self, name);
  scene_settle (GTK_WIDGET (self->window));

  return self;
}

/**
 * scene_close:
 * @self: a scene
 */
void
scene_close (Scene *self)
{
  gtk_window_destroy (GTK_WINDOW (self->window));
  g_object_unref (self->window);
  g_object_unref (self->model);
  g_free (self);
}

/**
 * scene_settle:
 * @widget: a widget on screen
 *
 * Waits until it was drawn as it is now.
 */
void
scene_settle (GtkWidget *widget)
{
  gtk_test_widget_wait_for_draw (widget);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static GtkWidget *
find (GtkWidget *root,
      gboolean (*matches) (GtkWidget *, gconstpointer),
      gconstpointer data,
      guint *nth)
{
  if (matches (root, data))
    {
      if (*nth == 0)
        return root;
      (*nth)--;
    }

  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, matches, data, nth);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gboolean
is_type (GtkWidget *widget, gconstpointer data)
{
  return G_TYPE_CHECK_INSTANCE_TYPE (widget, *(const GType *) data) &&
         scene_is_on_screen (widget);
}

static gboolean
is_button (GtkWidget *widget, gconstpointer data)
{
  GtkWidget *child;
  const char *label;

  if (!GTK_IS_BUTTON (widget) || !scene_is_on_screen (widget))
    return FALSE;

  child = gtk_button_get_child (GTK_BUTTON (widget));
  label = GTK_IS_LABEL (child) ? gtk_label_get_label (GTK_LABEL (child)) : NULL;

  return g_strcmp0 (label, data) == 0;
}

static gboolean
is_label (GtkWidget *widget, gconstpointer data)
{
  return GTK_IS_LABEL (widget) && scene_is_on_screen (widget) &&
         strstr (gtk_label_get_text (GTK_LABEL (widget)), data) != NULL;
}

/**
 * scene_is_on_screen:
 * @widget: a widget
 *
 * Returns: %TRUE if somebody could see it: it and all around it are mapped
 */
gboolean
scene_is_on_screen (GtkWidget *widget)
{
  return gtk_widget_get_mapped (widget) && gtk_widget_get_child_visible (widget);
}

/**
 * scene_find_type:
 * @root: where to look
 * @type: the type to look for
 * @nth: how many to pass over
 *
 * Returns: (transfer none) (nullable): a widget of @type that is on screen
 */
GtkWidget *
scene_find_type (GtkWidget *root, GType type, guint nth)
{
  return find (root, is_type, &type, &nth);
}

/**
 * scene_find_button:
 * @root: where to look
 * @label: its label, with the underline of its mnemonic
 *
 * Returns: (transfer none) (nullable): the first such button that is on screen
 */
GtkWidget *
scene_find_button (GtkWidget *root, const char *label)
{
  guint nth = 0;

  return find (root, is_button, label, &nth);
}

/**
 * scene_find_label:
 * @root: where to look
 * @text: a part of its text
 *
 * Returns: (transfer none) (nullable): the first such label that is on screen
 */
GtkWidget *
scene_find_label (GtkWidget *root, const char *text)
{
  guint nth = 0;

  return find (root, is_label, text, &nth);
}

static gboolean
has_key (GtkWidget *widget, gconstpointer data)
{
  return GTK_IS_LABEL (widget) && scene_is_on_screen (widget) &&
         gtk_label_get_use_underline (GTK_LABEL (widget)) &&
         strchr (gtk_label_get_label (GTK_LABEL (widget)), '_') != NULL;
}

/**
 * scene_assert_keys_differ:
 * @root: a window
 *
 * Makes sure that Alt and a letter presses a button: where two share the letter, it presses neither.
 */
void
scene_assert_keys_differ (GtkWidget *root)
{
  g_autoptr (GHashTable) labels = g_hash_table_new (NULL, NULL);
  GtkWidget *label;
  guint n = 0;

  for (guint nth = 0; (label = find (root, has_key, NULL, &nth)) != NULL; nth = ++n)
    {
      gpointer key = GUINT_TO_POINTER (
          gdk_keyval_to_lower (gtk_label_get_mnemonic_keyval (GTK_LABEL (label))));
      GtkLabel *other = g_hash_table_lookup (labels, key);

      if (other != NULL)
        g_error ("“%s” and “%s” share a key", gtk_label_get_label (other),
                 gtk_label_get_label (GTK_LABEL (label)));
      g_hash_table_insert (labels, key, label);
    }
}
