/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-nvidia.h"

#include <stdio.h>
#include <string.h>

#include "baton-process.h"
#include "baton-process-unit.h"

/* References used below:
 *  NV-REMOVE - open-gpu-kernel-modules kernel-open/nvidia/nv-pci.c, nv_pci_remove_helper(): waits
 *    for ever while a card is in use. Since 580.105.08 the display part is taken off first
 *    (nvidia_modeset_remove()); since 595.45.04 a card is forgotten before it is waited for, so
 *    that the wait never ends (NVIDIA/open-gpu-kernel-modules#1119)
 *  HOLDERS - Linux kernel/module/main.c, add_usage_links(): /sys/module/M/holders
 *  COMM - proc(5): a process's name is cut to 15 bytes
 *  NV-TABLE - kernel-open/nvidia-drm/nv-pci-table.c: the display part claims the same cards
 *  DEBIAN - packages nvidia-kernel-dkms and nvidia-tesla-*-kernel-dkms: the files have other names
 *    than the modules in them, and "install" lines of modprobe.d(5) lead from the one to the other
 */

#define MAX_MODULES 32

/* Each is loaded after those before it, and unloaded in the opposite order. */
static const char *const upper_modules[] = { "nvidia_modeset", "nvidia_uvm", "nvidia_drm",
                                             "nvidia_peermem", NULL };

/* In the order in which they are started. They keep a card in use for as long as they run, and
 * are there for nothing else. */
static const char *const unit_names[] = { "nvidia-persistenced.service",
                                          "nvidia-powerd.service", "nvidia-dcgm.service",
                                          NULL };

/* Their programs' names, in the same order (COMM). */
static const char *const unit_comms[] = { "nvidia-persiste", "nvidia-powerd", "nv-hostengine" };

static const struct
{
  BatonRootPart part;
  const char *path;
} unit_directories[] = {
  { BATON_ROOT_ETC, "systemd/system" },
  { BATON_ROOT_RUN, "systemd/system" },
  { BATON_ROOT_LIB, "systemd/system" },
  { BATON_ROOT_USR, "lib/systemd/system" },
};

static void
free_module (BatonNvidiaModule *self)
{
  g_free (self->name);
  g_strfreev (self->users);
  g_free (self);
}

/**
 * baton_nvidia_free:
 * @self: (nullable): what NVIDIA's driver is
 */
void
baton_nvidia_free (BatonNvidia *self)
{
  if (self == NULL)
    return;

  g_free (self->version);
  g_ptr_array_unref (self->modules);
  g_free (self->modeset);
  g_free (self->fbdev);
  g_strfreev (self->units);
  g_strfreev (self->installed_units);
  g_free (self);
}

/**
 * baton_nvidia_find_way:
 * @version: (nullable): of the driver
 *
 * A version that cannot be read is taken for an old one: to unload a module is refused at once
 * where it is in use, while an unbind may never end (NV-REMOVE).
 *
 * Returns: how a card gets away from it
 */
BatonNvidiaWay
baton_nvidia_find_way (const char *version)
{
  guint major = 0;
  guint minor = 0;

  if (version == NULL || sscanf (version, "%5u.%5u", &major, &minor) != 2)
    return BATON_NVIDIA_UNLOAD;
  if (major != 580)
    return major > 580 ? BATON_NVIDIA_UNBIND : BATON_NVIDIA_UNLOAD;

  return minor >= 105 ? BATON_NVIDIA_UNBIND : BATON_NVIDIA_UNLOAD;
}

/**
 * baton_nvidia_list_upper_modules:
 *
 * Returns: (transfer none): modules of the driver that stand on `nvidia`, in the order in which
 *   they are loaded
 */
const char *const *
baton_nvidia_list_upper_modules (void)
{
  return upper_modules;
}

/**
 * baton_nvidia_list_units:
 *
 * Returns: (transfer none): every service that Baton stops for the driver's sake
 */
const char *const *
baton_nvidia_list_units (void)
{
  return unit_names;
}

/**
 * baton_nvidia_is_own_module:
 * @name: a module, as in `/sys/module`
 *
 * Returns: whether it is one of those that come with the driver, and that Baton therefore knows how
 *   to load again
 */
gboolean
baton_nvidia_is_own_module (const char *name)
{
  return g_str_equal (name, BATON_NVIDIA_DRIVER) || g_strv_contains (upper_modules, name);
}

/**
 * baton_nvidia_get_module:
 * @name: a module that claims a card
 *
 * Returns: (transfer none): the name to ask for it by, which is `nvidia` for each module of
 *   NVIDIA's driver (NV-TABLE), whatever a distribution calls its file (DEBIAN), and @name for every
 *   other
 */
const char *
baton_nvidia_get_module (const char *name)
{
  static const char *const files[] = { "nvidia_current", "nvidia_tesla", "nvidia_legacy" };
  g_autofree char *plain = g_strdelimit (g_strdup (name), "-", '_');

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    if (g_str_has_prefix (plain, files[i]))
      return BATON_NVIDIA_DRIVER;

  return g_strv_contains (upper_modules, plain) ? BATON_NVIDIA_DRIVER : name;
}

/**
 * baton_nvidia_is_driver_file:
 * @name: of a module's file, without its ending
 *
 * Returns: whether the module in it is `nvidia`, whatever a distribution calls the file (DEBIAN),
 *   and none of those that stand on it
 */
gboolean
baton_nvidia_is_driver_file (const char *name)
{
  g_autofree char *plain = g_strdelimit (g_strdup (name), "-", '_');

  for (guint i = 0; upper_modules[i] != NULL; i++)
    if (g_str_has_suffix (plain, upper_modules[i] + strlen (BATON_NVIDIA_DRIVER)))
      return FALSE;

  return g_str_equal (baton_nvidia_get_module (plain), BATON_NVIDIA_DRIVER) ||
         g_str_equal (plain, BATON_NVIDIA_DRIVER);
}

static char *
read_value (BatonRoot *root, const char *module, const char *attribute)
{
  g_autofree char *path = g_strconcat ("module/", module, "/", attribute, NULL);
  g_autofree char *line = baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);

  return line != NULL && *line != '\0' ? g_steal_pointer (&line) : NULL;
}

static int
read_refcount (BatonRoot *root, const char *module)
{
  g_autofree char *text = read_value (root, module, "refcnt");
  gint64 refcount;

  if (text == NULL || !g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &refcount, NULL))
    return -1;

  return (int) refcount;
}

static gboolean
has_module (GPtrArray *modules, const char *name)
{
  for (guint i = 0; i < modules->len; i++)
    if (g_str_equal (((BatonNvidiaModule *) modules->pdata[i])->name, name))
      return TRUE;

  return FALSE;
}

static GStrv
dup_names (GPtrArray *names)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; names != NULL && i < names->len; i++)
    g_strv_builder_add (builder, names->pdata[i]);

  return g_strv_builder_end (builder);
}

/* Those that use a module come before it (HOLDERS). The kernel has no circles among modules; the
 * depth is for a tree that is none of the kernel's. */
static void
add_module (GPtrArray *modules, BatonRoot *root, const char *name, guint depth)
{
  g_autofree char *path = g_strconcat ("module/", name, "/holders", NULL);
  g_autoptr (GPtrArray) users = baton_root_list (root, BATON_ROOT_SYS, path, NULL);
  BatonNvidiaModule *module;

  for (guint i = 0; users != NULL && i < users->len; i++)
    if (depth < MAX_MODULES && !has_module (modules, users->pdata[i]))
      add_module (modules, root, users->pdata[i], depth + 1);
  if (modules->len >= MAX_MODULES || has_module (modules, name))
    return;

  module = g_new0 (BatonNvidiaModule, 1);
  module->name = g_strdup (name);
  module->refcount = read_refcount (root, name);
  module->users = dup_names (users);
  g_ptr_array_add (modules, module);
}

static gboolean
has_unit_file (BatonRoot *root, const char *unit)
{
  for (guint i = 0; i < G_N_ELEMENTS (unit_directories); i++)
    {
      g_autofree char *path = g_build_filename (unit_directories[i].path, unit, NULL);

      if (baton_root_exists (root, unit_directories[i].part, path))
        return TRUE;
    }

  return FALSE;
}

/* By its control group: whoever runs the same program by hand is not stopped with the service.
 * Everybody may read both files, so that a look without rights makes the same plan. */
static gboolean
is_service (BatonRoot *root, const char *pid, const char *wanted)
{
  g_autofree char *path = g_build_filename (pid, "cgroup", NULL);
  g_autofree char *text = NULL;
  g_autofree char *cgroup = NULL;
  g_auto (BatonProcessUnit) unit = { 0 };

  text = baton_root_read_file (root, BATON_ROOT_PROC, path, 4096, NULL, NULL);
  cgroup = text != NULL ? baton_process_parse_cgroup (text) : NULL;
  baton_process_unit_parse (&unit, cgroup);

  return g_strcmp0 (unit.unit, wanted) == 0 && g_str_has_prefix (cgroup, "/system.slice/");
}

static void
find_units (BatonRoot *root, gboolean *running)
{
  g_autoptr (GPtrArray) pids = baton_root_list (root, BATON_ROOT_PROC, "", NULL);

  for (guint i = 0; pids != NULL && i < pids->len; i++)
    {
      const char *pid = pids->pdata[i];
      g_autofree char *path = g_build_filename (pid, "comm", NULL);
      g_autofree char *comm = NULL;

      if (!g_ascii_isdigit (*pid))
        continue;
      comm = baton_root_read_line (root, BATON_ROOT_PROC, path, NULL);
      for (guint j = 0; comm != NULL && j < G_N_ELEMENTS (unit_comms); j++)
        running[j] |=
            g_str_equal (comm, unit_comms[j]) && is_service (root, pid, unit_names[j]);
    }
}

/* Only where the driver or one of its services is there at all are the processes gone through. */
static void
read_units (BatonNvidia *self, BatonRoot *root)
{
  g_autoptr (GStrvBuilder) installed = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) units = g_strv_builder_new ();
  gboolean running[G_N_ELEMENTS (unit_comms)] = { FALSE };
  gboolean any = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (unit_comms); i++)
    if (has_unit_file (root, unit_names[i]))
      {
        g_strv_builder_add (installed, unit_names[i]);
        any = TRUE;
      }
  if (any && self->modules->len > 0)
    find_units (root, running);
  for (guint i = 0; i < G_N_ELEMENTS (unit_comms); i++)
    if (running[i])
      g_strv_builder_add (units, unit_names[i]);
  self->installed_units = g_strv_builder_end (installed);
  self->units = g_strv_builder_end (units);
}

/**
 * baton_nvidia_new:
 * @root: where to look
 *
 * Looks at NVIDIA's driver without asking it anything: what it says about its cards in `/proc`
 * wakes them.
 *
 * Returns: (transfer full): what it is; with no modules where it is not loaded
 */
BatonNvidia *
baton_nvidia_new (BatonRoot *root)
{
  BatonNvidia *self = g_new0 (BatonNvidia, 1);

  self->modules = g_ptr_array_new_with_free_func ((GDestroyNotify) free_module);
  if (baton_root_exists (root, BATON_ROOT_SYS, "module/" BATON_NVIDIA_DRIVER))
    {
      self->version = read_value (root, BATON_NVIDIA_DRIVER, "version");
      add_module (self->modules, root, BATON_NVIDIA_DRIVER, 0);
      self->modeset = read_value (root, "nvidia_drm", "parameters/modeset");
      self->fbdev = read_value (root, "nvidia_drm", "parameters/fbdev");
    }
  read_units (self, root);

  return self;
}
