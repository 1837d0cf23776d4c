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
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-program.h"

/* References used below:
 *  INITRAMFS-TOOLS - mkinitramfs(8), lsinitramfs(8); update-initramfs(8) makes
 *    /boot/initrd.img-VERSION and then runs what is in /etc/initramfs/post-update.d
 *  DRACUT - dracut(8): /boot/initramfs-VERSION.img where nothing else is asked for, Debian's packages
 *    ask for initrd.img-VERSION; lsinitrd(1) lists as ls(1) does
 *  MKINITCPIO - mkinitcpio(8): -k takes a kernel's file; its presets name initramfs-NAME.img for
 *    vmlinuz-NAME; lsinitcpio(1)
 *  EXCHANGE - renameat2(2): RENAME_EXCHANGE, which not every file system knows
 */

/* A slow computer packs a large image for minutes. */
#define TIMEOUT_S 1200

#define MIB (1024 * 1024)

/* Of a file system that is nearly full the last blocks are not to be used up. */
#define SPARE_BYTES (4 * MIB)

#define POST_UPDATE "initramfs/post-update.d"

/* In the place of what is known of one image only. */
#define OUTPUT "OUTPUT"
#define KERNEL "KERNEL"
#define KERNEL_FILE "KERNEL-FILE"

typedef struct
{
  const char *name;
  const char *program; /* both below /usr */
  const char *lister;
  const char *prefix; /* of an image's name, before its kernel's */
  const char *suffix;
  gboolean by_kernel_file; /* the kernel's name is that of vmlinuz-NAME */
  const char *arguments[6];
} Tool;

static const Tool tools[] = {
  { "initramfs-tools",
    "sbin/mkinitramfs",
    "bin/lsinitramfs",
    "initrd.img-",
    "",
    FALSE,
    { "-o", OUTPUT, KERNEL } },
  { "mkinitcpio",
    "bin/mkinitcpio",
    "bin/lsinitcpio",
    "initramfs-",
    ".img",
    TRUE,
    { "-k", KERNEL_FILE, "-g", OUTPUT } },
  { "dracut",
    "bin/dracut",
    "bin/lsinitrd",
    "initramfs-",
    ".img",
    FALSE,
    { "--force", OUTPUT, KERNEL } },
  { "dracut",
    "bin/dracut",
    "bin/lsinitrd",
    "initrd.img-",
    "",
    FALSE,
    { "--force", OUTPUT, KERNEL } },
};

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
  const Tool *tool;

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

/* It becomes part of a file's name and of a program's arguments. */
static gboolean
is_kernel_name (const char *text)
{
  return *text != '\0' && *text != '-' && *text != '.' &&
         strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._+~-") == strlen (text);
}

static gboolean
has_kernel (BatonBootImages *self, const char *kernel)
{
  g_autofree char *modules = g_build_filename ("modules", kernel, NULL);
  g_autofree char *file = g_strconcat ("vmlinuz-", kernel, NULL);

  return self->tool->by_kernel_file ? baton_root_exists (self->root, BATON_ROOT_BOOT, file)
                                    : baton_root_exists (self->root, BATON_ROOT_LIB, modules);
}

static void
add_image (BatonBootImages *self, const char *name)
{
  const Tool *tool = self->tool;
  gsize around = strlen (tool->prefix) + strlen (tool->suffix);
  g_autofree char *kernel = NULL;
  struct stat info;
  Image *image;

  if (!g_str_has_prefix (name, tool->prefix) || !g_str_has_suffix (name, tool->suffix) ||
      strlen (name) <= around)
    return;
  kernel = g_strndup (name + strlen (tool->prefix), strlen (name) - around);
  if (!is_kernel_name (kernel) || !has_kernel (self, kernel) ||
      fstatat (self->boot, name, &info, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG (info.st_mode))
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
list_images (BatonBootImages *self, const Tool *tool)
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

/* Whichever tool there is, and has made an image that is still there. Two that could have, and what
 * else is done with an image once it is made, would have to be guessed. */
static gboolean
find_tool (BatonBootImages *self, const char *release, BatonEnd **ret_end)
{
  g_autoptr (GPtrArray) more = baton_root_list (self->root, BATON_ROOT_ETC, POST_UPDATE, NULL);
  const Tool *found = NULL;
  g_autofree char *reason = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (tools); i++)
    {
      if (!baton_root_exists (self->root, BATON_ROOT_USR, tools[i].program))
        continue;
      list_images (self, &tools[i]);
      if (self->images->len == 0)
        continue;
      if (found != NULL && strcmp (found->name, tools[i].name) != 0)
        {
          reason =
              g_strdup_printf ("both %s and %s could have made it", found->name, tools[i].name);
          return end_no_image (ret_end, reason);
        }
      found = found != NULL ? found : &tools[i];
    }

  if (found == NULL)
    return end_no_image (ret_end, "no image that a known tool could have made is in /boot");
  list_images (self, found);
  if (!found->by_kernel_file && !has_image_of (self, release))
    {
      reason = g_strdup_printf ("there is none in /boot for the kernel that runs, %s", release);
      return end_no_image (ret_end, reason);
    }
  if (strcmp (found->name, "initramfs-tools") == 0 && more != NULL && more->len > 0)
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

  self->root = root;
  self->images = g_ptr_array_new_with_free_func (image_free);
  self->boot = baton_root_open (root, BATON_ROOT_BOOT, "", O_RDONLY | O_DIRECTORY, NULL);
  if (self->boot < 0)
    {
      end_no_image (ret_end, "there is no /boot that could be opened");
      return NULL;
    }
  if (!find_tool (self, release, ret_end))
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
  return self->tool->by_kernel_file;
}

static char *
fill_in (BatonBootImages *self, const Image *image, const char *argument)
{
  g_autofree char *kernel_file = g_strconcat ("vmlinuz-", image->kernel, NULL);

  if (strcmp (argument, OUTPUT) == 0)
    return baton_root_build_path (self->root, BATON_ROOT_BOOT, image->new_name);
  if (strcmp (argument, KERNEL) == 0)
    return g_strdup (image->kernel);
  if (strcmp (argument, KERNEL_FILE) == 0)
    return baton_root_build_path (self->root, BATON_ROOT_BOOT, kernel_file);

  return g_strdup (argument);
}

static gboolean
make (BatonBootImages *self, const Image *image, GError **error)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (arguments,
                   baton_root_build_path (self->root, BATON_ROOT_USR, self->tool->program));
  for (guint i = 0; self->tool->arguments[i] != NULL; i++)
    g_ptr_array_add (arguments, fill_in (self, image, self->tool->arguments[i]));
  g_ptr_array_add (arguments, NULL);

  return baton_program_run ((const char *const *) arguments->pdata, TIMEOUT_S, NULL, error);
}

/* By the tool's own list of what is in it: a file that cannot be listed cannot be booted. */
static gboolean
validate (BatonBootImages *self, const Image *image, gboolean has_claims, BatonEnd **ret_end)
{
  g_autofree char *lister =
      baton_root_build_path (self->root, BATON_ROOT_USR, self->tool->lister);
  g_autofree char *path = fill_in (self, image, OUTPUT);
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
      g_autofree char *text = g_strdup_printf (
          "Making %s anew with %s, which can take minutes.", path, self->tool->name);
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
