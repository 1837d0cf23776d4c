/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <acl/libacl.h>
#include <sys/acl.h>

#include "baton-access.h"
#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-look.h"

/* References used below:
 *  ACL - acl(5)
 */

static void
free_acl (void *acl)
{
  acl_free (acl);
}

typedef void BatonAcl;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonAcl, free_acl)

/* The node, by a descriptor that does not open the device: an open group would keep guests out. */
static int
open_node (BatonStepContext *context, const char *group)
{
  g_autofree char *path = g_strconcat ("vfio/", group, NULL);

  return openat (baton_root_get_fd (context->root, BATON_ROOT_DEV), path,
                 O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Only the node of a group of the card's own, whatever the plan says. */
static const char *
find_group (BatonStepContext *context, const BatonStep *step)
{
  g_autoptr (GPtrArray) groups = baton_card_state_list_groups (context->before);

  for (guint i = 0; i < groups->len; i++)
    {
      g_autofree char *node = g_strconcat ("/dev/vfio/", groups->pdata[i], NULL);

      if (g_str_equal (step->target, node))
        return groups->pdata[i];
    }

  return NULL;
}

static int
find_node (BatonStepContext *context, const BatonStep *step)
{
  const char *group = find_group (context, step);

  return group != NULL ? open_node (context, group) : -1;
}

/* libacl has no call for a descriptor of this kind. */
static char *
build_path (int fd)
{
  return g_strdup_printf ("/proc/self/fd/%d", fd);
}

static gboolean
find_entry (acl_t acl, uid_t uid, acl_entry_t *ret_entry)
{
  acl_entry_t entry;

  for (int which = ACL_FIRST_ENTRY; acl_get_entry (acl, which, &entry) == 1;
       which = ACL_NEXT_ENTRY)
    {
      acl_tag_t tag;
      uid_t *qualifier;
      gboolean found;

      if (acl_get_tag_type (entry, &tag) < 0 || tag != ACL_USER)
        continue;
      qualifier = acl_get_qualifier (entry);
      found = qualifier != NULL && *qualifier == uid;
      acl_free (qualifier);
      if (found)
        {
          *ret_entry = entry;
          return TRUE;
        }
    }

  return FALSE;
}

static gboolean
get_uid (const BatonStep *step, uid_t *ret_uid)
{
  guint64 uid;

  if (step->detail == NULL ||
      !g_ascii_string_to_unsigned (step->detail, 10, 0, G_MAXUINT32 - 1, &uid, NULL))
    return FALSE;
  *ret_uid = (uid_t) uid;

  return TRUE;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  baton_autofd int fd = find_node (context, step);
  g_autofree char *path = build_path (fd);
  g_autoptr (BatonAcl) acl = fd >= 0 ? acl_get_file (path, ACL_TYPE_ACCESS) : NULL;
  acl_entry_t entry;
  uid_t uid;

  if (acl != NULL && get_uid (step, &uid) && find_entry (acl, uid, &entry))
    return TRUE;

  baton_trouble_set (trouble, BATON_CODE_ACCESS_NOT_GIVEN, 0, "node", step->target, "reason",
                     fd < 0 ? "it is not there" : "the kernel does not show it", NULL);

  return FALSE;
}

static gboolean
set_entry (acl_t *acl, uid_t uid)
{
  acl_entry_t entry;
  acl_permset_t permissions;

  return acl_create_entry (acl, &entry) == 0 && acl_set_tag_type (entry, ACL_USER) == 0 &&
         acl_set_qualifier (entry, &uid) == 0 && acl_get_permset (entry, &permissions) == 0 &&
         acl_clear_perms (permissions) == 0 && acl_add_perm (permissions, ACL_READ) == 0 &&
         acl_add_perm (permissions, ACL_WRITE) == 0 &&
         acl_set_permset (entry, permissions) == 0;
}

/* With nobody named any more the mask says nothing, and the group's own entry would be what a
 * plain mode shows. */
static int
drop_mask (acl_t acl)
{
  acl_entry_t entry;
  acl_entry_t mask = NULL;

  for (int which = ACL_FIRST_ENTRY; acl_get_entry (acl, which, &entry) == 1;
       which = ACL_NEXT_ENTRY)
    {
      acl_tag_t tag;

      if (acl_get_tag_type (entry, &tag) < 0)
        return -1;
      if (tag == ACL_USER || tag == ACL_GROUP)
        return acl_calc_mask (&acl);
      if (tag == ACL_MASK)
        mask = entry;
    }

  return mask != NULL ? acl_delete_entry (acl, mask) : 0;
}

/* Adds the entry, or takes it away. The mask is worked out anew, as ACL wants it wherever a user
 * is named; without one it goes, and what stays is the plain mode. */
static int
change (int fd, uid_t uid, gboolean add)
{
  g_autofree char *path = build_path (fd);
  g_autoptr (BatonAcl) acl = acl_get_file (path, ACL_TYPE_ACCESS);
  acl_entry_t entry;

  if (acl == NULL)
    return errno;
  if (find_entry (acl, uid, &entry) == add)
    return 0;
  if (add)
    {
      acl_t grown = g_steal_pointer (&acl);
      gboolean good = set_entry (&grown, uid) && acl_calc_mask (&grown) == 0;

      acl = grown;
      if (!good)
        return errno;
    }
  else if (acl_delete_entry (acl, entry) < 0 || drop_mask (acl) < 0)
    return errno;

  return acl_set_file (path, ACL_TYPE_ACCESS, acl) == 0 ? 0 : errno;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  baton_autofd int fd = find_node (context, step);
  g_autoptr (GError) error = NULL;
  const char *reason = NULL;
  int errsv = EINVAL;
  uid_t uid;

  if (fd < 0)
    errsv = ENOENT;
  else if (get_uid (step, &uid))
    errsv = baton_access_note (context->root, context->before->card, find_group (context, step),
                               uid, &error)
                ? change (fd, uid, TRUE)
                : 0;
  if (errsv == 0 && error == NULL)
    return BATON_OUTCOME_OK;
  reason = error != NULL ? error->message : g_strerror (errsv);
  baton_trouble_set (trouble, BATON_CODE_ACCESS_NOT_GIVEN, errsv, "node", step->target,
                     "reason", reason, NULL);

  return BATON_OUTCOME_FAILED;
}

static int
take_back (BatonStepContext *context, const char *group, guint uid)
{
  baton_autofd int fd = open_node (context, group);

  return fd >= 0 ? change (fd, uid, FALSE) : 0;
}

static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  const char *group = find_group (context, step);
  g_autoptr (GError) error = NULL;
  int errsv = 0;
  uid_t uid;

  if (group == NULL || !get_uid (step, &uid))
    return BATON_OUTCOME_OK;
  errsv = take_back (context, group, uid);
  if (errsv == 0 &&
      baton_access_drop (context->root, context->before->card, group, uid, &error))
    return BATON_OUTCOME_OK;
  baton_trouble_set (trouble, BATON_CODE_ACCESS_NOT_TAKEN_BACK, errsv, "node", step->target,
                     "reason", errsv != 0 ? g_strerror (errsv) : error->message, NULL);

  return BATON_OUTCOME_FAILED;
}

static void
add_problem (
    BatonStepContext *context, BatonCode code, const char *group, int errsv, const char *reason)
{
  g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;
  g_autofree char *node = g_strconcat ("/dev/vfio/", group, NULL);

  baton_trouble_set (&problem, code, errsv, "node", node, "reason", reason, NULL);
  g_ptr_array_add (context->problems, baton_trouble_copy (&problem));
}

/**
 * baton_step_let_open_take_all_back:
 * @context: the handoff of a card that has come back
 *
 * Access to the groups was for as long as the card was away. Mostly a node is
 * gone with the card; it stays where another card of the group does.
 */
void
baton_step_let_open_take_all_back (BatonStepContext *context)
{
  const char *card = context->before->card;
  g_autoptr (GPtrArray) list = baton_access_list (context->root, card);
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;

  for (guint i = 0; i < list->len; i++)
    {
      const BatonAccess *access = g_ptr_array_index (list, i);
      int errsv = baton_access_is_shared (context->root, card, access)
                      ? 0
                      : take_back (context, access->group, access->uid);

      if (errsv == 0)
        continue;
      good = FALSE;
      add_problem (context, BATON_CODE_ACCESS_NOT_TAKEN_BACK, access->group, errsv,
                   g_strerror (errsv));
    }
  if (good && !baton_access_forget (context->root, card, &error))
    baton_event_writer_log (context->events, "warning", error->message);
}

/* The group has another number than before: what is noted of it goes along. */
static gboolean
move_note (BatonStepContext *context, const BatonAccess *access, const char *to, GError **error)
{
  const char *card = context->before->card;

  return g_str_equal (access->group, to) ||
         (baton_access_note (context->root, card, to, access->uid, error) &&
          baton_access_drop (context->root, card, access->group, access->uid, error));
}

/**
 * baton_step_let_open_give_again:
 * @context: the handoff of a card that stays away
 * @before: one of the card's functions, as it was and is again
 *
 * A node goes with the last function of its group that leaves vfio-pci, and
 * the one that is made when a function comes back knows nobody. Who might open
 * the group before may do so again.
 */
void
baton_step_let_open_give_again (BatonStepContext *context, const BatonFunctionState *before)
{
  g_autoptr (GPtrArray) list = baton_access_list (context->root, context->before->card);
  g_autofree char *now = baton_look_dup_group (context, before->address);
  const char *group = now != NULL ? now : before->group;

  for (guint i = 0; i < list->len; i++)
    {
      const BatonAccess *access = g_ptr_array_index (list, i);
      g_autoptr (GError) error = NULL;
      baton_autofd int fd = -1;
      int errsv;

      if (!g_str_equal (access->group, before->group) && !g_str_equal (access->group, group))
        continue;
      fd = open_node (context, group);
      errsv = fd >= 0 ? change (fd, access->uid, TRUE) : errno;
      if (errsv != 0)
        add_problem (context, BATON_CODE_ACCESS_NOT_GIVEN, group, errsv, g_strerror (errsv));
      else if (!move_note (context, access, group, &error))
        add_problem (context, BATON_CODE_ACCESS_NOT_GIVEN, group, 0, error->message);
    }
}

const BatonStepClass baton_step_let_open_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
