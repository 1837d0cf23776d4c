/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "baton-request.h"
#include "mock-machine.h"

#define LIMITS(soft)                                                                           \
  "Limit                     Soft Limit           Hard Limit           Units     \n"           \
  "Max cpu time              unlimited            unlimited            seconds   \n"           \
  "Max locked memory         " soft "              unlimited            bytes     \n"          \
  "Max address space         unlimited            unlimited            bytes     \n"

static void
add_process (MockMachine *machine, int pid, const char *start_time, const char *limits)
{
  g_autofree char *stat = g_strdup_printf (
      "%d (a) b) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 %s 1 1 1", pid, start_time);
  g_autofree char *status = g_strdup_printf ("Name:\ta) b\nUid:\t%u\t%u\t%u\t%u\n", getuid (),
                                             getuid (), getuid (), getuid ());
  g_autofree char *stat_path = g_strdup_printf ("proc/%d/stat", pid);
  g_autofree char *status_path = g_strdup_printf ("proc/%d/status", pid);
  g_autofree char *limits_path = g_strdup_printf ("proc/%d/limits", pid);

  mock_machine_write (machine, stat_path, stat);
  mock_machine_write (machine, status_path, status);
  if (limits != NULL)
    mock_machine_write (machine, limits_path, limits);
}

static void
test_memory_limit (void)
{
  static const struct
  {
    const char *name;
    const char *limits;
    guint64 expected;
  } rows[] = {
    { "the default of systemd", LIMITS ("8388608"), 8388608 },
    { "no limit", LIMITS ("unlimited"), G_MAXUINT64 },
    { "none at all", LIMITS ("0"), 0 },
    { "unreadable", NULL, 0 },
    { "nonsense", "Max locked memory", 0 },
    { "empty", "", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) machine = mock_machine_new ();
      g_autoptr (BatonRequest) request = baton_request_new ();

      g_test_message ("%s", rows[i].name);
      add_process (machine, 100, "7", rows[i].limits);
      request->uid = getuid ();
      baton_request_look (request, mock_machine_get_root (machine));
      g_assert_cmpuint (request->memlock_bytes, ==, rows[i].expected);
    }
}

/* Nobody's limit but that of the one who asks. */
static void
test_memory_limit_of_others (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonRequest) request = baton_request_new ();

  add_process (machine, 100, "7", LIMITS ("unlimited"));
  request->uid = getuid () + 1;
  baton_request_look (request, mock_machine_get_root (machine));
  g_assert_cmpuint (request->memlock_bytes, ==, 0);
}

/* Consent to close what has ended is done with; to close what is there it stands. */
static void
test_ended_processes_are_dropped (void)
{
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonRequest) request = baton_request_new ();

  add_process (machine, 100, "7", NULL);
  add_process (machine, 101, "8", NULL);
  baton_request_add_close (request, 100, "7");
  baton_request_add_close (request, 101, "7");
  baton_request_add_close (request, 102, "7");
  baton_request_look (request, mock_machine_get_root (machine));

  g_assert_cmpuint (request->closes->len, ==, 1);
  g_assert_true (baton_request_allows_close (request, 100, "7"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/request/look/memory-limit", test_memory_limit);
  g_test_add_func ("/core/request/look/memory-limit-of-others", test_memory_limit_of_others);
  g_test_add_func ("/core/request/look/ended-processes", test_ended_processes_are_dropped);

  return g_test_run ();
}
