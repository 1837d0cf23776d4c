/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-pci-address.h"

/* References used below:
 *  UEVENT - Linux drivers/base/core.c, dev_uevent(): MAJOR, MINOR and DEVNAME of a node
 *  NVIDIA - open-gpu-kernel-modules kernel-open/common/inc/nv.h
 */

/* DRM connector, its I2C adapter, that adapter's i2c-dev: six; a USB tree is deeper, and
 * what hangs further down is not the card's any more. */
#define MAX_DEPTH 12
#define MAX_UEVENT_BYTES 4096

#define NVIDIA_MAJOR 195 /* NVIDIA: NV_MAJOR_DEVICE_NUMBER */

static const struct
{
  const char *prefix;
  BatonNodeKind kind;
} kinds[] = {
  { "dri/card", BATON_NODE_DRM_PRIMARY },
  { "dri/renderD", BATON_NODE_DRM_RENDER },
  { "fb", BATON_NODE_FRAMEBUFFER },
  { "snd/", BATON_NODE_SOUND },
  { "i2c-", BATON_NODE_I2C },
  { "vfio/devices/", BATON_NODE_VFIO_DEVICE },
  { "vfio/", BATON_NODE_VFIO_GROUP },
};

/* Not walked: `power` and the like hold attributes only. Input devices are left out as
 * well: those of a sound function are its jacks, which logind and every compositor open,
 * and an open one keeps no driver from letting go. */
static const char *const skipped_names[] = { "power", "msi_irqs", "statistics", "input",
                                             "wakeup" };

static BatonNodeKind
classify (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (g_str_has_prefix (name, kinds[i].prefix))
        return kinds[i].kind;
    }

  return BATON_NODE_OTHER;
}

static void
add_node (BatonFunction *function, const char *name, guint major, guint minor)
{
  BatonNode *node = g_new0 (BatonNode, 1);

  node->path = baton_root_dup_shown_path (BATON_ROOT_DEV, name);
  node->function = g_strdup (function->address);
  node->kind = classify (name);
  node->major = major;
  node->minor = minor;
  g_ptr_array_add (function->nodes, node);
}

/* Reads the beginning of a file in @directory, which is a text then; -1 where there is none. */
gssize
baton_look_read_small_file (int directory, const char *name, char *buffer, gsize size)
{
  int fd = openat (directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  gssize length;

  if (fd < 0)
    return -1;

  length = read (fd, buffer, size - 1);
  close (fd);
  if (length >= 0)
    buffer[length] = '\0';

  return length;
}

static gboolean
is_safe_name (const char *name)
{
  return *name != '\0' && *name != '/' && strstr (name, "..") == NULL &&
         g_utf8_validate (name, -1, NULL);
}

/* A directory with an attribute `dev` is a device with a node, and its `uevent` says what
 * udev or devtmpfs call it. Block devices have numbers of their own: they are no way to
 * hold a card. What else hangs on a USB port of the card (hidraw, video, bus/usb) is a node of
 * it: it vanishes with the card, and who has it open is to be told, not surprised. Disks and
 * keyboards there keep a card at home by themselves (baton-machine-usb.c). */
static void
read_node (int directory, BatonFunction *function)
{
  char text[MAX_UEVENT_BYTES];
  char subsystem[PATH_MAX];
  g_auto (GStrv) lines = NULL;
  const char *name = NULL;
  guint major, minor;
  gssize length;

  if (baton_look_read_small_file (directory, "dev", text, sizeof text) <= 0 ||
      sscanf (text, "%u:%u", &major, &minor) != 2)
    return;

  length = readlinkat (directory, "subsystem", subsystem, sizeof subsystem - 1);
  if (length > 0)
    {
      subsystem[length] = '\0';
      if (g_str_has_suffix (subsystem, "/block") || g_str_has_suffix (subsystem, "/input"))
        return;
    }

  if (baton_look_read_small_file (directory, "uevent", text, sizeof text) <= 0)
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "DEVNAME="))
        name = lines[i] + strlen ("DEVNAME=");
    }

  if (name != NULL && is_safe_name (name))
    add_node (function, name, major, minor);
}

static gboolean
is_walked (const char *name)
{
  if (*name == '.')
    return FALSE;
  /* What hangs behind a bridge are functions of their own. */
  if (baton_pci_address_is_valid (name))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (skipped_names); i++)
    {
      if (strcmp (name, skipped_names[i]) == 0)
        return FALSE;
    }

  return TRUE;
}

/* Whether @entry of @directory is one itself, and no link to one. */
gboolean
baton_look_is_directory (int directory, const struct dirent *entry)
{
  struct stat info;

  if (entry->d_type != DT_UNKNOWN)
    return entry->d_type == DT_DIR;

  return fstatat (directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR (info.st_mode);
}

/* Takes @fd over. Links are not followed, so the walk stays in the function. */
static void
walk (int fd, BatonFunction *function, guint depth)
{
  DIR *directory = fdopendir (fd);
  gboolean has_node = FALSE;
  struct dirent *entry;

  if (directory == NULL)
    {
      close (fd);
      return;
    }

  while ((entry = readdir (directory)) != NULL)
    {
      int child;

      /* Most directories have none: not to ask each of them is a fifth of the walk. */
      has_node = has_node || strcmp (entry->d_name, "dev") == 0;
      if (depth >= MAX_DEPTH || !is_walked (entry->d_name) ||
          !baton_look_is_directory (fd, entry))
        continue;
      child = openat (fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (child >= 0)
        walk (child, function, depth + 1);
    }
  if (has_node)
    read_node (fd, function);
  closedir (directory);
}

/* /dev/vfio/N belongs to every function of the group, and to none in sysfs. */
static void
read_vfio_group (BatonLook *self, BatonFunction *function)
{
  g_autofree char *path = NULL;
  g_autofree char *numbers = NULL;
  g_autofree char *name = NULL;
  guint major, minor;

  if (function->group == NULL || !baton_function_is_on_vfio (function))
    return;

  path = g_strconcat ("class/vfio/", function->group, "/dev", NULL);
  numbers = baton_root_read_line (self->root, BATON_ROOT_SYS, path, NULL);
  if (numbers == NULL || sscanf (numbers, "%u:%u", &major, &minor) != 2)
    return;

  name = g_strconcat ("vfio/", function->group, NULL);
  add_node (function, name, major, minor);
}

/* NVIDIA's nodes are made by a program of theirs and are in no sysfs directory. */
static void
add_nvidia (BatonLook *self, BatonFunction *function)
{
  guint minor = GPOINTER_TO_UINT (g_hash_table_lookup (self->nvidia_minors, function->address));
  g_autofree char *name = NULL;
  BatonNode *node;

  if (minor == 0)
    return;

  name = g_strdup_printf ("nvidia%u", minor - 1);
  add_node (function, name, NVIDIA_MAJOR, minor - 1);
  node = g_ptr_array_index (function->nodes, function->nodes->len - 1);
  node->kind = BATON_NODE_NVIDIA;
}

static int
compare_nodes (gconstpointer a, gconstpointer b)
{
  const BatonNode *left = *(const BatonNode *const *) a;
  const BatonNode *right = *(const BatonNode *const *) b;

  if (left->kind != right->kind)
    return left->kind < right->kind ? -1 : 1;
  if (left->minor != right->minor)
    return left->minor < right->minor ? -1 : 1;

  return strcmp (left->path, right->path);
}

/* Adds every device file of @function, with the numbers that the kernel gives it: they
 * hold also where a node was made again elsewhere, as in a container. /dev/snd/seq and
 * /dev/snd/timer are everybody's, and so no card's. */
void
baton_look_read_nodes (BatonLook *self, BatonFunction *function)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", function->address, NULL);
  int fd;

  fd = baton_root_open (self->root, BATON_ROOT_SYS, path, O_RDONLY | O_DIRECTORY, NULL);
  if (fd >= 0)
    walk (fd, function, 0);

  read_vfio_group (self, function);
  add_nvidia (self, function);
  g_ptr_array_sort (function->nodes, compare_nodes);
}
