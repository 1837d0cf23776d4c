/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-kept-off-group.h"

#include <string.h>

/* References used below:
 *  GROUP - group(5): “name:password:GID:members”
 *  SYSUSERS - sysusers.d(5): it writes to /etc/group alone
 *  LIMITS - login.defs(5), SYS_GID_MAX: what is above belongs to people
 */

#define MAX_BYTES (4 * 1024 * 1024)
#define MAX_SYSTEM_GID 999 /* LIMITS */

/* @line: an entry. Returns: whether it is that of the group, and a system's */
static gboolean
parse_entry (const char *line, gid_t *ret_gid)
{
  g_auto (GStrv) fields = g_strsplit (line, ":", -1);
  guint64 gid = 0;

  if (g_strv_length (fields) != 4 || strcmp (fields[0], BATON_CARDS_GROUP) != 0 ||
      !g_ascii_string_to_unsigned (fields[2], 10, 1, MAX_SYSTEM_GID, &gid, NULL))
    return FALSE;
  *ret_gid = (gid_t) gid;

  return TRUE;
}

/**
 * baton_kept_off_find_group:
 * @root: where to look
 * @ret_gid: (out): number of the group
 *
 * Looks for the group whose are the nodes of cards that programs are kept off. systemd-sysusers has
 * made it where Baton was installed (SYSUSERS).
 *
 * Returns: %TRUE if @ret_gid was set: there is such a group, and it is none of people's
 */
gboolean
baton_kept_off_find_group (BatonRoot *root, gid_t *ret_gid)
{
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_ETC, "group", MAX_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], BATON_CARDS_GROUP ":"))
      return parse_entry (lines[i], ret_gid);

  return FALSE;
}
