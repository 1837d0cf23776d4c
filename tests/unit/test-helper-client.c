/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "baton-client-result.h"
#include "baton-helper-client.h"
#include "baton-helper-command.h"
#include "baton-json.h"

#include <glib/gstdio.h>

/* The helper of these tests is a shell script of a few lines. */
#define HELLO                                                                                  \
  "echo '{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\","    \
  "\"verb\":\"x\",\"by\":\"helper\"}'\n"
#define RESULT                                                                                 \
  "echo '{\"v\":1,\"seq\":2,\"t_ms\":1,\"type\":\"result\",\"exit\":12,\"state\":\"refused\"," \
  "\"code\":\"refused\",\"args\":{\"count\":\"2\"},\"text\":\"t\",\"remedy\":null,"            \
  "\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[]}'\n"

typedef struct
{
  char *directory;
  char *path;
  BatonHelperClient *client;
  GCancellable *cancellable;
  GMainLoop *loop;
  GString *types;
  JsonObject *result;
  GError *error;
  guint cancel_at;
  guint give_up_at;
  guint n_events;
} Run;

static void
on_event_cb (BatonHelperClient *client, BatonEvent *event, const char *line, gpointer user_data)
{
  Run *run = user_data;

  g_string_append_printf (run->types, "%s ", event->type);
  run->n_events++;
  if (run->n_events == run->cancel_at)
    baton_helper_client_ask_cancel (client);
  if (run->n_events == run->give_up_at)
    g_cancellable_cancel (run->cancellable);
}

static void
on_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  run->result =
      baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, &run->error);
  g_main_loop_quit (run->loop);
}

static Run *
run_new (const char *script)
{
  static const char *const directly[] = { NULL };
  Run *run = g_new0 (Run, 1);

  run->directory = g_dir_make_tmp ("baton-client-XXXXXX", NULL);
  run->path = g_build_filename (run->directory, "helper", NULL);
  run->loop = g_main_loop_new (NULL, FALSE);
  run->types = g_string_new (NULL);
  run->cancellable = g_cancellable_new ();

  if (script != NULL)
    {
      g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, NULL);

      g_assert_true (
          g_file_set_contents_full (run->path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    }

  run->client = baton_helper_client_new_for_command (directly, run->path);
  g_signal_connect (run->client, "event", G_CALLBACK (on_event_cb), run);

  return run;
}

static void
run_go (Run *run)
{
  static const char *const arguments[] = { "hand", "guest", "0000:01:00.0", NULL };

  baton_helper_client_run_async (run->client, arguments, run->cancellable, on_done_cb, run);
  g_main_loop_run (run->loop);
}

static void
run_free (Run *run)
{
  g_remove (run->path);
  g_rmdir (run->directory);
  g_free (run->path);
  g_free (run->directory);
  g_object_unref (run->client);
  g_object_unref (run->cancellable);
  g_main_loop_unref (run->loop);
  g_string_free (run->types, TRUE);
  g_clear_pointer (&run->result, json_object_unref);
  g_clear_error (&run->error);
  g_free (run);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

typedef struct
{
  const char *what;
  const char *script;
  const char *types;
  int exit;
  BatonCode code;
} Row;

static const Row rows[] = {
  { "a result", HELLO RESULT "exit 12", "hello result ", 12, BATON_CODE_REFUSED },
  { "a result, and another status", HELLO RESULT "exit 0", "hello result ", 12,
    BATON_CODE_REFUSED },
  { "junk between the lines", HELLO "echo junk\necho\nprintf '\\377\\0\\n'\n" RESULT "exit 12",
    "hello result ", 12, BATON_CODE_REFUSED },
  { "a line too long", HELLO "head -c 200000 /dev/zero | tr '\\0' x\necho\n" RESULT,
    "hello result ", 12, BATON_CODE_REFUSED },
  { "no greeting and 126", "exit 126", "", 13, BATON_CODE_DISMISSED },
  { "no greeting and 127", "exit 127", "", 12, BATON_CODE_NOT_AUTHORISED },
  { "ended by Ctrl-C before the greeting", "kill -INT $$", "", 13, BATON_CODE_DISMISSED },
  { "ended by Ctrl-C after it", HELLO "kill -INT $$", "hello ", 17,
    BATON_CODE_OUTCOME_UNKNOWN },
  { "no greeting and another status", "exit 3", "", 17, BATON_CODE_OUTCOME_UNKNOWN },
  { "a result without a greeting", RESULT "exit 12", "", 17, BATON_CODE_OUTCOME_UNKNOWN },
  { "a greeting and no result", HELLO "exit 0", "hello ", 17, BATON_CODE_OUTCOME_UNKNOWN },
  { "a greeting and 127", HELLO "exit 127", "hello ", 17, BATON_CODE_OUTCOME_UNKNOWN },
  { "killed after its greeting", HELLO "kill -9 $$", "hello ", 17, BATON_CODE_OUTCOME_UNKNOWN },
  { "another version of the protocol",
    "echo '{\"v\":2,\"seq\":1,\"t_ms\":1,\"type\":\"hello\"}'\nexec cat >/dev/null", "", 18,
    BATON_CODE_HELPER_OTHER_VERSION },
  { "a greeting of other versions",
    "echo '{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[2,3]}'\nexec cat "
    ">/dev/null",
    "", 18, BATON_CODE_HELPER_OTHER_VERSION },
  { "half a last line", HELLO "printf '{\"v\":1,\"seq\"'", "hello ", 17,
    BATON_CODE_OUTCOME_UNKNOWN },
};

static void
test_ends (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (Run) run = run_new (rows[i].script);

      g_test_message ("%s", rows[i].what);
      run_go (run);
      g_assert_no_error (run->error);
      g_assert_cmpstr (run->types->str, ==, rows[i].types);
      g_assert_cmpint (baton_client_result_get_exit (run->result), ==, rows[i].exit);
      g_assert_cmpint (baton_client_result_get_code (run->result), ==, rows[i].code);
      g_assert_false (baton_helper_client_is_greeted (run->client));
    }
}

static void
test_missing_helper (void)
{
  g_autoptr (Run) run = run_new (NULL);
  g_autoptr (GHashTable) args = NULL;

  run_go (run);
  args = baton_json_dup_args (run->result, "args");

  g_assert_cmpint (baton_client_result_get_code (run->result), ==, BATON_CODE_HELPER_MISSING);
  g_assert_cmpstr (g_hash_table_lookup (args, "path"), ==, run->path);
}

/* Root needs nobody's leave; who is not root needs pkexec to be asked. */
static void
test_missing_pkexec (void)
{
  static const char *const arguments[] = { "watch", NULL };
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  BatonCode code = BATON_CODE_NONE;
  uid_t uid = geteuid ();
  g_auto (GStrv) argv = NULL;

  g_setenv ("PATH", "/nowhere", TRUE);
  g_assert_cmpint (seteuid (uid == 0 ? 65534 : uid), ==, 0);
  argv = baton_helper_command_build (NULL, "/bin/sh", arguments, &code);
  g_assert_cmpint (seteuid (uid), ==, 0);
  /* Whoever changes who he is may not be looked into any more, not even for leaks. */
  prctl (PR_SET_DUMPABLE, 1);
  g_setenv ("PATH", path, TRUE);

  g_assert_null (argv);
  g_assert_cmpint (code, ==, BATON_CODE_PKEXEC_MISSING);
}

static void
test_arguments_and_environment_arrive (void)
{
  g_autoptr (Run) run =
      run_new ("[ \"$*\" = 'hand guest 0000:01:00.0' ] || exit 1\n"
               "[ \"$LANGUAGE\" = de ] || exit 2\n"
               "[ -z \"$BATON_SECRET$HOME$DISPLAY$LC_MESSAGES\" ] || exit 3\n" HELLO RESULT);

  run_go (run);

  g_assert_cmpint (baton_client_result_get_code (run->result), ==, BATON_CODE_REFUSED);
}

static void
test_cancel_is_a_command (void)
{
  g_autoptr (Run) run =
      run_new (HELLO "read line\n[ \"$line\" = '{\"cancel\":true}' ] && " RESULT);

  run->cancel_at = 1;
  run_go (run);

  g_assert_cmpint (baton_client_result_get_code (run->result), ==, BATON_CODE_REFUSED);
}

static gboolean
ask_cancel_cb (gpointer user_data)
{
  baton_helper_client_ask_cancel (user_data);

  return G_SOURCE_REMOVE;
}

static void
test_cancel_ends_the_prompt (void)
{
  g_autoptr (Run) run = run_new ("exec cat >/dev/null");

  g_idle_add (ask_cancel_cb, run->client);
  run_go (run);

  g_assert_no_error (run->error);
  g_assert_cmpint (baton_client_result_get_code (run->result), ==, BATON_CODE_DISMISSED);
}

/* The helper goes on and is not listened to: it finds its output closed. */
static void
test_giving_up_detaches (void)
{
  g_autoptr (Run) run = run_new (HELLO "read line\nexec cat >/dev/null");

  run->give_up_at = 1;
  run_go (run);

  g_assert_null (run->result);
  g_assert_error (run->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
on_second_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  g_assert_null (baton_helper_client_run_finish (BATON_HELPER_CLIENT (source), result, error));
}

static void
test_one_run_at_a_time (void)
{
  static const char *const arguments[] = { "watch", NULL };
  g_autoptr (Run) run = run_new (HELLO RESULT);
  g_autoptr (GError) error = NULL;
  static const char *const hand[] = { "hand", NULL };

  baton_helper_client_run_async (run->client, hand, NULL, on_done_cb, run);
  baton_helper_client_run_async (run->client, arguments, NULL, on_second_cb, &error);
  g_main_loop_run (run->loop);

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_assert_nonnull (run->result);

  g_clear_pointer (&run->result, json_object_unref);
  run_go (run);
  g_assert_cmpint (baton_client_result_get_code (run->result), ==, BATON_CODE_REFUSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("BATON_SECRET", "x", TRUE);
  g_setenv ("LANGUAGE", "de", TRUE);
  g_setenv ("LC_MESSAGES", "../../x", TRUE);
  g_test_add_func ("/client/helper-client/ends", test_ends);
  g_test_add_func ("/client/helper-client/missing-helper", test_missing_helper);
  g_test_add_func ("/client/helper-client/missing-pkexec", test_missing_pkexec);
  g_test_add_func ("/client/helper-client/arguments-and-environment",
                   test_arguments_and_environment_arrive);
  g_test_add_func ("/client/helper-client/cancel/is-a-command", test_cancel_is_a_command);
  g_test_add_func ("/client/helper-client/cancel/ends-the-prompt", test_cancel_ends_the_prompt);
  g_test_add_func ("/client/helper-client/giving-up-detaches", test_giving_up_detaches);
  g_test_add_func ("/client/helper-client/one-at-a-time", test_one_run_at_a_time);

  return g_test_run ();
}
