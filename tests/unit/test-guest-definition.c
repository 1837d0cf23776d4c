/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-guest-definition.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CARD "0000:01:00.0"
#define GIVEN                                                                                  \
  "<domain type='kvm'><devices><hostdev mode='subsystem' type='pci'><source><address bus='1' " \
  "slot='0' function='0'/></source></hostdev></devices></domain>"
#define OTHER "<domain type='kvm'><devices/></domain>"

typedef struct
{
  char *directory;
  BatonRoot *root;
} Tree;

static void
write_file (Tree *tree, const char *path, const char *text)
{
  g_autofree char *file = g_build_filename (tree->directory, path, NULL);
  g_autofree char *directory = g_path_get_dirname (file);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0755), ==, 0);
  g_assert_true (g_file_set_contents (file, text, -1, NULL));
}

static void
set_up (Tree *tree, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  tree->directory = g_dir_make_tmp ("baton-guests-XXXXXX", &error);
  g_assert_no_error (error);
  write_file (tree, "etc/libvirt/qemu/Windows 11.xml", GIVEN);
  write_file (tree, "etc/libvirt/qemu/other.xml", OTHER);
  write_file (tree, "etc/libvirt/qemu/another.xml", GIVEN);
  write_file (tree, "etc/libvirt/qemu/broken.xml", "<domain><devices>");
  write_file (tree, "etc/libvirt/qemu/.hidden.xml", GIVEN);
  write_file (tree, "etc/libvirt/qemu/two\nlines.xml", GIVEN);
  write_file (tree, "etc/libvirt/qemu/notes.txt", GIVEN);
  write_file (tree, "etc/libvirt/qemu/networks/default.xml", GIVEN);
  write_file (tree, "etc/libvirt/qemu/yet another.xml", GIVEN);
  write_file (tree, "run/libvirt/qemu/another.pid", "123\n");
  tree->root = baton_root_new_for_directory (tree->directory, &error);
  g_assert_no_error (error);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
tear_down (Tree *tree, gconstpointer data)
{
  baton_root_unref (tree->root);
  remove_tree (tree->directory);
  g_free (tree->directory);
}

static void
assert_found (Tree *tree, const char *name, BatonGuestFound found, const char *device)
{
  g_autoptr (BatonGuestDefinition) guest = baton_guest_definition_new (tree->root, name);

  g_assert_cmpint (guest->found, ==, found);
  if (device == NULL)
    g_assert_true (guest->devices == NULL || guest->devices->len == 0);
  else
    g_assert_cmpstr (g_ptr_array_index (guest->devices, 0), ==, device);
}

static void
test_one (Tree *tree, gconstpointer data)
{
  assert_found (tree, "Windows 11", BATON_GUEST_OFF, CARD);
  assert_found (tree, "another", BATON_GUEST_RUNNING, CARD);
  assert_found (tree, "other", BATON_GUEST_OFF, NULL);
  assert_found (tree, "broken", BATON_GUEST_OFF, NULL);
  assert_found (tree, "missing", BATON_GUEST_MISSING, NULL);
}

/* A directory in its place cannot be read by anybody, as libvirt's files cannot by a user. */
static void
test_not_readable (Tree *tree, gconstpointer data)
{
  write_file (tree, "etc/libvirt/qemu/odd.xml/file", "");
  assert_found (tree, "odd", BATON_GUEST_UNTOLD, NULL);
}

static void
test_list (Tree *tree, gconstpointer data)
{
  g_auto (GStrv) names = baton_guest_definition_list (tree->root, CARD);
  g_auto (GStrv) none = baton_guest_definition_list (tree->root, "0000:02:00.0");
  g_autofree char *text = g_strjoinv ("|", names);

  g_assert_cmpstr (text, ==, "Windows 11|yet another");
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

static void
test_names (void)
{
  static const char *const possible[] = {
    "a", "Windows 11", "-rf", "$(reboot)", "gäst", "a.b"
  };
  static const char *const impossible[] = { "",     ".",       "..",    "../x",    "a/b",
                                            "a\nb", "\x1b[2J", "a\xff", "a\u202e", ".x" };
  g_autofree char *longest = g_strnfill (128, 'x');
  g_autofree char *too_long = g_strnfill (129, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (possible); i++)
    g_assert_true (baton_guest_name_is_possible (possible[i]));
  for (guint i = 0; i < G_N_ELEMENTS (impossible); i++)
    g_assert_false (baton_guest_name_is_possible (impossible[i]));
  g_assert_true (baton_guest_name_is_possible (longest));
  g_assert_false (baton_guest_name_is_possible (too_long));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/guest-definition/one", Tree, NULL, set_up, test_one, tear_down);
  g_test_add ("/guest-definition/not-readable", Tree, NULL, set_up, test_not_readable,
              tear_down);
  g_test_add ("/guest-definition/list", Tree, NULL, set_up, test_list, tear_down);
  g_test_add_func ("/guest-definition/names", test_names);

  return g_test_run ();
}
