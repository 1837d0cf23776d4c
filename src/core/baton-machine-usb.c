/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* References used below:
 *  USB-SYSFS - Linux Documentation/ABI/stable/sysfs-bus-usb: `product` of a USB device
 *  BLOCK     - Linux Documentation/ABI/stable/sysfs-block: `size`, 0 where there is no medium
 *  KEYS      - Linux drivers/input/input.c, input_print_bitmap(): words of `capabilities/key`,
 *    the lowest last
 *  INPUT-ID  - systemd, src/udev/udev-builtin-input_id.c, test_key(): what has all of the keys 1
 *    to 31 (Escape to S) is a keyboard
 */

/* Seven tiers of hubs and devices (USB 3.2, 10.1), and below the last one interface, SCSI host,
 * target, device, `block` and the disk. */
#define MAX_DEPTH 20
#define MAX_TEXT_BYTES 1024
#define MAX_PLUGGED 64

#define FIRST_KEYS G_GUINT64_CONSTANT (0xfffffffe)

typedef struct
{
  GPtrArray *plugged;
  guint depth;
  char
      product[MAX_TEXT_BYTES]; /* of the USB device that is looked into, "" where it has none */
} Walk;

/* What is asked of each entry of a directory that is open as @fd. */
typedef void (*VisitFunc) (Walk *self, int fd, const char *name);

/* Links are not followed, so that a walk stays below its function. */
static void
visit_directories (Walk *self, int parent, const char *name, VisitFunc visit)
{
  int fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (directory == NULL)
    {
      if (fd >= 0)
        close (fd);
      return;
    }

  while ((entry = readdir (directory)) != NULL)
    {
      if (*entry->d_name != '.' && baton_look_is_directory (fd, entry))
        visit (self, fd, entry->d_name);
    }
  closedir (directory);
}

static gboolean
read_line_at (int fd, const char *directory, const char *name, char *text, gsize size)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  if (baton_look_read_small_file (fd, path, text, size) <= 0)
    return FALSE;
  text[strcspn (text, "\n")] = '\0';

  return TRUE;
}

static void
add (Walk *self, BatonPluggedKind kind, const char *name, const char *device)
{
  BatonPlugged *plugged;

  if (self->plugged->len >= MAX_PLUGGED)
    return;

  plugged = g_new0 (BatonPlugged, 1);
  plugged->kind = kind;
  plugged->name = g_strdup (name);
  plugged->device = g_strdup (*device != '\0' ? device : name);
  g_ptr_array_add (self->plugged, plugged);
}

/* A reader of cards has a disk also where no card is in it (BLOCK). */
static void
visit_disk (Walk *self, int fd, const char *name)
{
  char size[32];

  if (read_line_at (fd, name, "size", size, sizeof size) && strcmp (size, "0") != 0)
    add (self, BATON_PLUGGED_DISK, name, self->product);
}

static void
visit_interface (Walk *self, int fd, const char *name)
{
  add (self, BATON_PLUGGED_NETWORK, name, self->product);
}

/* Headsets and hubs have keys too, for their volume: they may go with the card. */
static void
visit_input (Walk *self, int fd, const char *name)
{
  char keys[MAX_TEXT_BYTES];
  char product[MAX_TEXT_BYTES];
  const char *last;

  if (!read_line_at (fd, name, "capabilities/key", keys, sizeof keys))
    return;
  g_strchomp (keys);
  last = strrchr (keys, ' ');
  if ((g_ascii_strtoull (last != NULL ? last + 1 : keys, NULL, 16) & FIRST_KEYS) != FIRST_KEYS)
    return;

  if (!read_line_at (fd, name, "name", product, sizeof product))
    *product = '\0';
  add (self, BATON_PLUGGED_KEYBOARD, name, product);
}

static void
visit_device (Walk *self, int fd, const char *name)
{
  if (strcmp (name, "block") == 0)
    visit_directories (self, fd, name, visit_disk);
  else if (strcmp (name, "net") == 0)
    visit_directories (self, fd, name, visit_interface);
  else if (strcmp (name, "input") == 0)
    visit_directories (self, fd, name, visit_input);
  else if (strcmp (name, "power") != 0 && self->depth < MAX_DEPTH)
    {
      /* What is inside is called by the name of the device that is nearest (USB-SYSFS). */
      g_autofree char *outer = g_strdup (self->product);
      char product[MAX_TEXT_BYTES];

      if (read_line_at (fd, name, "product", product, sizeof product))
        g_strlcpy (self->product, product, sizeof self->product);
      self->depth++;
      visit_directories (self, fd, name, visit_device);
      self->depth--;
      g_strlcpy (self->product, outer, sizeof self->product);
    }
}

static int
compare_plugged (gconstpointer a, gconstpointer b)
{
  const BatonPlugged *left = *(const BatonPlugged *const *) a;
  const BatonPlugged *right = *(const BatonPlugged *const *) b;

  if (left->kind != right->kind)
    return left->kind < right->kind ? -1 : 1;

  return strcmp (left->name, right->name);
}

/* Adds what this computer has on the ports of @function, a USB controller that a driver of its own
 * serves: what vanishes with it, and somebody would miss. */
void
baton_look_read_plugged (BatonLook *self, BatonFunction *function)
{
  g_autofree char *path = NULL;
  Walk walk = { 0 };
  int fd;

  if (!baton_function_is_usb (function) || !baton_function_is_on_host (function))
    return;

  path = g_strconcat ("bus/pci/devices/", function->address, NULL);
  fd = baton_root_open (self->root, BATON_ROOT_SYS, path, O_RDONLY | O_DIRECTORY, NULL);
  if (fd < 0)
    return;

  function->plugged = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_plugged_free);
  walk.plugged = function->plugged;
  visit_directories (&walk, fd, ".", visit_device);
  close (fd);
  g_ptr_array_sort (function->plugged, compare_plugged);
}
