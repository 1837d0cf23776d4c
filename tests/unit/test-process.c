/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-process.h"
#include "holder-child.h"
#include "mock-process.h"

/* Long after a process was read that can be. */
#define HANGS_S 20

#define NUMBERS " S 1 2 3 4 -1 4194560 6 7 8 9 10 11 12 13 20 0 1 0 987654321 23 24"
#define KERNEL_NUMBERS " S 1 2 3 4 -1 2129984 6 7 8 9 10 11 12 13 20 0 1 0 55 23 24"

static void
test_stat_is_read_whatever_the_name (void)
{
  static const struct
  {
    const char *row;
    const char *text;
    const char *name;
    const char *start_time;
    gboolean kernel;
  } rows[] = {
    { "plain", "7 (sway)" NUMBERS "\n", "sway", "987654321", FALSE },
    { "kernel thread", "2 (kthreadd)" KERNEL_NUMBERS "\n", "kthreadd", "55", TRUE },
    { "empty name", "7 ()" NUMBERS, "", "987654321", FALSE },
    { "another process in the name", "7 (a) S 1 2 3 4 5 6 7 (b)" NUMBERS,
      "a) S 1 2 3 4 5 6 7 (b", "987654321", FALSE },
    { "newline and JSON", "7 (x\n{\"type\":\"r)" NUMBERS, "x\n{\"type\":\"r", "987654321",
      FALSE },
    { "escape sequence", "7 (\033[2J)" NUMBERS, "\033[2J", "987654321", FALSE },
    { "not UTF-8", "7 (\xff\xfe)" NUMBERS, "\xff\xfe", "987654321", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = NULL;
      g_autofree char *start_time = NULL;
      gboolean kernel = !rows[i].kernel;

      g_test_message ("%s", rows[i].row);
      g_assert_true (baton_process_parse_stat (rows[i].text, strlen (rows[i].text), &name,
                                               &start_time, &kernel));
      g_assert_cmpstr (name, ==, rows[i].name);
      g_assert_cmpstr (start_time, ==, rows[i].start_time);
      g_assert_cmpint (kernel, ==, rows[i].kernel);
    }
}

static void
test_stat_of_another_shape_is_refused (void)
{
  static const char *const rows[] = {
    "",
    "7",
    "7 (x",
    "7 x)",
    "7 (x)",
    "7 (x) ",
    ")x( S 1 2",
    "7 (x) S 1 2 3",
    "7 (x) S 1 2 3 4 -1 flags 6 7 8 9 10 11 12 13 20 0 1 0 987654321",
    "7 (x) S 1 2 3 4 -1 4194560 6 7 8 9 10 11 12 13 20 0 1 0 -5",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char *name = NULL;
      char *start_time = NULL;
      gboolean kernel = 7;

      g_test_message ("'%s'", rows[i]);
      g_assert_false (
          baton_process_parse_stat (rows[i], strlen (rows[i]), &name, &start_time, &kernel));
      g_assert_null (name);
      g_assert_null (start_time);
      g_assert_cmpint (kernel, ==, 7);
    }
}

static void
test_control_group_is_the_one_of_systemd (void)
{
  static const struct
  {
    const char *text;
    const char *cgroup;
  } rows[] = {
    { "0::/user.slice/session-2.scope\n", "/user.slice/session-2.scope" },
    { "9:name=systemd:/a.service\n4:memory:/b\n0::/\n", "/a.service" },
    { "0::/\n9:name=systemd:/a.service\n", "/a.service" },
    { "9:name=systemd:/old\n0::/new\n", "/new" },
    { "4:memory:/b\n0::/\n", "/" },
    { "0::/with:colon\n", "/with:colon" },
    { "4:memory:/b\n", NULL },
    { "nonsense\n::\n0:\n", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *cgroup = baton_process_parse_cgroup (rows[i].text);
      g_autofree char *row = g_strescape (rows[i].text, NULL);

      g_test_message ("'%s'", row);
      g_assert_cmpstr (cgroup, ==, rows[i].cgroup);
    }
}

static void
test_user_is_the_real_one (void)
{
  guint uid = 7;

  g_assert_true (baton_process_parse_uid ("Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t5\n", &uid));
  g_assert_cmpuint (uid, ==, 1000);
  /* the kernel escapes the name's newline */
  g_assert_true (baton_process_parse_uid ("Name:\tx\\nUid:\\t0\nUid:\t33\t0\t0\t0\n", &uid));
  g_assert_cmpuint (uid, ==, 33);
  g_assert_false (baton_process_parse_uid ("Name:\tx\n", &uid));
  g_assert_false (baton_process_parse_uid ("Name:\tx\nUid:\t\n", &uid));
  g_assert_false (baton_process_parse_uid ("", &uid));
  g_assert_cmpuint (uid, ==, 33);
}

static void
take_ugly_name (gpointer data)
{
  prctl (PR_SET_NAME, "a) Z\n\033[2J\xff");
}

static void
test_living_process_is_read (void)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  g_autoptr (HolderChild) child = holder_child_start (take_ugly_name, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strdup_printf ("%d", child->pid);
  g_autoptr (BatonProcess) process = NULL;
  g_autoptr (BatonProcess) again = NULL;
  int dir_fd = baton_root_open (root, BATON_ROOT_PROC, path, O_PATH | O_DIRECTORY, &error);

  g_assert_no_error (error);
  process = baton_process_read_at (dir_fd, child->pid, &error);
  g_assert_no_error (error);
  close (dir_fd);
  g_assert_cmpint (process->pid, ==, child->pid);
  g_assert_cmpstr (process->name, ==, "a) Z\n\033[2J\xff");
  g_assert_cmpstr (process->program, ==, "test-process");
  g_assert_cmpuint (process->uid, ==, getuid ());
  g_assert_cmpint (process->parent, ==, getpid ());
  g_assert_false (process->is_init);
  g_assert_false (process->is_kernel_thread);
  g_assert_nonnull (strstr (process->command, "test-process"));
  g_assert_cmpuint (g_ascii_strtoull (process->start_time, NULL, 10), >, 0);

  again = baton_process_new (root, child->pid, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->name, ==, process->name);
  g_assert_cmpstr (again->start_time, ==, process->start_time);
  g_assert_cmpuint (again->uid, ==, process->uid);
}

static BatonProcess *
read_process (MockMachine *mock, int pid)
{
  g_autofree char *path = g_strdup_printf ("%d", pid);
  g_autoptr (GError) error = NULL;
  int dir_fd = baton_root_open (mock_machine_get_root (mock), BATON_ROOT_PROC, path,
                                O_PATH | O_DIRECTORY, &error);
  BatonProcess *process = baton_process_read_at (dir_fd, pid, &error);

  g_assert_no_error (error);
  close (dir_fd);

  return process;
}

/* What a compositor was told of its cards stands in a variable of that name and in no other; what
 * cannot be read, or has no end, says nothing. */
static void
test_screens_are_read (void)
{
#define ROW(text, screens)                                                                     \
  {                                                                                            \
    text, sizeof text, screens                                                                 \
  }
  static const struct
  {
    const char *environment;
    gsize size;
    const char *screens;
  } rows[] = {
    ROW ("A=1\0WLR_DRM_DEVICES=/dev/dri/card1:/dev/dri/card0\0B=2",
         "/dev/dri/card1:/dev/dri/card0"),
    ROW ("KWIN_DRM_DEVICES=/dev/dri/card0", "/dev/dri/card0"),
    ROW ("AQ_DRM_DEVICES=", ""),
    ROW ("A=\nWLR_DRM_DEVICES=/dev/dri/card1\0XWLR_DRM_DEVICES=/dev/dri/card1", NULL),
    ROW ("", NULL),
  };
#undef ROW
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *endless = g_strnfill (300000, 'x');
  g_autoptr (BatonProcess) unread = NULL;
  g_autoptr (BatonProcess) too_long = NULL;

  mock_process_add (mock, 5, "sway", 1000, "/", "sway");
  unread = read_process (mock, 5);
  g_assert_false (unread->environment_known);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (BatonProcess) process = NULL;

      mock_machine_write_bytes (mock, "proc/5/environ", rows[i].environment, rows[i].size);
      process = read_process (mock, 5);
      g_assert_true (process->environment_known);
      g_assert_cmpstr (process->screens, ==, rows[i].screens);
    }

  mock_machine_write (mock, "proc/5/environ", endless);
  too_long = read_process (mock, 5);
  g_assert_false (too_long->environment_known);
  g_assert_null (too_long->screens);
}

static void
test_place_among_others (void)
{
  static const struct
  {
    const char *status;
    int parent;
    gboolean is_init;
  } rows[] = {
    { "Name:\tx\nPPid:\t7\nUid:\t5\t5\t5\t5\nNSpid:\t9\n", 7, FALSE },
    { "Name:\tx\nPPid:\t7\nUid:\t5\t5\t5\t5\nNSpid:\t9\t1\n", 7, TRUE },
    { "Name:\tx\nPPid:\t7\nUid:\t5\t5\t5\t5\nNSpid:\t9\t1\t21\n", 7, FALSE },
    { "Name:\tx\nPPid:\t0\nUid:\t5\t5\t5\t5\nNSpid:\t1\nNSpgid:\t1\n", 0, TRUE },
    /* without namespaces */
    { "Name:\tx\nPPid:\t7\nUid:\t5\t5\t5\t5\n", 7, FALSE },
    { "Name:\tx\nUid:\t5\t5\t5\t5\nNSpid:\n", 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (BatonProcess) process = NULL;

      mock_process_add (mock, 9, "x", 5, "/a.scope", "x");
      mock_machine_write (mock, "proc/9/status", rows[i].status);
      process = baton_process_new (mock_machine_get_root (mock), 9, &error);
      g_assert_no_error (error);
      g_assert_cmpint (process->parent, ==, rows[i].parent);
      g_assert_cmpint (process->is_init, ==, rows[i].is_init);
    }
}

/* Its arguments are in its memory, and may be a file of a server that never answers, or its memory
 * is locked while it hangs: reading them waits, as opening a FIFO does. */
static void
test_identity_waits_for_nothing (void)
{
  static const char *const files[] = { "cmdline", "cgroup" };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonProcess) process = NULL;

  mock_process_add (mock, 5, "stuck", 1000, "/a.scope", "stuck");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_strdup_printf ("proc/5/%s", files[i]);
      g_autofree char *fifo = g_build_filename (mock_machine_get_directory (mock), path, NULL);

      mock_machine_remove (mock, path);
      g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
    }

  alarm (HANGS_S);
  process = baton_process_new (mock_machine_get_root (mock), 5, &error);
  alarm (0);
  g_assert_no_error (error);
  g_assert_cmpint (process->pid, ==, 5);
  g_assert_cmpstr (process->start_time, ==, "500");
  g_assert_cmpuint (process->uid, ==, 1000);
}

static void
test_ended_process_is_not_found (void)
{
  g_autoptr (BatonRoot) root = baton_root_new_system (NULL);
  HolderChild *child = holder_child_start (take_ugly_name, NULL);
  g_autofree char *path = g_strdup_printf ("%d", child->pid);
  g_autoptr (GError) error = NULL;
  int dir_fd = baton_root_open (root, BATON_ROOT_PROC, path, O_PATH | O_DIRECTORY, NULL);
  int pid = child->pid;

  g_assert_cmpint (dir_fd, >=, 0);
  holder_child_stop (child);
  /* the directory stays that of the process that was, whoever has the number now */
  g_assert_null (baton_process_read_at (dir_fd, pid, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
  close (dir_fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/process/stat/whatever-the-name", test_stat_is_read_whatever_the_name);
  g_test_add_func ("/core/process/stat/refuses", test_stat_of_another_shape_is_refused);
  g_test_add_func ("/core/process/cgroup/of-systemd", test_control_group_is_the_one_of_systemd);
  g_test_add_func ("/core/process/uid/real", test_user_is_the_real_one);
  g_test_add_func ("/core/process/living", test_living_process_is_read);
  g_test_add_func ("/core/process/screens", test_screens_are_read);
  g_test_add_func ("/core/process/place", test_place_among_others);
  g_test_add_func ("/core/process/identity", test_identity_waits_for_nothing);
  g_test_add_func ("/core/process/ended", test_ended_process_is_not_found);

  return g_test_run ();
}
