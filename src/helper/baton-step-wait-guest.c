/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-look.h"

/* The guest's end is seen by two events: the group's node is closed, or the process ends (one that
 * has kept a descriptor of the device alone closes no node). Each is only a reason to look. */
typedef struct
{
  int epoll_fd;
  int inotify_fd;
  GArray *pidfds;
} Watch;

static void
close_pidfds (Watch *self)
{
  for (guint i = 0; i < self->pidfds->len; i++)
    close (g_array_index (self->pidfds, int, i));
  g_array_set_size (self->pidfds, 0);
}

static void
watch_clear (Watch *self)
{
  close_pidfds (self);
  g_array_unref (self->pidfds);
  baton_fd_clear (&self->inotify_fd);
  baton_fd_clear (&self->epoll_fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, watch_clear)

static gboolean
add (Watch *self, int fd)
{
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

  return fd >= 0 && epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static gboolean
watch_nodes (Watch *self, BatonStepContext *context)
{
  g_autoptr (GPtrArray) groups = baton_card_state_list_groups (context->before);

  for (guint i = 0; i < groups->len; i++)
    {
      g_autofree char *node = g_strconcat ("vfio/", groups->pdata[i], NULL);
      g_autofree char *path = baton_root_build_path (context->root, BATON_ROOT_DEV, node);

      if (inotify_add_watch (self->inotify_fd, path, IN_OPEN | IN_CLOSE | IN_DELETE_SELF) < 0)
        return FALSE;
    }

  return groups->len > 0;
}

static void
drain (int fd)
{
  char buffer[4096] __attribute__ ((aligned (8)));

  while (read (fd, buffer, sizeof buffer) > 0)
    ;
}

/* Returns how many processes have the card, or -1. A process that ends while it is looked at is
 * simply not there any more. */
static int
watch_holders (Watch *self, BatonStepContext *context, BatonTrouble *trouble)
{
  g_autoptr (BatonHolders) holders = NULL;
  int n_holders = 0;

  close_pidfds (self);
  /* Before the look, so that what happens during it is heard. */
  drain (self->inotify_fd);
  holders = baton_look_at_holders (context, trouble);
  if (holders == NULL)
    return -1;
  for (guint i = 0; i < holders->holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (holders->holders, i);
      int pidfd = holder->pid > 0 ? pidfd_open (holder->pid, 0) : -1;

      if (pidfd < 0)
        continue;
      g_array_append_val (self->pidfds, pidfd);
      if (add (self, pidfd))
        n_holders++;
    }

  return n_holders;
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  /* Before: always looked at by apply, which has to wait for the first guest as well where the
   * card has just been handed over. After: apply has seen it. */
  return applied;
}

/* Waits until somebody has had the card and nobody has it any more. On the way to the host the
 * guest is there from the start; after a handoff to the guest it has yet to come. */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_auto (Watch) watch = { -1, -1, NULL };
  gboolean seen = context->to == BATON_SIDE_HOST;

  watch.pidfds = g_array_new (FALSE, FALSE, sizeof (int));
  watch.epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  watch.inotify_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (!baton_look_again (context, trouble))
    return BATON_OUTCOME_FAILED;
  if (!add (&watch, watch.inotify_fd) || !watch_nodes (&watch, context))
    {
      baton_trouble_set (trouble, BATON_CODE_WATCH_REFUSED, errno, "reason", g_strerror (errno),
                         NULL);
      return BATON_OUTCOME_FAILED;
    }
  for (;;)
    {
      int n_holders = watch_holders (&watch, context, trouble);

      if (n_holders < 0)
        return BATON_OUTCOME_FAILED;
      if (!seen && n_holders > 0)
        baton_event_writer_log (context->events, "info",
                                "A virtual machine has the card open; it comes back when that "
                                "has stopped.");
      seen = seen || n_holders > 0;
      if (seen && n_holders == 0)
        return BATON_OUTCOME_OK;
      if (baton_waiter_wait (context->waiter, watch.epoll_fd, BATON_WAIT_FOR_EVER, TRUE) ==
          BATON_WAIT_CANCELLED)
        return BATON_OUTCOME_CANCELLED;
    }
}

const BatonStepClass baton_step_wait_guest_class = {
  .cancel_before = TRUE,
  .only_waits = TRUE,
  .observe = observe,
  .apply = apply,
};
