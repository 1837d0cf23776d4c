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
        }
    }
  kmod_unref (ctx);
}
