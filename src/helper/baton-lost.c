/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-lost.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "baton-application.h"
#include "baton-fd.h"
#include "baton-handoff-dir.h"
#include "baton-handoff-hold.h"
#include "baton-handoff-place.h"
#include "baton-handoff-waits.h"
#include "baton-report.h"

/* The first line is short: two numbers and the envelope. */
#define FIRST_LINE_BYTES 1024

static BatonEvent *
read_first_event (BatonHandoffDir *dir)
{
  baton_autofd int fd = baton_handoff_dir_open_events (dir, O_RDONLY, NULL);
  char line[FIRST_LINE_BYTES] = { 0 };
  char *end;

  if (fd < 0 || read (fd, line, sizeof line - 1) <= 0)
    return NULL;
  end = strchr (line, '\n');

  return end != NULL ? baton_event_parse (line, end - line, NULL) : NULL;
}

/* By the first line of its events, which says who it is; before that, by what it holds. */
static gboolean
is_worker_gone (BatonRoot *root, BatonHandoffDir *dir)
{
  g_autoptr (BatonEvent) event = read_first_event (dir);
  const char *start_time;
  gint64 pid;

  if (event == NULL || !g_str_equal (event->type, "worker"))
    return baton_handoff_hold_is_dropped (dir);
  pid = json_object_get_int_member_with_default (event->object, "pid", 0);
  start_time = json_object_get_string_member_with_default (event->object, "start_time", "");

  return !baton_application_is_process (root, (int) pid, start_time);
}

/**
 * baton_lost_find:
 * @root: the roots
 *
 * Returns: (transfer full) (nullable): id of a handoff that has no result and whose worker is gone
 */
char *
baton_lost_find (BatonRoot *root)
{
  g_autoptr (GPtrArray) ids = baton_root_list (root, BATON_ROOT_RUN, BATON_HANDOFF_PLACE, NULL);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    {
      const char *id = g_ptr_array_index (ids, i);
      g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (root, id, NULL);

      if (dir != NULL && !baton_handoff_dir_has_ended (dir) && is_worker_gone (root, dir))
        return g_strdup (id);
    }

  return NULL;
}

static const char *
get_text (JsonNode *report, const char *name)
{
  /* Of a journal that could not be read nobody may know the handoff: null is no text. */
  return report != NULL && JSON_NODE_HOLDS_OBJECT (report)
             ? json_object_get_string_member_with_default (json_node_get_object (report), name,
                                                           NULL)
             : NULL;
}

/* One that waited to return the card had kept its report of the handoff to the guest before that:
 * what it noted for its own end has come since, and only the report of the return comes after. */
static gboolean
is_outdated (JsonNode *report, JsonNode *noted)
{
  return noted != NULL && g_strcmp0 (get_text (report, "to"), "guest") == 0;
}

/* A worker that had come to its end, and died before it could say so, has kept its report. Where
 * another handoff has replaced that, the one that died was waiting, and had noted what it came to;
 * any other died before its first effect. */
static BatonEnd *
find_end (BatonRoot *root, const char *id, JsonNode **ret_report)
{
  g_autoptr (JsonNode) report = baton_report_load (root, NULL);
  g_autoptr (JsonNode) noted = baton_handoff_waits_read (root, id);
  BatonEnd *end = NULL;

  if (g_strcmp0 (get_text (report, "handoff"), id) == 0 && !is_outdated (report, noted))
    end = baton_end_new_from_json (report);
  if (end == NULL && noted != NULL)
    {
      end = baton_end_new_from_json (noted);
      /* Nothing is kept of a wait that came before anything was done. */
      if (g_strcmp0 (get_text (noted, "handoff"), id) == 0)
        *ret_report = g_steal_pointer (&noted);
    }

  return end != NULL ? end : baton_end_new (BATON_EXIT_ROLLED_BACK, BATON_CODE_RECOVERED, NULL);
}

/**
 * baton_lost_tell:
 * @root: the roots
 * @id: a handoff that is settled
 * @end: how it ended
 * @start_us: when recovery began, in g_get_monotonic_time()
 *
 * Gives the handoff's own file the one result that it lacks.
 */
void
baton_lost_tell (BatonRoot *root, const char *id, const BatonEnd *end, gint64 start_us)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (root, id, NULL);
  g_autoptr (BatonEventWriter) events = NULL;
  baton_autofd int fd = -1;

  if (dir == NULL || baton_handoff_dir_has_ended (dir))
    return;
  fd = baton_handoff_dir_open_events (dir, O_RDWR | O_APPEND, NULL);
  if (fd < 0)
    return;
  events = baton_event_writer_new (fd, id);
  baton_event_writer_resume (events);
  baton_end_emit (end, events, start_us);
}

/* Only who holds the lock may put it in another report's place. */
static void
keep_report (BatonRoot *root, JsonNode *report)
{
  g_autoptr (GError) error = NULL;

  if (!baton_report_save (report, root, &error))
    g_printerr ("baton-helper: %s\n", error->message);
}

static void
tell_lost (BatonRoot *root,
           const char *id,
           const BatonEnd *unreadable,
           gboolean has_lock,
           gint64 start_us)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (root, id, NULL);
  g_autoptr (BatonEnd) end = NULL;
  g_autoptr (JsonNode) report = NULL;

  if (dir == NULL || baton_handoff_dir_has_ended (dir) ||
      baton_handoff_hold_clear (root, dir) || !is_worker_gone (root, dir))
    return;
  if (unreadable == NULL)
    end = find_end (root, id, &report);
  if (report != NULL && has_lock)
    keep_report (root, report);
  baton_lost_tell (root, id, unreadable != NULL ? unreadable : end, start_us);
}

/**
 * baton_lost_tell_waiting:
 * @root: the roots
 * @except: (nullable): the handoff of the journal, which is its own worker's or recovery's to end
 * @start_us: when recovery began, in g_get_monotonic_time()
 *
 * Ends every handoff whose worker died while it waited for a guest. Those held no lock, and who
 * waits for their result need not wait for whoever holds it now.
 */
void
baton_lost_tell_waiting (BatonRoot *root, const char *except, gint64 start_us)
{
  g_autoptr (GPtrArray) ids = baton_handoff_waits_list (root);

  for (guint i = 0; i < ids->len; i++)
    if (g_strcmp0 (g_ptr_array_index (ids, i), except) != 0)
      tell_lost (root, g_ptr_array_index (ids, i), NULL, FALSE, start_us);
}

/**
 * baton_lost_tell_all:
 * @root: the roots
 * @unreadable: (nullable): how it ended, where there was a journal that could not be read: nobody
 *   knows how far its handoff had come
 * @start_us: when recovery began, in g_get_monotonic_time()
 *
 * Ends every handoff whose worker died without a journal: before the first
 * effect, after the last, or while it waited for a guest. Whoever waits for a
 * result gets one. Whoever calls holds the lock and has settled the journal.
 */
void
baton_lost_tell_all (BatonRoot *root, const BatonEnd *unreadable, gint64 start_us)
{
  g_autoptr (GPtrArray) ids = baton_root_list (root, BATON_ROOT_RUN, BATON_HANDOFF_PLACE, NULL);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    tell_lost (root, g_ptr_array_index (ids, i), unreadable, TRUE, start_us);
}
