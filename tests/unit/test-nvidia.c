/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "baton-nvidia.h"
#include "mock-machine.h"

static const struct
{
  const char *version;
  BatonNvidiaWay way;
} way_rows[] = {
  { "515.43.04", BATON_NVIDIA_UNLOAD },     { "550.163.01", BATON_NVIDIA_UNLOAD },
  { "580.95.05", BATON_NVIDIA_UNLOAD },     { "580.105.08", BATON_NVIDIA_UNBIND },
  { "590.48.01", BATON_NVIDIA_UNBIND },     { "595.45.04", BATON_NVIDIA_UNBIND },
  { "1000.1", BATON_NVIDIA_UNBIND },        { "", BATON_NVIDIA_UNLOAD },
  { "580", BATON_NVIDIA_UNLOAD },           { "beta", BATON_NVIDIA_UNLOAD },
  { "99999999999.1", BATON_NVIDIA_UNLOAD }, { NULL, BATON_NVIDIA_UNLOAD },
};

static void
test_way (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (way_rows); i++)
    {
      g_test_message ("%s", way_rows[i].version);
      g_assert_cmpint (baton_nvidia_find_way (way_rows[i].version), ==, way_rows[i].way);
    }
}

static void
test_names (void)
{
  g_assert_cmpstr (baton_nvidia_get_module ("nvidia_current"), ==, "nvidia");
  g_assert_cmpstr (baton_nvidia_get_module ("nvidia-tesla-470"), ==, "nvidia");
  g_assert_cmpstr (baton_nvidia_get_module ("nvidia"), ==, "nvidia");
  g_assert_cmpstr (baton_nvidia_get_module ("nvidia-drm"), ==, "nvidia");
  g_assert_cmpstr (baton_nvidia_get_module ("nvidiafb"), ==, "nvidiafb");
  g_assert_cmpstr (baton_nvidia_get_module ("nouveau"), ==, "nouveau");
  g_assert_true (baton_nvidia_is_driver_file ("nvidia"));
  g_assert_true (baton_nvidia_is_driver_file ("nvidia-current"));
  g_assert_true (baton_nvidia_is_driver_file ("nvidia_tesla_470"));
  g_assert_true (baton_nvidia_is_driver_file ("nvidia-legacy-390xx"));
  g_assert_false (baton_nvidia_is_driver_file ("nvidia-current-drm"));
  g_assert_false (baton_nvidia_is_driver_file ("nvidia-tesla-470-uvm"));
  g_assert_false (baton_nvidia_is_driver_file ("nvidia-modeset"));
  g_assert_false (baton_nvidia_is_driver_file ("nvidiafb"));
  g_assert_true (baton_nvidia_is_own_module ("nvidia"));
  g_assert_true (baton_nvidia_is_own_module ("nvidia_uvm"));
  g_assert_false (baton_nvidia_is_own_module ("gdrdrv"));
}

static void
add_module (MockMachine *mock, const char *name, const char *refcount, const char *user)
{
  g_autofree char *path = g_strdup_printf ("sys/module/%s/refcnt", name);
  g_autofree char *holder = g_strdup_printf ("sys/module/%s/holders/%s", name, user);

  mock_machine_write (mock, path, refcount);
  if (user != NULL)
    mock_machine_write (mock, holder, "");
}

static void
add_process (MockMachine *mock, guint pid, const char *comm, const char *cgroup)
{
  g_autofree char *comm_path = g_strdup_printf ("proc/%u/comm", pid);
  g_autofree char *cgroup_path = g_strdup_printf ("proc/%u/cgroup", pid);

  mock_machine_write (mock, comm_path, comm);
  mock_machine_write (mock, cgroup_path, cgroup);
}

/* What uses a module is listed before it. */
static void
test_modules_in_order (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonNvidia) nvidia = NULL;
  g_autoptr (GString) names = g_string_new (NULL);

  add_module (mock, "nvidia", "5\n", "nvidia_modeset");
  add_module (mock, "nvidia", "5\n", "nvidia_uvm");
  add_module (mock, "nvidia_modeset", "1\n", "nvidia_drm");
  add_module (mock, "nvidia_uvm", "many\n", NULL);
  add_module (mock, "nvidia_drm", "0\n", NULL);
  mock_machine_write (mock, "sys/module/nvidia/version", "595.45.04\n");
  mock_machine_write (mock, "sys/module/nvidia_drm/parameters/modeset", "Y\n");
  nvidia = baton_nvidia_new (mock_machine_get_root (mock));

  g_assert_cmpstr (nvidia->version, ==, "595.45.04");
  g_assert_cmpstr (nvidia->modeset, ==, "Y");
  g_assert_null (nvidia->fbdev);
  g_assert_cmpuint (nvidia->modules->len, ==, 4);
  for (guint i = 0; i < nvidia->modules->len; i++)
    {
      const BatonNvidiaModule *module = nvidia->modules->pdata[i];

      g_string_append_printf (names, "%s ", module->name);
      if (g_str_equal (module->name, "nvidia"))
        {
          g_assert_cmpint (module->refcount, ==, 5);
          g_assert_cmpuint (g_strv_length (module->users), ==, 2);
        }
      if (g_str_equal (module->name, "nvidia_uvm"))
        g_assert_cmpint (module->refcount, ==, -1);
    }
  g_assert_true (g_str_has_suffix (names->str, " nvidia "));
  g_assert_nonnull (strstr (names->str, "nvidia_drm nvidia_modeset "));
}

static void
test_services (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonNvidia) nvidia = NULL;

  add_module (mock, "nvidia", "1\n", NULL);
  mock_machine_write (mock, "usr/lib/systemd/system/nvidia-persistenced.service", "");
  mock_machine_write (mock, "etc/systemd/system/nvidia-powerd.service", "");
  mock_machine_write (mock, "usr/lib/systemd/system/nvidia-dcgm.service", "");
  add_process (mock, 300, "nvidia-persiste\n",
               "0::/system.slice/nvidia-persistenced.service\n");
  add_process (mock, 303, "nv-hostengine\n", "0::/system.slice/nvidia-dcgm.service\n");
  /* by hand */
  add_process (mock, 301, "nvidia-powerd\n",
               "0::/user.slice/user-1000.slice/session-1.scope\n");
  add_process (mock, 302, "nvidia-powerd\n",
               "0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
               "nvidia-powerd.service\n");
  nvidia = baton_nvidia_new (mock_machine_get_root (mock));

  g_assert_cmpuint (g_strv_length (nvidia->installed_units), ==, 3);
  g_assert_cmpuint (g_strv_length (nvidia->units), ==, 2);
  g_assert_cmpstr (nvidia->units[0], ==, "nvidia-persistenced.service");
  g_assert_cmpstr (nvidia->units[1], ==, "nvidia-dcgm.service");
}

static void
test_not_loaded (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonNvidia) nvidia = baton_nvidia_new (mock_machine_get_root (mock));

  g_assert_null (nvidia->version);
  g_assert_cmpuint (nvidia->modules->len, ==, 0);
  g_assert_cmpuint (g_strv_length (nvidia->units), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/nvidia/way", test_way);
  g_test_add_func ("/core/nvidia/names", test_names);
  g_test_add_func ("/core/nvidia/modules-in-order", test_modules_in_order);
  g_test_add_func ("/core/nvidia/services", test_services);
  g_test_add_func ("/core/nvidia/not-loaded", test_not_loaded);

  return g_test_run ();
}
