/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-isolation-effect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-bus.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-front-start.h"
#include "baton-kept-off-group.h"
#include "baton-kept-off.h"
#include "baton-pci-address.h"
#include "baton-systemd-job.h"
#include "baton-text.h"

/* References used below:
 *  UDEV-DB - systemd, src/libsystemd/sd-device/device-private.c: /run/udev/data holds a file for each
 *    device, “c226:1” or “+drm:card1-DP-1”, with a property a line, “E:KEY=VALUE”; a new one is renamed
 *    into the old one's place, after the node has its group and before its access list is what the seat
 *    makes of it (src/udev/udev-event.c)
 *  UDEVD - systemd, src/udev/udevd.c: it reads changed rules at the next event, but not more often than
 *    every three seconds; a reload that is asked for comes after the events that wait already
 *  UEVENT - Linux drivers/base/core.c, uevent_store(): “change” or “add” written to a device's uevent
 *  UDEV-GROUPS - systemd, rules.d/50-udev-default.rules: which group a node is of is said at “add” alone
 */

#define UDEVD "systemd-udevd.service"
#define RELOAD_TIMEOUT_MS 20000

/* Longer than udevd takes to see by itself that its rules have changed. */
#define PATIENCE_US (8 * G_USEC_PER_SEC)
#define AGAIN_US (G_USEC_PER_SEC)

#define UDEV_DATA "udev/data"
#define NODES "dri"

#define MAX_DATA_BYTES 65536
#define MAX_NAME_BYTES 64
#define SEAT "E:ID_SEAT="

/* What is to be true of a card's devices. */
typedef struct
{
  gboolean is_kept_off; /* of what a desktop would take */
  gboolean programs;    /* and of what a program draws through */
  gboolean has_group;   /* @gid is that of the cards that programs are kept off */
  gid_t gid;
} Wish;

/* A device of the card that a desktop would take, or a program. */
typedef struct
{
  char *uevent; /* below /sys */
  char *data;   /* below /run */
  char *node;   /* below /dev, where its group may be that of the kept-off cards; else NULL */
  gboolean is_for_drawing;
} Device;

static void
free_device (gpointer data)
{
  Device *self = data;

  g_free (self->uevent);
  g_free (self->data);
  g_free (self->node);
  g_free (self);
}

static Device *
add_device (GPtrArray *devices, char *uevent, char *data)
{
  Device *device = g_new0 (Device, 1);

  device->uevent = uevent;
  device->data = data;
  g_ptr_array_add (devices, device);

  return device;
}

/* Connectors are below the card's own directory and named for it, “card1-DP-1”. */
static void
add_connectors (GPtrArray *devices, BatonRoot *root, const char *directory, const char *card)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, BATON_ROOT_SYS, directory, NULL);
  g_autofree char *prefix = g_strconcat (card, "-", NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (g_str_has_prefix (name, prefix))
        add_device (devices, g_build_filename (directory, name, "uevent", NULL),
                    g_strconcat (UDEV_DATA "/+drm:", name, NULL));
    }
}

static GPtrArray *
list_devices (BatonRoot *root, const BatonCard *card)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func (free_device);

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);
      g_autofree char *name = g_path_get_basename (node->path);
      gboolean is_for_drawing = node->kind == BATON_NODE_DRM_RENDER;
      const char *class = node->kind == BATON_NODE_DRM_PRIMARY   ? "drm"
                          : is_for_drawing                       ? "drm"
                          : node->kind == BATON_NODE_FRAMEBUFFER ? "graphics"
                          : node->kind == BATON_NODE_I2C         ? "i2c-dev"
                                                                 : NULL;
      g_autofree char *directory =
          class != NULL ? g_build_filename ("class", class, name, NULL) : NULL;
      Device *device = NULL;

      if (class == NULL)
        continue;
      device = add_device (devices, g_build_filename (directory, "uevent", NULL),
                           g_strdup_printf (UDEV_DATA "/c%u:%u", node->major, node->minor));
      device->is_for_drawing = is_for_drawing;
      if (g_str_equal (class, "drm"))
        device->node = g_build_filename (NODES, name, NULL);
      if (node->kind == BATON_NODE_DRM_PRIMARY)
        add_connectors (devices, root, directory, name);
    }

  return devices;
}

/* Whether somebody is let in by name: who sits at the screen, or did. */
static gboolean
names_somebody (const char *path)
{
  acl_t list = acl_get_file (path, ACL_TYPE_ACCESS);
  acl_entry_t entry = NULL;
  gboolean does = FALSE;

  /* Where there are no such lists, nobody is. */
  if (list == NULL)
    return FALSE;
  for (int more = acl_get_entry (list, ACL_FIRST_ENTRY, &entry); more == 1 && !does;
       more = acl_get_entry (list, ACL_NEXT_ENTRY, &entry))
    {
      acl_tag_t tag = ACL_UNDEFINED_TAG;

      does = acl_get_tag_type (entry, &tag) == 0 && tag == ACL_USER;
    }
  acl_free (list);

  return does;
}

/* Whether a node is the group's alone, or not the group's, as is wanted. */
static gboolean
belongs_as_wanted (BatonRoot *root, const Device *device, const Wish *wish)
{
  g_autofree char *path = NULL;
  struct stat info;

  if (device->node == NULL || !wish->has_group)
    return TRUE;
  path = baton_root_build_path (root, BATON_ROOT_DEV, device->node);
  /* One that has gone has nobody in its way. */
  if (lstat (path, &info) < 0)
    return TRUE;

  return wish->programs ? info.st_gid == wish->gid && !names_somebody (path)
                        : info.st_gid != wish->gid;
}

/* Whether udev has the device at Baton's seat, or not at it, as is wanted. */
static gboolean
is_as_wanted (BatonRoot *root, const Device *device, const Wish *wish)
{
  gboolean is_kept_off = device->is_for_drawing ? wish->programs : wish->is_kept_off;
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, device->data, MAX_DATA_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  gboolean has_seat = g_strv_contains ((const char *const *) lines, SEAT BATON_KEPT_OFF_SEAT);

  return has_seat == is_kept_off && belongs_as_wanted (root, device, wish);
}

/* A node that was the group's is given to whoever the system's own rules say by “add” alone
 * (UDEV-GROUPS); a desktop that has it takes no notice, and another one may have the card now. */
static const char *
get_action (BatonRoot *root, const Device *device, const Wish *wish)
{
  return !wish->programs && !belongs_as_wanted (root, device, wish) ? "add" : "change";
}

static gboolean
tell_kernel (BatonRoot *root, const Device *device, const char *action, GError **error)
{
  baton_autofd int fd =
      baton_root_open (root, BATON_ROOT_SYS, device->uevent, O_WRONLY | O_NOFOLLOW, error);

  if (fd < 0)
    return FALSE;
  if (write (fd, action, strlen (action)) == (gssize) strlen (action))
    return TRUE;
  g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
               "no event could be made for “/sys/%s”: %s", device->uevent, g_strerror (errno));

  return FALSE;
}

static gboolean
reload (BatonRoot *root, GError **error)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  gboolean is_done;

  /* Another udevd looks for itself. */
  if (!baton_front_has_systemd (root))
    return TRUE;

  context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  connection = baton_bus_connect_system (root, error);
  is_done = connection != NULL && baton_systemd_job_run (connection, "ReloadUnit", UDEVD,
                                                         RELOAD_TIMEOUT_MS, -1, error);
  g_clear_object (&connection);
  g_main_context_pop_thread_default (context);

  return is_done;
}

/* Where udev cannot be heard, only a deadline leads to the next look. */
static int
listen_to_udev (BatonRoot *root)
{
  g_autofree char *data = baton_root_build_path (root, BATON_ROOT_RUN, UDEV_DATA);
  g_autofree char *nodes = baton_root_build_path (root, BATON_ROOT_DEV, NODES);
  int notes = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  if (notes >= 0)
    {
      inotify_add_watch (notes, data, IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE);
      inotify_add_watch (notes, nodes, IN_ATTRIB);
    }

  return notes;
}

static void
wait_for_udev (int notes, gint64 until_us)
{
  gint64 left_us = MAX (until_us - g_get_monotonic_time (), 0);
  struct pollfd poll_fd = { .fd = notes, .events = POLLIN };
  char buffer[4096] __attribute__ ((aligned (8)));

  if (poll (&poll_fd, 1, (int) (left_us / 1000) + 1) > 0)
    while (read (notes, buffer, sizeof buffer) > 0)
      ;
}

/* Has events made for those of @devices that are not as wanted. Returns: how many these are, or -1 */
static int
tell_about (BatonRoot *root,
            GPtrArray *devices,
            const Wish *wish,
            gboolean makes_events,
            GError **error)
{
  int n = 0;

  for (guint i = 0; i < devices->len; i++)
    {
      const Device *device = g_ptr_array_index (devices, i);

      if (is_as_wanted (root, device, wish))
        continue;
      n++;
      if (makes_events && !tell_kernel (root, device, get_action (root, device, wish), error))
        return -1;
    }

  return n;
}

/**
 * baton_isolation_effect_apply:
 * @root: the roots
 * @card: a card whose rules were written or taken away
 * @is_kept_off: which of the two
 * @programs: programs are kept off it, too
 * @error: return location for an error
 *
 * Has udev read its rules again and apply them to what the card has now, and looks whether it did. A
 * “change” takes nothing from who has the card open, nor does an “add” of what is there; a “remove” would have a desktop in the middle of
 * a session lose a monitor, and some end over it. What is there later gets its seat when it comes.
 *
 * Returns: %TRUE if the card's devices are where they should be
 */
gboolean
baton_isolation_effect_apply (BatonRoot *root,
                              const BatonCard *card,
                              gboolean is_kept_off,
                              gboolean programs,
                              GError **error)
{
  Wish wish = { .is_kept_off = is_kept_off, .programs = programs };
  g_autoptr (GPtrArray) devices = list_devices (root, card);
  gint64 begin_us = g_get_monotonic_time ();
  gint64 next_us = begin_us;
  baton_autofd int notes = listen_to_udev (root);

  wish.has_group = baton_kept_off_find_group (root, &wish.gid);
  if (!reload (root, error))
    return FALSE;

  for (gint64 now_us = begin_us; now_us < begin_us + PATIENCE_US;
       now_us = g_get_monotonic_time ())
    {
      gboolean makes_events = now_us >= next_us;
      int n = tell_about (root, devices, &wish, makes_events, error);

      if (n <= 0)
        return n == 0;
      /* The event may have come before the reload did (UDEVD). */
      if (makes_events)
        next_us = now_us + AGAIN_US;
      wait_for_udev (notes, MIN (next_us, begin_us + PATIENCE_US));
    }

  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_IO,
                       "udev has not applied its rules within 8 seconds");

  return FALSE;
}

static gboolean
is_kept_off_now (const BatonHolder *holder, gboolean programs)
{
  switch (holder->kind)
    {
    case BATON_HOLDER_COMPOSITOR:
    case BATON_HOLDER_DISPLAY_SERVER:
      return TRUE;
    case BATON_HOLDER_APP:
    case BATON_HOLDER_SERVICE:
      return programs;
    case BATON_HOLDER_SOUND:
    case BATON_HOLDER_VM:
    case BATON_HOLDER_KERNEL:
    default:
      return FALSE;
    }
}

/**
 * baton_isolation_effect_describe_users:
 * @holders: who has the card
 * @programs: programs are kept off it, too
 *
 * Returns: (transfer full) (nullable): what of the desktop, or besides, has a card that it is kept off
 *   from now on, each as its name and number; %NULL where there is nothing
 */
char *
baton_isolation_effect_describe_users (const BatonHolders *holders, gboolean programs)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < holders->holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (holders->holders, i);
      g_autofree char *name = baton_text_clean (holder->name, -1, MAX_NAME_BYTES, NULL, NULL);

      if (!is_kept_off_now (holder, programs))
        continue;
      g_string_append_printf (text, "%s%s (%d)", text->len > 0 ? ", " : "", name, holder->pid);
    }

  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}
