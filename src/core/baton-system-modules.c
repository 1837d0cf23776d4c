/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-system-private.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* References used below:
 *  RADEON - Linux 6.12 drivers/gpu/drm/radeon/radeon_drv.c: struct pci_driver without
 *    .remove; 6.1 has one
 */

#define MAX_INDEX_BYTES (16 * 1024 * 1024)
#define READ_BYTES 65536

/* Drivers that have a remove function in some kernels only. @witness shows that the
 * driver's symbols are listed at all. */
static const struct
{
  const char *driver;
  const char *remove;
  const char *witness;
} removable_drivers[] = {
  { "radeon", "radeon_pci_remove", "radeon_pci_probe" }, /* RADEON */
};

static gboolean
index_has (BatonRoot *root, const char *directory, const char *index, const char *module)
{
  g_autofree char *path = g_build_filename (directory, index, NULL);
  g_autofree char *text = NULL;

  text = baton_root_read_file (root, BATON_ROOT_LIB, path, MAX_INDEX_BYTES, NULL, NULL);
  return text != NULL && strstr (text, module) != NULL;
}

/* A kernel that was upgraded leaves the running one without its modules, and beside those
 * of another; a kernel without any modules at all has vfio-pci built in or not at all. */
static BatonVfio
read_vfio (BatonRoot *root, const char *release)
{
  g_autofree char *directory = NULL;
  g_autofree char *index = NULL;
  g_autoptr (GPtrArray) releases = NULL;

  if (baton_root_exists (root, BATON_ROOT_SYS, "bus/pci/drivers/vfio-pci"))
    return BATON_VFIO_READY;
  if (release == NULL || strchr (release, '/') != NULL)
    return BATON_VFIO_MISSING;

  directory = g_build_filename ("modules", release, NULL);
  index = g_build_filename (directory, "modules.dep", NULL);
  if (baton_root_exists (root, BATON_ROOT_LIB, index))
    return index_has (root, directory, "modules.dep", "/vfio-pci.ko") ? BATON_VFIO_LOADABLE
                                                                      : BATON_VFIO_MISSING;

  releases = baton_root_list (root, BATON_ROOT_LIB, "modules", NULL);
  return releases != NULL && releases->len > 0 ? BATON_VFIO_OTHER_KERNEL : BATON_VFIO_MISSING;
}

/* The list of a whole kernel is some ten megabytes: read in pieces that overlap by the
 * longest name that is looked for. */
static gboolean
find_symbols (BatonRoot *root, const char *remove, const char *witness, gboolean *ret_remove)
{
  g_autofree char *buffer = g_malloc (READ_BYTES + 1);
  gsize overlap = MAX (strlen (remove), strlen (witness));
  gboolean has_witness = FALSE;
  gsize kept = 0;
  int fd;

  *ret_remove = FALSE;
  fd = baton_root_open (root, BATON_ROOT_PROC, "kallsyms", O_RDONLY, NULL);
  if (fd < 0)
    return FALSE;

  for (;;)
    {
      gssize n = read (fd, buffer + kept, READ_BYTES - kept);

      if (n <= 0)
        break;
      n += (gssize) kept;
      buffer[n] = '\0';
      has_witness = has_witness || strstr (buffer, witness) != NULL;
      *ret_remove = *ret_remove || strstr (buffer, remove) != NULL;
      kept = MIN ((gsize) n, overlap);
      memmove (buffer, buffer + n - kept, kept);
    }
  close (fd);

  return has_witness;
}

static GStrv
find_drivers_without_remove (BatonRoot *root)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (removable_drivers); i++)
    {
      g_autofree char *path = NULL;
      gboolean has_remove = FALSE;

      path = g_build_filename ("bus/pci/drivers", removable_drivers[i].driver, NULL);
      if (baton_root_exists (root, BATON_ROOT_SYS, path) &&
          find_symbols (root, removable_drivers[i].remove, removable_drivers[i].witness,
                        &has_remove) &&
          !has_remove)
        g_strv_builder_add (names, removable_drivers[i].driver);
    }

  return g_strv_builder_end (names);
}

static GStrv
list_modules (BatonRoot *root)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_SYS, "module", NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    g_strv_builder_add (builder, g_ptr_array_index (names, i));

  return g_strv_builder_end (builder);
}

/* Says which modules are there, whether vfio-pci can be had, and which drivers that are
 * loaded cannot let a card go. */
void
baton_system_read_modules (BatonSystem *self, BatonRoot *root)
{
  self->vfio = read_vfio (root, self->kernel_release);
  self->modules_loaded = list_modules (root);
  self->modules_without_remove = find_drivers_without_remove (root);
}
