/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-drop.h"

#include "baton-error.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PASSWD_BUFFER_BYTES 65536

/* Measured on Linux 6.1: the caller's uid with these two reads the descriptors and the maps of
 * every process and may watch nodes of mode 0600. uid 0 with CAP_SYS_PTRACE alone may not, and
 * uid 0 with none at all still writes whatever belongs to root. */
static const guint kept[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };

static gboolean
is_kept (guint capability, gboolean looks)
{
  for (guint i = 0; looks && i < G_N_ELEMENTS (kept); i++)
    if (kept[i] == capability)
      return TRUE;

  return FALSE;
}

static gboolean
find_primary_group (guint uid, gid_t *ret_gid, GError **error)
{
  g_autofree char *buffer = g_malloc (PASSWD_BUFFER_BYTES);
  struct passwd entry;
  struct passwd *found = NULL;
  int errsv = getpwuid_r (uid, &entry, buffer, PASSWD_BUFFER_BYTES, &found);

  if (found == NULL)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_NOT_FOUND, "could not become user %u: %s",
                   uid, errsv != 0 ? g_strerror (errsv) : "there is no such user");
      return FALSE;
    }

  *ret_gid = found->pw_gid;
  return TRUE;
}

/* Looks again instead of believing the calls: what is wrong here is reachable by every program
 * of this computer. */
static gboolean
check_what_is_left (guint uid, gboolean looks, GError **error)
{
  uid_t real, effective, saved;

  if (getresuid (&real, &effective, &saved) < 0 || real != uid || effective != uid ||
      saved != uid)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PERMISSION, "could not become user %u", uid);
      return FALSE;
    }

  if (capng_get_caps_process () < 0)
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_IO,
                           "could not read back which capabilities are left");
      return FALSE;
    }

  for (guint capability = 0; capability <= CAP_LAST_CAP; capability++)
    {
      const capng_type_t types[] = { CAPNG_EFFECTIVE, CAPNG_PERMITTED, CAPNG_INHERITABLE,
                                     CAPNG_BOUNDING_SET, CAPNG_AMBIENT };

      for (guint i = 0; i < G_N_ELEMENTS (types); i++)
        {
          gboolean may = i < 2 && is_kept (capability, looks);

          if (capng_have_capability (types[i], capability) == may)
            continue;

          g_set_error (error, BATON_ERROR, BATON_ERROR_PERMISSION,
                       "could not narrow the rights: capability %s is %s",
                       capng_capability_to_name (capability), may ? "missing" : "still there");
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
change_identity (guint uid, gboolean looks, GError **error)
{
  gid_t gid = 0;
  int rc;

  if (!find_primary_group (uid, &gid, error))
    return FALSE;

  capng_clear (CAPNG_SELECT_ALL);
  for (guint i = 0; looks && i < G_N_ELEMENTS (kept); i++)
    capng_update (CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);

  rc = capng_change_id ((int) uid, (int) gid,
                        CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING | CAPNG_CLEAR_AMBIENT);
  if (rc != 0)
    {
      /* The number is libcap-ng's own and says which of its steps failed (capng_change_id(3)). */
      g_set_error (error, BATON_ERROR, BATON_ERROR_PERMISSION,
                   "could not become user %u with fewer rights (libcap-ng: %d)", uid, rc);
      return FALSE;
    }

  return check_what_is_left (uid, looks, error);
}

/* After a change of uid, which sets the second anew. */
static gboolean
shut_out_new_rights (GError **error)
{
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    return TRUE;

  g_set_error (error, BATON_ERROR, baton_error_from_errno (errno),
               "could not shut out new rights: %s", g_strerror (errno));

  return FALSE;
}

/**
 * baton_drop_become:
 * @uid: a user, not root
 * @error: return location for an error
 *
 * Becomes that user, for good and with no right of root's left: for a child that talks to what
 * belongs to the user.
 *
 * Returns: %TRUE if it is so
 */
gboolean
baton_drop_become (guint uid, GError **error)
{
  if (uid == 0 || (geteuid () != 0 && geteuid () != uid))
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PERMISSION, "could not become user %u", uid);
      return FALSE;
    }
  if (geteuid () == 0 && !change_identity (uid, FALSE, error))
    return FALSE;

  return shut_out_new_rights (error);
}

/**
 * baton_drop_rights:
 * @uid: who asks
 * @error: return location for an error
 *
 * Gives up everything that a look at the machine does not need, before anything is read: the
 * process becomes @uid, keeps CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH alone, can gain nothing by
 * execve, cannot be traced, and runs under the filter of baton_drop_install_filter().
 *
 * Where root asks for itself it stays root, without the other capabilities: it has nobody else
 * to be. A process that is not root has nothing to give up but the system calls.
 *
 * To be called before the first thread is made: capabilities and filters belong to threads.
 *
 * Returns: %TRUE if all of it is so
 */
gboolean
baton_drop_rights (guint uid, GError **error)
{
  if (geteuid () == 0 && !change_identity (uid, TRUE, error))
    return FALSE;

  if (!shut_out_new_rights (error))
    return FALSE;

  return baton_drop_install_filter (error);
}
