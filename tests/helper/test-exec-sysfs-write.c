/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-sysfs-write.h"
#include "fake-kernel.h"

typedef struct
{
  MockMachine *machine;
  FakeKernel *kernel;
  BatonRoot *root;
  BatonCardState *state;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BatonMachine) machine = NULL;

  fixture->machine = mock_machine_new ();
  fixture->kernel = fake_kernel_new (fixture->machine);
  machine = mock_machine_look (fixture->machine);
  fixture->root = mock_machine_get_root (fixture->machine);
  fixture->state = baton_card_state_new (baton_machine_find_card (machine, FAKE_CARD));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  baton_card_state_free (fixture->state);
  fake_kernel_free (fixture->kernel);
  mock_machine_free (fixture->machine);
}

static const BatonFunctionState *
get_display (Fixture *fixture)
{
  return baton_card_state_find (fixture->state, FAKE_CARD);
}

static void
test_opens_what_it_should (Fixture *fixture, gconstpointer data)
{
  static const char *const attributes[] = { "driver_override", "power/control" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (attributes); i++)
    {
      baton_autofd int fd =
          baton_sysfs_open_device (fixture->root, get_display (fixture), attributes[i], &error);

      g_test_message ("%s", attributes[i]);
      g_assert_no_error (error);
      g_assert_cmpint (fd, >=, 0);
    }
  {
    baton_autofd int fd = baton_sysfs_open_driver (fixture->root, get_display (fixture),
                                                   "amdgpu", "unbind", &error);

    g_assert_no_error (error);
    g_assert_cmpint (fd, >=, 0);
  }
}

static void
test_another_device_at_the_address (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *attribute;
    const char *value;
  } rows[] = {
    { "vendor", "0x10de" },           { "device", "0x0001" },  { "subsystem_vendor", "0x0000" },
    { "subsystem_device", "0xffff" }, { "class", "0x010802" }, { "class", "" },
    { "class", "0x030000x" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *path =
          g_build_filename (mock_machine_get_directory (fixture->machine),
                            "sys/bus/pci/devices", FAKE_CARD, rows[i].attribute, NULL);
      g_autofree char *kept = NULL;

      g_test_message ("%s is '%s'", rows[i].attribute, rows[i].value);
      g_assert_true (g_file_get_contents (path, &kept, NULL, NULL));
      mock_machine_set_attribute (fixture->machine, FAKE_CARD, rows[i].attribute,
                                  rows[i].value);
      g_assert_cmpint (baton_sysfs_open_device (fixture->root, get_display (fixture),
                                                "driver_override", &error),
                       ==, -1);
      g_assert_error (error, BATON_ERROR, BATON_ERROR_MISMATCH);
      g_clear_error (&error);
      g_assert_cmpint (baton_sysfs_open_driver (fixture->root, get_display (fixture), "amdgpu",
                                                "unbind", &error),
                       ==, -1);
      g_assert_error (error, BATON_ERROR, BATON_ERROR_MISMATCH);
      g_assert_true (g_file_set_contents (path, kept, -1, NULL));
    }
}

static void
test_device_is_gone (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mock_machine_remove (fixture->machine, "sys/bus/pci/devices/" FAKE_CARD);
  g_assert_cmpint (
      baton_sysfs_open_device (fixture->root, get_display (fixture), "driver_override", &error),
      ==, -1);
  g_assert_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND);
}

static void
test_names_that_are_none (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = {
    "", "..", "../../../../etc", "amdgpu/../amdgpu", "amdgpu\n", "a b", ".", "ä", "%n",
  };
  g_autofree char *long_name = g_strnfill (64, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("'%s'", names[i]);
      g_assert_false (baton_sysfs_is_driver_name (names[i]));
      g_assert_cmpint (baton_sysfs_open_driver (fixture->root, get_display (fixture), names[i],
                                                "bind", &error),
                       ==, -1);
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
  g_assert_false (baton_sysfs_is_driver_name (long_name));
  g_assert_false (baton_sysfs_is_driver_name (NULL));
  g_assert_true (baton_sysfs_is_driver_name ("snd_hda_intel"));
  g_assert_true (baton_sysfs_is_driver_name ("vfio-pci"));
}

/* A link planted where an attribute was is not followed, wherever it leads. */
static void
test_links_are_not_followed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  mock_machine_remove_attribute (fixture->machine, FAKE_CARD, "driver_override");
  mock_machine_link (fixture->machine, "sys/devices/pci0000:01/" FAKE_CARD "/driver_override",
                     "sys/devices/pci0000:01/" FAKE_CARD "/reset_method");
  g_assert_cmpint (
      baton_sysfs_open_device (fixture->root, get_display (fixture), "driver_override", &error),
      ==, -1);
  g_assert_nonnull (error);
}

/* A bus has nothing that identifies it but its number, so nothing else gets into the path. */
static void
test_buses (Fixture *fixture, gconstpointer data)
{
  static const char *const none[] = {
    "", "0000", "0000:0g", "0000:1", "0000:01/", "0000:01:00.0", "../../class/pci_bus", "*"
  };

  for (guint from_above = FALSE; from_above <= TRUE; from_above++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) gone = NULL;
      baton_autofd int fd =
          baton_sysfs_open_rescan (fixture->root, "0000:01", from_above, &error);

      g_assert_no_error (error);
      g_assert_cmpint (fd, >=, 0);
      g_assert_cmpint (baton_sysfs_open_rescan (fixture->root, "0000:7f", from_above, &gone),
                       ==, -1);
      g_assert_error (gone, BATON_ERROR, BATON_ERROR_NOT_FOUND);
    }
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("“%s”", none[i]);
      g_assert_cmpint (baton_sysfs_open_rescan (fixture->root, none[i], FALSE, &error), ==, -1);
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
}

/* Stands for the rest of the machine, where something is always being renamed. */
static gpointer
rename_all_the_time (gpointer data)
{
  gint *is_over = data;
  g_autofree char *directory = g_dir_make_tmp ("baton-renames-XXXXXX", NULL);
  g_autofree char *one = g_build_filename (directory, "one", NULL);
  g_autofree char *other = g_build_filename (directory, "other", NULL);

  g_assert_true (g_file_set_contents (one, "", 0, NULL));
  while (!g_atomic_int_get (is_over))
    {
      g_assert_cmpint (rename (one, other), ==, 0);
      g_assert_cmpint (rename (other, one), ==, 0);
    }
  g_assert_cmpint (unlink (one), ==, 0);
  g_assert_cmpint (rmdir (directory), ==, 0);

  return NULL;
}

static void
test_renames_elsewhere_do_not_matter (Fixture *fixture, gconstpointer data)
{
  gint is_over = FALSE;
  GThread *thread = g_thread_new ("renames", rename_all_the_time, &is_over);

  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (GError) error = NULL;
      baton_autofd int fd = baton_sysfs_open_device (fixture->root, get_display (fixture),
                                                     "driver_override", &error);

      g_assert_no_error (error);
      g_assert_cmpint (fd, >=, 0);
    }
  g_atomic_int_set (&is_over, TRUE);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/helper/sysfs-write/opens", Fixture, NULL, set_up, test_opens_what_it_should,
              tear_down);
  g_test_add ("/helper/sysfs-write/another-device", Fixture, NULL, set_up,
              test_another_device_at_the_address, tear_down);
  g_test_add ("/helper/sysfs-write/renames-elsewhere", Fixture, NULL, set_up,
              test_renames_elsewhere_do_not_matter, tear_down);
  g_test_add ("/helper/sysfs-write/gone", Fixture, NULL, set_up, test_device_is_gone,
              tear_down);
  g_test_add ("/helper/sysfs-write/names", Fixture, NULL, set_up, test_names_that_are_none,
              tear_down);
  g_test_add ("/helper/sysfs-write/buses", Fixture, NULL, set_up, test_buses, tear_down);
  g_test_add ("/helper/sysfs-write/links", Fixture, NULL, set_up, test_links_are_not_followed,
              tear_down);

  return g_test_run ();
}
