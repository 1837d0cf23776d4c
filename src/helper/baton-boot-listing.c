/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-boot-listing.h"

#include <string.h>

#include "baton-boot-claim.h"

/* References used below:
 *  DRACUT - lsinitrd(1): lists as ls(1) does, a link with its target; lsinitramfs(8) and lsinitcpio(1)
 *    list bare paths
 */

#define MAX_BUILTIN_BYTES (1 << 20)

/* Whether some line of @listing ends in @name, as the whole of a path or of its last parts. Of a link
 * only its own name counts (DRACUT). */
static gboolean
lists (GStrv listing, const char *name)
{
  for (guint i = 0; listing[i] != NULL; i++)
    {
      const char *arrow = strstr (listing[i], " -> ");
      gsize length = arrow != NULL ? (gsize) (arrow - listing[i]) : strlen (listing[i]);
      gsize wanted = strlen (name);
      const char *at = listing[i] + length - MIN (wanted, length);

      if (length >= wanted && strncmp (at, name, wanted) == 0 &&
          (length == wanted || at[-1] == '/' || at[-1] == ' '))
        return TRUE;
    }

  return FALSE;
}

static gboolean
lists_module (BatonRoot *root, const char *kernel, GStrv listing)
{
  static const char *const endings[] = { "", ".gz", ".xz", ".zst" };
  g_autofree char *path = g_build_filename ("modules", kernel, "modules.builtin", NULL);
  g_autofree char *built_in =
      baton_root_read_file (root, BATON_ROOT_LIB, path, MAX_BUILTIN_BYTES, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      g_autofree char *name = g_strconcat ("vfio-pci.ko", endings[i], NULL);

      if (lists (listing, name))
        return TRUE;
    }

  return built_in != NULL && strstr (built_in, "/vfio-pci.ko\n") != NULL;
}

/**
 * baton_boot_listing_find_fault:
 * @root: the roots
 * @kernel: the kernel that the RAM disk is for
 * @text: what the tool that made it says is in it
 * @has_claims: it is to hold what claims cards; else it must not
 *
 * Returns: (nullable): what is wrong with what it holds, a clause
 */
const char *
baton_boot_listing_find_fault (BatonRoot *root,
                               const char *kernel,
                               const char *text,
                               gboolean has_claims)
{
  g_auto (GStrv) listing = g_strsplit (text, "\n", -1);

  if (!lists (listing, "init"))
    return "the new one holds nothing to begin with (“init”)";
  if (lists (listing, "etc/" BATON_BOOT_CLAIMS) != has_claims)
    return has_claims ? "the new one does not hold what is claimed"
                      : "the new one still holds what was claimed";
  if (has_claims && !lists (listing, "baton/claim-at-boot"))
    return "the new one does not hold the program that claims";
  if (has_claims && !lists_module (root, kernel, listing))
    return "the new one does not hold vfio-pci";

  return NULL;
}
