/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-units.h"

#include <gio/gio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-systemd-job.h"
#include "baton-unit-bus.h"

/* A job that has not come to its end by then never does. */
#define TIMEOUT_MS 2000

static gboolean
run (BatonRoot *root, const char *method, BatonUnitBus *bus)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GDBusConnection) connection = NULL;
  gboolean done;
  int ends[2];

  g_main_context_push_thread_default (context);
  connection = baton_unit_bus_connect (bus, root, NULL);
  done = connection != NULL && pipe (ends) == 0 &&
         baton_systemd_job_run (connection, method, bus->name, TIMEOUT_MS, ends[0], NULL);
  g_main_context_pop_thread_default (context);

  return done;
}

/*
 * The job of a unit that its owner has named, on the bus of the tree (fake-units.py): by a child, as
 * the helper does it, so that no thread stays with us.
 */
gboolean
fake_units_run_job (BatonRoot *root,
                    const char *method,
                    const char *unit,
                    const char *cancel_file,
                    GError **error)
{
  g_auto (BatonUnitBus) bus = { 0 };
  int status = 0;
  pid_t pid;

  baton_unit_bus_init (&bus, root, unit);
  pid = fork ();
  if (pid == 0)
    _exit (run (root, method, &bus) ? 0 : 1);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;
  if (cancel_file != NULL && g_file_test (cancel_file, G_FILE_TEST_EXISTS))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "somebody asked to stop");
  else
    g_set_error (error, BATON_ERROR, BATON_ERROR_IO, "systemd's job ended with “failed”");

  return FALSE;
}
