/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event.h"
#include "baton-json.h"
#include "baton-view.h"
#include "event-lines.h"
#include "mock-machine.h"

#include <string.h>

#define CARD "0000:01:00.0"
#define HOSTILE_NAME "\033]0;x\007\xe2\x80\xae\xff<b>&"

static BatonView *
view_of (EventLines *lines)
{
  g_auto (GStrv) taken = event_lines_take (lines);
  BatonView *view = baton_view_new ();

  for (guint i = 0; taken[i] != NULL; i++)
    {
      g_autoptr (BatonEvent) event = baton_event_parse (taken[i], -1, NULL);

      baton_view_feed (view, event);
    }

  return view;
}

static BatonHolder *
new_holder (int pid, const char *name, const char *command)
{
  BatonHolder *holder = g_new0 (BatonHolder, 1);
  const char *const nodes[] = { "/dev/dri/card0", "/dev/dri/renderD128", NULL };

  holder->pid = pid;
  holder->start_time = g_strdup ("567890");
  holder->name = g_strdup (name);
  holder->command = g_strdup (command);
  holder->uid = 1000;
  holder->user = g_strdup ("someone");
  holder->kind = BATON_HOLDER_APP;
  holder->how = BATON_HOW_FD | BATON_HOW_MAP;
  holder->nodes = g_strdupv ((GStrv) nodes);
  holder->closable = TRUE;

  return holder;
}

static BatonHolders *
new_holders (void)
{
  BatonHolders *holders = g_new0 (BatonHolders, 1);
  BatonModuleUse *use = g_new0 (BatonModuleUse, 1);

  g_atomic_ref_count_init (&holders->ref_count);
  holders->card = g_strdup (CARD);
  holders->complete = TRUE;
  holders->holders = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holder_free);
  holders->modules = g_ptr_array_new ();
  use->name = g_strdup ("amdgpu");
  use->refcount = 3;
  g_ptr_array_add (holders->modules, use);

  return holders;
}

static void
free_holders (BatonHolders *holders)
{
  BatonModuleUse *use = g_ptr_array_index (holders->modules, 0);

  g_free (use->name);
  g_free (use);
  g_ptr_array_unref (holders->modules);
  g_ptr_array_unref (holders->holders);
  g_free (holders->card);
  g_free (holders->reason);
  g_free (holders);
}

/* What it runs in, and who would stop it in its place. */
static void
test_holder_places (void)
{
  static const struct
  {
    gboolean of_user;
    int main_pid;
    const char *service;
    const char *container;
    const char *engine;
  } rows[] = {
    { FALSE, 0, NULL, NULL, NULL },
    { FALSE, 7, "system", NULL, NULL },
    { TRUE, 7, "user", NULL, NULL },
    { FALSE, 0, NULL, "0123456789ab", "Docker" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (EventLines) lines = event_lines_new (NULL);
      g_autoptr (BatonView) view = NULL;
      BatonHolders *holders = new_holders ();
      BatonHolder *holder = new_holder (7, "mpd", "mpd");
      JsonObject *seen = NULL;

      holder->of_user = rows[i].of_user;
      holder->main_pid = rows[i].main_pid;
      holder->container = g_strdup (rows[i].container);
      holder->engine = rows[i].engine;
      g_ptr_array_add (holders->holders, holder);
      baton_event_writer_holders (lines->writer, holders);
      view = view_of (lines);
      seen = json_array_get_object_element (
          json_object_get_array_member (baton_view_get_holders (view, CARD), "holders"), 0);
      g_assert_cmpstr (baton_json_get_string (seen, "service"), ==, rows[i].service);
      g_assert_cmpstr (baton_json_get_string (seen, "container"), ==, rows[i].container);
      g_assert_cmpstr (baton_json_get_string (seen, "engine"), ==, rows[i].engine);
      free_holders (holders);
    }
}

static void
test_machine (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;
  JsonObject *card = NULL;

  mock_machine_add_gpu (mock, CARD, "14");
  machine = mock_machine_look (mock);
  baton_event_writer_machine (lines->writer, machine);
  view = view_of (lines);
  card = baton_view_find_card (view, CARD);

  g_assert_nonnull (card);
  g_assert_cmpstr (json_object_get_string_member (card, "side"), ==, "host");
  g_assert_cmpstr (json_object_get_string_member (card, "group"), ==, "14");
  g_assert_cmpstr (json_object_get_string_member (card, "vendor_id"), ==, "1002");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (card, "functions")),
                    ==, 2);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (card, "outputs")), ==,
                    2);
  g_assert_cmpuint (json_array_get_length (baton_view_get_groups (view)), ==, 1);
}

static void
test_group_names_the_card (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;
  JsonArray *functions = NULL;

  mock_machine_add_gpu (mock, CARD, "14");
  mock_machine_add_function (mock, "0000:02:00.0", 0x010802, "144d:a80a", NULL, "14", "nvme");
  machine = mock_machine_look (mock);
  baton_event_writer_machine (lines->writer, machine);
  view = view_of (lines);
  functions = json_object_get_array_member (
      json_array_get_object_element (baton_view_get_groups (view), 0), "functions");

  g_assert_cmpuint (json_array_get_length (functions), ==, 3);
  g_assert_cmpstr (
      json_object_get_string_member (json_array_get_object_element (functions, 1), "card"), ==,
      CARD);
  g_assert_true (
      json_object_get_null_member (json_array_get_object_element (functions, 2), "card"));
}

/* More devices than a line holds: nothing is lost on the way. */
static void
test_many_groups (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *address = g_strdup_printf ("0000:%02x:00.0", i + 1);
      g_autofree char *group = g_strdup_printf ("%u", i);

      mock_machine_add_function (mock, address, 0x020000, "8086:1539", NULL, group, "igb");
    }
  machine = mock_machine_look (mock);
  baton_event_writer_machine (lines->writer, machine);
  view = view_of (lines);

  g_assert_cmpuint (json_array_get_length (baton_view_get_groups (view)), ==, 200);
}

static void
test_holders (void)
{
  BatonHolders *holders = new_holders ();
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;
  JsonObject *object = NULL;
  JsonObject *holder = NULL;

  g_ptr_array_add (holders->holders, new_holder (1234, HOSTILE_NAME, "cat /dev/dri/card0"));
  baton_event_writer_holders (lines->writer, holders);
  free_holders (holders);
  view = view_of (lines);
  object = baton_view_get_holders (view, CARD);
  holder = json_array_get_object_element (json_object_get_array_member (object, "holders"), 0);

  g_assert_cmpint (json_object_get_int_member (holder, "pid"), ==, 1234);
  g_assert_cmpstr (json_object_get_string_member (holder, "start_time"), ==, "567890");
  g_assert_cmpstr (json_object_get_string_member (holder, "name"), ==,
                   "\\x1b]0;x\\x07\\u202e\xef\xbf\xbd<b>&");
  g_assert_true (json_object_has_member (holder, "name_b64"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (holder, "how")), ==,
                    2);
}

static void
test_the_kernel_is_no_process (void)
{
  BatonHolders *holders = new_holders ();
  BatonHolder *kernel = new_holder (0, "fbcon", "");
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;
  JsonObject *holder = NULL;

  kernel->kind = BATON_HOLDER_KERNEL;
  kernel->how = BATON_HOW_CONSOLE;
  g_clear_pointer (&kernel->start_time, g_free);
  g_ptr_array_add (holders->holders, kernel);
  baton_event_writer_holders (lines->writer, holders);
  free_holders (holders);
  view = view_of (lines);
  holder = json_array_get_object_element (
      json_object_get_array_member (baton_view_get_holders (view, CARD), "holders"), 0);

  g_assert_true (json_object_get_null_member (holder, "pid"));
  g_assert_true (json_object_get_null_member (holder, "uid"));
  g_assert_true (json_object_get_null_member (holder, "start_time"));
}

/* A thousand holders with command lines as long as they get. */
static void
test_many_holders (void)
{
  BatonHolders *holders = new_holders ();
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;
  g_autofree char *command = g_strnfill (4096, '\x02');

  for (int i = 0; i < 1000; i++)
    g_ptr_array_add (holders->holders, new_holder (i + 2, HOSTILE_NAME, command));
  baton_event_writer_holders (lines->writer, holders);
  free_holders (holders);
  view = view_of (lines);

  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (
                        baton_view_get_holders (view, CARD), "holders")),
                    ==, 1000);
}

static void
test_plan_and_steps (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonPlan) plan = NULL;
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (EventLines) lines = event_lines_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (BatonView) view = NULL;
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  const char *const cards[] = { CARD, NULL };

  g_hash_table_insert (args, (gpointer) "address", (gpointer) CARD);
  mock_machine_add_gpu (mock, CARD, "14");
  mock_machine_add_gpu (mock, "0000:02:00.0", "15");
  machine = mock_machine_look (mock);
  g_strfreev (request->cards);
  request->cards = g_strdupv ((GStrv) cards);
  plan = baton_plan_new (machine, NULL, NULL, request);
  baton_event_writer_plan (lines->writer, plan);

  for (guint i = 0; i < plan->steps->len; i++)
    {
      const BatonStep *step = g_ptr_array_index (plan->steps, i);

      for (guint state = BATON_STEP_STATE_START; state <= BATON_STEP_STATE_UNDONE; state++)
        baton_event_writer_step (
            lines->writer, step, state, state == BATON_STEP_STATE_FAIL ? 16 : 0,
            state == BATON_STEP_STATE_FAIL ? BATON_CODE_UNBIND_REFUSED : BATON_CODE_NONE,
            state == BATON_STEP_STATE_FAIL ? args : NULL);
    }
  view = view_of (lines);

  g_assert_cmpuint (json_array_get_length (
                        json_object_get_array_member (baton_view_get_plan (view), "steps")),
                    ==, plan->steps->len);
  g_assert_cmpuint (json_array_get_length (baton_view_get_step_events (view)), ==,
                    plan->steps->len * 7);
  g_assert_cmpstr (baton_view_get_handoff (view), ==, "0123456789abcdef0123456789abcdef");
}

/* Each end and each code that a result can have, as lines. */
static void
test_every_result (void)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_auto (GStrv) taken = NULL;

  for (guint code = BATON_CODE_NONE + 1; code < BATON_N_CODES; code++)
    baton_event_writer_result (lines->writer, BATON_EXIT_ERROR, code, NULL, "unbind:" CARD, 5);
  taken = event_lines_take (lines);

  g_assert_cmpuint (g_strv_length (taken), ==, BATON_N_CODES - 1);
}

static char *
describe (BatonMachine *machine)
{
  g_autoptr (EventLines) lines = event_lines_new (NULL);
  g_autoptr (BatonView) view = NULL;
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *body;

  baton_event_writer_machine (lines->writer, machine);
  view = view_of (lines);
  body = baton_view_get_machine (view);
  json_object_remove_member (body, "t_ms");
  json_node_set_object (node, body);

  return json_to_string (node, TRUE);
}

/* A list of cards looks at less than a plan does: what is told of the machine must not show it. */
static void
test_shown_machine_says_the_same (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();

  mock_machine_add_bridge (mock, "0000:00:01.0", "8086:1901", NULL, "1");
  mock_machine_add_gpu (mock, CARD, "1");
  mock_machine_add_gpu (mock, "0000:02:00.0", "2");
  mock_machine_move_gpu_to_guest (mock, "0000:02:00.0");
  mock_machine_add_function (mock, "0000:03:00.0", 0x030000, "10de:1b80", NULL, "3", "nvidia");
  mock_machine_set_attribute (mock, "0000:03:00.0", "power/runtime_status", "suspended");
  mock_machine_set_attribute (mock, "0000:03:00.0", "reset_method", "flr bus");
  mock_machine_add_function (mock, "0000:04:00.0", 0x030200, "1002:67df", NULL, "4", NULL);
  mock_machine_set_attribute (mock, "0000:04:00.0", "driver_override", "vfio-pci");
  mock_machine_write (mock, "etc/modprobe.d/x.conf", "blacklist amdgpu\n");

  for (int is_off = 0; is_off < 2; is_off++)
    {
      g_autoptr (BatonMachine) whole = NULL;
      g_autoptr (BatonMachine) shown = NULL;
      g_autofree char *wanted = NULL;
      g_autofree char *text = NULL;

      if (is_off)
        {
          mock_machine_set_iommu_off (mock);
          mock_machine_set_command_line (mock, "quiet intel_iommu=off");
        }
      whole = mock_machine_look (mock);
      shown = baton_machine_new_to_show (mock_machine_get_root (mock), NULL);
      wanted = describe (whole);
      text = describe (shown);

      g_assert_nonnull (strstr (wanted, is_off ? "command-line" : "/dev/vfio/2"));
      g_assert_cmpstr (text, ==, wanted);
    }
}

/* What steps are checked with is what the plan was made with, but for names. */
static void
test_checked_machine_has_the_same (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) whole = NULL;
  g_autoptr (BatonMachine) checked = NULL;

  mock_machine_add_gpu (mock, CARD, "1");
  mock_machine_add_gpu (mock, "0000:02:00.0", "2");
  mock_machine_move_gpu_to_guest (mock, "0000:02:00.0");
  whole = mock_machine_look (mock);
  checked = baton_machine_new_to_check (mock_machine_get_root (mock), NULL);

  g_assert_cmpuint (checked->cards->len, ==, 2);
  for (guint i = 0; i < checked->cards->len; i++)
    {
      const BatonCard *wanted = g_ptr_array_index (whole->cards, i);
      const BatonCard *card = g_ptr_array_index (checked->cards, i);

      g_assert_cmpint (card->side, ==, wanted->side);
      g_assert_cmpuint (card->nodes->len, >, 0);
      g_assert_cmpuint (card->nodes->len, ==, wanted->nodes->len);
      for (guint j = 0; j < card->nodes->len; j++)
        g_assert_cmpstr (((const BatonNode *) card->nodes->pdata[j])->path, ==,
                         ((const BatonNode *) wanted->nodes->pdata[j])->path);
      g_assert_cmpuint (card->functions->len, ==, wanted->functions->len);
      for (guint j = 0; j < card->functions->len; j++)
        {
          const BatonFunction *function = card->functions->pdata[j];
          const BatonFunction *same = wanted->functions->pdata[j];

          g_assert_cmpstr (function->address, ==, same->address);
          g_assert_cmpstr (function->driver, ==, same->driver);
          g_assert_cmpstr (function->driver_module, ==, same->driver_module);
          g_assert_cmpstr (function->group, ==, same->group);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/event-lists/holder-places", test_holder_places);
  g_test_add_func ("/core/event-lists/machine", test_machine);
  g_test_add_func ("/core/event-lists/group-names-the-card", test_group_names_the_card);
  g_test_add_func ("/core/event-lists/many-groups", test_many_groups);
  g_test_add_func ("/core/event-lists/holders", test_holders);
  g_test_add_func ("/core/event-lists/kernel-is-no-process", test_the_kernel_is_no_process);
  g_test_add_func ("/core/event-lists/many-holders", test_many_holders);
  g_test_add_func ("/core/event-lists/plan-and-steps", test_plan_and_steps);
  g_test_add_func ("/core/event-lists/every-result", test_every_result);
  g_test_add_func ("/core/event-lists/shown-machine", test_shown_machine_says_the_same);
  g_test_add_func ("/core/event-lists/checked-machine", test_checked_machine_has_the_same);

  return g_test_run ();
}
