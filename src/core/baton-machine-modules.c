/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <string.h>

#include <libkmod.h>

/* Aliases that an administrator adds count as well; the same directories as modprobe.d(5). */
static const struct
{
  BatonRootPart part;
  const char *path;
} config_directories[] = {
  { BATON_ROOT_ETC, "modprobe.d" },
  { BATON_ROOT_RUN, "modprobe.d" },
  { BATON_ROOT_USR, "local/lib/modprobe.d" },
  { BATON_ROOT_USR, "lib/modprobe.d" },
};

static struct kmod_ctx *
open_index (BatonLook *self, const char *release)
{
  g_autofree char *below = g_build_filename ("modules", release, NULL);
  g_autofree char *directory = baton_root_build_path (self->root, BATON_ROOT_LIB, below);
  g_auto (GStrv) paths = g_new0 (char *, G_N_ELEMENTS (config_directories) + 1);
  struct kmod_ctx *ctx;

  for (guint i = 0; i < G_N_ELEMENTS (config_directories); i++)
    paths[i] = baton_root_build_path (self->root, config_directories[i].part,
                                      config_directories[i].path);

  ctx = kmod_new (directory, (const char *const *) paths);
  if (ctx != NULL)
    kmod_set_log_priority (ctx, 0);

  return ctx;
}

/* vfio-pci and its variants claim devices by aliases of their own ("vfio_pci:"), but a
 * user's alias may name them for a card. They are not what a card comes back to. */
static gboolean
is_vfio (const char *module)
{
  return g_str_has_suffix (module, "vfio_pci") || strcmp (module, "pci_stub") == 0;
}

/* What is built into the kernel claims no modalias in any index that kmod has: modpost writes aliases
 * for modules alone (scripts/mod/file2alias.c up to Linux 6.17), and Debian 13 has virtio_pci built
 * in. The ids that these drivers take are in their sources; nearly always it is all cards of a
 * vendor that are new enough, and bind tries and looks. */
static const struct
{
  guint16 vendor_id;
  const char *driver;
} built_in_drivers[] = {
  { 0x1002, "amdgpu" }, { 0x1002, "radeon" },    { 0x8086, "i915" },
  { 0x8086, "xe" },     { 0x10de, "nouveau" },   { 0x102b, "mgag200" },
  { 0x1a03, "ast" },    { 0x15ad, "vmwgfx" },    { 0x1af4, "virtio-pci" },
  { 0x1b36, "qxl" },    { 0x1234, "bochs-drm" }, { 0x1013, "cirrus" },
};

static const char *
find_built_in (BatonLook *self, const BatonFunction *function)
{
  for (guint i = 0; i < G_N_ELEMENTS (built_in_drivers); i++)
    {
      g_autofree char *directory =
          g_strconcat ("bus/pci/drivers/", built_in_drivers[i].driver, NULL);

      if (built_in_drivers[i].vendor_id == function->vendor_id &&
          baton_root_exists (self->root, BATON_ROOT_SYS, directory))
        return built_in_drivers[i].driver;
    }

  return NULL;
}

static GStrv
look_up (struct kmod_ctx *ctx, const char *modalias)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  struct kmod_list *list = NULL;
  struct kmod_list *item;

  if (kmod_module_new_from_lookup (ctx, modalias, &list) < 0)
    return g_strv_builder_end (names);

  kmod_list_foreach (item, list)
  {
    struct kmod_module *module = kmod_module_get_module (item);
    const char *name = kmod_module_get_name (module);

    if (!is_vfio (name) && g_hash_table_add (known, g_strdup (name)))
      g_strv_builder_add (names, name);
    kmod_module_unref (module);
  }
  kmod_module_unref_list (list);

  return g_strv_builder_end (names);
}

/* Fills in which modules of the running kernel would take each travelling function. */
void
baton_look_read_modules (BatonLook *self, BatonMachine *machine)
{
  struct kmod_ctx *ctx;

  if (machine->cards->len == 0 || machine->system->kernel_release == NULL)
    return;

  ctx = open_index (self, machine->system->kernel_release);
  if (ctx == NULL)
    return;

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      for (guint j = 0; j < card->functions->len; j++)
        {
          BatonFunction *function = g_ptr_array_index (card->functions, j);

          if (function->modalias == NULL)
            continue;
          g_strfreev (function->modules);
          function->modules = look_up (ctx, function->modalias);
          if (function->modules[0] == NULL && baton_function_is_display (function))
            function->built_in = find_built_in (self, function);
        }
    }
  kmod_unref (ctx);
}
