/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-dir.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "baton-handoff-hold.h"
#include "baton-handoff-place.h"

typedef struct
{
  char *id;
  gint64 when;
} Ended;

static void
free_ended (gpointer data)
{
  Ended *self = data;

  g_free (self->id);
  g_free (self);
}

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  const Ended *one = *(const Ended *const *) a;
  const Ended *other = *(const Ended *const *) b;

  return (one->when < other->when) - (one->when > other->when);
}

static Ended *
look_whether_ended (BatonRoot *root, const char *id)
{
  g_autoptr (BatonHandoffDir) dir = baton_handoff_dir_open (root, id, NULL);
  struct stat file;
  Ended *ended;

  if (dir == NULL || baton_handoff_hold_clear (root, dir) ||
      !baton_handoff_dir_has_ended (dir) ||
      fstatat (baton_handoff_dir_get_fd (dir), BATON_HANDOFF_EVENTS, &file,
               AT_SYMLINK_NOFOLLOW) < 0)
    return NULL;

  ended = g_new0 (Ended, 1);
  ended->id = g_strdup (id);
  ended->when = (gint64) file.st_mtim.tv_sec * G_USEC_PER_SEC + file.st_mtim.tv_nsec / 1000;

  return ended;
}

/**
 * baton_handoff_dir_prune:
 * @root: the roots
 *
 * Removes handoffs that have ended but for the newest %BATON_HANDOFFS_KEPT, and those of fronts
 * that died before they had a worker. Those under way and those that wait for their worker are
 * left alone, however many there are.
 */
void
baton_handoff_dir_prune (BatonRoot *root)
{
  g_autoptr (GPtrArray) ended = g_ptr_array_new_with_free_func (free_ended);
  g_autoptr (GPtrArray) names =
      baton_root_list (root, BATON_ROOT_RUN, BATON_HANDOFF_PLACE, NULL);

  if (names == NULL)
    return;

  for (guint i = 0; i < names->len; i++)
    {
      Ended *item = look_whether_ended (root, g_ptr_array_index (names, i));

      if (item != NULL)
        g_ptr_array_add (ended, item);
    }

  g_ptr_array_sort (ended, compare_newest_first);
  for (guint i = BATON_HANDOFFS_KEPT; i < ended->len; i++)
    baton_handoff_place_remove (root, BATON_HANDOFF_PLACE,
                                ((const Ended *) g_ptr_array_index (ended, i))->id);
}

/**
 * baton_handoff_dir_prune_settings:
 * @root: the roots
 *
 * Removes what fronts have left that died while the settings were changed: they are read by nobody
 * else.
 */
void
baton_handoff_dir_prune_settings (BatonRoot *root)
{
  g_autoptr (GPtrArray) names =
      baton_root_list (root, BATON_ROOT_RUN, BATON_SETTINGS_PLACE, NULL);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autoptr (BatonHandoffDir) dir =
          baton_handoff_dir_open_settings (root, g_ptr_array_index (names, i), NULL);

      if (dir != NULL && baton_handoff_hold_is_free (dir))
        baton_handoff_dir_remove (root, dir);
    }
}
