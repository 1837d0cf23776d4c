/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-boot-images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "baton-boot-listing.h"
#include "baton-boot-tool.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-program.h"

/* References used below:
 *  INITRAMFS-TOOLS - update-initramfs(8) makes an image and then runs what is in
 *    /etc/initramfs/post-update.d
 *  EXCHANGE - renameat2(2): RENAME_EXCHANGE, which not every file system knows
 */

/* A slow computer packs a large image for minutes. */
#define TIMEOUT_S 1200

#define MIB (1024 * 1024)

/* Of a file system that is nearly full the last blocks are not to be used up. */
#define SPARE_BYTES (4 * MIB)

#define POST_UPDATE "initramfs/post-update.d"

typedef struct
{
  char *kernel;
  char *name;
  char *new_name;
  goffset bytes;
  guint mode;
  gboolean is_exchanged;
} Image;

struct _BatonBootImages
{
  /* borrowed */
  BatonRoot *root;
  const BatonBootTool *tool;

  /* owned */
  int boot;
  GPtrArray *images;
};

static void
image_free (gpointer data)
{
  Image *self = data;

  g_free (self->kernel);
  g_free (self->name);
  g_free (self->new_name);
  g_free (self);
}

static gboolean
end_no_image (BatonEnd **ret_end, const char *reason)
{
  *ret_end =
      baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_CLAIM_NO_IMAGE, "reason", reason, NULL);

  return FALSE;
}

static gboolean
end_failed (BatonEnd **ret_end, const Image *image, const char *reason)
{
  g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_BOOT, image->name);

  *ret_end = baton_end_new (BATON_EXIT_ERROR, BATON_CODE_CLAIM_IMAGE_FAILED, "image", path,
                            "reason", reason, NULL);

  return FALSE;
}

static void
add_image (BatonBootImages *self, const char *name)
{
  g_autofree char *kernel = baton_boot_tool_dup_kernel (self->tool, self->root, name);
  struct stat info;
  Image *image;

  if (kernel == NULL || fstatat (self->boot, name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
      !S_ISREG (info.st_mode))
    return;

  image = g_new0 (Image, 1);
  image->kernel = g_steal_pointer (&kernel);
  image->name = g_strdup (name);
  image->new_name = g_strdup_printf (".%s.baton", name);
  image->bytes = info.st_size;
  image->mode = info.st_mode & 07777;
  g_ptr_array_add (self->images, image);
}

static void
list_images (BatonBootImages *self, const BatonBootTool *tool)
{
  g_autoptr (GPtrArray) names = baton_root_list (self->root, BATON_ROOT_BOOT, "", NULL);

  self->tool = tool;
  g_ptr_array_set_size (self->images, 0);
  for (guint i = 0; names != NULL && i < names->len; i++)
    add_image (self, g_ptr_array_index (names, i));
}

static gboolean
has_image_of (BatonBootImages *self, const char *release)
{
  for (guint i = 0; i < self->images->len; i++)
    if (strcmp (((const Image *) self->images->pdata[i])->kernel, release) == 0)
      return TRUE;

  return FALSE;
}

/* Whichever tool there is, and has made an image that is still there. Two that could have would have to be
 * guessed. */
static const BatonBootTool *
find_tool (BatonBootImages *self, BatonEnd **ret_end)
{
  const BatonBootTool *found = NULL;
  const BatonBootTool *tool;
  g_autofree char *reason = NULL;

  for (guint i = 0; (tool = baton_boot_tool_get (i)) != NULL; i++)
    {
      const char *name = baton_boot_tool_get_name (tool);

      if (!baton_boot_tool_is_installed (tool, self->root))
        continue;
      list_images (self, tool);
      if (self->images->len == 0)
        continue;
      if (found != NULL && strcmp (baton_boot_tool_get_name (found), name) != 0)
        {
          reason = g_strdup_printf ("both %s and %s could have made it",
                                    baton_boot_tool_get_name (found), name);
          end_no_image (ret_end, reason);
          return NULL;
        }
      found = found != NULL ? found : tool;
    }
  if (found == NULL)
    end_no_image (ret_end, "no image that a known tool could have made is in /boot");

  return found;
}

/* What else is done with an image once it is made (INITRAMFS-TOOLS) would have to be guessed, too. */
static gboolean
is_all_there_is (BatonBootImages *self, const char *release, BatonEnd **ret_end)
{
  g_autoptr (GPtrArray) more = baton_root_list (self->root, BATON_ROOT_ETC, POST_UPDATE, NULL);
  g_autofree char *reason = NULL;

  if (!baton_boot_tool_goes_by_file (self->tool) && !has_image_of (self, release))
    {
      reason = g_strdup_printf ("there is none in /boot for the kernel that runs, %s", release);
      return end_no_image (ret_end, reason);
    }
  if (strcmp (baton_boot_tool_get_name (self->tool), "initramfs-tools") == 0 && more != NULL &&
      more->len > 0)
    {
      reason =
          g_strdup_printf ("“/etc/" POST_UPDATE "/%s” takes each image elsewhere when it is "
                           "made, and Baton does not know where",
                           (const char *) more->pdata[0]);
      return end_no_image (ret_end, reason);
    }

  return TRUE;
}

/* All of the new ones lie beside the old ones for a while. */
static gboolean
has_room (BatonBootImages *self, BatonEnd **ret_end)
{
  struct statvfs info;
  guint64 needed = SPARE_BYTES;
  guint64 free_bytes = 0;
  g_autofree char *needed_text = NULL;
  g_autofree char *free_text = NULL;

  for (guint i = 0; i < self->images->len; i++)
    {
      const Image *image = g_ptr_array_index (self->images, i);

      needed += (guint64) image->bytes + (guint64) image->bytes / 8;
    }
  if (fstatvfs (self->boot, &info) == 0)
    free_bytes = (guint64) info.f_bavail * info.f_frsize;
  if (free_bytes >= needed)
    return TRUE;

  needed_text = g_strdup_printf ("%" G_GUINT64_FORMAT, (needed + MIB - 1) / MIB);
  free_text = g_strdup_printf ("%" G_GUINT64_FORMAT, free_bytes / MIB);
  *ret_end = baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_CLAIM_NO_ROOM, "place", "/boot",
                            "needed", needed_text, "free", free_text, NULL);

  return FALSE;
}

static void
remove_new (BatonBootImages *self)
{
  for (guint i = 0; i < self->images->len; i++)
    unlinkat (self->boot, ((const Image *) self->images->pdata[i])->new_name, 0);
}

/**
 * baton_boot_images_find:
 * @root: the roots
 * @release: the kernel that runs
 * @ret_end: (out): where %NULL is returned: why
 *
 * Looks which RAM disks there are in /boot, what makes them on this system, and whether there is room
 * for a second of each.
 *
 * Returns: (transfer full) (nullable): those of every kernel that is installed
 */
BatonBootImages *
baton_boot_images_find (BatonRoot *root, const char *release, BatonEnd **ret_end)
{
  g_autoptr (BatonBootImages) self = g_new0 (BatonBootImages, 1);
  const BatonBootTool *tool;

  self->root = root;
  self->images = g_ptr_array_new_with_free_func (image_free);
  self->boot = baton_root_open (root, BATON_ROOT_BOOT, "", O_RDONLY | O_DIRECTORY, NULL);
  if (self->boot < 0)
    {
      end_no_image (ret_end, "there is no /boot that could be opened");
      return NULL;
    }
  tool = find_tool (self, ret_end);
  if (tool == NULL)
    return NULL;
  list_images (self, tool);
  if (!is_all_there_is (self, release, ret_end))
    return NULL;
  /* What a crash has left is no image yet. */
  remove_new (self);

  return has_room (self, ret_end) ? g_steal_pointer (&self) : NULL;
}

/**
 * baton_boot_images_free:
 * @self: (nullable): images; new ones that were not put in place are removed
 */
void
baton_boot_images_free (BatonBootImages *self)
{
  if (self == NULL)
    return;

  if (self->boot >= 0)
    remove_new (self);
  baton_fd_clear (&self->boot);
  g_clear_pointer (&self->images, g_ptr_array_unref);
  g_free (self);
}

/**
 * baton_boot_images_needs_hook_named:
 * @self: images
 *
 * Returns: whether what makes them takes from Baton only what its own settings name (MKINITCPIO)
 */
gboolean
baton_boot_images_needs_hook_named (BatonBootImages *self)
{
  return baton_boot_tool_goes_by_file (self->tool);
}

static char *
build_new_path (BatonBootImages *self, const Image *image)
{
  return baton_root_build_path (self->root, BATON_ROOT_BOOT, image->new_name);
}

static gboolean
make (BatonBootImages *self, const Image *image, GError **error)
{
  g_autofree char *output = build_new_path (self, image);
  g_autoptr (GPtrArray) command =
      baton_boot_tool_build_command (self->tool, self->root, image->kernel, output);

  return baton_program_run ((const char *const *) command->pdata, TIMEOUT_S, NULL, error);
}

/* By the tool's own list of what is in it: a file that cannot be listed cannot be booted. */
static gboolean
validate (BatonBootImages *self, const Image *image, gboolean has_claims, BatonEnd **ret_end)
{
  g_autofree char *lister = baton_boot_tool_build_lister (self->tool, self->root);
  g_autofree char *path = build_new_path (self, image);
  const char *arguments[] = { lister, path, NULL };
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  const char *fault = NULL;
  struct stat info;

  if (fstatat (self->boot, image->new_name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
      !S_ISREG (info.st_mode))
    return end_failed (ret_end, image, "there is no new one, though nothing failed");
  /* Something that is everywhere else is missing. */
  if (info.st_size < image->bytes / 2)
    return end_failed (ret_end, image, "the new one is less than half as large as the old one");
  if (!baton_program_run (arguments, TIMEOUT_S, &output, &error))
    return end_failed (ret_end, image, error->message);
  fault = baton_boot_listing_find_fault (self->root, image->kernel, output, has_claims);

  return fault == NULL || end_failed (ret_end, image, fault);
}

/* It is on the disk before anything boots from it. */
static gboolean
finish (BatonBootImages *self, const Image *image, BatonEnd **ret_end)
{
  baton_autofd int fd =
      openat (self->boot, image->new_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

  if (fd >= 0 && fchmod (fd, image->mode) == 0 && fsync (fd) == 0)
    return TRUE;

  return end_failed (ret_end, image, g_strerror (errno));
}

/**
 * baton_boot_images_build:
 * @self: images
 * @events: where it is told which one is being made
 * @has_claims: they are to hold what claims cards; else they must not
 * @ret_end: (out): where %FALSE is returned: why
 *
 * Makes each anew, beside the old one, and looks what is in it.
 *
 * Returns: %TRUE if all are good; the old ones are not touched in either case
 */
gboolean
baton_boot_images_build (BatonBootImages *self,
                         BatonEventWriter *events,
                         gboolean has_claims,
                         BatonEnd **ret_end)
{
  for (guint i = 0; i < self->images->len; i++)
    {
      const Image *image = g_ptr_array_index (self->images, i);
      g_autofree char *path = baton_root_dup_shown_path (BATON_ROOT_BOOT, image->name);
      g_autofree char *text =
          g_strdup_printf ("Making %s anew with %s, which can take minutes.", path,
                           baton_boot_tool_get_name (self->tool));
      g_autoptr (GError) error = NULL;

      baton_event_writer_log (events, "info", text);
      if (!make (self, image, &error))
        return end_failed (ret_end, image, error->message);
      if (!validate (self, image, has_claims, ret_end) || !finish (self, image, ret_end))
        return FALSE;
    }

  return TRUE;
}

/* The old one keeps the new one's name until all are in place. */
static gboolean
put_in_place (BatonBootImages *self, Image *image)
{
  if (renameat2 (self->boot, image->new_name, self->boot, image->name, RENAME_EXCHANGE) == 0)
    {
      image->is_exchanged = TRUE;
      return TRUE;
    }

  return (errno == EINVAL || errno == ENOSYS) &&
         renameat (self->boot, image->new_name, self->boot, image->name) == 0;
}

/**
 * baton_boot_images_replace:
 * @self: images that were built
 * @ret_end: (out): where %FALSE is returned: why
 *
 * Puts each in the place of the old one.
 *
 * Returns: %TRUE if all are there; else the old ones are
 */
gboolean
baton_boot_images_replace (BatonBootImages *self, BatonEnd **ret_end)
{
  for (guint i = 0; i < self->images->len; i++)
    {
      Image *image = g_ptr_array_index (self->images, i);

      if (put_in_place (self, image))
        continue;
      end_failed (ret_end, image, g_strerror (errno));
      for (guint j = 0; j < i; j++)
        {
          const Image *before = g_ptr_array_index (self->images, j);

          if (before->is_exchanged)
            renameat2 (self->boot, before->new_name, self->boot, before->name, RENAME_EXCHANGE);
        }
      return FALSE;
    }
  fsync (self->boot);
  remove_new (self);

  return TRUE;
}
