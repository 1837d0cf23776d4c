/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-text-consoles.h"

#include <string.h>

#include "baton-root-warily.h"

/* References used below:
 *  VTCON - Linux Documentation/driver-api/tty/console.rst: `(M) frame buffer device`, bind
 *  BIND  - Linux drivers/tty/vt/vt.c: show_bind() takes console_lock(), which is held while the
 *    console's driver sets a mode, and for ever where it crashed meanwhile; show_name() takes none
 *  FBCON - Linux drivers/video/fbdev/core/fbcon.c: fbcon_startup() takes the first framebuffer,
 *    fbcon_select_primary() that of the card that the computer booted with, which distributions
 *    have switched on (CONFIG_FRAMEBUFFER_CONSOLE_DETECT_PRIMARY)
 *  BACK  - Linux drivers/tty/vt/vt.c, do_unbind_con_driver(): there has to be another driver to fall
 *    back to. drivers/pci/vgaarb.c, vga_remove_vgacon(): takes that of VGA away, and brings the one
 *    that shows nothing only where the consoles are on VGA still: not where a framebuffer of another
 *    card has taken them before
 */

#define CLASS "class/vtconsole"
#define DRAWN "frame buffer device"

/* Returns: (transfer full): paths of what has names like @drawn, or of everything else */
static GStrv
find_drivers (BatonRoot *root, gboolean drawn)
{
  g_autoptr (GStrvBuilder) paths = g_strv_builder_new ();
  g_autoptr (GPtrArray) consoles = baton_root_list (root, BATON_ROOT_SYS, CLASS, NULL);

  for (guint i = 0; consoles != NULL && i < consoles->len; i++)
    {
      const char *console = consoles->pdata[i];
      g_autofree char *name_path = g_build_filename (CLASS, console, "name", NULL);
      g_autofree char *bind_path = g_build_filename (CLASS, console, "bind", NULL);
      g_autofree char *name = baton_root_read_line (root, BATON_ROOT_SYS, name_path, NULL);

      if (name != NULL && (strstr (name, DRAWN) != NULL) == drawn)
        g_strv_builder_add (paths, bind_path);
    }

  return g_strv_builder_end (paths);
}

/**
 * baton_text_consoles_are_drawn:
 * @root: where to look
 *
 * A console that does not answer is at work on its framebuffer (BIND), and so bound to it.
 *
 * Returns: %TRUE if the kernel draws its text consoles on a framebuffer
 */
gboolean
baton_text_consoles_are_drawn (BatonRoot *root)
{
  g_auto (GStrv) paths = find_drivers (root, TRUE);
  g_autoptr (GPtrArray) heads = baton_root_read_warily (
      root, BATON_ROOT_SYS, (const char *const *) paths, BATON_ROOT_PATIENCE_MS);

  for (guint i = 0; i < heads->len; i++)
    {
      GBytes *bind = g_ptr_array_index (heads, i);
      gsize length = 0;
      const char *text = bind != NULL ? g_bytes_get_data (bind, &length) : NULL;

      if (bind == NULL || (length > 0 && *text == '1'))
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_text_consoles_can_let_go:
 * @root: where to look
 *
 * Where the consoles have nothing else to go to, they stay with a framebuffer that goes, and the kernel
 * follows a null pointer as soon as anybody uses one of them (BACK).
 *
 * Returns: %TRUE if the last framebuffer may go
 */
gboolean
baton_text_consoles_can_let_go (BatonRoot *root)
{
  g_auto (GStrv) drawn = find_drivers (root, TRUE);
  g_auto (GStrv) others = find_drivers (root, FALSE);

  return *drawn == NULL || *others != NULL;
}

/**
 * baton_text_consoles_get_framebuffer:
 * @node: a card's node
 *
 * Returns: (nullable): the framebuffer's name, as it is in class/graphics; %NULL for other nodes
 */
const char *
baton_text_consoles_get_framebuffer (const BatonNode *node)
{
  const char *slash = strrchr (node->path, '/');

  return node->kind == BATON_NODE_FRAMEBUFFER && slash != NULL ? slash + 1 : NULL;
}

static char *
find_first_framebuffer (BatonRoot *root)
{
  g_autoptr (GPtrArray) names = NULL;
  guint64 lowest = G_MAXUINT64;

  names = baton_root_list (root, BATON_ROOT_SYS, "class/graphics", NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = names->pdata[i];
      guint64 number;

      if (g_str_has_prefix (name, "fb") &&
          g_ascii_string_to_unsigned (name + 2, 10, 0, G_MAXINT, &number, NULL))
        lowest = MIN (lowest, number);
    }

  return lowest != G_MAXUINT64 ? g_strdup_printf ("fb%" G_GUINT64_FORMAT, lowest) : NULL;
}

/**
 * baton_text_consoles_find_framebuffer:
 * @root: where to look
 * @machine: the machine
 *
 * Finds what the text consoles are drawn on, where they are drawn: on the boot display, whenever its
 * driver came, else on the one that came first (FBCON); which one was chosen by hand (fbcon=map,
 * con2fbmap) the kernel tells nobody but by an ioctl on the node.
 *
 * Returns: (nullable) (transfer full): the framebuffer's name
 */
char *
baton_text_consoles_find_framebuffer (BatonRoot *root, const BatonMachine *machine)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = machine->cards->pdata[i];

      for (guint k = 0; card->display->boot_vga && k < card->nodes->len; k++)
        if (baton_text_consoles_get_framebuffer (card->nodes->pdata[k]) != NULL)
          return g_strdup (baton_text_consoles_get_framebuffer (card->nodes->pdata[k]));
    }

  return find_first_framebuffer (root);
}
