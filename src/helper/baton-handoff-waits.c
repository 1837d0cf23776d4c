/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-handoff-waits.h"

#include "baton-handoff-dir.h"
#include "baton-handoff-place.h"
#include "baton-state-file.h"

/* A handoff that waits for a virtual machine has let the lock go, and no journal tells of it: this
 * file beside its events does. */

static char *
build_directory (const char *id)
{
  return g_build_filename (BATON_HANDOFF_PLACE, id, NULL);
}

/**
 * baton_handoff_waits_note:
 * @root: the roots
 * @id: a handoff
 * @end: what it has come to if nothing more comes of it: members of a `result`, or a whole report
 * @error: return location for an error
 *
 * Notes that a handoff waits, before it lets the lock go.
 *
 * Returns: %TRUE if it is noted
 */
gboolean
baton_handoff_waits_note (BatonRoot *root, const char *id, JsonNode *end, GError **error)
{
  g_autofree char *directory = build_directory (id);
  g_autofree char *text = json_to_string (end, FALSE);

  return baton_state_write (root, BATON_ROOT_RUN, directory, BATON_HANDOFF_WAITS, text, 0600,
                            error);
}

/**
 * baton_handoff_waits_read:
 * @root: the roots
 * @id: a handoff
 *
 * Returns: (transfer full) (nullable): what a handoff came to whose worker died while it waited, or
 *   %NULL where it did not wait
 */
JsonNode *
baton_handoff_waits_read (BatonRoot *root, const char *id)
{
  g_autofree char *directory = build_directory (id);

  return baton_state_read_json (root, BATON_ROOT_RUN, directory, BATON_HANDOFF_WAITS, NULL);
}

/**
 * baton_handoff_waits_list:
 * @root: the roots
 *
 * Returns: (transfer full) (element-type utf8): ids of the handoffs that wait, each for a virtual
 *   machine of its own
 */
GPtrArray *
baton_handoff_waits_list (BatonRoot *root)
{
  g_autoptr (GPtrArray) ids = baton_root_list (root, BATON_ROOT_RUN, BATON_HANDOFF_PLACE, NULL);
  GPtrArray *waiting = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    {
      const char *id = g_ptr_array_index (ids, i);
      g_autofree char *path =
          g_build_filename (BATON_HANDOFF_PLACE, id, BATON_HANDOFF_WAITS, NULL);
      g_autoptr (BatonHandoffDir) dir = NULL;

      if (!baton_root_exists (root, BATON_ROOT_RUN, path))
        continue;
      dir = baton_handoff_dir_open (root, id, NULL);
      if (dir != NULL && !baton_handoff_dir_has_ended (dir))
        g_ptr_array_add (waiting, g_strdup (id));
    }

  return waiting;
}
