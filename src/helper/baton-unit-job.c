/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit-job.h"

#include "baton-errand.h"
#include "baton-systemd-job.h"
#include "baton-unit-bus.h"

/* References used below:
 *  SD-SYSTEM - systemd-system.conf(5): DefaultTimeoutStopSec= and DefaultTimeoutStartSec=, 90 s
 */

/* A stop that has to kill takes its own time twice (SD-SYSTEM). */
#define JOB_TIMEOUT_MS 190000

/* Longer than the errand takes for itself with its calls, so that its own reason is heard. */
#define DEADLINE_US ((JOB_TIMEOUT_MS + 60000) * G_GINT64_CONSTANT (1000))

/* A call and an answer, which is much less than the unit's TimeoutStopSec= leaves. */
#define RECALL_US (30 * G_USEC_PER_SEC)

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  const char *method;
  BatonUnitBus *bus;
} Job;

/* In a child that has nothing else to do: it ends with the bus and all. */
static void
run_job (int socket, gpointer data)
{
  const Job *job = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  connection = baton_unit_bus_connect (job->bus, job->root, &error);
  if (connection != NULL)
    baton_systemd_job_run (connection, job->method, job->bus->name, JOB_TIMEOUT_MS, socket,
                           &error);
  g_main_context_pop_thread_default (context);
  baton_errand_answer (socket, -1, error);
}

/**
 * baton_unit_job_run:
 * @root: the roots
 * @waiter: what waits
 * @method: `StartUnit` or `StopUnit`
 * @unit: a unit, as steps and notes name it
 * @patience_ms: how long it may still take once somebody has asked to stop, or
 *   %BATON_UNIT_JOB_TO_THE_END
 * @error: return location for an error
 *
 * Has systemd start or stop a unit, and waits until that is done. A service may take minutes to
 * stop, or hang: whoever asks to stop need not wait for that. What is given up is taken back from
 * systemd, so that nothing comes of it later.
 *
 * Fails with %G_IO_ERROR_CANCELLED where it was given up because somebody asked to stop.
 *
 * Returns: %TRUE if it is done
 */
gboolean
baton_unit_job_run (BatonRoot *root,
                    BatonWaiter *waiter,
                    const char *method,
                    const char *unit,
                    guint patience_ms,
                    GError **error)
{
  gint64 deadline_us = g_get_monotonic_time () + DEADLINE_US;
  g_auto (BatonUnitBus) bus = { 0 };
  Job job = { .root = root, .method = method, .bus = &bus };
  g_autoptr (BatonErrand) errand = NULL;
  g_autoptr (GError) cause = NULL;

  baton_unit_bus_init (&bus, root, unit);
  errand = baton_errand_new (root, waiter, run_job, &job, error);
  if (errand == NULL)
    return FALSE;
  if (patience_ms == BATON_UNIT_JOB_TO_THE_END ||
      baton_errand_await (errand, deadline_us, TRUE) != BATON_WAIT_CANCELLED ||
      baton_errand_await (errand,
                          g_get_monotonic_time () + patience_ms * G_GINT64_CONSTANT (1000),
                          FALSE) == BATON_WAIT_READY)
    return baton_errand_hear (errand, deadline_us, NULL, error);

  baton_errand_recall (errand);
  if (baton_errand_hear (errand, g_get_monotonic_time () + RECALL_US, NULL, &cause))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "somebody asked to stop");

  return FALSE;
}
