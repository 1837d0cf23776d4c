/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-offload.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-kept-off-group.h"

/* References used below:
 *  MESA - docs/envvars.rst, "DRI_PRIME": `pci-0000_02_00_0`, the ID_PATH_TAG of the device, for
 *    OpenGL and, through the layer VK_LAYER_MESA_device_select, Vulkan; "MESA_VK_DEVICE_SELECT",
 *    "MESA_LOADER_DRIVER_OVERRIDE" and "LIBGL_ALWAYS_SOFTWARE"
 *  NVIDIA - README of the driver, chapter "PRIME Render Offload": __NV_PRIME_RENDER_OFFLOAD=1,
 *    __GLX_VENDOR_LIBRARY_NAME=nvidia, and __VK_LAYER_NV_optimus=NVIDIA_only, which has Vulkan list
 *    NVIDIA's devices alone
 *  GLVND - libglvnd, src/EGL/icd_enumeration.md: __EGL_VENDOR_LIBRARY_FILENAMES names the vendors'
 *    files in place of those in /etc/glvnd/egl_vendor.d and /usr/share/glvnd/egl_vendor.d, which
 *    are taken in the order of their names
 *  LOADER - Vulkan-Loader, docs/LoaderInterfaceArchitecture.md: VK_DRIVER_FILES and its older name
 *    VK_ICD_FILENAMES name the drivers' files, VK_LOADER_DRIVERS_SELECT and _DISABLE choose among
 *    them
 */

#define EGL_VENDORS "glvnd/egl_vendor.d"

/* What may have been set for the whole session to keep programs off a card, or on another one. */
static const char *const narrowings[] = {
  "__EGL_VENDOR_LIBRARY_FILENAMES", /* GLVND */
  "__EGL_VENDOR_LIBRARY_DIRS",
  "VK_DRIVER_FILES", /* LOADER */
  "VK_ICD_FILENAMES",
  "VK_LOADER_DRIVERS_SELECT",
  "VK_LOADER_DRIVERS_DISABLE",
  "MESA_VK_DEVICE_SELECT", /* MESA */
  "MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE",
  "MESA_LOADER_DRIVER_OVERRIDE",
  "LIBGL_ALWAYS_SOFTWARE",
  "__NV_PRIME_RENDER_OFFLOAD_PROVIDER", /* NVIDIA */
};

static gboolean
is_nvidia (const BatonCard *card)
{
  return g_strcmp0 (card->display->driver, "nvidia") == 0;
}

/**
 * baton_offload_choose_card:
 * @machine: a machine
 *
 * Returns: (transfer none) (nullable): the card that somebody means who names none: the only one
 *   besides the boot display, or the only one; %NULL where several could be meant, or there is none
 */
BatonCard *
baton_offload_choose_card (BatonMachine *machine)
{
  BatonCard *chosen = NULL;

  if (machine->cards->len == 1)
    return g_ptr_array_index (machine->cards, 0);

  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = g_ptr_array_index (machine->cards, i);

      if (card->boot_display)
        continue;
      if (chosen != NULL)
        return NULL;
      chosen = card;
    }

  return chosen;
}

static const BatonNode *
find_node (const BatonCard *card, BatonNodeKind kind)
{
  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == kind)
        return node;
    }

  return NULL;
}

/* Of this process' own user and groups. */
static gboolean
may_open (BatonRoot *root, const BatonNode *node)
{
  const char *below = node->path + strlen ("/dev/");

  return faccessat (baton_root_get_fd (root, BATON_ROOT_DEV), below, R_OK | W_OK, AT_EACCESS) ==
         0;
}

/* Whether @node belongs to the group by which programs are kept off a card, and this process does not:
 * the group may be given to it. Where it belongs to it already, something else is in its way. */
static gboolean
is_kept_off (BatonRoot *root, const BatonNode *node)
{
  const char *below = node->path + strlen ("/dev/");
  struct stat info;
  gid_t gid = 0;

  return baton_kept_off_find_group (root, &gid) &&
         fstatat (baton_root_get_fd (root, BATON_ROOT_DEV), below, &info,
                  AT_SYMLINK_NOFOLLOW) == 0 &&
         info.st_gid == gid && !group_member (gid);
}

/**
 * baton_offload_find_obstacle:
 * @root: where @card was found
 * @card: a card
 * @ret_node: (out) (optional) (transfer none): the node that may not be opened, with
 *   %BATON_OFFLOAD_CLOSED and %BATON_OFFLOAD_KEPT_OFF
 *
 * Looks whether a program that this process starts can draw with @card. A program that is given the
 * environment for a card that it cannot have would run on another one, and nobody would be told.
 *
 * Returns: what is in the way
 */
BatonOffloadObstacle
baton_offload_find_obstacle (BatonRoot *root, const BatonCard *card, const char **ret_node)
{
  const BatonNode *node;

  if (!baton_card_is_answering (card))
    return BATON_OFFLOAD_SILENT;

  switch (card->side)
    {
    case BATON_SIDE_GUEST:
      return BATON_OFFLOAD_WITH_GUEST;
    case BATON_SIDE_NONE:
      return BATON_OFFLOAD_NO_DRIVER;
    case BATON_SIDE_SPLIT:
      return BATON_OFFLOAD_SPLIT;
    case BATON_SIDE_HOST:
      break;
    }

  /* NVIDIA's own libraries draw through the node of the card, whether nvidia-drm is there or not. */
  node = find_node (card, is_nvidia (card) ? BATON_NODE_NVIDIA : BATON_NODE_DRM_RENDER);
  if (node == NULL && is_nvidia (card))
    return BATON_OFFLOAD_POSSIBLE;
  if (node == NULL)
    return BATON_OFFLOAD_DRAWS_NOTHING;
  if (!may_open (root, node))
    {
      if (ret_node != NULL)
        *ret_node = node->path;
      return is_kept_off (root, node) ? BATON_OFFLOAD_KEPT_OFF : BATON_OFFLOAD_CLOSED;
    }

  return BATON_OFFLOAD_POSSIBLE;
}

/**
 * baton_offload_is_ambiguous:
 * @machine: a machine
 * @card: one of its cards
 *
 * Returns: whether the environment cannot tell @card from another one: NVIDIA's driver is asked for
 *   any card of its own, and there are several
 */
gboolean
baton_offload_is_ambiguous (BatonMachine *machine, const BatonCard *card)
{
  guint n = 0;

  for (guint i = 0; i < machine->cards->len; i++)
    if (is_nvidia (g_ptr_array_index (machine->cards, i)))
      n++;

  return is_nvidia (card) && n > 1;
}

/* The files of one directory of vendors: the path of Mesa's, and whether there is NVIDIA's. */
static void
look_for_vendors (
    BatonRoot *root, BatonRootPart part, const char *directory, char **mesa, gboolean *nvidia)
{
  g_autoptr (GPtrArray) names = baton_root_list (root, part, directory, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (!g_str_has_suffix (name, ".json"))
        continue;
      if (strstr (name, "nvidia") != NULL)
        *nvidia = TRUE;
      else if (*mesa == NULL && strstr (name, "mesa") != NULL)
        *mesa = baton_root_dup_shown_path (part, path);
    }
}

/**
 * baton_offload_dup_mesa_vendor:
 * @root: where to look
 *
 * Where NVIDIA's vendor file comes first, its library takes every display that it can drive before
 * Mesa is asked (GLVND).
 *
 * Returns: (transfer full) (nullable): Mesa's file, where it has to be named
 */
char *
baton_offload_dup_mesa_vendor (BatonRoot *root)
{
  g_autofree char *mesa = NULL;
  gboolean nvidia = FALSE;

  look_for_vendors (root, BATON_ROOT_ETC, EGL_VENDORS, &mesa, &nvidia);
  look_for_vendors (root, BATON_ROOT_USR, "share/" EGL_VENDORS, &mesa, &nvidia);

  return nvidia ? g_steal_pointer (&mesa) : NULL;
}

static void
free_variable (gpointer data)
{
  BatonOffloadVariable *variable = data;

  g_free (variable->value);
  g_free (variable);
}

/* Takes @value; a later word about a variable stands. */
static void
set (GPtrArray *variables, const char *name, char *value)
{
  BatonOffloadVariable *variable = NULL;

  for (guint i = 0; i < variables->len; i++)
    {
      variable = g_ptr_array_index (variables, i);
      if (strcmp (variable->name, name) == 0)
        {
          g_free (variable->value);
          variable->value = value;
          return;
        }
    }

  variable = g_new0 (BatonOffloadVariable, 1);
  variable->name = name;
  variable->value = value;
  g_ptr_array_add (variables, variable);
}

/* As udev's path_id makes ID_PATH_TAG of an address, and Mesa of the device (MESA). */
static char *
dup_tag (const BatonCard *card)
{
  g_autofree char *tag = g_strdup (baton_card_get_address (card));

  g_strdelimit (tag, ":.", '_');

  return g_strconcat ("pci-", tag, NULL);
}

/**
 * baton_offload_list_variables:
 * @root: where @card was found
 * @card: a card that programs can be run on
 *
 * Says what a program's environment needs to be drawn by @card, and by no other.
 *
 * Returns: (transfer full) (element-type BatonOffloadVariable): each variable once
 */
GPtrArray *
baton_offload_list_variables (BatonRoot *root, const BatonCard *card)
{
  GPtrArray *variables = g_ptr_array_new_with_free_func (free_variable);

  for (guint i = 0; i < G_N_ELEMENTS (narrowings); i++)
    set (variables, narrowings[i], NULL);

  if (is_nvidia (card))
    {
      set (variables, "DRI_PRIME", NULL);
      set (variables, "__NV_PRIME_RENDER_OFFLOAD", g_strdup ("1"));
      set (variables, "__GLX_VENDOR_LIBRARY_NAME", g_strdup ("nvidia"));
      set (variables, "__VK_LAYER_NV_optimus", g_strdup ("NVIDIA_only"));
    }
  else
    {
      set (variables, "DRI_PRIME", dup_tag (card));
      set (variables, "__NV_PRIME_RENDER_OFFLOAD", NULL);
      set (variables, "__GLX_VENDOR_LIBRARY_NAME", g_strdup ("mesa"));
      set (variables, "__VK_LAYER_NV_optimus", NULL);
      set (variables, "__EGL_VENDOR_LIBRARY_FILENAMES", baton_offload_dup_mesa_vendor (root));
    }

  return variables;
}

/**
 * baton_offload_is_meant:
 * @card: a card
 * @environment: what a process was started with, as NAME=VALUE
 *
 * What sends a program to a card is also what desktops set that start it there from their menus
 * ("Launch using Discrete GPU").
 *
 * Returns: whether somebody has sent the process to @card: with baton_offload_list_variables(), or by
 *   hand; of NVIDIA's cards, to any of them
 */
gboolean
baton_offload_is_meant (const BatonCard *card, char **environment)
{
  g_autofree char *tag = dup_tag (card);

  if (is_nvidia (card))
    return g_strcmp0 (g_environ_getenv (environment, "__NV_PRIME_RENDER_OFFLOAD"), "1") == 0;

  return g_strcmp0 (g_environ_getenv (environment, "DRI_PRIME"), tag) == 0;
}
