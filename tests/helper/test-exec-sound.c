/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-peer.h"
#include "mock-process.h"

#define SERVER_PID 900
#define SERVER "900"
#define HELD "proc/" SERVER "/fd/5"
#define MAPS "proc/" SERVER "/maps"

#define ASKED "asked by its user, priority 2147483647: snd_hda_intel"

/* Somebody whom root can become, and nobody else need. */
static guint
find_user (void)
{
  return getuid () != 0 ? getuid () : getpwnam ("nobody")->pw_uid;
}

static void
begin (Story *story, FakePeer *server, const char *manner)
{
  guint uid = find_user ();
  g_autofree char *user = g_strdup_printf ("%u", uid);

  story_begin (story);
  /* Whom the helper becomes has to get in. */
  g_assert_cmpint (chmod (mock_machine_get_directory (story->machine), 0755), ==, 0);
  mock_process_add (story->machine, SERVER_PID, "wireplumber", uid, "/", "wireplumber");
  fake_peer_start (server, story, "fake-sound.py", user, SERVER, manner, NULL);
}

static char *
build_path (Story *story, const char *path)
{
  return g_build_filename (mock_machine_get_directory (story->machine), path, NULL);
}

static gboolean
is_held (Story *story)
{
  g_autofree char *path = build_path (story, HELD);

  return g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

/* It is asked once, as its user, lets go, and may have the device again when all is done. */
static void
test_lets_go (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer server;

  begin (&story, &server, "obeys");
  g_assert_true (is_held (&story));
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_SOUND, "vfio-pci");
  fake_peer_expect (&server, ASKED);
  fake_peer_expect (&server, "free again: vfio-pci");
  g_assert_false (is_held (&story));

  /* Nobody is asked on the way back. */
  g_assert_cmpint (story_hand (&story, "host"), ==, BATON_EXIT_DONE);
  fake_peer_end (&server);
}

/* And nobody who looks at what it has open comes past what it has mapped. */
static void
open_again (Story *story)
{
  g_autofree char *maps = build_path (story, MAPS);

  mock_process_open (story->machine, SERVER_PID, 5, "/dev/snd/controlC1");
  g_assert_cmpint (unlink (maps), ==, 0);
  g_assert_cmpint (mkfifo (maps, 0600), ==, 0);
}

/* When somebody has seen that it is open. */
static void
close_again (Story *story)
{
  g_autofree char *maps = build_path (story, MAPS);
  g_autofree char *node = build_path (story, "dev/snd/controlC1");
  int looking = open (maps, O_WRONLY | O_CLOEXEC);
  int fd = open (node, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (looking, >=, 0);
  g_assert_cmpint (fd, >=, 0);
  mock_machine_remove (story->machine, HELD);
  mock_machine_remove (story->machine, MAPS);
  mock_machine_write (story->machine, MAPS, "");
  close (fd);
  close (looking);
}

/* It has let go, had been about to take the device, and lets go again: nobody fails for that. */
static void
test_wavers (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer server;
  pid_t worker;

  begin (&story, &server, "obeys");
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 4, FAKE_FAULT_BLOCK, 0);
  worker = story_start_apart (&story);
  fake_peer_expect (&server, ASKED);
  story_wait_for_text (&story, "\"set-override:" FAKE_CARD "\",\"state\":\"stalled\"");
  open_again (&story);
  fake_kernel_unblock (story.kernel);
  close_again (&story);
  g_assert_cmpint (story_wait_apart (&story, worker), ==, BATON_EXIT_DONE);
  story_assert_driver (&story, FAKE_SOUND, "vfio-pci");
  fake_peer_expect (&server, "free again: vfio-pci");
  fake_peer_end (&server);
}

/* Not before the sound function is back where it was. */
static void
test_rolled_back (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer server;

  begin (&story, &server, "obeys");
  fake_kernel_set_fault (story.kernel, 8, FAKE_FAULT_REFUSE, ENOMEM);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_driver (&story, FAKE_SOUND, "snd_hda_intel");
  fake_peer_expect (&server, ASKED);
  fake_peer_expect (&server, "free again: snd_hda_intel");
  fake_peer_end (&server);
  g_assert_true (is_held (&story));
}

/* A reservation goes with the worker, whatever became of that. */
static void
test_killed (void)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer server;

  begin (&story, &server, "obeys");
  story_prepare (&story, "guest", NULL);
  fake_kernel_set_fault (story.kernel, 3, FAKE_FAULT_KILL, 0);
  story_work_apart (&story);
  fake_peer_expect (&server, ASKED);
  fake_peer_expect (&server, "free again: snd_hda_intel");
  g_assert_cmpint (story_recover_apart (&story), ==, 0);
  fake_peer_end (&server);
}

/* One that has said no, nothing, or yes without closing anything is named, and nothing has moved.
 * Who was not answered has no reservation to give back. */
static void
test_keeps_it (gconstpointer manner)
{
  g_auto (Story) story = STORY_INIT;
  FakePeer server;

  begin (&story, &server, manner);
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "sound-kept");
  story_assert_driver (&story, FAKE_CARD, "amdgpu");
  g_assert_true (is_held (&story));
  g_assert_cmpuint (fake_kernel_get_n_acts (story.kernel), ==, 0);
  fake_peer_expect (&server, ASKED);
  if (g_str_equal (manner, "lies"))
    fake_peer_expect (&server, "free again: snd_hda_intel");
  else
    g_assert_cmpuint (story_count_warnings (&story, "let go of Audio1"), ==, 1);
  fake_peer_end (&server);
}

/* A user without a bus cannot be asked, and is told apart from nobody. */
static void
test_no_bus (void)
{
  g_auto (Story) story = STORY_INIT;

  story_begin (&story);
  mock_process_add (story.machine, SERVER_PID, "pipewire", find_user (), "/", "pipewire");
  mock_process_open (story.machine, SERVER_PID, 5, "/dev/snd/pcmC1D3p");
  g_assert_cmpint (story_hand (&story, "guest"), ==, BATON_EXIT_ROLLED_BACK);
  story_assert_step_code (&story, "sound-kept");
  g_assert_cmpuint (story_count_warnings (&story, "let go of Audio1"), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/helper/sound/lets-go", test_lets_go);
  g_test_add_func ("/helper/sound/wavers", test_wavers);
  g_test_add_func ("/helper/sound/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/sound/killed", test_killed);
  g_test_add_data_func ("/helper/sound/keeps-it/refused", "refuses", test_keeps_it);
  g_test_add_data_func ("/helper/sound/keeps-it/silent", "silent", test_keeps_it);
  g_test_add_data_func ("/helper/sound/keeps-it/untrue", "lies", test_keeps_it);
  g_test_add_func ("/helper/sound/no-bus", test_no_bus);

  return g_test_run ();
}
