/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-peer.h"
#include "mock-process.h"

#define SERVER_PID 900
#define SERVER "900"
#define HELD "proc/" SERVER "/fd/5"

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

static gboolean
is_held (Story *story)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (story->machine), HELD, NULL);

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
  g_test_add_func ("/helper/sound/rolled-back", test_rolled_back);
  g_test_add_func ("/helper/sound/killed", test_killed);
  g_test_add_data_func ("/helper/sound/keeps-it/refused", "refuses", test_keeps_it);
  g_test_add_data_func ("/helper/sound/keeps-it/silent", "silent", test_keeps_it);
  g_test_add_data_func ("/helper/sound/keeps-it/untrue", "lies", test_keeps_it);
  g_test_add_func ("/helper/sound/no-bus", test_no_bus);

  return g_test_run ();
}
