/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-run as people and scripts meet it, on computers of ours. */
#include "config.h"

#include "baton-run.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-grant.h"
#include "mock-machine.h"

#define DESKTOP "0000:00:02.0"
#define CARD "0000:01:00.0"
#define TWIN "0000:02:00.0"

#define MAX_WORDS 8

#define NOBODY 65534
#define CARDS_GID 7

/* What baton-grant says in a test. */
#define GRANT_STATUS "BATON_TEST_GRANT_STATUS"

/* What a run came to. */
typedef struct
{
  int status;
  char *output;
  char *errors;
} Run;

static void
clear_run (Run *run)
{
  g_free (run->output);
  g_free (run->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, clear_run)

static MockMachine *
new_mock (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_gpu (mock, DESKTOP, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  mock_machine_write (mock, "dev/dri/renderD128", "");
  mock_machine_write (mock, "dev/dri/renderD129", "");

  return mock;
}

/* This program again, as baton-run: "test-run --as-baton-run TREE …". */
static Run
run (MockMachine *mock, const char *const *words)
{
  const char *argv[MAX_WORDS + 4] = { "/proc/self/exe", "--as-baton-run",
                                      mock_machine_get_directory (mock) };
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;
  Run result = { 0 };
  int wait_status = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_assert_cmpuint (i, <, MAX_WORDS);
      argv[i + 3] = words[i];
    }
  environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
  environment = g_environ_setenv (environment, "VK_LOADER_DRIVERS_DISABLE", "*", TRUE);
  environment = g_environ_setenv (environment, "KEPT", "as it was", TRUE);
  /* Of who has become another user the search for leaks sees nothing. */
  if (g_getenv (GRANT_STATUS) != NULL)
    environment = g_environ_setenv (environment, "ASAN_OPTIONS", "detect_leaks=0", TRUE);
  g_spawn_sync (NULL, (char **) argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &result.output,
                &result.errors, &wait_status, &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  result.status = WEXITSTATUS (wait_status);

  return result;
}

#define RUN(mock, ...) run (mock, (const char *const[]){ __VA_ARGS__, NULL })

static void
assert_contains (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in: %s", part, text);
}

static void
assert_refused (const Run *result, const char *part)
{
  g_assert_cmpint (result->status, ==, BATON_RUN_FAILED);
  g_assert_cmpstr (result->output, ==, "");
  g_assert_true (g_str_has_prefix (result->errors, "baton-run: "));
  assert_contains (result->errors, part);
}

static void
test_the_program_gets_the_card (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) named = RUN (mock, "01:00.0", "env");
  g_auto (Run) whole = RUN (mock, "0000:00:02.0", "--", "env");
  g_auto (Run) chosen = RUN (mock, "env");

  g_assert_cmpint (named.status, ==, 0);
  g_assert_cmpstr (named.errors, ==, "");
  assert_contains (named.output, "DRI_PRIME=pci-0000_01_00_0\n");
  assert_contains (named.output, "KEPT=as it was\n");
  g_assert_null (strstr (named.output, "VK_LOADER_DRIVERS_DISABLE"));
  assert_contains (whole.output, "DRI_PRIME=pci-0000_00_02_0\n");
  assert_contains (chosen.output, "DRI_PRIME=pci-0000_01_00_0\n");
}

static void
test_words_and_status_are_the_programs (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) words = RUN (mock, "printf", "%s|", "--help", "a b", "--", "01:00.0");
  g_auto (Run) status = RUN (mock, "sh", "-c", "exit 42");
  g_auto (Run) literal = RUN (mock, "--", "01:00.0");

  g_assert_cmpstr (words.output, ==, "--help|a b|--|01:00.0|");
  g_assert_cmpint (status.status, ==, 42);
  /* After "--" it is a program's name, and there is none. */
  g_assert_cmpint (literal.status, ==, BATON_RUN_NOT_FOUND);
}

static void
test_what_does_not_start (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) missing = RUN (mock, "no-such-program-anywhere");
  g_auto (Run) directory = RUN (mock, "/");

  g_assert_cmpint (missing.status, ==, BATON_RUN_NOT_FOUND);
  assert_contains (missing.errors, "“no-such-program-anywhere” could not be started");
  g_assert_cmpint (directory.status, ==, BATON_RUN_CANNOT_START);
}

/* Never on another card, and with what to do now. */
static void
test_a_card_with_a_guest_is_refused (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) with_guest = { 0 };
  g_auto (Run) without_driver = { 0 };

  mock_machine_move_gpu_to_guest (mock, CARD);
  with_guest = RUN (mock, "env");
  assert_refused (&with_guest, "with a virtual machine");
  assert_contains (with_guest.errors, "“env” was not started");
  assert_contains (with_guest.errors, "batonctl host " CARD);

  mock_machine_set_driver (mock, CARD, NULL);
  mock_machine_set_driver (mock, "0000:01:00.1", NULL);
  without_driver = RUN (mock, "env");
  assert_refused (&without_driver, "no driver of this computer has");
}

static void
test_a_card_has_to_be_clear (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autoptr (MockMachine) empty = mock_machine_new ();
  g_auto (Run) unknown = RUN (mock, "09:00.0", "env");
  g_auto (Run) none = RUN (empty, "env");
  g_auto (Run) several = { 0 };

  assert_refused (&unknown, "09:00.0");
  assert_refused (&none, "no graphics card");
  mock_machine_add_gpu (mock, TWIN, "3");
  several = RUN (mock, "env");
  assert_refused (&several, "several cards");
}

/* One more of NVIDIA's is said, and no reason to refuse. */
static void
test_two_of_nvidias_are_said (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) result = { 0 };

  mock_machine_set_driver (mock, CARD, "nvidia");
  mock_machine_set_driver (mock, DESKTOP, "nvidia");
  result = RUN (mock, "env");
  g_assert_cmpint (result.status, ==, 0);
  assert_contains (result.errors, "chooses among its cards");
  assert_contains (result.output, "__NV_PRIME_RENDER_OFFLOAD=1\n");
}

/* The card is the group's, and this program none of it: as root alone files can be so. */
static void
keep_programs_off (MockMachine *mock, const char *node)
{
  g_autofree char *path = g_build_filename (mock_machine_get_directory (mock), node, NULL);

  /* For who is not root here. */
  g_assert_no_errno (chmod (mock_machine_get_directory (mock), 0755));
  mock_machine_write (mock, "etc/group", BATON_CARDS_GROUP ":x:7:\n");
  g_assert_no_errno (chmod (path, 0660));
  g_assert_no_errno (chown (path, 0, CARDS_GID));
}

/* It is become through the program that may let it in, with its own words, and with what the loader
 * would take away. */
static void
test_let_in_where_programs_are_kept_off (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) result = { 0 };

  if (getuid () != 0)
    return;
  keep_programs_off (mock, "dev/dri/renderD129");
  g_setenv (GRANT_STATUS, "0", TRUE);
  g_setenv ("TMPDIR", "/var/tmp", TRUE);
  g_setenv ("LD_BIND_NOT", "1", TRUE);
  result = RUN (mock, "--notify", "01:00.0", "--", "env", "A=1");
  g_unsetenv ("LD_BIND_NOT");
  g_unsetenv ("TMPDIR");
  g_unsetenv (GRANT_STATUS);
  g_assert_cmpstr (result.errors, ==, "");
  g_assert_cmpint (result.status, ==, 0);
  assert_contains (result.output, "\nTMPDIR=/var/tmp\n");
  assert_contains (result.output, "\nLD_BIND_NOT=1\n");
  g_assert_null (strstr (result.output, "KEPT="));
  g_assert_true (g_str_has_suffix (result.output, "\n--\n--notify\n01:00.0\n--\nenv\nA=1\n"));
}

static void
test_not_let_in (void)
{
  static const struct
  {
    BatonGrantStatus status;
    const char *said;
  } rows[] = {
    { BATON_GRANT_FAILED, "does not work" },
    { BATON_GRANT_NOT_FOR_YOU, "may use another card of this computer" },
    { BATON_GRANT_NO_GROUP, "systemd-sysusers" },
    { BATON_GRANT_NO_RIGHT, "“setcap cap_setgid=p /proc/self/exe”" },
    { BATON_GRANT_NO_RIGHT + 1, "does not work" },
  };
  g_autoptr (MockMachine) mock = new_mock ();

  if (getuid () != 0)
    return;
  keep_programs_off (mock, "dev/dri/renderD129");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *status = g_strdup_printf ("%d", (int) rows[i].status);
      g_auto (Run) result = { 0 };

      g_setenv (GRANT_STATUS, status, TRUE);
      result = RUN (mock, "01:00.0", "env");
      g_unsetenv (GRANT_STATUS);
      assert_refused (&result, rows[i].said);
      assert_contains (result.errors, "“env” was not started");
    }
}

static void
test_bad_words (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_auto (Run) nothing = RUN (mock, NULL);
  g_auto (Run) no_program = RUN (mock, "01:00.0");
  g_auto (Run) option = RUN (mock, "--frobnicate\033[1m", "env");
  g_auto (Run) help = RUN (mock, "--help");

  assert_refused (&nothing, "no program was given");
  assert_refused (&no_program, "no program was given");
  assert_refused (&option, "not an option");
  g_assert_null (strchr (option.errors, '\033'));
  g_assert_cmpint (help.status, ==, 0);
  assert_contains (help.output, "PROGRAM");
}

static int
be_baton_run (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_for_directory (argv[2], &error);

  g_assert_no_error (error);
  baton_run_set_language ("/nonexistent");
  argv[2] = argv[0];
  /* Root may open everything. */
  if (g_getenv (GRANT_STATUS) != NULL)
    g_assert_no_errno (setresuid (NOBODY, NOBODY, NOBODY));

  return baton_run_main (root, "/proc/self/exe", argc - 2, argv + 2);
}

/* Says what it was asked, or what it was told to say. */
static int
be_baton_grant (int argc, char **argv)
{
  if (strcmp (argv[1], BATON_GRANT_CHECK) == 0)
    return (int) g_ascii_strtoll (g_getenv (GRANT_STATUS), NULL, 10);
  for (int i = 0; i < argc; i++)
    g_print ("%s\n", argv[i]);

  return 0;
}

int
main (int argc, char **argv)
{
  if (argc > 2 && strcmp (argv[1], "--as-baton-run") == 0)
    return be_baton_run (argc, argv);
  if (argc > 1 && g_getenv (GRANT_STATUS) != NULL)
    return be_baton_grant (argc, argv);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/the-program-gets-the-card", test_the_program_gets_the_card);
  g_test_add_func ("/run/words-and-status-are-the-programs",
                   test_words_and_status_are_the_programs);
  g_test_add_func ("/run/what-does-not-start", test_what_does_not_start);
  g_test_add_func ("/run/a-card-with-a-guest-is-refused", test_a_card_with_a_guest_is_refused);
  g_test_add_func ("/run/a-card-has-to-be-clear", test_a_card_has_to_be_clear);
  g_test_add_func ("/run/two-of-nvidias-are-said", test_two_of_nvidias_are_said);
  g_test_add_func ("/run/let-in-where-programs-are-kept-off",
                   test_let_in_where_programs_are_kept_off);
  g_test_add_func ("/run/not-let-in", test_not_let_in);
  g_test_add_func ("/run/bad-words", test_bad_words);

  return g_test_run ();
}
