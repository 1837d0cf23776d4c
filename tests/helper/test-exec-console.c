/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-console-notice.h"

#include <string.h>

#include "baton-error.h"
#include "baton-waiter.h"
#include "fake-consoles.h"
#include "handoff-story.h"

#define NOTE "run/baton/console"
#define TEXT "\nSomething happened.\n"
#define PAGE "\033c" TEXT

/* A text console of lightdm's Xorg is on the screen, and a getty is on the first. */
#define XORG 7
#define TAKEN (1U << 1 | 1U << XORG)

typedef struct
{
  Story story;
  BatonWaiter *waiter;
  BatonEventWriter *events;
  GError *error;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  story_begin (&fixture->story);
  fixture->events = baton_event_writer_new (-1, NULL);
  fixture->waiter = baton_waiter_new (fixture->events, -1, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_error (&fixture->error);
  baton_waiter_free (fixture->waiter);
  baton_event_writer_free (fixture->events);
  story_clear (&fixture->story);
}

static guint
show (Fixture *fixture, gboolean *ret_is_shown)
{
  g_clear_error (&fixture->error);

  return baton_console_notice_show (fixture->story.root, fixture->waiter, TEXT, ret_is_shown,
                                    &fixture->error);
}

static void
expect_shown (Fixture *fixture, guint console)
{
  gboolean is_shown = FALSE;
  g_autofree char *text = NULL;

  g_assert_cmpuint (show (fixture, &is_shown), ==, console);
  g_assert_no_error (fixture->error);
  g_assert_true (is_shown);
  g_assert_cmpuint (fake_consoles_get_shown (fixture->story.machine), ==, console);
  text = fake_consoles_dup_text (fixture->story.machine, console);
  g_assert_cmpstr (text, ==, PAGE);
}

static void
expect_failure (Fixture *fixture, int code)
{
  gboolean is_shown = FALSE;

  g_assert_cmpuint (show (fixture, &is_shown), ==, 0);
  g_assert_error (fixture->error, BATON_ERROR, code);
  g_assert_false (is_shown);
}

/* On one that neither logind nor a display server takes, and again on the same; taken away with the
 * console itself. */
static void
test_shown (Fixture *fixture, gconstpointer data)
{
  MockMachine *machine = fixture->story.machine;

  fake_consoles_add (machine, XORG, TAKEN, FALSE);
  expect_shown (fixture, 8);
  fake_consoles_add (machine, XORG, TAKEN, FALSE);
  expect_shown (fixture, 8);

  fake_consoles_add (machine, XORG, TAKEN, FALSE);
  g_assert_true (baton_console_notice_clear (fixture->story.root, &fixture->error));
  g_assert_cmpuint (fake_consoles_get_freed (machine), ==, 8);
  g_assert_false (story_has_file (&fixture->story, NOTE));

  /* There is nothing of ours any more. */
  fake_consoles_add (machine, XORG, TAKEN, FALSE);
  g_assert_true (baton_console_notice_clear (fixture->story.root, &fixture->error));
  g_assert_cmpuint (fake_consoles_get_freed (machine), ==, FAKE_CONSOLE_NONE);
}

/* Somebody's program has one open, as a log that is shown on the twelfth. */
static void
test_taken (Fixture *fixture, gconstpointer data)
{
  fake_consoles_add (fixture->story.machine, XORG, TAKEN | 1U << 8 | 1U << 9, FALSE);
  expect_shown (fixture, 10);
  fake_consoles_add (fixture->story.machine, XORG, 0xffff, FALSE);
  expect_failure (fixture, BATON_ERROR_BUSY);
}

/* Whoever looks at it when it holds no more sees it empty. */
static void
test_looked_at (Fixture *fixture, gconstpointer data)
{
  MockMachine *machine = fixture->story.machine;
  g_autofree char *text = NULL;

  fake_consoles_add (machine, XORG, TAKEN, FALSE);
  expect_shown (fixture, 8);
  g_assert_true (baton_console_notice_clear (fixture->story.root, &fixture->error));
  g_assert_cmpuint (fake_consoles_get_freed (machine), ==, FAKE_CONSOLE_NONE);
  text = fake_consoles_dup_text (machine, 8);
  g_assert_true (g_str_has_prefix (text, "\033c"));
  g_assert_false (story_has_file (&fixture->story, NOTE));
}

/* The last screen is away, or there was never a console: nothing is said, and nothing noted. */
static void
test_no_screen (Fixture *fixture, gconstpointer data)
{
  expect_failure (fixture, BATON_ERROR_NOT_FOUND);
  fake_consoles_add (fixture->story.machine, XORG, TAKEN, FALSE);
  fake_consoles_hide (fixture->story.machine);
  expect_failure (fixture, BATON_ERROR_NOT_FOUND);
  g_assert_cmpuint (fake_consoles_get_shown (fixture->story.machine), ==, XORG);
  g_assert_false (story_has_file (&fixture->story, NOTE));
}

static void
write_session (MockMachine *machine, const char *service)
{
  g_autofree char *text =
      g_strdup_printf ("UID=1000\nUSER=u\nTYPE=x11\nSEAT=seat0\nSERVICE=%s\n", service);

  mock_machine_write (machine, "run/systemd/seats/seat0", "IS_SEAT0=1\nACTIVE=2\nSESSIONS=2\n");
  mock_machine_write (machine, "run/systemd/sessions/2", text);
}

/* Whoever has logged in on a text console is left alone, and may look there; what is left of a session
 * that the login screen opened is nobody. */
static void
test_somebody_there (Fixture *fixture, gconstpointer data)
{
  MockMachine *machine = fixture->story.machine;
  gboolean is_shown = TRUE;
  g_autofree char *text = NULL;

  fake_consoles_add (machine, 2, TAKEN | 1U << 2, FALSE);
  write_session (machine, "login");
  g_assert_cmpuint (show (fixture, &is_shown), ==, 8);
  g_assert_false (is_shown);
  g_assert_cmpuint (fake_consoles_get_shown (machine), ==, 2);
  text = fake_consoles_dup_text (machine, 8);
  g_assert_cmpstr (text, ==, PAGE);

  write_session (machine, "lightdm-autologin");
  expect_shown (fixture, 8);
}

/* A display server that hangs keeps the screen, and nobody waits for it for good. */
static void
test_screen_kept (Fixture *fixture, gconstpointer data)
{
  gint64 start_us = g_get_monotonic_time ();

  fake_consoles_add (fixture->story.machine, XORG, TAKEN, TRUE);
  expect_failure (fixture, BATON_ERROR_BUSY);
  g_assert_cmpint (g_get_monotonic_time () - start_us, <, 30 * G_USEC_PER_SEC);
}

/* A note that says nothing of ours is no reason to touch a console. */
static void
test_foreign_note (Fixture *fixture, gconstpointer data)
{
  static const char *const rows[] = { "7\n", "16\n", "-8\n", "8 9\n", "", "../8\n", "0x8\n" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i]);
      fake_consoles_add (fixture->story.machine, 1, 0, FALSE);
      mock_machine_write (fixture->story.machine, NOTE, rows[i]);
      g_assert_true (baton_console_notice_clear (fixture->story.root, &fixture->error));
      g_assert_cmpuint (fake_consoles_get_freed (fixture->story.machine), ==,
                        FAKE_CONSOLE_NONE);
    }
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/helper/exec/console/shown", test_shown);
  add ("/helper/exec/console/taken", test_taken);
  add ("/helper/exec/console/looked-at", test_looked_at);
  add ("/helper/exec/console/no-screen", test_no_screen);
  add ("/helper/exec/console/somebody-there", test_somebody_there);
  add ("/helper/exec/console/screen-kept", test_screen_kept);
  add ("/helper/exec/console/foreign-note", test_foreign_note);

  return g_test_run ();
}
