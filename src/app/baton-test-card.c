/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-test-card.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#include "baton-text.h"

/* Gone when it has been said, or when there is no window any more to say it in. */
typedef struct
{
  GtkWindow *parent; /* weak */
  char *name;
} Test;

static void
test_free (Test *test)
{
  g_clear_weak_pointer (&test->parent);
  g_free (test->name);
  g_free (test);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Test, test_free)

static void
present (Test *test, const char *heading, const char *body)
{
  GtkWidget *dialog = NULL;

  if (test->parent == NULL)
    return;

  dialog = adw_message_dialog_new (test->parent, heading, NULL);
  adw_message_dialog_set_body (ADW_MESSAGE_DIALOG (dialog), body);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
say_failed (Test *test, const char *why)
{
  g_autofree char *body = baton_text_to_sentence (why);

  present (test, _ ("The Card Did Not Draw"), body);
}

/* The clause of the last line of @errors, whichever of the two programs said it: libraries for drawing
 * have said things of their own before. */
static const char *
find_reason (char *errors)
{
  const char *line;
  const char *colon;

  g_strchomp (errors);
  line = strrchr (errors, '\n');
  line = line != NULL ? line + 1 : errors;
  if (!g_str_has_prefix (line, "baton-"))
    return *line != '\0' ? line : _ ("it is not known why");
  colon = strstr (line, ": ");

  return colon != NULL ? colon + strlen (": ") : line;
}

static void
on_drawn_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GSubprocess *draw = G_SUBPROCESS (source);
  g_autoptr (Test) test = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_autofree char *body = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_subprocess_communicate_utf8_finish (draw, result, &output, &errors, &error))
    {
      say_failed (test, error->message);
      return;
    }
  if (!g_subprocess_get_successful (draw))
    {
      say_failed (test, find_reason (errors));
      return;
    }

  lines = g_strsplit (output, "\n", 3);
  /* Translators: the name of a card, the name that the drawing library gives it, and the library's
   * version */
  body = g_strdup_printf (
      _ ("%s drew a frame, and it is as it should be. It calls itself “%s” (%s)."), test->name,
      lines[0] != NULL ? lines[0] : "", lines[0] != NULL && lines[1] != NULL ? lines[1] : "");
  present (test, _ ("The Card Draws"), body);
}

/**
 * baton_test_card:
 * @parent: the window that asks
 * @address: a card
 * @name: what it is called
 *
 * Has one frame drawn by the card and says who drew it, or why nobody did.
 */
void
baton_test_card (GtkWindow *parent, const char *address, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) draw =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error,
                        "baton-run", address, "--", BATON_DRAW_PATH, address, NULL);
  Test *test = g_new0 (Test, 1);

  g_set_weak_pointer (&test->parent, parent);
  test->name = g_strdup (name);
  if (draw != NULL)
    {
      g_subprocess_communicate_utf8_async (draw, NULL, NULL, on_drawn_cb, test);
      return;
    }

  say_failed (test, error->message);
  test_free (test);
}
