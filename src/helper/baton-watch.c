/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "baton-command.h"
#include "baton-front-lines.h"
#include "baton-front.h"
#include "baton-record.h"
#include "baton-report.h"
#include "baton-root-warily.h"
#include "baton-watch-handoff.h"
#include "baton-watch-lost.h"
#include "baton-watch-output.h"
#include "baton-watch-pace.h"
#include "baton-watch-sources.h"

typedef struct
{
  BatonFront *front; /* borrowed */
  guint changes;
  gint64 look_began_us;
  gint64 look_ended_us;
  gboolean ended_by_signal;

  /* owned */
  GMainLoop *loop;
  BatonWatchOutput *output;
  BatonWatchSources *sources;
  BatonWatchHandoff *handoff;
  BatonLines *commands;
  BatonMachine *machine;
  JsonObject *plan;   /* the last handoff's */
  JsonObject *result; /* what it came to, and is to be told of */
  guint look_source;
} Watch;

static void
clear_watch (Watch *self)
{
  g_clear_handle_id (&self->look_source, g_source_remove);
  g_clear_pointer (&self->sources, baton_watch_sources_free);
  g_clear_pointer (&self->handoff, baton_watch_handoff_free);
  g_clear_pointer (&self->commands, baton_lines_free);
  g_clear_pointer (&self->output, baton_watch_output_free);
  g_clear_pointer (&self->machine, baton_machine_unref);
  g_clear_pointer (&self->plan, json_object_unref);
  g_clear_pointer (&self->result, json_object_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, clear_watch)

static gboolean
look_at_all (Watch *self, GError **error)
{
  g_autoptr (GPtrArray) holders = NULL;

  baton_watch_sources_listen (self->sources);

  if (self->machine == NULL || (self->changes & BATON_WATCH_MACHINE))
    {
      BatonMachine *machine = baton_machine_new (self->front->root, error);

      if (machine == NULL)
        return FALSE;
      if (self->machine != NULL)
        baton_watch_tell_lost (self->front->writer, self->machine, machine);
      g_clear_pointer (&self->machine, baton_machine_unref);
      self->machine = machine;
    }
  self->changes = 0;

  baton_watch_sources_follow_nodes (self->sources, self->machine);
  holders = baton_holders_scan (self->front->root, self->machine, error);
  if (holders == NULL)
    return FALSE;

  baton_machine_adopt_guests (self->machine, holders);
  baton_watch_output_machine (self->output, self->machine);
  for (guint i = 0; i < holders->len; i++)
    baton_watch_output_holders (self->output, g_ptr_array_index (holders, i));
  baton_watch_sources_follow_processes (self->sources, holders);

  return TRUE;
}

static gboolean
look (Watch *self, GError **error)
{
  gboolean looked;

  self->look_began_us = g_get_monotonic_time ();
  baton_root_hold_reader (self->front->root);
  looked = look_at_all (self, error);
  baton_root_release_reader (self->front->root);
  self->look_ended_us = g_get_monotonic_time ();

  return looked;
}

static void
end_if_nobody_reads (Watch *self)
{
  if (baton_event_writer_is_gone (self->front->writer))
    g_main_loop_quit (self->loop);
}

static gboolean
on_look_due_cb (gpointer data)
{
  Watch *self = data;
  g_autoptr (GError) error = NULL;

  self->look_source = 0;
  if (!look (self, &error))
    baton_event_writer_log (self->front->writer, "warning", error->message);
  end_if_nobody_reads (self);

  return G_SOURCE_REMOVE;
}

static void
on_changed (guint changes, gpointer data)
{
  Watch *self = data;
  guint wait_ms;

  self->changes |= changes;
  if (self->look_source != 0)
    return;

  wait_ms = baton_watch_pace_get_wait (self->look_began_us, self->look_ended_us,
                                       g_get_monotonic_time ());
  baton_watch_sources_rest (self->sources);
  self->look_source = g_timeout_add (wait_ms, on_look_due_cb, self);
}

static void
keep (JsonObject **where, const BatonEvent *event)
{
  g_clear_pointer (where, json_object_unref);
  *where = json_object_ref (event->object);
}

/* What a reader who has asked for none of it may know of a handoff: its plan and its steps. Its
 * result ends no watch, and comes as the report. */
static void
on_handoff_event (const BatonEvent *event, const char *line, gsize length, gpointer data)
{
  static const char *const shown[] = { "log", "plan", "step", NULL };
  Watch *self = data;

  if (g_strv_contains (shown, event->type))
    baton_event_writer_relay (self->front->writer, line, (gssize) length);
  if (g_str_equal (event->type, "plan"))
    keep (&self->plan, event);
  else if (g_str_equal (event->type, "result"))
    keep (&self->result, event);
}

static void
copy_members (JsonObject *from, JsonObject *to, const char *const *keys)
{
  for (guint i = 0; keys[i] != NULL; i++)
    {
      JsonNode *value = json_object_get_member (from, keys[i]);

      json_object_set_member (
          to, keys[i], value != NULL ? json_node_copy (value) : json_node_new (JSON_NODE_NULL));
    }
}

/* A handoff that was refused, or that had waited for a virtual machine in vain, has an end as well,
 * and nobody keeps a report of it. */
static JsonNode *
make_report (Watch *self, JsonNode *last)
{
  static const char *const ends[] = { "exit",       "state",   "code",    "args",
                                      "text",       "remedy",  "at_step", "troubles",
                                      "elapsed_ms", "handoff", NULL };
  static const char *const plans[] = { "cards", "to", NULL };
  static const char *const kept[] = { "durations", NULL };
  g_autofree char *boot_id = baton_record_read_boot_id (self->front->root);
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *report = json_object_new ();

  copy_members (self->result, report, ends);
  copy_members (self->plan, report, plans);
  json_object_set_array_member (report, "steps", json_array_new ());
  json_object_set_array_member (report, "durations", json_array_new ());
  if (last != NULL && json_object_has_member (json_node_get_object (last), "durations"))
    copy_members (json_node_get_object (last), report, kept);
  json_object_set_null_member (report, "uid");
  json_object_set_string_member (report, "boot_id", boot_id);
  json_object_set_int_member (report, "at", g_get_real_time () / G_USEC_PER_SEC);
  json_node_take_object (node, report);

  return node;
}

static const char *
get_handoff (JsonObject *object)
{
  return json_object_get_string_member_with_default (object, "handoff", NULL);
}

static void
tell_report (Watch *self)
{
  g_autoptr (JsonObject) result = NULL;
  g_autoptr (JsonNode) report = baton_report_load (self->front->root, NULL);

  /* None yet, or one that is being made: its end will be told as well. */
  if (report != NULL && !JSON_NODE_HOLDS_OBJECT (report))
    g_clear_pointer (&report, json_node_unref);
  if (self->result != NULL && self->plan != NULL &&
      (report == NULL || g_strcmp0 (get_handoff (self->result),
                                    get_handoff (json_node_get_object (report))) != 0) &&
      g_strcmp0 (get_handoff (self->result), get_handoff (self->plan)) == 0)
    {
      JsonNode *made = make_report (self, report);

      g_clear_pointer (&report, json_node_unref);
      report = made;
    }
  result = g_steal_pointer (&self->result);
  if (report != NULL)
    baton_watch_output_report (self->output, report);
}

static void
on_handoff_state (gpointer data)
{
  Watch *self = data;

  tell_report (self);
  end_if_nobody_reads (self);
  on_changed (BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS, self);
}

static gboolean
on_commands_cb (int fd, GIOCondition condition, gpointer data)
{
  Watch *self = data;
  const char *line = NULL;
  gsize length = 0;

  if (baton_lines_read (self->commands, fd) <= 0)
    return G_SOURCE_REMOVE;

  while ((line = baton_lines_next (self->commands, &length)) != NULL)
    {
      guint commands = 0;

      if (baton_command_parse (line, (gssize) length, &commands, NULL) &&
          (commands & BATON_COMMAND_LOOK))
        {
          baton_watch_output_forget (self->output);
          on_changed (BATON_WATCH_MACHINE | BATON_WATCH_HOLDERS, self);
        }
    }

  return G_SOURCE_CONTINUE;
}

static gboolean
on_reader_gone_cb (int fd, GIOCondition condition, gpointer data)
{
  Watch *self = data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_ended_cb (gpointer data)
{
  Watch *self = data;

  self->ended_by_signal = TRUE;
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

/* What cannot be listened to is said, and the rest goes on: a look can always be asked for. */
static void
listen_to_everything (Watch *self)
{
  g_autoptr (GError) no_nodes = NULL;
  g_autoptr (GError) no_handoffs = NULL;

  self->sources = baton_watch_sources_new (self->front->root, on_changed, self, &no_nodes);
  if (no_nodes != NULL)
    baton_event_writer_log (self->front->writer, "warning", no_nodes->message);

  self->handoff = baton_watch_handoff_new (self->front->root, on_handoff_event,
                                           on_handoff_state, self, &no_handoffs);
  if (no_handoffs != NULL)
    baton_event_writer_log (self->front->writer, "warning", no_handoffs->message);

  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_commands_cb, self);
  g_unix_fd_add (STDOUT_FILENO, G_IO_HUP | G_IO_ERR, on_reader_gone_cb, self);
  g_unix_signal_add (SIGTERM, on_ended_cb, self);
  g_unix_signal_add (SIGHUP, on_ended_cb, self);
}

/**
 * baton_front_watch:
 * @self: the front
 * @arguments: none
 *
 * Shows the machine, who has its cards, the handoff that is under way and the last report, and
 * each again when it changes. Where nothing does, this program does not wake.
 *
 * Returns: the exit status
 */
int
baton_front_watch (BatonFront *self, const char *const *arguments)
{
  g_autoptr (GError) error = NULL;
  g_auto (Watch) watch = { .front = self };

  if (arguments[0] != NULL)
    return baton_front_refuse_arguments (self, "“watch” takes no arguments");

  watch.loop = g_main_loop_new (NULL, FALSE);
  watch.commands = baton_lines_new (BATON_MAX_LINE_IN);
  watch.output = baton_watch_output_new (self->writer, &error);
  if (watch.output == NULL)
    return baton_front_end (self, BATON_EXIT_ERROR, BATON_CODE_INTERNAL, "reason",
                            error->message);

  listen_to_everything (&watch);
  if (!look (&watch, &error))
    return baton_front_end (self, BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason",
                            error->message);
  tell_report (&watch);
  if (watch.handoff != NULL)
    baton_watch_handoff_look (watch.handoff);

  if (!baton_event_writer_is_gone (self->writer))
    g_main_loop_run (watch.loop);

  if (watch.ended_by_signal)
    return baton_front_end (self, BATON_EXIT_DONE, BATON_CODE_WATCHED, NULL, NULL);

  return BATON_EXIT_DONE;
}
