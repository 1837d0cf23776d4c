/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-belongings.h"

#include <stdio.h>
#include <string.h>

/* References used below:
 *  CLASS     - Linux Documentation/admin-guide/sysfs-rules.rst: an entry of a class is a link to
 *    where the device hangs in the tree
 *  BLOCK     - Linux Documentation/ABI/stable/sysfs-block: `size`, 0 where there is no medium;
 *    `partition`, `holders`; drivers/block/loop.c: `loop/backing_file`
 *  NVME      - Linux drivers/nvme/host/multipath.c: with several paths the disk hangs at the
 *    subsystem, and each controller of it is a link there
 *  MOUNTINFO - proc(5), /proc/PID/mountinfo: the third field is the device, which is none of a disk's
 *    for btrfs; after “-” come the kind of file system and the source
 *  ROUTE     - Linux net/ipv4/fib_trie.c, fib_route_seq_show(); net/ipv6/route.c,
 *    rt6_info_route(), both in hexadecimal
 *  UPPER     - Linux net/core/dev.c, netdev_adjacent_sysfs_add(): `upper_br0`
 *  BTRFS     - Linux fs/btrfs/sysfs.c: `devices` of each file system that is mounted
 *  UDEV-DB   - systemd, src/libsystemd/sd-device/device-private.c: a file for each device, `b8:1`
 *  KEYS      - Linux drivers/input/input.c, input_print_bitmap(): words of `capabilities/key`,
 *    the lowest last
 *  INPUT-ID  - systemd, src/udev/udev-builtin-input_id.c, test_key(): what has all of the keys 1
 *    to 31 (Escape to S) is a keyboard
 */

#define MAX_BYTES (1 << 20)
#define MAX_LEVELS 4
#define FIRST_KEYS G_GUINT64_CONSTANT (0xfffffffe)
#define ROUTE_UP 1

/* What is asked of one disk or partition. */
typedef struct
{
  BatonRoot *root;
  const char *name;
  char *node;   /* owned: /dev/NAME */
  char *number; /* owned: MAJOR:MINOR, or NULL */
} Volume;

static void
volume_clear (Volume *self)
{
  g_free (self->node);
  g_free (self->number);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Volume, volume_clear)

static char *
read_line (BatonRoot *root, const char *format, const char *name)
{
  g_autoptr (GString) path = g_string_new (format);

  g_string_replace (path, "%", name, 1);

  return baton_root_read_line (root, BATON_ROOT_SYS, path->str, NULL);
}

static char *
read_target (BatonRoot *root, const char *class, const char *name)
{
  g_autofree char *path = g_build_filename ("class", class, name, NULL);

  return baton_root_read_link (root, BATON_ROOT_SYS, path, NULL);
}

static gboolean
is_below (const char *target, const char *address)
{
  g_autofree char *part = g_strconcat ("/", address, "/", NULL);

  return strstr (target, part) != NULL;
}

/* A disk with several paths hangs at its subsystem, which has a link to each controller (NVME). */
static gboolean
is_behind_subsystem_of (BatonRoot *root, const char *target, const char *address)
{
  const char *subsystem = strstr (target, "/nvme-subsystem/");
  const char *devices = strstr (target, "devices/");
  const char *end =
      subsystem != NULL ? strchr (subsystem + strlen ("/nvme-subsystem/"), '/') : NULL;
  g_autofree char *path = NULL;
  g_autoptr (GPtrArray) names = NULL;

  if (end == NULL || devices == NULL)
    return FALSE;
  path = g_strndup (devices, (gsize) (end - devices));
  names = baton_root_list (root, BATON_ROOT_SYS, path, NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *link = g_build_filename (path, names->pdata[i], NULL);
      g_autofree char *controller = baton_root_read_link (root, BATON_ROOT_SYS, link, NULL);

      if (controller != NULL && is_below (controller, address))
        return TRUE;
    }

  return FALSE;
}

typedef void (*FoundFunc) (BatonRoot *root,
                           GPtrArray *list,
                           const char *name,
                           const char *target);

static void
for_each_below (
    BatonRoot *root, const char *class, const char *address, GPtrArray *list, FoundFunc found)
{
  g_autofree char *path = g_build_filename ("class", class, NULL);
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_SYS, path, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *target = read_target (root, class, names->pdata[i]);

      if (target != NULL &&
          (is_below (target, address) || is_behind_subsystem_of (root, target, address)))
        found (root, list, names->pdata[i], target);
    }
}

static BatonPlugged *
add (GPtrArray *list, BatonPluggedKind kind, const char *name, const char *device)
{
  BatonPlugged *plugged = g_new0 (BatonPlugged, 1);

  plugged->kind = kind;
  plugged->name = g_strdup (name);
  plugged->device = g_strdup (device != NULL && *device != '\0' ? device : name);
  g_ptr_array_add (list, plugged);

  return plugged;
}

/* The kernel writes spaces and the like in octal (MOUNTINFO). */
static char *
find_in_mounts (const Volume *volume, const char *mounts)
{
  g_auto (GStrv) lines = g_strsplit (mounts, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], " ", -1);
      guint n_fields = g_strv_length (fields);
      guint dash = 5;

      while (dash < n_fields && !g_str_equal (fields[dash], "-"))
        dash++;
      if (n_fields > 5 &&
          (g_strcmp0 (fields[2], volume->number) == 0 ||
           (dash + 2 < n_fields && g_str_equal (fields[dash + 2], volume->node))))
        return g_strcompress (fields[4]);
    }

  return NULL;
}

/* Of process 1, whatever those of the unit are that asks: what is hidden from a service is mounted
 * all the same. */
static char *
find_mount (const Volume *volume)
{
  static const char *const files[] = { "1/mountinfo", "self/mountinfo" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *mounts =
          baton_root_read_file (volume->root, BATON_ROOT_PROC, files[i], MAX_BYTES, NULL, NULL);

      if (mounts != NULL)
        return find_in_mounts (volume, mounts);
    }

  return NULL;
}

static gboolean
is_swap (const Volume *volume)
{
  g_autofree char *text =
      baton_root_read_file (volume->root, BATON_ROOT_PROC, "swaps", MAX_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  gsize length = strlen (volume->node);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], volume->node) &&
        (lines[i][length] == ' ' || lines[i][length] == '\t'))
      return TRUE;

  return FALSE;
}

/* LVM, RAID, encryption and bcache stand on it as devices of their own (BLOCK). */
static char *
find_holder (const Volume *volume)
{
  g_autofree char *path = g_strdup_printf ("class/block/%s/holders", volume->name);
  g_autoptr (GPtrArray) names = baton_root_list (volume->root, BATON_ROOT_SYS, path, NULL);

  return names != NULL && names->len > 0 ? g_strdup (names->pdata[0]) : NULL;
}

static char *
find_loop (const Volume *volume)
{
  g_autoptr (GPtrArray) names =
      baton_root_list (volume->root, BATON_ROOT_SYS, "class/block", NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *file =
          g_str_has_prefix (names->pdata[i], "loop")
              ? read_line (volume->root, "class/block/%/loop/backing_file", names->pdata[i])
              : NULL;

      if (g_strcmp0 (file, volume->node) == 0)
        return g_strdup (names->pdata[i]);
    }

  return NULL;
}

static gboolean
is_in_btrfs (const Volume *volume)
{
  g_autoptr (GPtrArray) names =
      baton_root_list (volume->root, BATON_ROOT_SYS, "fs/btrfs", NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *path =
          g_strdup_printf ("fs/btrfs/%s/devices/%s", (char *) names->pdata[i], volume->name);

      if (baton_root_exists (volume->root, BATON_ROOT_SYS, path))
        return TRUE;
    }

  return FALSE;
}

/* ZFS tells nobody which of its disks are in use: each that is one of its own counts. */
static gboolean
is_in_zfs (const Volume *volume)
{
  g_autofree char *path = g_strdup_printf ("udev/data/b%s", volume->number);
  g_autofree char *text = NULL;

  if (volume->number == NULL || !baton_root_exists (volume->root, BATON_ROOT_SYS, "module/zfs"))
    return FALSE;
  text = baton_root_read_file (volume->root, BATON_ROOT_RUN, path, MAX_BYTES, NULL, NULL);

  return text != NULL && strstr (text, "E:ID_FS_TYPE=zfs_member\n") != NULL;
}

static char *
find_use (const Volume *volume)
{
  char *name = find_holder (volume);

  if (name == NULL)
    name = find_loop (volume);
  if (name != NULL)
    return name;
  if (is_swap (volume))
    return g_strdup ("swap");
  if (is_in_btrfs (volume))
    return g_strdup ("btrfs");

  return is_in_zfs (volume) ? g_strdup ("zfs") : NULL;
}

static BatonPlugged *
find_plugged (GPtrArray *list, const char *name)
{
  for (guint i = 0; i < list->len; i++)
    {
      BatonPlugged *plugged = list->pdata[i];

      if (plugged->kind == BATON_PLUGGED_DISK && g_str_equal (plugged->name, name))
        return plugged;
    }

  return NULL;
}

/* A reader of cards has a disk also where no card is in it (BLOCK). A path of a disk that has
 * several shows itself as no disk of its own, and what uses a partition uses the disk. */
static void
take_disk (BatonRoot *root, GPtrArray *list, const char *name, const char *target)
{
  g_autofree char *size = read_line (root, "class/block/%/size", name);
  g_autofree char *hidden = read_line (root, "class/block/%/hidden", name);
  g_autofree char *partition = read_line (root, "class/block/%/partition", name);
  g_autofree char *above = g_path_get_dirname (target);
  g_autofree char *disk = partition != NULL ? g_path_get_basename (above) : g_strdup (name);
  g_autofree char *model = read_line (root, "class/block/%/device/model", disk);
  BatonPlugged *plugged = NULL;
  g_auto (Volume) volume = {
    .root = root,
    .name = name,
    .node = g_strconcat ("/dev/", name, NULL),
    .number = read_line (root, "class/block/%/dev", name),
  };

  if (size == NULL || g_str_equal (size, "0") || g_strcmp0 (hidden, "1") == 0)
    return;
  plugged = find_plugged (list, disk);
  if (plugged == NULL)
    plugged = add (list, BATON_PLUGGED_DISK, disk, model != NULL ? g_strstrip (model) : NULL);
  if (plugged->mounted_at == NULL)
    plugged->mounted_at = find_mount (&volume);
  if (plugged->used_by == NULL)
    plugged->used_by = find_use (&volume);
}

static gboolean
is_default_of_ip4 (BatonRoot *root, const char *interface)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, "net/route", MAX_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char name[32];
      unsigned destination, flags, mask;

      if (sscanf (lines[i], "%31s %x %*x %x %*d %*d %*d %x", name, &destination, &flags,
                  &mask) == 4 &&
          destination == 0 && mask == 0 && (flags & ROUTE_UP) != 0 &&
          g_str_equal (name, interface))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_default_of_ip6 (BatonRoot *root, const char *interface)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_PROC, "net/ipv6_route", MAX_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char destination[33], name[32];
      unsigned length, flags;

      if (sscanf (lines[i], "%32s %x %*s %*x %*s %*x %*x %*x %x %31s", destination, &length,
                  &flags, name) == 4 &&
          length == 0 && strspn (destination, "0") == strlen (destination) &&
          (flags & ROUTE_UP) != 0 && g_str_equal (name, interface))
        return TRUE;
    }

  return FALSE;
}

/* The interface itself, or the bridge, bond or tunnel that it is a part of (UPPER).
 *
 * Returns: (nullable): whose the default route is */
static char *
find_default_route (BatonRoot *root, const char *interface, guint level)
{
  g_autofree char *path = g_build_filename ("class/net", interface, NULL);
  g_autoptr (GPtrArray) names = NULL;

  if (is_default_of_ip4 (root, interface) || is_default_of_ip6 (root, interface))
    return g_strdup (interface);
  if (level < MAX_LEVELS)
    names = baton_root_list (root, BATON_ROOT_SYS, path, NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = names->pdata[i];
      char *found = g_str_has_prefix (name, "upper_")
                        ? find_default_route (root, name + strlen ("upper_"), level + 1)
                        : NULL;

      if (found != NULL)
        return found;
    }

  return NULL;
}

static void
take_network (BatonRoot *root, GPtrArray *list, const char *name, const char *target)
{
  add (list, BATON_PLUGGED_NETWORK, name, NULL)->used_by = find_default_route (root, name, 0);
}

/* Headsets and lids have keys too: they are no keyboards (INPUT-ID). */
static gboolean
is_keyboard (BatonRoot *root, const char *name)
{
  g_autofree char *keys = g_str_has_prefix (name, "input")
                              ? read_line (root, "class/input/%/capabilities/key", name)
                              : NULL;
  const char *last = keys != NULL ? strrchr (g_strchomp (keys), ' ') : NULL;

  return keys != NULL && (g_ascii_strtoull (last != NULL ? last + 1 : keys, NULL, 16) &
                          FIRST_KEYS) == FIRST_KEYS;
}

static void
take_keyboard (BatonRoot *root, GPtrArray *list, const char *name, const char *target)
{
  g_autofree char *product = read_line (root, "class/input/%/name", name);

  if (is_keyboard (root, name))
    add (list, BATON_PLUGGED_KEYBOARD, name, product);
}

/**
 * baton_belongings_list:
 * @root: where to look
 * @address: a function
 *
 * Lists what this computer has through a function, whatever lies between: its disks, its network
 * interfaces and its keyboards, each with what it is in use for. It vanishes with the function.
 *
 * Returns: (transfer full) (element-type BatonPlugged): a list
 */
GPtrArray *
baton_belongings_list (BatonRoot *root, const char *address)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_plugged_free);

  for_each_below (root, "block", address, list, take_disk);
  for_each_below (root, "net", address, list, take_network);
  for_each_below (root, "input", address, list, take_keyboard);

  return list;
}

/**
 * baton_belongings_leave_keyboard:
 * @root: where to look
 * @travelling: (element-type BatonFunction): functions that are about to go
 *
 * What programs pretend to be is no keyboard that anybody could type on.
 *
 * Returns: whether a keyboard is left that hangs at none of them
 */
gboolean
baton_belongings_leave_keyboard (BatonRoot *root, GPtrArray *travelling)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_SYS, "class/input", NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *target = read_target (root, "input", names->pdata[i]);
      gboolean goes = target == NULL || strstr (target, "/virtual/") != NULL;

      for (guint j = 0; !goes && j < travelling->len; j++)
        goes = is_below (target, ((const BatonFunction *) travelling->pdata[j])->address);
      if (!goes && is_keyboard (root, names->pdata[i]))
        return TRUE;
    }

  return FALSE;
}
