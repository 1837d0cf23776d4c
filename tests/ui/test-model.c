/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <glib/gstdio.h>

#include "baton-json.h"
#include "baton-model-private.h"
#include "baton-process.h"
#include "baton-running-words.h"

#define CARD "0000:03:00.0"
#define HELLO(verb)                                                                            \
  "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"hello\",\"proto\":[1],\"version\":\"0\",\"verb\":" \
  "\"" verb "\",\"by\":\"helper\"}\n"
#define PLAN                                                                                   \
  "{\"v\":1,\"seq\":2,\"t_ms\":2,\"handoff\":\"4f\",\"type\":\"plan\",\"cards\":[\"" CARD      \
  "\"],"                                                                                       \
  "\"to\":\"guest\",\"findings\":[],\"steps\":[{\"n\":1,\"id\":\"unbind:" CARD "\",\"kind\":"  \
  "\"unbind\",\"target\":\"" CARD "\",\"detail\":null,\"persistent\":false},{\"n\":2,\"id\":"  \
  "\"verify:" CARD "\",\"kind\":\"verify\",\"target\":\"" CARD "\",\"detail\":null,"           \
  "\"persistent\":false}],\"ends_session\":false,\"digest\":\"ab\",\"snap\":1,\"more\":false}" \
  "\n"
#define WAITING_PLAN                                                                           \
  "{\"v\":1,\"seq\":2,\"t_ms\":2,\"handoff\":\"4f\",\"type\":\"plan\",\"cards\":[\"" CARD      \
  "\"],\"to\":\"guest\",\"findings\":[],\"steps\":[{\"n\":1,\"id\":\"wait-guest:" CARD         \
  "\",\"kind\":\"wait-guest\",\"target\":\"" CARD                                              \
  "\",\"detail\":null,\"persistent\":false}],\"ends_session\":false,\"digest\":\"ab\","        \
  "\"snap\":1,\"more\":false}\n"
#define STEP(seq, n, id, state)                                                                \
  "{\"v\":1,\"seq\":" seq ",\"t_ms\":3,\"handoff\":\"4f\",\"type\":\"step\",\"n\":" n          \
  ",\"id\":\"" id ":" CARD "\",\"state\":\"" state                                             \
  "\",\"errno\":null,\"code\":null,\"text\":null}\n"
#define RESULT(seq, status, code)                                                              \
  "{\"v\":1,\"seq\":" seq ",\"t_ms\":9,\"type\":\"result\",\"exit\":" status                   \
  ",\"state\":\"x\","                                                                          \
  "\"code\":\"" code "\",\"args\":{},\"text\":\"t\",\"remedy\":null,\"elapsed_ms\":1,"         \
  "\"at_step\":null}\n"

/* A model whose helper says what the test wants it to say. */
typedef struct
{
  char *directory;
  BatonModel *model;
  char *message;
  char *replan;
  BatonSide replan_to;
} Fixture;

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
remove_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

  g_unlink (path);
}

static char *
read_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);

  return text;
}

static void
on_message_cb (BatonModel *model, const char *text, gpointer data)
{
  Fixture *fixture = data;

  g_free (fixture->message);
  fixture->message = g_strdup (text);
}

static void
on_replan_cb (BatonModel *model, const char *card, guint to, gpointer data)
{
  Fixture *fixture = data;

  g_free (fixture->replan);
  fixture->replan = g_strdup (card);
  fixture->replan_to = to;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *program = g_test_build_filename (G_TEST_DIST, "fake-helper", NULL);
  g_autoptr (GError) error = NULL;
  const char *command[3];

  fixture->directory = g_dir_make_tmp ("baton-model-XXXXXX", &error);
  g_assert_no_error (error);
  write_file (fixture, "watch", HELLO ("watch"));

  command[0] = program;
  command[1] = fixture->directory;
  command[2] = NULL;
  fixture->model = baton_model_new_for_command (command, program);
  g_signal_connect (fixture->model, "message", G_CALLBACK (on_message_cb), fixture);
  g_signal_connect (fixture->model, "replan", G_CALLBACK (on_replan_cb), fixture);
  baton_model_start (fixture->model);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = {
    "watch", "watch.arguments", "hand",    "hand.arguments",   "hand.cancelled", "hand.status",
    "plan",  "plan.arguments",  "recover", "recover.arguments"
  };

  g_object_unref (fixture->model);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    remove_file (fixture, names[i]);
  g_rmdir (fixture->directory);
  g_free (fixture->directory);
  g_free (fixture->message);
  g_free (fixture->replan);
}

static void
hand_to (Fixture *fixture, BatonSide to)
{
  g_autoptr (BatonRequest) request = baton_request_new ();

  g_strfreev (request->cards);
  request->cards = g_strsplit (CARD, " ", -1);
  request->to = to;
  baton_request_add_close (request, 7, "70");
  request->expect = g_strnfill (64, 'a');
  baton_model_hand (fixture->model, request);
}

static void
hand (Fixture *fixture)
{
  hand_to (fixture, BATON_SIDE_GUEST);
}

static BatonHandoffPhase
get_phase (Fixture *fixture)
{
  BatonHandoff *handoff = baton_model_get_handoff (fixture->model);

  return handoff != NULL ? baton_handoff_get_phase (handoff) : BATON_HANDOFF_ENDED;
}

static void
wait_for_phase (Fixture *fixture, BatonHandoffPhase phase)
{
  while (get_phase (fixture) != phase)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_done (Fixture *fixture, gconstpointer data)
{
  g_autofree char *arguments = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *digest = g_strnfill (64, 'a');
  BatonHandoff *handoff;

  write_file (fixture, "hand",
              HELLO ("hand") PLAN STEP ("3", "1", "unbind", "start")
                  STEP ("4", "1", "unbind", "ok") STEP ("5", "2", "verify", "start")
                      STEP ("6", "2", "verify", "ok") RESULT ("7", "0", "handed-over"));
  hand (fixture);
  handoff = baton_model_get_handoff (fixture->model);
  g_assert_cmpint (baton_handoff_get_phase (handoff), ==, BATON_HANDOFF_ASKING);
  g_assert_true (baton_handoff_can_cancel (handoff));

  wait_for_phase (fixture, BATON_HANDOFF_ENDED);
  handoff = baton_model_get_handoff (fixture->model);
  g_assert_nonnull (handoff);
  g_assert_cmpuint (baton_handoff_get_n_done (handoff), ==, 2);
  g_assert_cmpint (baton_json_get_int (baton_handoff_get_result (handoff), "exit", -1), ==, 0);

  arguments = read_file (fixture, "hand.arguments");
  expected = g_strdup_printf ("guest " CARD " --close 7:70 --expect %s\n", digest);
  g_assert_cmpstr (arguments, ==, expected);

  baton_model_dismiss (fixture->model);
  g_assert_null (baton_model_get_handoff (fixture->model));
}

/* What the handoff closes is noted before, and kept where its step says that it was closed. */
static void
test_closed (Fixture *fixture, gconstpointer data)
{
  static const char *const argv[] = { "sleep", "600", NULL };
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  g_autoptr (BatonClosed) closed = NULL;
  g_autoptr (BatonProcess) process = NULL;
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (GPtrArray) listed = NULL;
  g_autofree char *kept = g_build_filename (fixture->directory, "closed", NULL);
  g_autofree char *lines = NULL;
  g_autoptr (GError) error = NULL;
  GPid pid = 0;

  closed = baton_closed_new (root, kept);
  baton_model_set_closed (fixture->model, closed);
  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
                 NULL, NULL, &pid, &error);
  g_assert_no_error (error);
  process = baton_process_new (root, pid, &error);
  g_assert_no_error (error);
  g_strfreev (request->cards);
  request->cards = g_strsplit (CARD, " ", -1);
  baton_request_add_close (request, pid, process->start_time);
  request->expect = g_strnfill (64, 'a');
  lines = g_strdup_printf (
      HELLO ("hand") PLAN
      "{\"v\":1,\"seq\":3,\"t_ms\":3,\"handoff\":\"4f\",\"type\":\"step\",\"n\":1,\"id\":"
      "\"close-process:%d:%s\",\"state\":\"ok\",\"errno\":null,\"code\":null,\"text\":null}\n"
      "%s",
      pid, process->start_time, RESULT ("4", "0", "handed-over"));
  write_file (fixture, "hand", lines);

  baton_model_hand (fixture->model, request);
  wait_for_phase (fixture, BATON_HANDOFF_ENDED);
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  listed = baton_closed_list (closed, CARD, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (listed->len, ==, 1);
  g_assert_cmpstr (((BatonClosedProgram *) listed->pdata[0])->arguments[1], ==, "600");
  baton_closed_forget (closed, CARD);
  g_assert_no_errno (g_rmdir (kept));
}

/* As the worker does: on the way to the host it hears of a cancel until a function is bound there. */
static void
test_until_when_to_cancel (void)
{
  static const struct
  {
    const char *transcript;
    const char *to;
    const char *last_step;
  } rows[] = {
    { "hand-to-guest.jsonl", "guest", "bind:0000:01:00.0" },
    { "hand-to-host.jsonl", "host", "set-override:0000:01:00.1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "..", "data", "schema",
                                                     rows[i].transcript, NULL);
      g_autoptr (BatonHandoff) handoff = baton_handoff_new ("0000:01:00.0", rows[i].to, FALSE);
      g_autoptr (BatonView) view = baton_view_new ();
      g_autofree char *text = NULL;
      g_autofree char *last_step = NULL;
      g_auto (GStrv) lines = NULL;

      g_test_message ("%s", rows[i].transcript);
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      lines = g_strsplit (text, "\n", -1);
      for (guint j = 0; lines[j] != NULL && *lines[j] != '\0'; j++)
        {
          g_autoptr (BatonEvent) event = baton_event_parse (lines[j], -1, NULL);
          int current;

          baton_view_feed (view, event);
          baton_handoff_update (handoff, view);
          current = baton_handoff_get_current (handoff);
          if (current < 0 || !baton_handoff_can_cancel (handoff))
            continue;
          g_free (last_step);
          last_step = g_strdup (
              baton_json_get_string (baton_handoff_get_step (handoff, (guint) current), "id"));
        }
      g_assert_cmpstr (last_step, ==, rows[i].last_step);
    }
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "hand", HELLO ("hand") PLAN STEP ("3", "1", "unbind", "start"));
  write_file (fixture, "hand.cancelled",
              STEP ("4", "1", "unbind", "undone") RESULT ("5", "13", "cancelled"));
  hand (fixture);
  wait_for_phase (fixture, BATON_HANDOFF_RUNNING);
  while (baton_handoff_get_current (baton_model_get_handoff (fixture->model)) < 0)
    g_main_context_iteration (NULL, TRUE);

  /* The last thing to be stopped is behind us: nothing but the look is left. */
  g_assert_false (baton_handoff_can_cancel (baton_model_get_handoff (fixture->model)));
  baton_model_cancel (fixture->model);
  g_assert_cmpint (get_phase (fixture), ==, BATON_HANDOFF_CANCELLING);
  wait_for_phase (fixture, BATON_HANDOFF_ENDED);
  /* An end that changed nothing is told by a toast. */
  g_assert_null (baton_model_get_handoff (fixture->model));
  g_assert_nonnull (strstr (fixture->message, "cancelled"));
}

/* One that waits for its virtual machine goes on by itself, and keeps no other card waiting. */
static void
test_another_meanwhile (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonHandoff) waiting = NULL;

  write_file (fixture, "hand",
              HELLO ("hand") WAITING_PLAN STEP ("3", "1", "wait-guest", "start"));
  write_file (fixture, "hand.cancelled", RESULT ("4", "13", "cancelled"));
  hand (fixture);
  waiting = g_object_ref (baton_model_get_handoff (fixture->model));
  while (!baton_handoff_is_waiting (waiting))
    g_main_context_iteration (NULL, TRUE);

  write_file (fixture, "hand", HELLO ("hand") PLAN STEP ("3", "1", "unbind", "start"));
  hand (fixture);
  g_assert_true (baton_model_get_handoff (fixture->model) != waiting);
  g_assert_cmpint (get_phase (fixture), ==, BATON_HANDOFF_ASKING);
  wait_for_phase (fixture, BATON_HANDOFF_RUNNING);
  /* This one does not wait: nothing begins beside it. */
  hand (fixture);
  g_assert_cmpint (get_phase (fixture), ==, BATON_HANDOFF_RUNNING);
  baton_model_cancel (fixture->model);
  wait_for_phase (fixture, BATON_HANDOFF_ENDED);
  g_assert_cmpint (baton_handoff_get_phase (waiting), ==, BATON_HANDOFF_RUNNING);
}

static void
feed_line (BatonModel *model, const char *line)
{
  g_autoptr (BatonEvent) event = baton_event_parse (line, -1, NULL);

  g_assert_nonnull (event);
  baton_model_take_change (model, baton_view_feed (baton_model_get_view (model), event));
}

static void
feed_lines (BatonModel *model, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      feed_line (model, lines[i]);
}

/* A line of the one that was left may have been read already, and is no news of the other. */
static void
test_last_words_of_the_left (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonHelperClient) left = NULL;
  g_autoptr (BatonEvent) event = NULL;
  g_autofree char *line = g_strstrip (g_strdup (STEP ("4", "1", "wait-guest", "ok")));

  write_file (fixture, "hand",
              HELLO ("hand") WAITING_PLAN STEP ("3", "1", "wait-guest", "start"));
  write_file (fixture, "hand.cancelled", RESULT ("4", "13", "cancelled"));
  hand (fixture);
  while (!baton_handoff_is_waiting (baton_model_get_handoff (fixture->model)))
    g_main_context_iteration (NULL, TRUE);

  left = g_object_ref (fixture->model->hand_client);
  hand (fixture);
  event = baton_event_parse (line, -1, NULL);
  g_signal_emit_by_name (left, "event", event, line);
  g_assert_cmpint (get_phase (fixture), ==, BATON_HANDOFF_ASKING);
  g_assert_null (baton_handoff_get_id (baton_model_get_handoff (fixture->model)));

  wait_for_phase (fixture, BATON_HANDOFF_RUNNING);
  baton_model_cancel (fixture->model);
  wait_for_phase (fixture, BATON_HANDOFF_ENDED);
}

/* The watch says nothing more of one that waits, when what it had made room for came to nothing. */
static void
test_other_comes_to_nothing (Fixture *fixture, gconstpointer data)
{
  BatonHandoff *handoff;

  write_file (fixture, "hand",
              HELLO ("hand") WAITING_PLAN STEP ("3", "1", "wait-guest", "start"));
  write_file (fixture, "hand.cancelled", RESULT ("4", "13", "cancelled"));
  hand (fixture);
  while (!baton_handoff_is_waiting (baton_model_get_handoff (fixture->model)))
    g_main_context_iteration (NULL, TRUE);
  feed_lines (fixture->model, WAITING_PLAN STEP ("3", "1", "wait-guest", "start"));
  g_assert_true (baton_handoff_is_ours (baton_model_get_handoff (fixture->model)));

  remove_file (fixture, "hand.cancelled");
  write_file (fixture, "hand", "");
  write_file (fixture, "hand.status", "126");
  hand (fixture);
  while (fixture->message == NULL)
    g_main_context_iteration (NULL, TRUE);

  handoff = baton_model_get_handoff (fixture->model);
  g_assert_nonnull (handoff);
  g_assert_true (baton_handoff_is_waiting (handoff));
  g_assert_true (baton_handoff_can_cancel (handoff));
}

#define OTHER_CARD "0000:09:00.0"
#define OTHER_PLAN                                                                             \
  "{\"v\":1,\"seq\":5,\"t_ms\":5,\"handoff\":\"5e\",\"type\":\"plan\",\"cards\":["             \
  "\"" OTHER_CARD                                                                              \
  "\"],\"to\":\"guest\",\"findings\":[],\"steps\":[{\"n\":1,\"id\":\"unbind:" OTHER_CARD       \
  "\",\"kind\":\"unbind\",\"target\":\"" OTHER_CARD                                            \
  "\",\"detail\":null,\"persistent\":false}],\"ends_session\":false,\"digest\":\"cd\","        \
  "\"snap\":2,\"more\":false}\n"
#define OTHER_REPORT                                                                           \
  "{\"v\":1,\"seq\":6,\"t_ms\":6,\"type\":\"report\",\"handoff\":\"5e\",\"exit\":0,\"state\":" \
  "\"done\",\"code\":\"handed-over\",\"args\":{\"card\":\"X\"},\"text\":\"t\",\"remedy\":"     \
  "null,"                                                                                      \
  "\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[],\"cards\":[\"" OTHER_CARD                 \
  "\"],\"to\":\"guest\",\"steps\":[],\"uid\":0,\"boot_id\":\"b\",\"at\":1,\"snap\":3,"         \
  "\"more\":false}\n"

/* Somebody's handoff waits, somebody's other one comes and goes, and the first one waits on. */
static void
test_waiting_is_come_back_to (void)
{
  g_autoptr (BatonModel) model = baton_model_new_for_view (baton_view_new ());
  g_autoptr (BatonHandoff) waiting = NULL;
  g_autoptr (BatonHandoff) other = NULL;

  feed_lines (model, WAITING_PLAN STEP ("3", "1", "wait-guest", "start"));
  waiting = g_object_ref (baton_model_get_handoff (model));
  g_assert_true (baton_handoff_is_waiting (waiting));

  feed_lines (model, OTHER_PLAN);
  other = g_object_ref (baton_model_get_handoff (model));
  g_assert_cmpstr (baton_handoff_get_card (other), ==, OTHER_CARD);
  g_assert_cmpstr (baton_handoff_get_id (waiting), ==, "4f");
  g_assert_cmpstr (baton_handoff_get_card (waiting), ==, CARD);

  feed_lines (model, OTHER_REPORT);
  g_assert_cmpint (baton_handoff_get_phase (other), ==, BATON_HANDOFF_ENDED);
  feed_lines (model, WAITING_PLAN STEP ("3", "1", "wait-guest", "start"));
  /* How the other one ended is there until it was read. */
  g_assert_true (baton_model_get_handoff (model) == other);
  baton_model_dismiss (model);
  g_assert_nonnull (baton_model_get_handoff (model));
  g_assert_cmpstr (baton_handoff_get_card (baton_model_get_handoff (model)), ==, CARD);
  g_assert_true (baton_handoff_is_waiting (baton_model_get_handoff (model)));
  g_assert_true (baton_handoff_can_cancel (baton_model_get_handoff (model)));
}

/* A wait that is called off puts nothing back, and a handoff that is called off does. */
static void
test_words_of_a_cancel (void)
{
  static const struct
  {
    const char *lines;
    const char *title;
    const char *text;
  } rows[] = {
    { WAITING_PLAN STEP ("3", "1", "wait-guest", "start"), "No Longer Waiting",
      "The card stays where it is." },
    { WAITING_PLAN STEP ("3", "1", "wait-guest", "start") STEP ("4", "1", "wait-guest", "skip"),
      "No Longer Waiting", "The card stays where it is." },
    { PLAN STEP ("3", "1", "unbind", "start"), "Putting Everything Back",
      "The steps taken so far are undone, last first." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonModel) model = baton_model_new_for_view (baton_view_new ());
      g_autofree char *title = NULL;
      g_autofree char *text = NULL;
      BatonHandoff *handoff;

      feed_lines (model, rows[i].lines);
      handoff = baton_model_get_handoff (model);
      baton_handoff_note_cancel (handoff);
      title = baton_running_words_dup_title (handoff, baton_model_get_view (model));
      text = baton_running_words_dup_text (handoff);
      g_assert_cmpstr (title, ==, rows[i].title);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

typedef struct
{
  const char *lines;
  const char *status;
  const char *message; /* part of the toast, or NULL where the end stays on screen */
  gboolean replans;
} EndRow;

static const EndRow end_rows[] = {
  /* pkexec's own ends: dismissed, and not allowed */
  { "", "126", "dismissed", FALSE },
  { "", "127", NULL, FALSE },
  { HELLO ("hand") RESULT ("2", "12", "plan-changed"), "12", "plan was shown", TRUE },
  { HELLO ("hand") RESULT ("2", "11", "busy"), "11", NULL, FALSE },
  /* no result means unknown, never failed */
  { HELLO ("hand") PLAN STEP ("3", "1", "unbind", "start"), "0", NULL, FALSE },
  { "not a line of ours\n\n{}\n", "3", NULL, FALSE },
};

static void
test_end (Fixture *fixture, gconstpointer data)
{
  const EndRow *row = data;

  write_file (fixture, "hand", row->lines);
  write_file (fixture, "hand.status", row->status);
  hand (fixture);
  wait_for_phase (fixture, BATON_HANDOFF_ENDED);

  g_assert_cmpint (baton_model_get_handoff (fixture->model) == NULL, ==, row->message != NULL);
  if (row->message != NULL)
    g_assert_nonnull (strstr (fixture->message, row->message));
  g_assert_cmpstr (fixture->replan, ==, row->replans ? CARD : NULL);
}

#define END                                                                                    \
  "\"exit\":0,\"state\":\"done\",\"code\":\"handed-over\",\"args\":{\"card\":\"X\"},"          \
  "\"text\":\"t\",\"remedy\":null,\"elapsed_ms\":1,\"at_step\":null,\"troubles\":[]"

typedef struct
{
  guint n_reports;
  gboolean is_old;
  gboolean had_ended;
  char *card;
  char *to;
} Told;

static void
on_report_cb (BatonModel *model, JsonObject *report, gboolean is_old, gpointer data)
{
  Told *told = data;
  BatonHandoff *handoff = baton_model_get_handoff (model);

  told->n_reports++;
  told->is_old = is_old;
  told->had_ended = handoff == NULL || baton_handoff_get_phase (handoff) == BATON_HANDOFF_ENDED;
  g_free (told->card);
  told->card =
      g_strdup (json_array_get_string_element (baton_json_get_array (report, "cards"), 0));
  g_free (told->to);
  told->to = g_strdup (baton_json_get_string (report, "to"));
}

static void
told_clear (Told *told)
{
  g_free (told->card);
  g_free (told->to);
}

/* A program whose window was closed ends with its handoff: the watch's report would come too late. */
static void
test_own_end_is_told (Fixture *fixture, gconstpointer data)
{
  Told told = { 0 };

  g_signal_connect (fixture->model, "report", G_CALLBACK (on_report_cb), &told);
  write_file (fixture, "hand",
              HELLO ("hand") PLAN "{\"v\":1,\"seq\":3,\"t_ms\":9,\"handoff\":\"4f\","
                                  "\"type\":\"result\"," END "}\n");
  hand (fixture);
  wait_for_phase (fixture, BATON_HANDOFF_ENDED);
  g_assert_cmpuint (told.n_reports, ==, 1);
  g_assert_true (told.had_ended);
  g_assert_false (told.is_old);
  g_assert_cmpstr (told.card, ==, CARD);
  g_assert_cmpstr (told.to, ==, "guest");
  told_clear (&told);
}

static void
feed_report (BatonModel *model, const char *handoff, gint64 at)
{
  g_autofree char *line = g_strdup_printf (
      "{\"v\":1,\"seq\":1,\"t_ms\":1,\"type\":\"report\",\"snap\":1,\"more\":false," END
      ",\"handoff\":\"%s\",\"cards\":[\"" CARD "\"],\"to\":\"guest\",\"steps\":[],\"uid\":0,"
      "\"boot_id\":\"b\",\"at\":%" G_GINT64_FORMAT "}",
      handoff, at);
  g_autoptr (BatonEvent) event = baton_event_parse (line, -1, NULL);

  g_assert_nonnull (event);
  baton_model_take_change (model, baton_view_feed (baton_model_get_view (model), event));
}

/* Old is what was there before; the first handoff of a machine is news. */
static void
test_old_and_new_reports (void)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (BatonModel) first = baton_model_new_for_view (baton_view_new ());
  g_autoptr (BatonModel) later = baton_model_new_for_view (baton_view_new ());
  Told told = { 0 };

  g_signal_connect (first, "report", G_CALLBACK (on_report_cb), &told);
  feed_report (first, "aa", now + 5);
  g_assert_cmpuint (told.n_reports, ==, 1);
  g_assert_false (told.is_old);
  feed_report (first, "aa", now + 5);
  g_assert_cmpuint (told.n_reports, ==, 1);

  g_signal_connect (later, "report", G_CALLBACK (on_report_cb), &told);
  feed_report (later, "aa", now - 60);
  g_assert_cmpuint (told.n_reports, ==, 2);
  g_assert_true (told.is_old);
  feed_report (later, "bb", now + 5);
  g_assert_cmpuint (told.n_reports, ==, 3);
  g_assert_false (told.is_old);
  told_clear (&told);
}

static void
on_changed_cb (BatonPreview *preview, gpointer data)
{
  (*(guint *) data)++;
}

/* However often the machine changes while the helper plans, it plans once more, for the last. */
static void
test_preview (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonPreview) preview = baton_model_create_preview (fixture->model);
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autofree char *arguments = NULL;
  guint n_changes = 0;

  write_file (fixture, "plan", HELLO ("plan") PLAN RESULT ("3", "0", "plan-ready"));
  g_strfreev (request->cards);
  request->cards = g_strsplit (CARD, " ", -1);
  g_signal_connect (preview, "changed", G_CALLBACK (on_changed_cb), &n_changes);

  baton_preview_ask (preview, request);
  baton_preview_ask (preview, request);
  request->until_free = TRUE;
  request->within_minutes = 15;
  baton_preview_ask (preview, request);
  g_assert_true (baton_preview_is_busy (preview));
  while (baton_preview_is_busy (preview))
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_cmpstr (baton_json_get_string (baton_preview_get_plan (preview), "digest"), ==,
                   "ab");
  g_assert_null (baton_preview_get_problem (preview));
  arguments = read_file (fixture, "plan.arguments");
  g_assert_cmpstr (arguments, ==, "guest " CARD " --until-free=15\n");
}

/* The plan towards the side that was agreed to, wherever most of the card is. */
static void
test_replan_keeps_side (Fixture *fixture, gconstpointer data)
{
  static const BatonSide sides[] = { BATON_SIDE_HOST, BATON_SIDE_GUEST };

  write_file (fixture, "hand", HELLO ("hand") RESULT ("2", "12", "plan-changed"));
  write_file (fixture, "hand.status", "12");
  for (guint i = 0; i < G_N_ELEMENTS (sides); i++)
    {
      g_clear_pointer (&fixture->replan, g_free);
      hand_to (fixture, sides[i]);
      while (fixture->replan == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (fixture->replan_to, ==, sides[i]);
    }
}

static void
test_recover (Fixture *fixture, gconstpointer data)
{
  write_file (fixture, "recover", HELLO ("recover") RESULT ("2", "0", "recovered"));
  baton_model_recover (fixture->model);
  while (fixture->message == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strstr (fixture->message, "settled"));
}

int
main (int argc, char **argv)
{
  static const char *const end_names[] = { "dismissed", "not-authorised", "plan-changed",
                                           "busy",      "no-result",      "no-hello" };

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/app/model/done", Fixture, NULL, set_up, test_done, tear_down);
  g_test_add ("/app/model/closed", Fixture, NULL, set_up, test_closed, tear_down);
  g_test_add ("/app/model/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (end_rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/app/model/end/%s", end_names[i]);

      g_test_add (path, Fixture, &end_rows[i], set_up, test_end, tear_down);
    }
  g_test_add ("/app/model/another-meanwhile", Fixture, NULL, set_up, test_another_meanwhile,
              tear_down);
  g_test_add ("/app/model/last-words-of-the-left", Fixture, NULL, set_up,
              test_last_words_of_the_left, tear_down);
  g_test_add ("/app/model/preview", Fixture, NULL, set_up, test_preview, tear_down);
  g_test_add ("/app/model/other-comes-to-nothing", Fixture, NULL, set_up,
              test_other_comes_to_nothing, tear_down);
  g_test_add ("/app/model/replan-keeps-side", Fixture, NULL, set_up, test_replan_keeps_side,
              tear_down);
  g_test_add ("/app/model/recover", Fixture, NULL, set_up, test_recover, tear_down);

  g_test_add ("/app/model/own-end-is-told", Fixture, NULL, set_up, test_own_end_is_told,
              tear_down);
  g_test_add_func ("/app/model/old-and-new-reports", test_old_and_new_reports);
  g_test_add_func ("/app/model/waiting-is-come-back-to", test_waiting_is_come_back_to);
  g_test_add_func ("/app/model/words-of-a-cancel", test_words_of_a_cancel);
  g_test_add_func ("/app/model/until-when-to-cancel", test_until_when_to_cancel);

  return g_test_run ();
}
