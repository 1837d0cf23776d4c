/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-json.h"
#include "baton-look-let-go.h"
#include "baton-process-kind.h"

/* References used below:
 *  UEVENT - Linux Documentation/ABI/testing/sysfs-uevent: an action that is written to a device's
 *           `uevent` is sent to udev as if the device itself had come or gone. udev forgets what it
 *           has noted of a device that is removed, and leaves its node
 *  SCREEN - Linux drivers/gpu/drm/drm_sysfs.c: what shows pictures is `card` and a number
 */

#define SCREEN "card"
#define INODE "inode"
#define NAME "name"

/* A name read back from the journal becomes a part of a path. */
static gboolean
is_screen (const char *name)
{
  guint64 number;

  return name != NULL && g_str_has_prefix (name, SCREEN) &&
         g_ascii_string_to_unsigned (name + strlen (SCREEN), 10, 0, G_MAXUINT16, &number, NULL);
}

static GPtrArray *
list_screens (BatonStepContext *context, const BatonStep *step)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", step->target, "/drm", NULL);
  g_autoptr (GPtrArray) names = baton_root_list (context->root, BATON_ROOT_SYS, path, NULL);
  GPtrArray *screens = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; names != NULL && i < names->len; i++)
    if (is_screen (g_ptr_array_index (names, i)))
      g_ptr_array_add (screens, g_strdup (g_ptr_array_index (names, i)));

  return screens;
}

/* Number of the node's inode, which is another one after the driver was bound anew; 0 where there is
 * none. */
static gint64
read_inode (BatonStepContext *context, const char *screen)
{
  g_autofree char *path = g_build_filename (BATON_LOOK_GRAPHICS, screen, NULL);
  struct stat info;

  if (fstatat (baton_root_get_fd (context->root, BATON_ROOT_DEV), path, &info,
               AT_SYMLINK_NOFOLLOW) < 0)
    return 0;

  return (gint64) info.st_ino;
}

static JsonNode *
remember (BatonStepContext *context, const BatonStep *step)
{
  g_autoptr (GPtrArray) screens = list_screens (context, step);
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < screens->len; i++)
    {
      const char *name = g_ptr_array_index (screens, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, NAME, name);
      json_object_set_int_member (object, INODE, read_inode (context, name));
      json_array_add_object_element (array, object);
    }
  json_node_take_array (node, array);

  return node;
}

/* A desktop, and who keeps its descriptors. */
static gboolean
is_desktop (const BatonHolder *holder, const BatonCard *card, const BatonStep *step)
{
  gboolean is_keeper = holder->uid == 0 && baton_process_name_is_keeper (holder->name);

  if (holder->kind != BATON_HOLDER_COMPOSITOR && holder->kind != BATON_HOLDER_DISPLAY_SERVER &&
      !is_keeper)
    return FALSE;

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if ((node->kind == BATON_NODE_DRM_PRIMARY || !is_keeper) && holder->nodes != NULL &&
          g_strv_contains ((const char *const *) holder->nodes, node->path))
        return TRUE;
    }

  return FALSE;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  /* After apply, which has looked itself. */
  return applied || baton_look_is_let_go (context, step, is_desktop, trouble);
}

static BatonOutcome
send_event (BatonStepContext *context,
            const BatonStep *step,
            const char *screen,
            const char *action,
            BatonTrouble *trouble)
{
  g_autofree char *attribute = g_build_filename ("drm", screen, "uevent", NULL);

  return baton_effect_set_attribute (context, step->target, attribute, action, trouble);
}

/* The desktop hears of it from udev, or from the session manager, which does. */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) screens = list_screens (context, step);
  baton_autofd int notes = baton_look_listen_to_closes (context, BATON_LOOK_GRAPHICS);

  for (guint i = 0; i < screens->len; i++)
    {
      BatonOutcome outcome =
          send_event (context, step, g_ptr_array_index (screens, i), "remove", trouble);

      if (outcome != BATON_OUTCOME_OK)
        return outcome;
    }
  baton_look_settle_udev (context);

  return baton_look_wait_until_let_go (context, step, is_desktop, notes,
                                       BATON_CODE_DESKTOP_KEPT, trouble);
}

/* Where the driver was bound anew meanwhile the kernel has told everybody by itself; to say it again
 * has Xorg let go of what it has just taken. */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  JsonArray *array = remembered != NULL && JSON_NODE_HOLDS_ARRAY (remembered)
                         ? json_node_get_array (remembered)
                         : NULL;
  BatonOutcome result = BATON_OUTCOME_OK;

  for (guint i = 0; i < baton_json_count (array); i++)
    {
      JsonObject *object = baton_json_nth_object (array, i);
      const char *name = baton_json_get_string (object, NAME);
      gint64 inode = baton_json_get_int (object, INODE, 0);
      BatonOutcome outcome;

      if (!is_screen (name) || inode == 0 || read_inode (context, name) != inode)
        continue;
      outcome = send_event (context, step, name, "add", trouble);
      if (outcome == BATON_OUTCOME_STUCK)
        return outcome;
      if (outcome != BATON_OUTCOME_OK)
        result = outcome;
    }

  return result;
}

/* Nothing is left to be undone when the card is back: its driver announces it. */
const BatonStepClass baton_step_release_card_class = {
  .cancel_before = TRUE,
  .remember = remember,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
