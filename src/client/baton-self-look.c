/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-self-look.h"

#include "baton-error.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where the helper keeps what the last handoff came to, readable for all. */
#define REPORT_PATH "lib/baton/report.json"
#define MAX_REPORT_BYTES (1024 * 1024)

static int
end (BatonEventWriter *writer,
     gint64 started_us,
     BatonExit status,
     BatonCode code,
     const char *key,
     const char *value)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  if (key != NULL)
    g_hash_table_insert (args, (gpointer) key, (gpointer) value);
  baton_event_writer_result (writer, status, code, args, NULL,
                             (g_get_monotonic_time () - started_us) / 1000);

  return status;
}

static int
end_with_plan (BatonEventWriter *writer, gint64 started_us, const BatonPlan *plan)
{
  g_autofree char *n_steps = g_strdup_printf ("%u", plan->steps->len);
  g_autofree char *n_blockers = NULL;
  guint count = 0;

  for (guint i = 0; i < plan->findings->len; i++)
    {
      const BatonFinding *finding = g_ptr_array_index (plan->findings, i);

      if (baton_finding_get_severity (finding) == BATON_SEVERITY_BLOCKER && !finding->granted)
        count++;
    }
  n_blockers = g_strdup_printf ("%u", count);

  if (baton_plan_is_blocked (plan))
    return end (writer, started_us, BATON_EXIT_REFUSED, BATON_CODE_REFUSED, "count",
                n_blockers);
  if (plan->there_already)
    return end (writer, started_us, BATON_EXIT_DONE, BATON_CODE_NOTHING_TO_DO, "card",
                plan->cards[0]);

  return end (writer, started_us, BATON_EXIT_DONE, BATON_CODE_PLAN_READY, "count", n_steps);
}

static void
write_report (BatonRoot *root, BatonEventWriter *writer)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_VAR, REPORT_PATH, MAX_REPORT_BYTES, NULL, NULL);
  g_autoptr (JsonNode) report = text != NULL ? json_from_string (text, NULL) : NULL;

  /* Where nothing was ever handed over there is none, and half a file says nothing. Ignoring. */
  if (report != NULL && JSON_NODE_HOLDS_OBJECT (report))
    baton_event_writer_report (writer, report);
}

/**
 * baton_self_look:
 * @root: what to look at
 * @verb: the verb of the `hello`
 * @parts: a set of #BatonLookParts
 * @request: (nullable): what to plan for; @parts then counts the holders in
 * @writer: where the lines go
 *
 * Looks with the caller's own rights and writes what the helper would: `hello`, by `self`, the
 * machine, the holders that this user may see, a plan, and the `result`.
 *
 * Returns: the exit status of the `result`
 */
int
baton_self_look (BatonRoot *root,
                 const char *verb,
                 guint parts,
                 BatonRequest *request,
                 BatonEventWriter *writer)
{
  gint64 started_us = g_get_monotonic_time ();
  gboolean with_holders = request != NULL || (parts & BATON_LOOK_HOLDERS) != 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) holders = NULL;
  g_autoptr (BatonProfile) profile = NULL;
  g_autoptr (BatonPlan) plan = NULL;

  baton_event_writer_hello (writer, verb, "self");

  if (with_holders)
    holders = baton_holders_look (root, &machine, &error);
  else
    machine = baton_machine_new_to_show (root, &error);
  if (machine == NULL)
    return end (writer, started_us, BATON_EXIT_ERROR, BATON_CODE_LOOK_FAILED, "reason",
                error->message);

  baton_event_writer_machine (writer, machine);
  for (guint i = 0; holders != NULL && i < holders->len; i++)
    baton_event_writer_holders (writer, g_ptr_array_index (holders, i));

  if ((parts & BATON_LOOK_REPORT) != 0)
    write_report (root, writer);

  if (request == NULL)
    return end (writer, started_us, BATON_EXIT_DONE, BATON_CODE_LOOKED, NULL, NULL);

  baton_request_look (request, root);
  profile = baton_profile_load (root, request->cards[0]);
  plan = baton_plan_new (machine, holders, profile, request);
  baton_event_writer_plan (writer, plan);

  return end_with_plan (writer, started_us, plan);
}

typedef struct
{
  char *verb;
  guint parts;
  BatonRequest *request;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_free (look->verb);
  baton_request_free (look->request);
  g_free (look);
}

static GPtrArray *
parse_lines (int fd, GError **error)
{
  g_autoptr (GPtrArray) events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_event_free);
  off_t size = lseek (fd, 0, SEEK_END);
  g_autofree char *text = g_malloc0 ((gsize) MAX (size, 0) + 1);
  g_auto (GStrv) lines = NULL;

  if (size < 0 || pread (fd, text, (gsize) size, 0) != size)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "could not read what was seen: %s",
                   g_strerror (errno));
      return NULL;
    }

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      BatonEvent *event = baton_event_parse (lines[i], -1, error);

      if (event == NULL)
        return NULL;
      g_ptr_array_add (events, event);
    }

  return g_steal_pointer (&events);
}

/* The same lines as the helper's, through memory: one way to say it, and one to understand it. */
static void
look_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Look *look = task_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  g_autoptr (BatonEventWriter) writer = NULL;
  GPtrArray *events = NULL;
  int fd = -1;

  if (root == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  fd = memfd_create ("baton-look", MFD_CLOEXEC);
  if (fd < 0)
    {
      g_task_return_new_error (task, BATON_ERROR, BATON_ERROR_IO,
                               "could not look at this computer: %s", g_strerror (errno));
      return;
    }

  writer = baton_event_writer_new (fd, NULL);
  baton_self_look (root, look->verb, look->parts, look->request, writer);
  events = parse_lines (fd, &error);
  close (fd);

  if (events != NULL)
    g_task_return_pointer (task, events, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * baton_self_look_async:
 * @verb: the verb of the `hello`
 * @parts: a set of #BatonLookParts
 * @request: (nullable) (transfer full): what to plan for
 * @cancellable: (nullable): to give up
 * @callback: called when the look has ended
 * @user_data: for @callback
 *
 * Does what baton_self_look() does, on this computer and in a thread of its own.
 */
void
baton_self_look_async (const char *verb,
                       guint parts,
                       BatonRequest *request,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Look *look = g_new0 (Look, 1);

  look->verb = g_strdup (verb);
  look->parts = parts;
  look->request = request;
  g_task_set_source_tag (task, baton_self_look_async);
  g_task_set_task_data (task, look, look_free);
  g_task_run_in_thread (task, look_in_thread);
}

/**
 * baton_self_look_finish:
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer full) (element-type BatonEvent): what was seen, as events for a #BatonView
 */
GPtrArray *
baton_self_look_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
