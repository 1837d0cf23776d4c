/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-waiter.h"

/* Longer than from one heartbeat to the next. */
#define SILENCE_MS 2300

static int
start_timer (void)
{
  const struct itimerspec once = {
    .it_value = { .tv_sec = SILENCE_MS / 1000, .tv_nsec = SILENCE_MS % 1000 * 1000000L },
  };
  int fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC);

  g_assert_cmpint (timerfd_settime (fd, 0, &once, NULL), ==, 0);

  return fd;
}

static guint
count_heartbeats (int fd)
{
  char text[4096] = { 0 };
  guint n = 0;

  g_assert_cmpint (read (fd, text, sizeof text - 1), >=, 0);
  for (const char *at = text; (at = strstr (at, "\"heartbeat\"")) != NULL; at++)
    n++;

  return n;
}

/* A handoff is heard of while it works. One that waits for people, as for a virtual machine that
 * may run for weeks, neither fills the memory with lines nor wakes whoever reads them. */
static void
test_heartbeat (gconstpointer data)
{
  gboolean for_ever = GPOINTER_TO_INT (data);
  gint64 deadline_us = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  g_autoptr (BatonEventWriter) events = NULL;
  g_autoptr (BatonWaiter) waiter = NULL;
  g_autoptr (GError) error = NULL;
  baton_autofd int timer = -1;
  int output[2];

  g_assert_true (pipe2 (output, O_CLOEXEC) == 0);
  events = baton_event_writer_new (output[1], NULL);
  waiter = baton_waiter_new (events, -1, &error);
  g_assert_no_error (error);
  timer = start_timer ();
  g_assert_cmpint (
      baton_waiter_wait (waiter, timer, for_ever ? BATON_WAIT_FOR_EVER : deadline_us, FALSE),
      ==, BATON_WAIT_READY);
  close (output[1]);
  g_assert_cmpuint (count_heartbeats (output[0]), ==, for_ever ? 0 : 1);
  close (output[0]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/helper/waiter/heartbeat", GINT_TO_POINTER (FALSE), test_heartbeat);
  g_test_add_data_func ("/helper/waiter/no-heartbeat-for-ever", GINT_TO_POINTER (TRUE),
                        test_heartbeat);

  return g_test_run ();
}
