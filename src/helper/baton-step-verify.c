/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-guard.h"
#include "baton-look.h"
#include "baton-nvidia.h"

/* Nodes in /dev/dri are there when bind returns; sound cards are made later, by a work of the
 * driver's own that loads codec modules meanwhile (sound/pci/hda/hda_intel.c, probe_work). */
#define NODES_US (15 * G_USEC_PER_SEC)

#define NVIDIA_DISPLAY "nvidia_drm"

/* The kernel's own uevents, as opposed to those that udev sends on. */
#define KERNEL_UEVENTS 1

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return applied;
}

static gboolean
is_on_vfio (const char *driver)
{
  /* vfio-pci itself, and the drivers of single devices that are built on it. */
  return baton_function_driver_is_vfio (driver);
}

/* Every function, by its link. Whether the rest of its group may be trusted as well, the kernel
 * says better than a look at all devices could. */
static gboolean
are_links_for_guest (BatonStepContext *context, BatonTrouble *trouble)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      g_autofree char *driver = baton_effect_read_driver (context, state->address);
      gboolean is_display = g_str_equal (state->address, context->before->card);

      if (is_on_vfio (driver) || (driver == NULL && !is_display))
        continue;
      baton_effect_set_difference (context, state->address, "vfio-pci", driver, trouble);
      return FALSE;
    }

  return TRUE;
}

/* What QEMU will do first, done and undone: a group that is not viable is refused to it with
 * EPERM, and a group that somebody has open already was good enough for him. */
static BatonOutcome
verify_guest (BatonStepContext *context, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) groups = baton_card_state_list_groups (context->before);

  if (!are_links_for_guest (context, trouble))
    return BATON_OUTCOME_FAILED;
  for (guint i = 0; i < groups->len; i++)
    {
      const char *group = groups->pdata[i];
      gboolean viable;
      int errsv = baton_look_probe_group (context, group, &viable);
      g_autofree char *node = NULL;

      if (errsv == EBUSY || (errsv == 0 && viable))
        continue;
      node = g_strconcat ("/dev/vfio/", group, NULL);
      if (errsv == 0)
        baton_trouble_set (trouble, BATON_CODE_GROUP_NOT_VIABLE, 0, "group", group, NULL);
      else
        baton_trouble_set (trouble, BATON_CODE_OPEN_REFUSED, errsv, "node", node, "reason",
                           g_strerror (errsv), NULL);
      return BATON_OUTCOME_FAILED;
    }

  /* From here on a guest may have it. */
  g_clear_pointer (&context->guard, baton_errand_free);
  context->guard = baton_guard_begin (context->root, context->waiter, context->profile,
                                      context->before->card);

  return BATON_OUTCOME_OK;
}

static gboolean
is_on_host (BatonStepContext *context, BatonTrouble *trouble)
{
  BatonCard *card;

  if (!baton_look_again (context, trouble))
    return FALSE;
  card = baton_look_find_card (context, trouble);
  if (card == NULL)
    return FALSE;
  if (card->side == BATON_SIDE_HOST)
    return TRUE;

  baton_effect_set_difference (context, context->before->card,
                               baton_side_to_string (BATON_SIDE_HOST),
                               baton_side_to_string (card->side), trouble);

  return FALSE;
}

static gboolean
has_node (BatonStepContext *context, const BatonFunction *function, BatonNodeKind kind)
{
  for (guint i = 0; i < function->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (function->nodes, i);

      /* sysfs may know of a node that devtmpfs has yet to make. */
      if (node->kind == kind &&
          baton_root_exists (context->root, BATON_ROOT_DEV, node->path + strlen ("/dev/")))
        return TRUE;
    }

  return FALSE;
}

/* NVIDIA's nodes in /dev/dri are those of its display part. Where that was unloaded for the card to
 * leave and could not be loaded again, the step that was to load it has said why, and none comes. */
static gboolean
may_display_come (BatonStepContext *context, const BatonFunction *function)
{
  return g_strcmp0 (function->driver, BATON_NVIDIA_DRIVER) != 0 ||
         baton_card_state_find_module (context->origin, NVIDIA_DISPLAY) == NULL ||
         baton_module_state_is_loaded (context->root, NVIDIA_DISPLAY);
}

/* Returns what to say of a function that had more before the card left, if there is one: of all, or
 * of those alone that may yet have it again. */
static BatonCode
find_missing (BatonStepContext *context, gboolean may_come, const char **ret_address)
{
  for (guint i = 0; i < context->origin->functions->len; i++)
    {
      const BatonFunctionState *origin = g_ptr_array_index (context->origin->functions, i);
      BatonFunction *function = baton_machine_find_function (context->machine, origin->address);

      /* Without a driver there is nothing to wait for: the step that was to bind it said why. */
      if (function == NULL || function->driver == NULL)
        continue;
      *ret_address = origin->address;
      if (origin->drm && !has_node (context, function, BATON_NODE_DRM_PRIMARY) &&
          (!may_come || may_display_come (context, function)))
        return BATON_CODE_DISPLAY_MISSING;
      if (origin->sound && !has_node (context, function, BATON_NODE_SOUND))
        return BATON_CODE_SOUND_MISSING;
    }

  return BATON_CODE_NONE;
}

static void
add_watch (int epoll_fd, int fd)
{
  struct epoll_event event = { .events = EPOLLIN };

  if (fd >= 0 && epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    g_debug ("could not watch for nodes: %s, ignoring", g_strerror (errno));
}

static int
open_uevents (void)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_UEVENTS };
  baton_autofd int fd =
      socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

  if (fd < 0 || bind (fd, (struct sockaddr *) &address, sizeof address) < 0)
    return -1;

  return baton_fd_steal (&fd);
}

static int
open_directory_watch (BatonStepContext *context)
{
  static const char *const directories[] = { "dri", "snd" };
  baton_autofd int fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  for (guint i = 0; fd >= 0 && i < G_N_ELEMENTS (directories); i++)
    {
      g_autofree char *path =
          baton_root_build_path (context->root, BATON_ROOT_DEV, directories[i]);

      /* A directory that is not there yet comes with a uevent of its first node. */
      if (inotify_add_watch (fd, path, IN_CREATE | IN_MOVED_TO) < 0)
        g_debug ("could not watch '%s': %s, ignoring", path, g_strerror (errno));
    }

  return baton_fd_steal (&fd);
}

static void
drain (int fd)
{
  char buffer[8192] __attribute__ ((aligned (8)));

  while (fd >= 0 && read (fd, buffer, sizeof buffer) > 0)
    ;
}

typedef struct
{
  int epoll_fd;
  int uevents;
  int directories;
} Watch;

static void
watch_clear (Watch *self)
{
  baton_fd_clear (&self->directories);
  baton_fd_clear (&self->uevents);
  baton_fd_clear (&self->epoll_fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, watch_clear)

static void
watch_open (Watch *self, BatonStepContext *context)
{
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->uevents = open_uevents ();
  self->directories = open_directory_watch (context);
  add_watch (self->epoll_fd, self->uevents);
  add_watch (self->epoll_fd, self->directories);
}

/* Waits for what the card had before it left: every uevent and every new node is a reason to look
 * again, and nothing else is. The first look has been taken after the watch was opened. */
static BatonCode
wait_for_nodes (BatonStepContext *context, Watch *watch, const char **ret_address)
{
  gint64 deadline_us = g_get_monotonic_time () + NODES_US;

  for (;;)
    {
      if (find_missing (context, TRUE, ret_address) == BATON_CODE_NONE ||
          baton_waiter_wait (context->waiter, watch->epoll_fd, deadline_us, FALSE) !=
              BATON_WAIT_READY)
        break;
      drain (watch->uevents);
      drain (watch->directories);
      if (!baton_look_again (context, NULL))
        break;
    }

  return find_missing (context, FALSE, ret_address);
}

/* Numbers of cards are given in the order in which they come; and a node of before that somebody has
 * open still keeps its number (drivers/gpu/drm/drm_drv.c, drm_minor_alloc). */
static void
tell_new_names (BatonStepContext *context, BatonTrouble *news)
{
  g_autoptr (GPtrArray) old = g_ptr_array_new ();
  g_autoptr (GPtrArray) new = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *old_names = NULL;
  g_autofree char *new_names = NULL;

  for (guint i = 0; i < context->origin->functions->len; i++)
    {
      const BatonFunctionState *origin = g_ptr_array_index (context->origin->functions, i);
      BatonFunction *function = baton_machine_find_function (context->machine, origin->address);
      g_auto (GStrv) nodes =
          function != NULL ? baton_function_state_list_nodes (function) : NULL;

      if (nodes == NULL || origin->nodes == NULL || nodes[0] == NULL ||
          origin->nodes[0] == NULL ||
          g_strv_equal ((const char *const *) nodes, (const char *const *) origin->nodes))
        continue;
      for (guint j = 0; origin->nodes[j] != NULL; j++)
        g_ptr_array_add (old, origin->nodes[j]);
      for (guint j = 0; nodes[j] != NULL; j++)
        g_ptr_array_add (new, g_strdup (nodes[j]));
    }
  if (old->len == 0)
    return;
  g_ptr_array_add (old, NULL);
  g_ptr_array_add (new, NULL);
  old_names = g_strjoinv (", ", (GStrv) old->pdata);
  new_names = g_strjoinv (", ", (GStrv) new->pdata);
  baton_trouble_set (news, BATON_CODE_NODES_RENAMED, 0, "old", old_names, "new", new_names,
                     NULL);
}

static BatonOutcome
verify_host (BatonStepContext *context, BatonTrouble *trouble)
{
  const char *address = NULL;
  BatonCode missing;
  g_auto (Watch) watch = { -1, -1, -1 };

  watch_open (&watch, context);
  if (!is_on_host (context, trouble))
    return BATON_OUTCOME_FAILED;
  baton_step_let_open_take_all_back (context);
  if (context->origin == NULL)
    {
      /* What starts next finds its screens by udev. */
      baton_look_settle_udev (context);
      return BATON_OUTCOME_OK;
    }

  missing = wait_for_nodes (context, &watch, &address);
  if (missing != BATON_CODE_NONE)
    {
      /* The driver has the card: to send it back to the guest would help nobody. */
      g_auto (BatonTrouble) problem = BATON_TROUBLE_INIT;

      baton_trouble_set (&problem, missing, 0, "address", address, NULL);
      g_ptr_array_add (context->problems, baton_trouble_copy (&problem));
    }
  baton_look_settle_udev (context);
  tell_new_names (context, trouble);

  return BATON_OUTCOME_OK;
}

/* What has stood in is parked, and given to no guest: who else is in its group is no matter yet. */
static BatonOutcome
verify_parked (BatonStepContext *context, BatonTrouble *trouble)
{
  return are_links_for_guest (context, trouble) ? BATON_OUTCOME_OK : BATON_OUTCOME_FAILED;
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  if (context->to == BATON_SIDE_HOST)
    return verify_host (context, trouble);

  return baton_step_is_of_stand_in (context, step) ? verify_parked (context, trouble)
                                                   : verify_guest (context, trouble);
}

/* The whole card, and not what the steps believe to have done. */
const BatonStepClass baton_step_verify_class = {
  .cancel_before = FALSE,
  .observe = observe,
  .apply = apply,
};
