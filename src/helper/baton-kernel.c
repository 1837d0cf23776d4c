/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/fb.h>
#include <linux/kd.h>
#include <linux/vfio.h>
#include <linux/vt.h>

#include "baton-fd.h"
#include "baton-kmod.h"

/* What only a kernel can answer, and nothing else: the calls through which the helper changes the
 * machine. They return 0 or an errno, allocate little and may run in a child that is never seen
 * again. The helper's tests link a kernel of their own in the place of this file. */

/**
 * baton_kernel_write:
 * @fd: an attribute of sysfs
 * @text: what is written, in one call as sysfs wants it
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_write (int fd, const char *text)
{
  gsize length = strlen (text);
  ssize_t n = write (fd, text, length);

  if (n < 0)
    return errno;

  return (gsize) n == length ? 0 : EIO;
}

/**
 * baton_kernel_probe_group:
 * @dev: the directory of devices
 * @path: `vfio/N` below it
 * @ret_viable: (out): every bound member of the group is on a driver that a guest may trust
 *
 * Opens a group for a moment. EBUSY is the one test that nothing escapes,
 * since it is so while a descriptor of the group or only one of a device in
 * it is alive (drivers/vfio/group.c, vfio_group_fops_open). It is closed
 * again at once: whoever has it open keeps guests out.
 *
 * Returns: 0, or an errno: EBUSY where somebody has it, ENOENT where there is none
 */
int
baton_kernel_probe_group (int dev, const char *path, gboolean *ret_viable)
{
  struct vfio_group_status status = { .argsz = sizeof status };
  baton_autofd int fd = openat (dev, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

  *ret_viable = FALSE;
  if (fd < 0 || ioctl (fd, VFIO_GROUP_GET_STATUS, &status) < 0)
    return errno;
  *ret_viable = (status.flags & VFIO_GROUP_FLAGS_VIABLE) != 0;

  return 0;
}

/**
 * baton_kernel_load_module:
 * @name: a module, from a closed list or from what the helper read itself
 * @options: (nullable): parameters that go before those of modprobe.d
 *
 * Loads a module and what it needs, with the parameters that modprobe.d sets.
 * One that is loaded already is no error.
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_load_module (const char *name, const char *options)
{
  g_autoptr (KmodContext) context = kmod_new (NULL, NULL);
  g_autoptr (GPtrArray) inserts = NULL;
  int result;

  if (context == NULL)
    return ENOMEM;
  result = baton_kmod_list_inserts (context, name, options, &inserts);
  for (guint i = 0; result == 0 && i < inserts->len; i++)
    {
      const BatonInsert *insert = g_ptr_array_index (inserts, i);

      result = -kmod_module_probe_insert_module (insert->module, insert->flags, insert->options,
                                                 NULL, NULL, NULL);
    }

  return MAX (result, 0);
}

/**
 * baton_kernel_unload_module:
 * @name: a module that we loaded, or that goes with a card
 *
 * Never waits and never forces: one that is in use stays, with EAGAIN
 * (kernel/module/main.c, delete_module).
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_unload_module (const char *name)
{
  g_autoptr (KmodContext) context = kmod_new (NULL, NULL);
  g_autoptr (KmodModule) module = NULL;
  int result;

  if (context == NULL)
    return ENOMEM;
  result = kmod_module_new_from_name (context, name, &module);
  if (result < 0)
    return -result;
  result = kmod_module_remove_module (module, KMOD_REMOVE_NOWAIT | KMOD_REMOVE_NOLOG);

  return result < 0 && result != -ENOENT ? -result : 0;
}

static void
add_module (GPtrArray *names, KmodContext *context, KmodModule *module)
{
  g_autofree char *name = baton_kmod_dup_loaded_name (module);
  g_autoptr (KmodModule) loaded = NULL;

  if (kmod_module_new_from_name (context, name, &loaded) >= 0 &&
      kmod_module_get_initstate (loaded) < 0 &&
      !g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    g_ptr_array_add (names, g_steal_pointer (&name));
}

static void
add_dependencies (GPtrArray *names, KmodContext *context, KmodModule *module)
{
  struct kmod_list *needed = kmod_module_get_dependencies (module);
  struct kmod_list *item;

  kmod_list_foreach (item, needed)
  {
    g_autoptr (KmodModule) one = kmod_module_get_module (item);

    add_module (names, context, one);
  }
  kmod_module_unref_list (needed);
  add_module (names, context, module);
}

/* Soft dependencies are loaded along; vfio brings its IOMMU driver in that way. */
static void
add_soft_dependencies (GPtrArray *names, KmodContext *context, KmodModule *module)
{
  struct kmod_list *before = NULL;
  struct kmod_list *after = NULL;
  struct kmod_list *lists[2];
  struct kmod_list *item;

  if (kmod_module_get_softdeps (module, &before, &after) < 0)
    return;
  lists[0] = before;
  lists[1] = after;
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      kmod_list_foreach (item, lists[i])
      {
        g_autoptr (KmodModule) one = kmod_module_get_module (item);

        add_dependencies (names, context, one);
      }
      kmod_module_unref_list (lists[i]);
    }
}

static void
add_all (GPtrArray *names, KmodContext *context, KmodModule *module)
{
  struct kmod_list *needed = kmod_module_get_dependencies (module);
  struct kmod_list *item;

  add_dependencies (names, context, module);
  kmod_list_foreach (item, needed)
  {
    g_autoptr (KmodModule) one = kmod_module_get_module (item);

    add_soft_dependencies (names, context, one);
  }
  kmod_module_unref_list (needed);
  add_soft_dependencies (names, context, module);
}

/**
 * baton_kernel_list_loads:
 * @name: a module
 *
 * Returns: (transfer full): names of the modules that are not there now and
 *   would come with @name, in the order of loading
 */
GStrv
baton_kernel_list_loads (const char *name)
{
  g_autoptr (KmodContext) context = kmod_new (NULL, NULL);
  g_autoptr (GPtrArray) inserts = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (context != NULL && baton_kmod_list_inserts (context, name, NULL, &inserts) == 0)
    for (guint i = 0; i < inserts->len; i++)
      add_all (names, context, ((BatonInsert *) inserts->pdata[i])->module);
  g_ptr_array_add (names, NULL);

  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

/* ioctl_console(2) has what the four of consoles ask for. They are asked on any of them. */

/**
 * baton_kernel_look_at_consoles:
 * @fd: `/dev/tty0`
 * @ret_shown: (out): number of the virtual console that is on the screen
 * @ret_taken: (out): the first fifteen, a bit for each that somebody has open: 1 << NUMBER
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_look_at_consoles (int fd, guint *ret_shown, guint *ret_taken)
{
  struct vt_stat state = { 0 };

  if (ioctl (fd, VT_GETSTATE, &state) < 0)
    return errno;
  *ret_shown = state.v_active;
  *ret_taken = state.v_state;

  return 0;
}

/**
 * baton_kernel_get_console_map:
 * @fd: a framebuffer's node, whichever
 * @console: number of a virtual console, from 1
 * @ret_framebuffer: (out): number of the framebuffer that it is drawn on, or -1
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_get_console_map (int fd, guint console, int *ret_framebuffer)
{
  struct fb_con2fbmap map = { .console = console };

  if (ioctl (fd, FBIOGET_CON2FBMAP, &map) < 0)
    return errno;
  *ret_framebuffer = (int) map.framebuffer;

  return 0;
}

/**
 * baton_kernel_set_console_map:
 * @fd: a framebuffer's node, whichever
 * @console: number of a virtual console, from 1
 * @framebuffer: number of a framebuffer that is there
 *
 * Has a virtual console drawn on a framebuffer, and all of them where none was drawn on any (Linux,
 * drivers/video/fbdev/core/fbcon.c, set_con2fb_map).
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_set_console_map (int fd, guint console, guint framebuffer)
{
  struct fb_con2fbmap map = { .console = console, .framebuffer = framebuffer };

  return ioctl (fd, FBIOPUT_CON2FBMAP, &map) < 0 ? errno : 0;
}

/**
 * baton_kernel_reset_console:
 * @fd: a virtual console that nobody else has open
 *
 * Makes it one of text, whose keys the kernel reads: a display server that was killed there has left it
 * black, and deaf to Alt+F2.
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_reset_console (int fd)
{
  struct vt_mode mode = { .mode = VT_AUTO };

  if (ioctl (fd, VT_SETMODE, &mode) < 0 || ioctl (fd, KDSETMODE, KD_TEXT) < 0 ||
      ioctl (fd, KDSKBMODE, K_UNICODE) < 0)
    return errno;

  return 0;
}

/**
 * baton_kernel_show_console:
 * @fd: `/dev/tty0`
 * @console: number of a virtual console
 *
 * Has it on the screen. Whoever has drawn there is asked to let go of it, and may never answer: then this
 * does not return, and a signal ends it.
 *
 * Returns: 0, or an errno
 */
int
baton_kernel_show_console (int fd, guint console)
{
  if (ioctl (fd, VT_ACTIVATE, (unsigned long) console) < 0 ||
      ioctl (fd, VT_WAITACTIVE, (unsigned long) console) < 0)
    return errno;

  return 0;
}

/**
 * baton_kernel_free_console:
 * @fd: `/dev/tty0`
 * @console: number of a virtual console
 *
 * Lets go of it with what stands on it.
 *
 * Returns: 0, or an errno: EBUSY where it is on the screen, or somebody has it open
 */
int
baton_kernel_free_console (int fd, guint console)
{
  return ioctl (fd, VT_DISALLOCATE, (unsigned long) console) < 0 ? errno : 0;
}
