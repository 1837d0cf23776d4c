/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-offload.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock-machine.h"

#define DESKTOP "0000:00:02.0"
#define CARD "0000:01:00.0"
#define TWIN "10000:e1:00.0"
#define NOBODY 65534

/* A card that shows the desktop, and another one. */
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

/* Each variable on a line, as env(1) prints it, and in order of their names; what is taken away
 * with a minus in front. */
static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
join_set (GPtrArray *variables, gboolean are_set)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < variables->len; i++)
    {
      const BatonOffloadVariable *variable = g_ptr_array_index (variables, i);

      if ((variable->value != NULL) == are_set)
        g_ptr_array_add (lines, are_set
                                    ? g_strdup_printf ("%s=%s", variable->name, variable->value)
                                    : g_strdup (variable->name));
    }
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);

  return g_strjoinv (" ", (char **) lines->pdata);
}

static void
assert_environment (MockMachine *mock, const char *address, const char *expected)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_machine_find_card (machine, address);
  g_autoptr (GPtrArray) variables = NULL;
  g_autofree char *text = NULL;

  g_assert_nonnull (card);
  variables = baton_offload_list_variables (mock_machine_get_root (mock), card);
  text = join_set (variables, TRUE);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_obstacle (MockMachine *mock, const char *address, BatonOffloadObstacle expected)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_machine_find_card (machine, address);

  g_assert_nonnull (card);
  g_assert_cmpint (baton_offload_find_obstacle (mock_machine_get_root (mock), card, NULL), ==,
                   expected);
}

/* Twins are told apart, and a domain of five digits is written as the kernel does. */
static void
test_mesa_is_told_the_address (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_add_gpu (mock, TWIN, "3");
  assert_environment (mock, CARD, "DRI_PRIME=pci-0000_01_00_0 __GLX_VENDOR_LIBRARY_NAME=mesa");
  assert_environment (mock, TWIN, "DRI_PRIME=pci-10000_e1_00_0 __GLX_VENDOR_LIBRARY_NAME=mesa");
}

static void
test_nvidia_is_asked_for_its_own (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  mock_machine_set_driver (mock, CARD, "nvidia");
  assert_environment (mock, CARD,
                      "__GLX_VENDOR_LIBRARY_NAME=nvidia __NV_PRIME_RENDER_OFFLOAD=1 "
                      "__VK_LAYER_NV_optimus=NVIDIA_only");
}

/* Its vendor file comes before Mesa's, and its library would take the display. */
static void
test_mesa_goes_before_nvidia (void)
{
  static const char *const wanted = "DRI_PRIME=pci-0000_01_00_0 "
                                    "__EGL_VENDOR_LIBRARY_FILENAMES=%s "
                                    "__GLX_VENDOR_LIBRARY_NAME=mesa";
  static const char *const usr = "/usr/share/glvnd/egl_vendor.d/50_mesa.json";
  static const char *const etc = "/etc/glvnd/egl_vendor.d/60_mesa.json";
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *with_usr = g_strdup_printf (wanted, usr);
  g_autofree char *with_etc = g_strdup_printf (wanted, etc);

  mock_machine_write (mock, usr + 1, "{}");
  assert_environment (mock, CARD, "DRI_PRIME=pci-0000_01_00_0 __GLX_VENDOR_LIBRARY_NAME=mesa");
  mock_machine_write (mock, "usr/share/glvnd/egl_vendor.d/10_nvidia.json", "{}");
  assert_environment (mock, CARD, with_usr);
  mock_machine_write (mock, etc + 1, "{}");
  assert_environment (mock, CARD, with_etc);
}

/* What keeps a whole session off the card, or on another one, is taken back for the program. */
static void
test_what_kept_off_is_taken_away (void)
{
  static const char *const always[] = {
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "VK_LOADER_DRIVERS_SELECT",
    "VK_LOADER_DRIVERS_DISABLE",
    "MESA_VK_DEVICE_SELECT",
    "MESA_LOADER_DRIVER_OVERRIDE",
    "LIBGL_ALWAYS_SOFTWARE",
    "__EGL_VENDOR_LIBRARY_FILENAMES",
    "__NV_PRIME_RENDER_OFFLOAD_PROVIDER",
  };
  g_autoptr (MockMachine) mock = new_mock ();

  for (guint driver = 0; driver < 2; driver++)
    {
      g_autoptr (BatonMachine) machine = NULL;
      g_autoptr (GPtrArray) variables = NULL;
      g_autofree char *text = NULL;
      g_auto (GStrv) names = NULL;

      mock_machine_set_driver (mock, CARD, driver == 0 ? "amdgpu" : "nvidia");
      machine = mock_machine_look (mock);
      variables = baton_offload_list_variables (mock_machine_get_root (mock),
                                                baton_machine_find_card (machine, CARD));
      text = join_set (variables, FALSE);
      names = g_strsplit (text, " ", -1);
      for (guint i = 0; i < G_N_ELEMENTS (always); i++)
        g_assert_true (g_strv_contains ((const char *const *) names, always[i]));
      g_assert_true (g_strv_contains ((const char *const *) names,
                                      driver == 0 ? "__NV_PRIME_RENDER_OFFLOAD" : "DRI_PRIME"));
    }
}

static void
test_what_was_sent_to_a_card (void)
{
  static const struct
  {
    const char *driver;
    const char *environment;
    gboolean is_meant;
  } rows[] = {
    { "amdgpu", "HOME=/home/u", FALSE },
    { "amdgpu", "DRI_PRIME=pci-0000_01_00_0", TRUE },
    { "amdgpu", "DRI_PRIME=pci-0000_02_00_0", FALSE },
    { "amdgpu", "DRI_PRIME=1", FALSE },
    { "amdgpu", "DRI_PRIME", FALSE },
    { "amdgpu", "__NV_PRIME_RENDER_OFFLOAD=1", FALSE },
    { "nvidia", "__NV_PRIME_RENDER_OFFLOAD=1", TRUE },
    { "nvidia", "__NV_PRIME_RENDER_OFFLOAD=0", FALSE },
    { "nvidia", "DRI_PRIME=pci-0000_01_00_0", FALSE },
    { "nvidia", "", FALSE },
  };
  g_autoptr (MockMachine) mock = new_mock ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char *environment[] = { (char *) rows[i].environment, NULL };
      g_autoptr (BatonMachine) machine = NULL;

      g_test_message ("%s %s", rows[i].driver, rows[i].environment);
      mock_machine_set_driver (mock, CARD, rows[i].driver);
      machine = mock_machine_look (mock);
      g_assert_cmpint (
          baton_offload_is_meant (baton_machine_find_card (machine, CARD), environment), ==,
          rows[i].is_meant);
    }
}

static void
test_obstacles (void)
{
  g_autoptr (MockMachine) mock = new_mock ();

  assert_obstacle (mock, CARD, BATON_OFFLOAD_POSSIBLE);
  mock_machine_set_driver (mock, "0000:01:00.1", "vfio-pci");
  assert_obstacle (mock, CARD, BATON_OFFLOAD_SPLIT);
  mock_machine_move_gpu_to_guest (mock, CARD);
  assert_obstacle (mock, CARD, BATON_OFFLOAD_WITH_GUEST);
  mock_machine_set_driver (mock, CARD, NULL);
  mock_machine_set_driver (mock, "0000:01:00.1", NULL);
  assert_obstacle (mock, CARD, BATON_OFFLOAD_NO_DRIVER);
}

/* The second card of old servers and of emulated machines: it shows what others draw. */
static void
test_a_driver_that_draws_nothing (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();

  mock_machine_add_function (mock, CARD, 0x030000, "1234:1111:1af4:1100", NULL, "1",
                             "bochs-drm");
  assert_obstacle (mock, CARD, BATON_OFFLOAD_DRAWS_NOTHING);
}

static void
test_a_node_that_is_closed_is_named (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (mock), "dev/dri/renderD129", NULL);
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_machine_find_card (machine, CARD);
  BatonOffloadObstacle obstacle;
  const char *node = NULL;

  g_assert_no_errno (chmod (path, 0));
  /* Root may open everything. */
  if (geteuid () == 0)
    g_assert_no_errno (seteuid (NOBODY));
  obstacle = baton_offload_find_obstacle (mock_machine_get_root (mock), card, &node);
  if (getuid () == 0)
    g_assert_no_errno (seteuid (0));

  g_assert_cmpint (obstacle, ==, BATON_OFFLOAD_CLOSED);
  g_assert_cmpstr (node, ==, "/dev/dri/renderD129");
}

static const char *
choose (MockMachine *mock)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_offload_choose_card (machine);

  return card != NULL ? g_intern_string (baton_card_get_address (card)) : NULL;
}

static void
test_which_card_is_meant (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();

  g_assert_null (choose (mock));
  mock_machine_add_gpu (mock, DESKTOP, "1");
  g_assert_cmpstr (choose (mock), ==, DESKTOP);
  mock_machine_add_gpu (mock, CARD, "2");
  g_assert_cmpstr (choose (mock), ==, CARD);
  /* It is meant where it is with a guest, too, and refused. */
  mock_machine_move_gpu_to_guest (mock, CARD);
  g_assert_cmpstr (choose (mock), ==, CARD);
  mock_machine_add_gpu (mock, TWIN, "3");
  g_assert_null (choose (mock));
}

static void
test_two_of_nvidias (void)
{
  g_autoptr (MockMachine) mock = new_mock ();
  g_autoptr (BatonMachine) one = NULL;
  g_autoptr (BatonMachine) two = NULL;

  mock_machine_set_driver (mock, CARD, "nvidia");
  one = mock_machine_look (mock);
  g_assert_false (baton_offload_is_ambiguous (one, baton_machine_find_card (one, CARD)));
  mock_machine_set_driver (mock, DESKTOP, "nvidia");
  two = mock_machine_look (mock);
  g_assert_true (baton_offload_is_ambiguous (two, baton_machine_find_card (two, CARD)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/offload/mesa-is-told-the-address", test_mesa_is_told_the_address);
  g_test_add_func ("/offload/nvidia-is-asked-for-its-own", test_nvidia_is_asked_for_its_own);
  g_test_add_func ("/offload/mesa-goes-before-nvidia", test_mesa_goes_before_nvidia);
  g_test_add_func ("/offload/what-kept-off-is-taken-away", test_what_kept_off_is_taken_away);
  g_test_add_func ("/offload/obstacles", test_obstacles);
  g_test_add_func ("/offload/a-driver-that-draws-nothing", test_a_driver_that_draws_nothing);
  g_test_add_func ("/offload/a-node-that-is-closed-is-named",
                   test_a_node_that_is_closed_is_named);
  g_test_add_func ("/offload/what-was-sent-to-a-card", test_what_was_sent_to_a_card);
  g_test_add_func ("/offload/which-card-is-meant", test_which_card_is_meant);
  g_test_add_func ("/offload/two-of-nvidias", test_two_of_nvidias);

  return g_test_run ();
}
