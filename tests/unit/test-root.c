/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-root.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-error.h"

typedef struct
{
  char *top;
  BatonRoot *root;
} Fixture;

static void
write_file (Fixture *fixture, const char *path, const char *text)
{
  g_autofree char *full = g_build_filename (fixture->top, path, NULL);
  g_autofree char *directory = g_path_get_dirname (full);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (full, text, -1, NULL));
}

static void
make_link (Fixture *fixture, const char *path, const char *target)
{
  g_autofree char *full = g_build_filename (fixture->top, path, NULL);

  g_assert_cmpint (symlink (target, full), ==, 0);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->top = g_dir_make_tmp ("baton-root-XXXXXX", NULL);
  write_file (fixture, "secret", "outside every part\n");
  write_file (fixture, "sys/bus/pci/drivers/snd/module", "a module\n");
  write_file (fixture, "sys/devices/a/class", "0x030000\nsecond line\n");
  write_file (fixture, "etc/hooks/qemu", "#!/bin/sh\n");
  write_file (fixture, "usr/lib/modules/6.1/modules.dep", "");
  make_link (fixture, "lib", "usr/lib");
  make_link (fixture, "sys/bus/pci/inside", "../../devices/a");
  make_link (fixture, "sys/outside", "../secret");
  make_link (fixture, "sys/absolute", "/secret");
  make_link (fixture, "etc/absolute", "/etc/hooks/qemu");
  make_link (fixture, "etc/outside", "../../../../../secret-of-the-host");
  fixture->root = baton_root_new_for_directory (fixture->top, NULL);
  g_assert_nonnull (fixture->root);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  const char *const argv[] = { "rm", "-rf", fixture->top, NULL };

  baton_root_unref (fixture->root);
  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               NULL, NULL, NULL, NULL));
  g_free (fixture->top);
}

static void
test_reads (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = NULL;
  g_autofree char *line = NULL;
  g_autofree char *through = NULL;
  g_autofree char *module = NULL;
  gsize length = 0;

  whole = baton_root_read_file (fixture->root, BATON_ROOT_SYS, "devices/a/class", 100, &length,
                                &error);
  g_assert_no_error (error);
  g_assert_cmpstr (whole, ==, "0x030000\nsecond line\n");
  g_assert_cmpuint (length, ==, strlen (whole));

  line = baton_root_read_line (fixture->root, BATON_ROOT_SYS, "devices/a/class", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (line, ==, "0x030000");

  through =
      baton_root_read_line (fixture->root, BATON_ROOT_SYS, "bus/pci/inside/class", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (through, ==, "0x030000");

  module = baton_root_read_link_name (fixture->root, BATON_ROOT_SYS, "bus/pci/inside", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (module, ==, "a");

  g_assert_true (baton_root_exists (fixture->root, BATON_ROOT_LIB, "modules/6.1/modules.dep"));
}

static void
test_links_stay_inside (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    BatonRootPart part;
    const char *path;
    const char *text; /* NULL: refused */
  } rows[] = {
    { BATON_ROOT_SYS, "outside", NULL },
    { BATON_ROOT_SYS, "absolute", NULL },
    { BATON_ROOT_SYS, "../secret", NULL },
    { BATON_ROOT_SYS, "/secret", NULL },
    { BATON_ROOT_SYS, "devices/../../secret", NULL },
    { BATON_ROOT_ETC, "outside", NULL },
    { BATON_ROOT_ETC, "absolute", "#!/bin/sh" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      g_test_message ("%s", rows[i].path);
      text = baton_root_read_line (fixture->root, rows[i].part, rows[i].path, &error);
      g_assert_cmpstr (text, ==, rows[i].text);
      g_assert_cmpint (error != NULL, ==, rows[i].text == NULL);
    }
}

static void
test_refuses_what_is_no_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *fifo = g_build_filename (fixture->top, "etc", "fifo", NULL);
  static const char *const rows[] = { "fifo", "hooks" };

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      gsize length = 77;

      g_test_message ("%s", rows[i]);
      g_assert_null (
          baton_root_read_file (fixture->root, BATON_ROOT_ETC, rows[i], 100, &length, &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_IO);
      g_assert_cmpuint (length, ==, 77);
    }
}

static void
test_sizes_are_bounded (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = NULL;

  whole = baton_root_read_file (fixture->root, BATON_ROOT_ETC, "hooks/qemu", 10, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (whole, ==, "#!/bin/sh\n");
  g_assert_null (
      baton_root_read_file (fixture->root, BATON_ROOT_ETC, "hooks/qemu", 9, NULL, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_TOO_LARGE);
}

/* The kernel's own files say that they are empty, or a page, whatever they have. */
static void
test_size_is_only_a_guess (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) system = baton_root_new_system (&error);
  g_autofree char *maps = NULL;
  gsize length = 0;

  g_assert_no_error (error);
  maps = baton_root_read_file (system, BATON_ROOT_PROC, "self/smaps", 64 * 1024 * 1024, &length,
                               &error);
  g_assert_no_error (error);
  g_assert_cmpuint (length, >, 8192);
  g_assert_cmpuint (strlen (maps), ==, length);
  g_assert_cmpint (maps[length - 1], ==, '\n');

  g_assert_null (
      baton_root_read_file (system, BATON_ROOT_PROC, "self/smaps", 8192, &length, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_TOO_LARGE);
}

static void
test_missing_part_is_empty (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = NULL;

  names = baton_root_list (fixture->root, BATON_ROOT_PROC, "", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (names->len, ==, 0);
  g_assert_cmpint (baton_root_get_fd (fixture->root, BATON_ROOT_PROC), ==, -1);
  g_assert_false (baton_root_exists (fixture->root, BATON_ROOT_PROC, "self"));

  g_assert_null (baton_root_read_line (fixture->root, BATON_ROOT_PROC, "cmdline", &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
}

static void
test_errors_name_the_machines_path (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (baton_root_list (fixture->root, BATON_ROOT_SYS, "no/such", &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "“/sys/no/such”"));
  g_assert_null (strstr (error->message, fixture->top));
}

static void
test_system_is_the_kernels (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  g_autofree char *comm = NULL;

  g_assert_no_error (error);
  g_assert_true (baton_root_is_system (root));
  comm = baton_root_read_line (root, BATON_ROOT_PROC, "self/comm", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (comm, ==, "test-root");

  /* A magic link leads to another file system, whatever it is called. */
  g_assert_cmpint (baton_root_open (root, BATON_ROOT_PROC, "self/root/proc", O_RDONLY, &error),
                   ==, -1);
  g_assert_nonnull (error);
}

#define ADD(path, function)                                                                    \
  g_test_add ("/core/root/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("reads", test_reads);
  ADD ("links-stay-inside", test_links_stay_inside);
  ADD ("refuses-what-is-no-file", test_refuses_what_is_no_file);
  ADD ("sizes-are-bounded", test_sizes_are_bounded);
  ADD ("size-is-only-a-guess", test_size_is_only_a_guess);
  ADD ("missing-part-is-empty", test_missing_part_is_empty);
  ADD ("errors-name-the-machines-path", test_errors_name_the_machines_path);
  g_test_add_func ("/core/root/system-is-the-kernels", test_system_is_the_kernels);

  return g_test_run ();
}
