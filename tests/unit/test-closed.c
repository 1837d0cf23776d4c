/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-closed-look.h"
#include "baton-closed.h"
#include "baton-error.h"
#include "baton-process.h"
#include "baton-reopen.h"
#include "mock-process.h"

#define CARD "0000:03:00.0"
#define BOOT_ID "sys/kernel/random/boot_id"
#define UID 1000
#define PATIENCE_US (20 * G_USEC_PER_SEC)

/* It says what it was given and where it is, and waits. */
#define SCRIPT                                                                                 \
  "{ for a; do printf '%s\\0' \"$a\"; done; printf '%s\\0' \"$PWD\" \"$DRI_PRIME\"; } >new "   \
  "&& "                                                                                        \
  "mv new here; read _"

typedef struct
{
  char *directory;
  BatonRoot *root;
  BatonClosed *closed;
} Fixture;

static char *
build_path (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->directory, name, NULL);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;

  fixture->directory = g_dir_make_tmp ("baton-closed-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->root = baton_root_new_system (&error);
  g_assert_no_error (error);
  kept = build_path (fixture, "kept");
  fixture->closed = baton_closed_new (fixture->root, kept);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", fixture->directory, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
  baton_closed_unref (fixture->closed);
  baton_root_unref (fixture->root);
  g_free (fixture->directory);
}

static void
add_close (BatonRequest *request, BatonRoot *root, int pid)
{
  g_autoptr (BatonProcess) process = baton_process_new (root, pid, NULL);

  g_assert_nonnull (process);
  baton_request_add_close (request, pid, process->start_time);
}

static JsonArray *
build_steps (BatonRequest *request, const char *state)
{
  JsonArray *steps = json_array_new ();

  for (guint i = 0; i < request->closes->len; i++)
    {
      const BatonClose *close = g_ptr_array_index (request->closes, i);
      g_autofree char *id =
          g_strdup_printf ("close-process:%d:%s", close->pid, close->start_time);
      JsonObject *step = json_object_new ();

      json_object_set_string_member (step, "id", id);
      json_object_set_string_member (step, "state", state);
      json_array_add_object_element (steps, step);
    }

  return steps;
}

/* A program of ours that waits for the end of its input. */
typedef struct
{
  GPid pid;
  int input;
} Program;

static Program
start_program (Fixture *fixture, const char *const *hostile)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "DRI_PRIME", "pci-1", TRUE);
  g_autoptr (GError) error = NULL;
  Program program = { 0 };

  for (const char *const *word = (const char *const[]){ "/bin/sh", "-c", SCRIPT, "sh", NULL };
       *word != NULL; word++)
    g_ptr_array_add (argv, (gpointer) *word);
  for (; *hostile != NULL; hostile++)
    g_ptr_array_add (argv, (gpointer) *hostile);
  g_ptr_array_add (argv, NULL);
  g_spawn_async_with_pipes (fixture->directory, (char **) argv->pdata, environment,
                            G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &program.pid, &program.input,
                            NULL, NULL, &error);
  g_assert_no_error (error);

  return program;
}

static void
end_program (Program *program)
{
  kill (program->pid, SIGKILL);
  waitpid (program->pid, NULL, 0);
  close (program->input);
}

/* What the program has said, once it has; then it is taken away. */
static char *
take_words (Fixture *fixture, gsize *ret_length)
{
  g_autofree char *path = build_path (fixture, "here");
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  char *words = NULL;

  while (!g_file_get_contents (path, &words, ret_length, NULL))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (10000);
    }
  g_assert_no_errno (g_unlink (path));

  return words;
}

/* Byte for byte, in the same place, with what sent it to a card, and only once it has ended. */
static void
test_again (Fixture *fixture, gconstpointer data)
{
  g_autofree char *long_word = g_strnfill (9000, 'x');
  const char *hostile[] = { "two\nlines",    "\033[31mred", "",
                            "$(touch hurt)", "\xff\xfe",    "-c",
                            "\xe2\x80\xae",  long_word,     NULL };
  Program program = start_program (fixture, hostile);
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_autoptr (JsonArray) steps = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *kept = build_path (fixture, "kept/" CARD ".json");
  gsize n_before = 0;
  gsize n_after = 0;
  struct stat info;

  before = take_words (fixture, &n_before);
  add_close (request, fixture->root, program.pid);
  found = baton_closed_look_in_time (fixture->root, request, getuid ());
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_true (baton_closed_note (fixture->closed, CARD, found, &error));
  g_assert_no_error (error);
  g_assert_no_errno (stat (kept, &info));
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);

  /* Nothing says yet that it was closed; and then it still runs. */
  listed = baton_closed_list (fixture->closed, CARD, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (listed->len, ==, 0);
  steps = build_steps (request, "ok");
  baton_closed_settle (fixture->closed, CARD, steps, TRUE);
  g_ptr_array_unref (listed);
  listed = baton_closed_list (fixture->closed, CARD, &error);
  g_assert_cmpuint (listed->len, ==, 0);

  end_program (&program);
  g_ptr_array_unref (listed);
  listed = baton_closed_list (fixture->closed, CARD, &error);
  g_assert_cmpuint (listed->len, ==, 1);
  results = baton_reopen (fixture->root, listed);
  g_assert_cmpuint (results->len, ==, 1);
  g_assert_cmpstr (((BatonReopened *) results->pdata[0])->reason, ==, NULL);
  after = take_words (fixture, &n_after);
  g_assert_cmpmem (before, n_before, after, n_after);
  g_assert_nonnull (memmem (after, n_after, "\0pci-1", 7));

  baton_closed_forget (fixture->closed, CARD);
  g_assert_cmpint (g_access (kept, F_OK), ==, -1);
}

/* Only what the steps say was closed is kept. */
static void
test_settle (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *state;
    gboolean has_ended;
    gboolean is_noted; /* whether the end is still open */
    gboolean is_closed;
  } rows[] = {
    { "ok", TRUE, TRUE, TRUE },      { "skip", TRUE, FALSE, FALSE },
    { "fail", TRUE, FALSE, FALSE },  { "start", TRUE, FALSE, FALSE },
    { "start", FALSE, TRUE, FALSE }, { "ok", FALSE, TRUE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *words[] = { "a", NULL };
      Program program = start_program (fixture, words);
      g_autoptr (BatonRequest) request = baton_request_new ();
      g_autoptr (GPtrArray) found = NULL;
      g_autoptr (GPtrArray) listed = NULL;
      g_autoptr (GPtrArray) cards = NULL;
      g_autoptr (JsonArray) steps = NULL;

      g_test_message ("%s, %d", rows[i].state, rows[i].has_ended);
      add_close (request, fixture->root, program.pid);
      found = baton_closed_look (fixture->root, request, getuid ());
      g_assert_true (baton_closed_note (fixture->closed, CARD, found, NULL));
      end_program (&program);
      steps = build_steps (request, rows[i].state);
      baton_closed_settle (fixture->closed, CARD, steps, rows[i].has_ended);
      listed = baton_closed_list (fixture->closed, CARD, NULL);
      g_assert_cmpuint (listed->len, ==, rows[i].is_closed ? 1 : 0);
      cards = baton_closed_list_cards (fixture->closed);
      g_assert_cmpuint (cards->len, ==, rows[i].is_noted ? 1 : 0);
      baton_closed_forget (fixture->closed, CARD);
    }
}

/* Its reader had gone; the report tells what became of it. */
static void
test_settle_report (Fixture *fixture, gconstpointer data)
{
  const char *words[] = { "a", NULL };
  Program program = start_program (fixture, words);
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (JsonObject) report = json_object_new ();
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GPtrArray) listed = NULL;
  g_autofree char *boot_id =
      baton_root_read_line (fixture->root, BATON_ROOT_PROC, BOOT_ID, NULL);
  JsonArray *cards = json_array_new ();

  add_close (request, fixture->root, program.pid);
  found = baton_closed_look (fixture->root, request, getuid ());
  g_assert_true (baton_closed_note (fixture->closed, CARD, found, NULL));
  end_program (&program);
  json_array_add_string_element (cards, CARD);
  json_object_set_array_member (report, "cards", cards);
  json_object_set_array_member (report, "steps", build_steps (request, "ok"));

  /* Numbers of processes mean nothing in another boot. */
  json_object_set_string_member (report, "boot_id", "another");
  baton_closed_settle_report (fixture->closed, report);
  listed = baton_closed_list (fixture->closed, CARD, NULL);
  g_assert_cmpuint (listed->len, ==, 0);
  g_ptr_array_unref (listed);

  json_object_set_string_member (report, "boot_id", boot_id);
  baton_closed_settle_report (fixture->closed, report);
  listed = baton_closed_list (fixture->closed, CARD, NULL);
  g_assert_cmpuint (listed->len, ==, 1);
}

static void
note_one (Fixture *fixture)
{
  g_autoptr (GPtrArray) programs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_closed_program_free);
  BatonClosedProgram *program = g_new0 (BatonClosedProgram, 1);

  program->closes = g_strsplit ("4000000:1", " ", -1);
  program->name = g_strdup ("a");
  program->arguments = g_strsplit ("a", " ", -1);
  program->variables = g_new0 (char *, 1);
  program->is_closed = TRUE;
  g_ptr_array_add (programs, program);
  g_assert_true (baton_closed_note (fixture->closed, CARD, programs, NULL));
}

/* A file that somebody else can have written starts nothing. */
static void
test_not_ours (Fixture *fixture, gconstpointer data)
{
  g_autofree char *kept = build_path (fixture, "kept");
  g_autofree char *file = build_path (fixture, "kept/" CARD ".json");
  g_autofree char *aside = build_path (fixture, "aside");

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GPtrArray) listed = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_no_errno (chmod (fixture->directory, 0700));
      note_one (fixture);
      if (i == 1)
        g_assert_no_errno (chmod (file, 0622));
      if (i == 2)
        g_assert_no_errno (chmod (kept, 0770));
      if (i == 3)
        {
          g_assert_no_errno (rename (file, aside));
          g_assert_no_errno (symlink (aside, file));
        }
      listed = baton_closed_list (fixture->closed, CARD, &error);
      if (i == 0)
        g_assert_cmpuint (listed->len, ==, 1);
      else
        g_assert_null (listed);
      if (i == 1 || i == 2)
        g_assert_error (error, BATON_ERROR, BATON_ERROR_PERMISSION);
      g_assert_no_errno (chmod (kept, 0700));
      baton_closed_forget (fixture->closed, CARD);
    }
}

/* What is no note of this boot is none at all, and is written over. */
static void
test_garbage (Fixture *fixture, gconstpointer data)
{
  static const char *const texts[] = {
    "",
    "{",
    "[]",
    "{}",
    "{\"v\":1,\"boot_id\":\"another\",\"programs\":[]}",
    "{\"v\":1,\"boot_id\":7,\"programs\":{}}",
  };
  g_autofree char *file = build_path (fixture, "kept/" CARD ".json");

  note_one (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GPtrArray) listed = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", texts[i]);
      g_file_set_contents (file, texts[i], -1, &error);
      g_assert_no_error (error);
      listed = baton_closed_list (fixture->closed, CARD, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (listed->len, ==, 0);
    }
}

static void
test_reasons (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    BatonClosedObstacle obstacle;
    const char *unit;
    const char *app_id;
    const char *executable;
    const char *directory;
    const char *terminal;
    const char *reason; /* part of it, or NULL */
  } rows[] = {
    { BATON_CLOSED_POSSIBLE, NULL, NULL, "/bin/sh", "/", NULL, NULL },
    { BATON_CLOSED_OTHER_USER, NULL, NULL, NULL, NULL, NULL, "another user" },
    { BATON_CLOSED_SERVICE, "mpd.service", NULL, NULL, NULL, NULL, "start mpd.service" },
    { BATON_CLOSED_CONTAINER, NULL, NULL, NULL, NULL, NULL, "container" },
    { BATON_CLOSED_TOO_LONG, NULL, NULL, NULL, NULL, NULL, "longer" },
    { BATON_CLOSED_UNREADABLE, NULL, NULL, NULL, NULL, NULL, "read" },
    { BATON_CLOSED_POSSIBLE, NULL, NULL, "/bin/no-such", "/", NULL, "/bin/no-such" },
    { BATON_CLOSED_POSSIBLE, NULL, NULL, "/bin/sh (deleted)", "/", NULL, NULL },
    { BATON_CLOSED_POSSIBLE, NULL, NULL, "/bin/sh", "/no/such\n", NULL, "/no/such" },
    { BATON_CLOSED_POSSIBLE, NULL, NULL, "/bin/sh", "/", "34816 4000000:1", "terminal" },
    { BATON_CLOSED_POSSIBLE, NULL, NULL, "/bin/sh", "/", "", "terminal" },
    { BATON_CLOSED_POSSIBLE, "app-flatpak-org.x.Y-1.scope", "org.x.Y", "/bin/sh", "/", NULL,
      "not installed" },
    { BATON_CLOSED_POSSIBLE, "snap.x.y-1.scope", "../../x_y", "/bin/sh", "/", NULL,
      "not installed" },
    { BATON_CLOSED_POSSIBLE, "app-x-1.scope", "org.no.Such", "/bin/sh", "/", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char *no_closes[] = { NULL };
      char *arguments[] = { (char *) "sh", NULL };
      BatonClosedProgram program = {
        .closes = no_closes,
        .name = (char *) "x",
        .app_id = (char *) rows[i].app_id,
        .unit = (char *) rows[i].unit,
        .executable = (char *) rows[i].executable,
        .arguments = arguments,
        .directory = (char *) rows[i].directory,
        .variables = no_closes,
        .terminal = (char *) rows[i].terminal,
        .obstacle = rows[i].obstacle,
      };
      g_autofree char *reason = baton_reopen_dup_reason (fixture->root, &program);

      g_test_message ("%u", i);
      if (rows[i].reason == NULL)
        g_assert_cmpstr (reason, ==, NULL);
      else
        g_assert_nonnull (strstr (reason, rows[i].reason));
    }
}

static void
link_in_proc (MockMachine *machine, int pid, const char *name, const char *target)
{
  g_autofree char *path =
      g_strdup_printf ("%s/proc/%d/%s", mock_machine_get_directory (machine), pid, name);

  g_assert_no_errno (symlink (target, path));
}

/* An application is one, and what was started first of it is what is started again. */
static void
test_whose (void)
{
  static const char scope[] =
      "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-org.x.Y-7.scope";
  g_autoptr (MockMachine) machine = mock_machine_new ();
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (GPtrArray) found = NULL;
  g_autofree char *huge = g_strnfill (200 * 1024, 'x');
  static const struct
  {
    int pid;
    guint uid;
    const char *cgroup;
    BatonClosedObstacle obstacle;
  } others[] = {
    { 50, UID + 1, "/user.slice/user-1001.slice/session-1.scope", BATON_CLOSED_OTHER_USER },
    { 51, UID, "/system.slice/mpd.service", BATON_CLOSED_SERVICE },
    { 52, UID, "/machine.slice/machine-box.scope", BATON_CLOSED_CONTAINER },
    { 53, UID, "/user.slice/user-1000.slice/session-1.scope", BATON_CLOSED_TOO_LONG },
    { 54, UID, "/user.slice/user-1000.slice/session-1.scope", BATON_CLOSED_UNREADABLE },
  };
  const BatonClosedProgram *app;

  for (int pid = 7; pid < 10; pid++)
    {
      g_autofree char *arguments = g_strdup_printf ("y|--part|%d", pid);

      mock_process_add (machine, pid, "y", UID, scope, arguments);
      link_in_proc (machine, pid, "exe", "/usr/bin/y");
      link_in_proc (machine, pid, "cwd", "/home/u");
    }
  baton_request_add_close (request, 8, "800");
  baton_request_add_close (request, 9, "900");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *start_time = g_strdup_printf ("%d00", others[i].pid);

      mock_process_add (machine, others[i].pid, "z", others[i].uid, others[i].cgroup,
                        others[i].obstacle == BATON_CLOSED_TOO_LONG ? huge : "z");
      baton_request_add_close (request, others[i].pid, start_time);
    }
  /* Another process has the number by now. */
  mock_process_add (machine, 60, "z", UID, "/system.slice", "z");
  baton_request_add_close (request, 60, "1");

  found = baton_closed_look (mock_machine_get_root (machine), request, UID);
  g_assert_cmpuint (found->len, ==, 1 + G_N_ELEMENTS (others));
  app = found->pdata[0];
  g_assert_cmpint (app->obstacle, ==, BATON_CLOSED_POSSIBLE);
  g_assert_cmpstr (app->app_id, ==, "org.x.Y");
  g_assert_cmpstr (app->arguments[2], ==, "7");
  g_assert_cmpuint (g_strv_length (app->closes), ==, 2);
  g_assert_true (baton_closed_program_has_step (app, "close-process:9:900"));
  g_assert_false (baton_closed_program_has_step (app, "close-process:7:700"));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpint (((BatonClosedProgram *) found->pdata[i + 1])->obstacle, ==,
                     others[i].obstacle);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define add(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)
  add ("/client/closed/again", test_again);
  add ("/client/closed/settle", test_settle);
  add ("/client/closed/settle-report", test_settle_report);
  add ("/client/closed/not-ours", test_not_ours);
  add ("/client/closed/garbage", test_garbage);
  add ("/client/closed/reasons", test_reasons);
#undef add
  g_test_add_func ("/client/closed/whose", test_whose);

  return g_test_run ();
}
