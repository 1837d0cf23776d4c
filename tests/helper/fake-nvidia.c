/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fake-nvidia.h"

#include <string.h>

#include "fake-kernel.h"

/* Its own parameters are not in sysfs (nv-procfs.c, nv_procfs_read_params()). */
#define PARAMS "proc/driver/nvidia/params"
#define GPU "proc/driver/nvidia/gpus/" FAKE_CARD
#define SERVICE_PROCESS "proc/300"

static const struct
{
  const char *name;
  const char *stands_on;
  const char *parameter;
  const char *usual; /* what it has where nobody says otherwise */
  const char *given; /* what it was loaded with */
} modules[] = {
  { "nvidia", NULL, "NVreg_EnableMSI", "1", "0" },
  { "nvidia_modeset", "nvidia", NULL, NULL, NULL },
  { "nvidia_uvm", "nvidia", "uvm_perf_prefetch_threshold", "51", "7" },
  { "nvidia_drm", "nvidia_modeset", "modeset", "N", "Y" },
};

static guint
find_module (const char *name)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (modules) && !g_str_equal (modules[i].name, name))
    i++;
  g_assert_cmpuint (i, <, G_N_ELEMENTS (modules));

  return i;
}

static void
write_in (MockMachine *machine, const char *module, const char *below, const char *text)
{
  g_autofree char *path = g_strdup_printf ("sys/module/%s/%s", module, below);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  mock_machine_write (machine, path, line);
}

static gboolean
exists (MockMachine *machine, const char *path)
{
  g_autofree char *full = g_build_filename (mock_machine_get_directory (machine), path, NULL);

  return g_file_test (full, G_FILE_TEST_EXISTS);
}

gboolean
fake_nvidia_is_loaded (MockMachine *machine, const char *name)
{
  g_autofree char *path = g_strconcat ("sys/module/", name, NULL);

  return exists (machine, path);
}

void
fake_nvidia_set_count (MockMachine *machine, const char *name, guint count)
{
  g_autofree char *text = g_strdup_printf ("%u", count);

  write_in (machine, name, "refcnt", text);
}

guint
fake_nvidia_count (MockMachine *machine, const char *name)
{
  g_autofree char *path =
      g_strdup_printf ("%s/sys/module/%s/refcnt", mock_machine_get_directory (machine), name);
  g_autofree char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);

  return text == NULL ? 0 : (guint) g_ascii_strtoull (text, NULL, 10);
}

static void
count_user (MockMachine *machine, const char *name, const char *user, gboolean add)
{
  g_autofree char *holder = g_strdup_printf ("sys/module/%s/holders/%s", name, user);

  if (add)
    mock_machine_write (machine, holder, "");
  else
    mock_machine_remove (machine, holder);
  fake_nvidia_set_count (machine, name, fake_nvidia_count (machine, name) + (add ? 1 : -1));
}

/* The nodes in /dev/dri are the display part's. */
static void
move_display (MockMachine *machine, gboolean appear)
{
  static const char *const names[] = { "dri/card1", "dri/renderD129" };
  g_autofree char *device = mock_machine_dup_device_path (machine, FAKE_CARD);
  g_autofree char *drm = g_build_filename (device, "drm", NULL);

  mock_machine_remove (machine, drm);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *below = g_strconcat ("drm/", names[i] + strlen ("dri/"), NULL);
      g_autofree char *node = g_strconcat ("dev/", names[i], NULL);

      if (appear)
        {
          mock_machine_add_node (machine, FAKE_CARD, below, names[i], 226, i == 0 ? 1 : 129);
          mock_machine_write (machine, node, "");
        }
      else
        mock_machine_remove (machine, node);
    }
}

void
fake_nvidia_bound (MockMachine *machine, gboolean bound)
{
  if (bound)
    {
      mock_machine_write (machine, GPU "/information", "Device Minor: \t 0\n");
      mock_machine_write (machine, GPU "/unbindLock", "0\n");
    }
  else
    mock_machine_remove (machine, GPU);
  if (fake_nvidia_is_loaded (machine, "nvidia_drm"))
    move_display (machine, bound);
}

static void
write_version (MockMachine *machine)
{
  g_autofree char *path =
      g_build_filename (mock_machine_get_directory (machine), "fake/nvidia-version", NULL);
  g_autofree char *version = NULL;

  g_assert_true (g_file_get_contents (path, &version, NULL, NULL));
  write_in (machine, "nvidia", "version", version);
}

void
fake_nvidia_load (MockMachine *machine, const char *name, const char *options)
{
  guint i = find_module (name);
  g_autofree char *assignment =
      modules[i].parameter != NULL
          ? g_strdup_printf ("%s=%s", modules[i].parameter, modules[i].given)
          : NULL;
  g_autofree char *parameter = modules[i].parameter != NULL
                                   ? g_strconcat ("parameters/", modules[i].parameter, NULL)
                                   : NULL;
  const char *value;

  if (fake_nvidia_is_loaded (machine, name))
    return;
  if (modules[i].stands_on != NULL)
    fake_nvidia_load (machine, modules[i].stands_on, NULL);
  write_in (machine, name, "initstate", "live");
  fake_nvidia_set_count (machine, name, 0);
  value = assignment != NULL && options != NULL && strstr (options, assignment) != NULL
              ? modules[i].given
              : modules[i].usual;
  if (i == 0)
    {
      g_autofree char *text = g_strdup_printf ("EnableMSI: %s\nRegistryDwords: \"\"\n", value);

      mock_machine_write (machine, PARAMS, text);
    }
  else if (parameter != NULL)
    write_in (machine, name, parameter, value);
  if (modules[i].stands_on != NULL)
    count_user (machine, modules[i].stands_on, name, TRUE);
  if (i == 0)
    {
      mock_machine_add_driver (machine, "nvidia", "nvidia");
      mock_machine_write (machine, "sys/bus/pci/drivers/nvidia/unbind", "");
      write_version (machine);
    }
  if (g_str_equal (name, "nvidia_drm") && exists (machine, GPU))
    move_display (machine, TRUE);
}

void
fake_nvidia_unload (MockMachine *machine, const char *name)
{
  guint i = find_module (name);
  g_autofree char *path = g_strconcat ("sys/module/", name, NULL);

  if (!fake_nvidia_is_loaded (machine, name))
    return;
  if (g_str_equal (name, "nvidia_drm") && exists (machine, GPU))
    move_display (machine, FALSE);
  if (modules[i].stands_on != NULL)
    count_user (machine, modules[i].stands_on, name, FALSE);
  mock_machine_remove (machine, path);
  if (i == 0)
    {
      mock_machine_remove (machine, "sys/bus/pci/drivers/nvidia");
      mock_machine_remove (machine, PARAMS);
    }
}

void
fake_nvidia_run_service (MockMachine *machine, gboolean run)
{
  if (run)
    {
      mock_machine_write (machine, SERVICE_PROCESS "/comm", "nvidia-persiste\n");
      mock_machine_write (machine, SERVICE_PROCESS "/cgroup",
                          "0::/system.slice/" FAKE_SERVICE "\n");
    }
  else
    mock_machine_remove (machine, SERVICE_PROCESS);
}

gboolean
fake_nvidia_service_runs (MockMachine *machine)
{
  return exists (machine, SERVICE_PROCESS);
}

void
fake_nvidia_init (MockMachine *machine, const char *version)
{
  mock_machine_write (machine, "fake/nvidia-version", version);
  for (guint i = 0; i < G_N_ELEMENTS (modules); i++)
    {
      g_autofree char *options =
          modules[i].parameter != NULL
              ? g_strdup_printf ("%s=%s", modules[i].parameter, modules[i].given)
              : NULL;

      fake_nvidia_load (machine, modules[i].name, options);
    }
  mock_machine_set_driver (machine, FAKE_CARD, "nvidia");
  /* Not one that another card of the machine has as well. */
  mock_machine_set_attribute (machine, FAKE_CARD, "vendor", "0x10de");
  mock_machine_set_attribute (machine, FAKE_CARD, "modalias",
                              "pci:v000010DEd000073BFsv00001DA2sd0000E438bc03sc00i00");
  mock_machine_set_modules (machine, FAKE_CARD, "nvidia");
  fake_nvidia_bound (machine, TRUE);
  mock_machine_write (machine, "usr/lib/systemd/system/" FAKE_SERVICE, "");
  fake_nvidia_run_service (machine, TRUE);
}
