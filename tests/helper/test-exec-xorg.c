/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "baton-recover.h"
#include "handoff-story.h"

#define X11 "etc/X11/"
#define DIRECTORY X11 "xorg.conf.d/"
#define HOST DIRECTORY "10-host.conf"
#define ASIDE HOST ".baton-aside"
#define GUEST DIRECTORY "90-baton-" FAKE_CARD ".conf"
#define STATE "var/lib/baton/xorg/" FAKE_CARD ".json"
#define BOOT_ID "proc/sys/kernel/random/boot_id"

#define HOST_TEXT "# both cards\n"
#define GUEST_TEXT "# the weak one\n"

/* What is done to Xorg's directory, and to the note of it, and may be cut off or fail at each point.
 * What an executable defines itself is not taken from a library. */
static struct
{
  guint n;
  guint nth;      /* which one, 0 for none */
  int errsv;      /* 0: whoever does it is killed before it */
  const char *at; /* NULL for both places */
} fault;

static gboolean
is_at (int dir, const char *place)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", dir);
  g_autofree char *path = g_file_read_link (link, NULL);

  return path != NULL && strstr (path, place) != NULL;
}

static gboolean
is_wanted (int dir)
{
  return fault.at != NULL ? is_at (dir, fault.at)
                          : is_at (dir, "/etc/X11/xorg.conf.d") || is_at (dir, "/baton/xorg");
}

static gboolean
meets_fault (int dir)
{
  if (fault.nth == 0 || !is_wanted (dir) || ++fault.n != fault.nth)
    return FALSE;
  if (fault.errsv == 0)
    kill (getpid (), SIGKILL);
  errno = fault.errsv;

  return TRUE;
}

int
renameat2 (int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
  return meets_fault (to_dir)
             ? -1
             : (int) syscall (SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int
renameat (int from_dir, const char *from, int to_dir, const char *to)
{
  return meets_fault (to_dir) ? -1
                              : (int) syscall (SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int
unlinkat (int dir, const char *name, int flags)
{
  return meets_fault (dir) ? -1 : (int) syscall (SYS_unlinkat, dir, name, flags);
}

int
fsync (int fd)
{
  return meets_fault (fd) ? -1 : (int) syscall (SYS_fsync, fd);
}

int
openat (int dir, const char *path, int flags, ...)
{
  va_list list;
  mode_t mode;

  va_start (list, flags);
  mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (list, mode_t) : 0;
  va_end (list);
  if ((flags & O_CREAT) != 0 && meets_fault (dir))
    return -1;

  return (int) syscall (SYS_openat, dir, path, flags, mode);
}

static void
set_fault (guint nth, int errsv)
{
  fault.n = 0;
  fault.nth = nth;
  fault.errsv = errsv;
}

static void
begin (Story *story)
{
  story_begin (story);
  mock_machine_write (story->machine, HOST, HOST_TEXT);
  mock_machine_write (story->machine, X11 "guest.conf", GUEST_TEXT);
  mock_machine_write (story->machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nxorg-host=/etc/X11/xorg.conf.d/10-host.conf\n"
                      "xorg-guest=/etc/X11/guest.conf\n");
}

static void
begin_away (Story *story)
{
  begin (story);
  g_assert_cmpint (story_hand (story, "guest"), ==, BATON_EXIT_DONE);
}

static char *
dup_text (Story *story, const char *path)
{
  g_autofree char *whole =
      g_build_filename (mock_machine_get_directory (story->machine), path, NULL);
  char *text = NULL;

  g_file_get_contents (whole, &text, NULL, NULL);

  return text;
}

static void
assert_text (Story *story, const char *path, const char *wanted)
{
  g_autofree char *text = dup_text (story, path);

  g_assert_cmpstr (text, ==, wanted);
}

/* Nothing else lies there: how many names the directory has. */
static void
assert_n_names (Story *story, guint wanted)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine), DIRECTORY, NULL);
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name = NULL;
  guint n = 0;

  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_test_message ("%s", name);
      n++;
    }
  g_assert_cmpuint (n, ==, wanted);
}

static void
assert_host (Story *story)
{
  assert_text (story, HOST, HOST_TEXT);
  assert_n_names (story, 1);
}

static void
assert_guest (Story *story)
{
  assert_text (story, GUEST, GUEST_TEXT);
  assert_text (story, ASIDE, HOST_TEXT);
  assert_n_names (story, 2);
  g_assert_true (story_has_file (story, STATE));
}

static gboolean
says (Story *story, const char *words)
{
  for (guint i = 0; i < story->events->len; i++)
    {
      const BatonEvent *event = g_ptr_array_index (story->events, i);
      g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), event->object);
      g_autofree char *text = json_to_string (node, FALSE);

      if (strstr (text, words) != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
restart (Story *story)
{
  mock_machine_write (story->machine, BOOT_ID, "another-boot\n");
}

static void
test_there_and_back (void)
{
  g_auto (Story) story = STORY_INIT;

  begin_away (&story);
  assert_guest (&story);
  g_assert_true (says (&story, "xorg-later"));

  /* What was changed is put back, whatever is in the settings by now. */
  mock_machine_write (story.machine, "etc/baton.conf", "");
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_host (&story);
  g_assert_false (story_has_file (&story, STATE));
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_host (&story);
}

/* Only one of the two, and one that is a link: it is moved as it is. */
static void
test_one_alone (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *link = NULL;

  begin (&story);
  mock_machine_remove (story.machine, HOST);
  mock_machine_link (story.machine, HOST, X11 "guest.conf");
  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nxorg-host=/etc/X11/xorg.conf.d/10-host.conf\n"
                      "xorg-guest=none\n");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_n_names (&story, 1);
  assert_text (&story, ASIDE, GUEST_TEXT);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  link =
      baton_root_read_link (story.root, BATON_ROOT_ETC, "X11/xorg.conf.d/10-host.conf", NULL);
  g_assert_nonnull (link);

  mock_machine_write (story.machine, "etc/baton.conf",
                      "[" FAKE_CARD "]\nxorg-guest=/etc/X11/guest.conf\n");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_text (&story, GUEST, GUEST_TEXT);
  assert_text (&story, HOST, GUEST_TEXT);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_n_names (&story, 1);
}

/* What is found wrong with a file is said before anything has changed. */
static void
test_refused (void)
{
  g_auto (Story) story = STORY_INIT;
  g_autofree char *file = NULL;

  begin (&story);
  file = g_build_filename (mock_machine_get_directory (story.machine), X11 "guest.conf", NULL);
  g_assert_cmpint (chmod (file, 0666), ==, 0);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_REFUSED);
  g_assert_true (says (&story, "xorg-file-unusable"));
  assert_host (&story);
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
}

/* The disk is full or fails at each point: all is put back, or it is said what is not. */
static void
test_each_fails (gconstpointer side)
{
  gboolean to_guest = g_str_equal (side, "guest");
  guint nth;

  for (nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      BatonExit status;
      gboolean is_met;

      if (to_guest)
        begin (&story);
      else
        begin_away (&story);
      set_fault (nth, ENOSPC);
      status = story_hand (&story, side);
      is_met = fault.n >= nth;
      set_fault (0, 0);
      g_test_message ("to the %s, %u: %s", (const char *) side, nth,
                      baton_exit_to_string (status));
      if (to_guest && is_met && status != BATON_EXIT_DONE)
        {
          g_assert_cmpint (status, ==, BATON_EXIT_ROLLED_BACK);
          story_assert_step_code (&story, "xorg-not-placed");
          story_assert_driver (&story, FAKE_CARD, "amdgpu");
          assert_host (&story);
          g_assert_false (story_has_file (&story, STATE));
        }
      if (!to_guest)
        {
          g_assert_true (status == BATON_EXIT_DONE || status == BATON_EXIT_DEGRADED);
          story_assert_driver (&story, FAKE_CARD, "amdgpu");
          /* What is left is tried again. */
          restart (&story);
          g_assert_cmpint (baton_recover_run (story.root), ==, 0);
          assert_host (&story);
          g_assert_false (story_has_file (&story, STATE));
        }
      if (!is_met)
        break;
    }
  g_assert_cmpuint (nth, >, 5);
}

/* Whoever does it is killed at each point. In the same boot, and after a power cut, whoever comes after
 * him puts it back; and he may be killed himself. */
static void
test_each_killed (gconstpointer data)
{
  const char *side = data;
  gboolean to_guest = g_str_equal (side, "guest");
  guint nth;

  for (nth = 1;; nth++)
    {
      gboolean is_met = FALSE;

      for (guint boot = 0; boot < 2; boot++)
        {
          g_auto (Story) story = STORY_INIT;
          guint n_cuts = 0;

          if (to_guest)
            begin (&story);
          else
            begin_away (&story);
          set_fault (nth, 0);
          story_prepare (&story, side, NULL);
          is_met = story_work_apart (&story) == -1;
          if (!is_met)
            break;
          if (boot > 0)
            restart (&story);
          do
            set_fault (++n_cuts, 0);
          while (story_recover_apart (&story) == -1);
          set_fault (0, 0);
          g_test_message ("to the %s, %u, %s boot, recovery cut %u times", side, nth,
                          boot > 0 ? "another" : "the same", n_cuts - 1);

          g_assert_false (story_has_file (&story, "var/lib/baton/journal"));
          if (to_guest || boot > 0)
            {
              assert_host (&story);
              g_assert_false (story_has_file (&story, STATE));
            }
          else if (story_has_file (&story, STATE))
            {
              story_assert_driver (&story, FAKE_CARD, "vfio-pci");
              assert_guest (&story);
            }
          else
            {
              story_assert_driver (&story, FAKE_CARD, "amdgpu");
              assert_host (&story);
            }
        }
      set_fault (0, 0);
      if (!is_met)
        break;
    }
  g_assert_cmpuint (nth, >, 5);
}

/* The power fails, or the computer is switched off, while the guest has the card. */
static void
test_power_cut_while_away (void)
{
  g_auto (Story) story = STORY_INIT;

  begin_away (&story);
  /* Nothing but a restart is a reason. */
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  assert_guest (&story);

  restart (&story);
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  assert_host (&story);
  g_assert_false (story_has_file (&story, STATE));
  g_assert_cmpint (baton_recover_run (story.root), ==, 0);
  assert_host (&story);
}

/* A later step fails: Xorg's files are back as all is. */
static void
test_rolled_back (void)
{
  guint n_back = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;

      begin (&story);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_REFUSE, ENOMEM);
      if (story_hand (&story, "guest") == BATON_EXIT_DONE)
        break;
      assert_host (&story);
      g_assert_false (story_has_file (&story, STATE));
      n_back++;
    }
  g_assert_cmpuint (n_back, >, 3);
}

/* A return that does not come to its end leaves the card with the guest, and Xorg's files with it. */
static void
test_return_rolled_back (void)
{
  guint n_away = 0;

  for (guint nth = 1;; nth++)
    {
      g_auto (Story) story = STORY_INIT;
      BatonExit status;

      begin_away (&story);
      fake_kernel_set_fault (story.kernel, nth, FAKE_FAULT_REFUSE, EPERM);
      status = story_hand (&story, "host");
      if (status == BATON_EXIT_ROLLED_BACK)
        {
          assert_guest (&story);
          n_away++;
        }
      else
        {
          assert_host (&story);
        }
      if (status == BATON_EXIT_DONE)
        break;
    }
  g_assert_cmpuint (n_away, >, 0);
}

static void
edit_copy (Story *story)
{
  mock_machine_write (story->machine, GUEST, "# mine\n");
}

static void
put_another (Story *story)
{
  mock_machine_write (story->machine, HOST, "# mine\n");
}

static void
lose_aside (Story *story)
{
  mock_machine_remove (story->machine, ASIDE);
}

static const struct
{
  const char *about;
  void (*change) (Story *story);
  const char *code;
  const char *path; /* where the owner's work is */
  const char *text;
  const char *kept; /* where the other one is, or NULL */
} changes[] = {
  { "the copy is changed", edit_copy, "xorg-file-kept", GUEST ".baton-kept", "# mine\n", HOST },
  { "another is in the host's place", put_another, "xorg-file-replaced", HOST, "# mine\n",
    HOST ".baton-kept" },
  { "what was moved aside is gone", lose_aside, "xorg-not-put-back", HOST, NULL, NULL },
};

static void
check_change (Story *story, guint i)
{
  assert_text (story, changes[i].path, changes[i].text);
  if (changes[i].kept != NULL)
    assert_text (story, changes[i].kept, HOST_TEXT);
  g_assert_false (story_has_file (story, GUEST));
  g_assert_false (story_has_file (story, STATE));
}

/* What somebody has written meanwhile is his: it is kept, and said where. */
static void
test_changed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_auto (Story) story = STORY_INIT;

      g_test_message ("%s", changes[i].about);
      begin_away (&story);
      changes[i].change (&story);
      g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DEGRADED);
      story_assert_code (&story, "returned-with-problems");
      g_assert_true (says (&story, changes[i].code));
      story_assert_driver (&story, FAKE_CARD, "amdgpu");
      check_change (&story, i);
    }
}

/* The same at a boot, when nobody is there to be told but whoever logs in next. */
static void
test_changed_before_restart (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_auto (Story) story = STORY_INIT;
      g_autofree char *report = NULL;

      g_test_message ("%s", changes[i].about);
      begin_away (&story);
      changes[i].change (&story);
      restart (&story);
      g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_DEGRADED);
      report = dup_text (&story, "var/lib/baton/report.json");
      g_assert_nonnull (strstr (report, changes[i].code));
      g_assert_nonnull (strstr (report, "recovered-with-problems"));
      check_change (&story, i);
      g_assert_cmpint (baton_recover_run (story.root), ==, 0);
    }
}

/* Another tool has brought the card back, and knows nothing of Xorg's files. */
static void
test_came_back_otherwise (void)
{
  g_auto (Story) story = STORY_INIT;

  begin_away (&story);
  mock_machine_set_driver (story.machine, FAKE_CARD, "amdgpu");
  mock_machine_set_driver (story.machine, FAKE_SOUND, "snd_hda_intel");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  assert_guest (&story);
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  assert_host (&story);
}

/* A note that is none is told, and touches nothing. */
static void
test_hostile_note (void)
{
  static const char *const rows[] = {
    "",
    "[]",
    "{}",
    "{\"boot_id\":\"x\",\"host\":\"../../passwd\",\"guest\":null}",
    "{\"boot_id\":\"x\",\"host\":\"passwd\",\"guest\":null}",
    "{\"boot_id\":\"x\",\"host\":null,\"guest\":\"/etc/x\",\"bytes\":7,\"mode\":420}",
    "{\"boot_id\":\"x\",\"host\":null,\"guest\":\"/etc/x\",\"bytes\":\"\",\"mode\":2541}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Story) story = STORY_INIT;

      begin (&story);
      mock_machine_write (story.machine, STATE, rows[i]);
      g_assert_cmpint (baton_recover_run (story.root), ==, BATON_EXIT_DEGRADED);
      assert_host (&story);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/exec/xorg/there-and-back", test_there_and_back);
  g_test_add_func ("/helper/exec/xorg/one-alone", test_one_alone);
  g_test_add_func ("/helper/exec/xorg/refused", test_refused);
  g_test_add_data_func ("/helper/exec/xorg/each-fails/to-guest", "guest", test_each_fails);
  g_test_add_data_func ("/helper/exec/xorg/each-fails/to-host", "host", test_each_fails);
  g_test_add_data_func ("/helper/exec/xorg/each-killed/to-guest", "guest", test_each_killed);
  g_test_add_data_func ("/helper/exec/xorg/each-killed/to-host", "host", test_each_killed);
  g_test_add_func ("/helper/exec/xorg/power-cut-while-away", test_power_cut_while_away);
  g_test_add_func ("/helper/exec/xorg/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/exec/xorg/return-rolled-back", test_return_rolled_back);
  g_test_add_func ("/helper/exec/xorg/changed", test_changed);
  g_test_add_func ("/helper/exec/xorg/changed-before-restart", test_changed_before_restart);
  g_test_add_func ("/helper/exec/xorg/came-back-otherwise", test_came_back_otherwise);
  g_test_add_func ("/helper/exec/xorg/hostile-note", test_hostile_note);

  return g_test_run ();
}
