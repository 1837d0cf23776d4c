/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "baton-card-state.h"
#include "baton-domain-xml.h"
#include "baton-hook.h"
#include "baton-lock.h"
#include "handoff-story.h"
#include "mock-process.h"

/* The card that the machine has besides. */
#define OTHER "0000:00:02.0"
#define GUEST "bench"

#define HOSTDEV(bus, slot, function)                                                           \
  "<hostdev mode='subsystem' type='pci' managed='no'><source><address domain='0x0000' "        \
  "bus='" bus "' slot='" slot "' function='" function "'/></source></hostdev>"
#define DOMAIN(devices)                                                                        \
  "<domain type='kvm'><name>bench</name><devices>" devices "</devices></domain>"
#define WITH_CARD DOMAIN (HOSTDEV ("0x01", "0x00", "0x0") HOSTDEV ("0x01", "0x00", "0x1"))
#define WITH_BOTH DOMAIN (HOSTDEV ("0x01", "0x00", "0x0") HOSTDEV ("0x00", "0x02", "0x0"))

/* What a hook has done when it has ended. */
typedef struct
{
  int status;
  char *out;
  char *err;
} Ended;

static void
ended_clear (Ended *self)
{
  g_clear_pointer (&self->out, g_free);
  g_clear_pointer (&self->err, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ended, ended_clear)

static char *
read_all (int fd)
{
  GString *text = g_string_new (NULL);
  char bytes[4096];
  gssize n;

  lseek (fd, 0, SEEK_SET);
  while ((n = read (fd, bytes, sizeof bytes)) > 0)
    g_string_append_len (text, bytes, n);
  close (fd);

  return g_string_free (text, FALSE);
}

static int
make_file (const char *text)
{
  int fd = memfd_create ("stream", MFD_CLOEXEC);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  lseek (fd, 0, SEEK_SET);

  return fd;
}

/* As libvirtd would call it: a program of its own, which leaves the work to others. */
static void
call (Story *story,
      const char *guest,
      const char *operation,
      const char *stage,
      const char *xml,
      Ended *ret_ended)
{
  const char *const arguments[] = { guest, operation, stage, "-", NULL };
  int in = make_file (xml);
  int out = make_file ("");
  int err = make_file ("");
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      dup2 (in, STDIN_FILENO);
      dup2 (out, STDOUT_FILENO);
      dup2 (err, STDERR_FILENO);
      _exit (baton_hook_run (story->root, 4, arguments));
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  close (in);
  ended_clear (ret_ended);
  ret_ended->status = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  ret_ended->out = read_all (out);
  ret_ended->err = read_all (err);
  g_test_message ("%s %s: %d %s", operation, stage, ret_ended->status, ret_ended->err);
  g_assert_cmpstr (ret_ended->out, ==, "");
}

static void
expect_done (
    Story *story, const char *guest, const char *operation, const char *stage, const char *xml)
{
  g_auto (Ended) ended = { 0 };

  call (story, guest, operation, stage, xml, &ended);
  g_assert_cmpint (ended.status, ==, 0);
  g_assert_cmpstr (ended.err, ==, "");
}

static void
expect_refused (Story *story, const char *xml, const char *words)
{
  g_auto (Ended) ended = { 0 };
  g_autofree char *before = fake_kernel_dup_snapshot (story->kernel);
  g_autofree char *after = NULL;

  call (story, GUEST, "prepare", "begin", xml, &ended);
  g_assert_cmpint (ended.status, ==, 1);
  g_assert_true (g_str_has_prefix (ended.err, "Baton: "));
  g_assert_nonnull (strstr (ended.err, words));
  /* One line, which libvirt makes part of its own. */
  g_assert_true (strchr (ended.err, '\n') == ended.err + strlen (ended.err) - 1);
  after = fake_kernel_dup_snapshot (story->kernel);
  story_assert_same (before, after);
}

static void
test_tasks (void)
{
  static const char *const operations[] = {
    "prepare", "start",     "started", "stopped", "release", "migrate",  "restore",
    "attach",  "reconnect", "unknown", "",        "PREPARE", "prepare ", "$(reboot)",
  };
  static const char *const stages[] = { "begin", "end", "-", "", "begin " };

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    for (guint j = 0; j < G_N_ELEMENTS (stages); j++)
      {
        BatonHookTask expected = BATON_HOOK_NOTHING;

        if (i == 0 && j == 0)
          expected = BATON_HOOK_TAKE;
        else if (i == 4 && j == 1)
          expected = BATON_HOOK_GIVE_BACK;
        g_assert_cmpint (baton_hook_choose_task (operations[i], stages[j]), ==, expected);
      }
}

static void
test_start_and_end (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  expect_done (&story, GUEST, "prepare", "begin", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  story_assert_driver (&story, FAKE_SOUND, "vfio-pci");
  story_assert_driver (&story, OTHER, "amdgpu");

  /* What comes while it runs, and the end of another guest. */
  expect_done (&story, GUEST, "start", "begin", WITH_CARD);
  expect_done (&story, GUEST, "reconnect", "begin", WITH_CARD);
  expect_done (&story, GUEST, "stopped", "end", WITH_CARD);
  expect_done (&story, "bench2", "release", "end", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");

  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));
  expect_done (&story, GUEST, "release", "end", WITH_CARD);

  /* Nothing adds up: the second time leaves what the first has left. */
  before = fake_kernel_dup_snapshot (story.kernel);
  expect_done (&story, GUEST, "prepare", "begin", WITH_CARD);
  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
}

/* Whoever handed it over by hand takes it back by hand. */
static void
test_there_already (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin_on (&story, "guest");
  before = fake_kernel_dup_snapshot (story.kernel);
  expect_done (&story, GUEST, "prepare", "begin", WITH_CARD);
  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
}

static void
test_nothing_of_ours (void)
{
  static const char *const rows[] = {
    DOMAIN (""),
    DOMAIN (HOSTDEV ("0x09", "0x00", "0x0")),
    /* The sound alone is no card. */
    DOMAIN (HOSTDEV ("0x01", "0x00", "0x1")),
    "<domain><metadata>" WITH_CARD "</metadata></domain>",
  };
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    expect_done (&story, GUEST, "prepare", "begin", rows[i]);
  /* What is not to be read is not read, and what is missing is no error. */
  expect_done (&story, GUEST, "start", "begin", "<domain");
  expect_done (&story, "", "prepare", "begin", WITH_CARD);
  g_assert_cmpint (baton_hook_run (story.root, 0, NULL), ==, 0);
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  g_assert_false (story_has_file (&story, "run/baton/handoff"));
}

static void
test_not_to_be_read (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *long_text = g_strnfill (BATON_DOMAIN_XML_MAX_BYTES + 1, ' ');

  story_begin (&story);
  expect_refused (&story, "", "could not be read");
  expect_refused (&story, "<domain>", "could not be read");
  expect_refused (&story, "<!DOCTYPE d [<!ENTITY x 'y'>]><domain>&x;</domain>",
                  "could not be read");
  expect_refused (&story, long_text, "longer than");
  g_assert_false (story_has_file (&story, "run/baton/handoff"));
}

static void
test_in_use (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  mock_process_add (story.machine, 777, "player", 1000, "/", "player");
  mock_process_open (story.machine, 777, 5, "/dev/dri/card1");
  expect_refused (&story, WITH_CARD, "player (process 777");
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));
  /* libvirt says that the guest has ended as well where it did not start. */
  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
}

static void
test_failure (void)
{
  g_auto (Story) story = STORY_INIT;
  g_auto (Ended) ended = { 0 };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  story_begin (&story);
  before = fake_kernel_dup_snapshot (story.kernel);
  fake_kernel_set_fault (story.kernel, 6, FAKE_FAULT_REFUSE, ENOMEM);
  call (&story, GUEST, "prepare", "begin", WITH_CARD, &ended);
  g_assert_cmpint (ended.status, ==, 1);
  g_assert_nonnull (strstr (ended.err, "Cannot allocate memory"));
  after = fake_kernel_dup_snapshot (story.kernel);
  story_assert_same (before, after);
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));
}

/* The second cannot go, since this kernel does not know it: the first comes back before the start is
 * refused. */
static void
test_two_cards (void)
{
  g_auto (Story) story = STORY_INIT;
  g_auto (Ended) ended = { 0 };

  story_begin (&story);
  call (&story, GUEST, "prepare", "begin", WITH_BOTH, &ended);
  g_assert_cmpint (ended.status, ==, 1);
  g_assert_nonnull (strstr (ended.err, OTHER));
  g_assert_null (strstr (ended.err, FAKE_CARD));
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));
}

static void
test_hostile_names (void)
{
  static const char *const names[] = {
    "$(reboot)",
    "-rf",
    "../../etc/shadow",
    "x\n{\"type\":\"result\"}",
    "\x1b[2J",
    "\xff\xfe",
    "\xe2\x80\xaegnp",
    "%n%s",
    "Pr\xc3\xbc"
    "fling",
  };
  g_autofree char *long_name = g_strnfill (100000, 'x');

  for (guint i = 0; i <= G_N_ELEMENTS (names); i++)
    {
      g_auto (Story) story = STORY_INIT;
      const char *name = i < G_N_ELEMENTS (names) ? names[i] : long_name;

      story_begin (&story);
      expect_done (&story, name, "prepare", "begin", WITH_CARD);
      story_assert_driver (&story, FAKE_CARD, "vfio-pci");
      expect_done (&story, name, "release", "end", WITH_CARD);
      story_assert_driver (&story, FAKE_CARD, "amdgpu");
    }
}

/* Somebody hands something over at that moment: he is waited for. */
static void
test_others_at_work (void)
{
  g_auto (Story) story = STORY_INIT;
  pid_t pid;
  int ready[2];
  char byte;

  story_begin (&story);
  g_assert_cmpint (pipe2 (ready, O_CLOEXEC), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      BatonLock *lock =
          baton_lock_take (story.root, "0123456789abcdef0123456789abcdef", NULL, NULL);

      if (lock == NULL || write (ready[1], "x", 1) != 1)
        _exit (1);
      g_usleep (2 * G_USEC_PER_SEC);
      baton_lock_release (lock);
      _exit (0);
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  expect_done (&story, GUEST, "prepare", "begin", WITH_CARD);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  close (ready[0]);
  close (ready[1]);
}

/* Returns: (transfer full): what the handoff has come to that was asked for first, which may be to come */
static char *
read_first (Story *story, const char *what)
{
  g_autoptr (GPtrArray) ids =
      baton_root_list (story->root, BATON_ROOT_RUN, "baton/handoff", NULL);

  g_assert_nonnull (ids);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autofree char *path =
          g_build_filename (mock_machine_get_directory (story->machine), "run/baton/handoff",
                            g_ptr_array_index (ids, i), "events", NULL);
      g_autofree char *text = NULL;

      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      if (strstr (text, what) != NULL)
        return g_steal_pointer (&text);
    }

  return g_strdup ("");
}

/* With no other screen somebody stays who sees to it that the card comes back; the hook does not wait for
 * him, and he leaves when libvirt asks for the card. */
static void
test_last_screen (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *waits = NULL;
  g_autofree char *left = NULL;
  gint64 start_us = g_get_monotonic_time ();

  story_begin (&story);
  mock_machine_set_driver (story.machine, OTHER, NULL);
  expect_done (&story, GUEST, "prepare", "begin", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "vfio-pci");
  waits = read_first (&story, "\"wait-guest:" FAKE_CARD "\",\"state\":\"start\"");
  g_assert_cmpstr (waits, !=, "");
  g_assert_null (strstr (waits, "\"type\":\"result\""));

  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));
  do
    {
      g_usleep (G_USEC_PER_SEC / 10);
      g_free (left);
      left = read_first (&story, "\"wait-guest:" FAKE_CARD "\",\"state\":\"skip\"");
    }
  while (strstr (left, "\"type\":\"result\"") == NULL &&
         g_get_monotonic_time () - start_us < 30 * G_USEC_PER_SEC);
  g_assert_nonnull (strstr (left, "\"code\":\"handed-over\""));
  g_assert_cmpint (g_get_monotonic_time () - start_us, <, 25 * G_USEC_PER_SEC);
}

/* libvirt, or somebody else, was quicker: nothing is left of the hook's note. */
static void
test_back_already (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *note = NULL;
  g_autofree char *path = NULL;

  story_begin (&story);
  expect_done (&story, GUEST, "prepare", "begin", WITH_CARD);
  path = g_build_filename (mock_machine_get_directory (story.machine),
                           "run/baton/cards/" FAKE_CARD ".json", NULL);
  g_assert_true (g_file_get_contents (path, &note, NULL, NULL));
  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  g_assert_true (g_file_set_contents (path, note, -1, NULL));

  expect_done (&story, GUEST, "release", "end", WITH_CARD);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_false (story_has_file (&story, "run/baton/cards/" FAKE_CARD ".json"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/hook/tasks", test_tasks);
  g_test_add_func ("/helper/hook/start-and-end", test_start_and_end);
  g_test_add_func ("/helper/hook/there-already", test_there_already);
  g_test_add_func ("/helper/hook/nothing-of-ours", test_nothing_of_ours);
  g_test_add_func ("/helper/hook/not-to-be-read", test_not_to_be_read);
  g_test_add_func ("/helper/hook/in-use", test_in_use);
  g_test_add_func ("/helper/hook/failure", test_failure);
  g_test_add_func ("/helper/hook/two-cards", test_two_cards);
  g_test_add_func ("/helper/hook/hostile-names", test_hostile_names);
  g_test_add_func ("/helper/hook/others-at-work", test_others_at_work);
  g_test_add_func ("/helper/hook/last-screen", test_last_screen);
  g_test_add_func ("/helper/hook/back-already", test_back_already);

  return g_test_run ();
}
