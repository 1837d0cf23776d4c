/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-live.h"

#include "baton-cli-list.h"
#include "baton-cli-print.h"
#include "baton-cli-words.h"
#include "baton-json.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

struct _BatonCliLive
{
  BatonCli *cli; /* borrowed */
  gboolean is_watch;
  gboolean rewrites;     /* the last line may be written over */
  gboolean is_line_open; /* and stands there without its end */
  char *last_list;       /* owned */
};

typedef struct
{
  const char *state;
  BatonCliPaint paint;
  const char *word;
} StateWord;

static const StateWord state_words[] = {
  /* Translators: what became of a step. */
  { "ok", BATON_CLI_GREEN, NC_ ("step", "done") },
  { "skip", BATON_CLI_DIM, NC_ ("step", "not needed") },
  { "fail", BATON_CLI_RED, NC_ ("step", "failed") },
  { "stalled", BATON_CLI_YELLOW, NC_ ("step", "waiting") },
  { "undone", BATON_CLI_YELLOW, NC_ ("step", "undone") },
};

/**
 * baton_cli_live_new:
 * @cli: the command line
 * @verb: the helper's verb
 *
 * Returns: (transfer full): what shows its events
 */
BatonCliLive *
baton_cli_live_new (BatonCli *cli, const char *verb)
{
  BatonCliLive *self = g_new0 (BatonCliLive, 1);

  self->cli = cli;
  self->is_watch = strcmp (verb, "watch") == 0;
  self->rewrites = cli->writer == NULL && isatty (STDOUT_FILENO);

  return self;
}

static void
close_line (BatonCliLive *self)
{
  if (self->is_line_open)
    g_print ("\n");
  self->is_line_open = FALSE;
}

/**
 * baton_cli_live_free:
 * @self: (nullable): what shows events
 */
void
baton_cli_live_free (BatonCliLive *self)
{
  if (self == NULL)
    return;

  close_line (self);
  g_free (self->last_list);
  g_free (self);
}

/**
 * baton_cli_live_is_watch:
 * @self: what shows events
 *
 * Returns: %TRUE if the verb changes nothing
 */
gboolean
baton_cli_live_is_watch (BatonCliLive *self)
{
  return self->is_watch;
}

/**
 * baton_cli_live_say:
 * @self: what shows events
 * @sentence: what this program itself has to say
 */
void
baton_cli_live_say (BatonCliLive *self, const char *sentence)
{
  close_line (self);
  g_printerr ("%s\n", sentence);
}

/* Writes over the line that began this step, where that can be done. */
static void
print_line (BatonCliLive *self, const char *line, gboolean stays_open)
{
  if (!self->rewrites)
    {
      if (!stays_open)
        g_print ("%s\n", line);
      return;
    }

  g_print ("%s%s%s", self->is_line_open ? "\r\033[K" : "", line, stays_open ? "" : "\n");
  self->is_line_open = stays_open;
}

static char *
describe_state (BatonCliLive *self, const char *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (state_words); i++)
    if (g_strcmp0 (state_words[i].state, state) == 0)
      return baton_cli_paint (self->cli, state_words[i].paint,
                              g_dpgettext2 (NULL, "step", state_words[i].word));

  return g_strdup (state != NULL ? state : "?");
}

/* What became of the whole handoff has no remedy of its own: what failed has. */
static void
show_remedy (JsonObject *step)
{
  g_autofree char *remedy = baton_cli_describe_step_remedy (step);

  if (remedy != NULL)
    g_print ("     %s\n", remedy);
}

static void
show_step (BatonCliLive *self, BatonView *view, JsonObject *step)
{
  const char *state = baton_json_get_string (step, "state");
  const char *id = baton_json_get_string (step, "id");
  g_autofree char *text = baton_cli_describe_text (step);
  guint n_steps = baton_json_count (baton_json_get_array (baton_view_get_plan (view), "steps"));
  gboolean begins = g_strcmp0 (state, "start") == 0 || g_strcmp0 (state, "undo") == 0;
  g_autofree char *what = baton_cli_describe_step (id != NULL ? id : "");
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_append_printf (line, "%3" G_GINT64_FORMAT, baton_json_get_int (step, "n", 0));
  if (n_steps > 0)
    g_string_append_printf (line, "/%u", n_steps);
  g_string_append_printf (line, "  %s", what);

  if (begins)
    {
      g_string_append (line, "…");
    }
  else
    {
      g_autofree char *word = describe_state (self, state);

      g_string_append_printf (line, ": %s", word);
      if (text != NULL)
        g_string_append_printf (line, ". %s", text);
    }

  print_line (self, line->str, begins);
  if (g_strcmp0 (state, "fail") == 0)
    show_remedy (step);
}

static void
show_log (BatonCliLive *self, JsonObject *log)
{
  const char *text = baton_json_get_string (log, "text");

  if (text == NULL || g_strcmp0 (baton_json_get_string (log, "level"), "debug") == 0)
    return;

  close_line (self);
  g_print ("     %s\n", text);
}

/* A watch hears of much that does not change the list: it is shown when it reads differently. */
static void
show_list (BatonCliLive *self, BatonView *view)
{
  g_autofree char *list = baton_cli_render_list (view);

  if (g_strcmp0 (list, self->last_list) == 0)
    return;

  close_line (self);
  if (self->last_list != NULL)
    g_print ("\n");
  baton_cli_print_list (self->cli, view);
  g_free (self->last_list);
  self->last_list = g_steal_pointer (&list);
}

static void
show_report (BatonCliLive *self, BatonView *view)
{
  JsonObject *report = baton_view_get_report (view);
  g_autofree char *cards =
      baton_json_join_strings (baton_json_get_array (report, "cards"), ", ");
  g_autofree char *text = baton_cli_describe_text (report);

  close_line (self);
  if (text != NULL)
    /* Translators: the first %s is the address of a card, the second a sentence. */
    g_print (_ ("Last handoff of %s: %s\n"), cards, text);
}

/**
 * baton_cli_live_take:
 * @self: what shows events
 * @view: what is known by now
 * @what: set of #BatonViewChange: what the event changed
 * @event: the event
 */
void
baton_cli_live_take (BatonCliLive *self, BatonView *view, guint what, const BatonEvent *event)
{
  if ((what & BATON_VIEW_STEP) != 0)
    show_step (self, view, event->object);
  else if ((what & BATON_VIEW_LOG) != 0)
    show_log (self, event->object);
  else if (self->is_watch && (what & BATON_VIEW_MACHINE) != 0)
    show_list (self, view);
  else if (self->is_watch && (what & BATON_VIEW_REPORT) != 0)
    show_report (self, view);
}
