/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-look.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "baton-along.h"
#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-text.h"

/* More than any name of a process that is a name. */
#define MAX_NAME_BYTES 128

/* udev's workers open nodes for a moment; longer than this they are busy with something else. */
#define SETTLE_US (10 * G_USEC_PER_SEC)

#define UDEV_QUEUE "udev/queue"

/* A device's own node (Linux 6.6, CONFIG_VFIO_DEVICE_CDEV), which goes by no group. */
#define VFIO_DEVICES "vfio/devices"

/**
 * baton_look_again:
 * @context: the handoff
 * @trouble: why it could not be looked at
 *
 * Looks at the machine afresh, as far as steps change it.
 *
 * Returns: %TRUE if the context has a new picture
 */
gboolean
baton_look_again (BatonStepContext *context, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  BatonMachine *machine = baton_machine_new_to_check (context->root, &error);

  if (machine == NULL)
    {
      baton_trouble_set (trouble, BATON_CODE_LOOK_FAILED, 0, "reason", error->message, NULL);
      return FALSE;
    }
  g_clear_pointer (&context->machine, baton_machine_unref);
  context->machine = machine;

  return TRUE;
}

/**
 * baton_look_find_card:
 * @context: the handoff, with a picture of the machine
 * @trouble: why it could not be found
 *
 * Returns: (transfer none) (nullable): the card in that picture
 */
BatonCard *
baton_look_find_card (BatonStepContext *context, BatonTrouble *trouble)
{
  BatonCard *card = baton_machine_find_card (context->machine, context->before->card);

  if (card == NULL)
    baton_trouble_set (trouble, BATON_CODE_DEVICE_GONE, 0, "address", context->before->card,
                       NULL);

  return card;
}

/**
 * baton_look_at_holders:
 * @context: the handoff; where it has a picture of the machine, the nodes of that picture are
 *   looked for: while an unbind is blocked, sysfs has forgotten them already
 * @trouble: why they could not be looked for
 *
 * Returns: (transfer full) (nullable): who has the card
 */
BatonHolders *
baton_look_at_holders (BatonStepContext *context, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = NULL;
  BatonHolders *holders = NULL;

  if (context->machine == NULL && !baton_look_again (context, trouble))
    return NULL;
  all = baton_holders_scan (context->root, context->machine, &error);
  if (all == NULL)
    {
      baton_trouble_set (trouble, BATON_CODE_LOOK_FAILED, 0, "reason", error->message, NULL);
      return NULL;
    }
  holders = baton_holders_find (all, context->before->card);
  if (holders == NULL)
    {
      baton_trouble_set (trouble, BATON_CODE_DEVICE_GONE, 0, "address", context->before->card,
                         NULL);
      return NULL;
    }

  return baton_holders_ref (holders);
}

/**
 * baton_look_at_all_holders:
 * @context: the handoff, as in baton_look_at_holders()
 * @trouble: why they could not be looked for
 *
 * For whoever acts on somebody not being there. Where not every process could be looked at, looks
 * once more: a search has its time (baton-holders-scan.c), which may not do once on a computer that
 * has much else to do. Whether everybody was seen then is for baton_look_has_seen_all() to say.
 *
 * Returns: (transfer full) (nullable): who has the card
 */
BatonHolders *
baton_look_at_all_holders (BatonStepContext *context, BatonTrouble *trouble)
{
  BatonHolders *holders = baton_look_at_holders (context, trouble);

  if (holders == NULL || holders->complete)
    return holders;
  baton_holders_unref (holders);

  return baton_look_at_holders (context, trouble);
}

/**
 * baton_look_has_seen_all:
 * @holders: who has the card
 * @trouble: that not everybody could be looked at
 *
 * A process that hangs in the kernel, and one that hides what it has open, may have the card: who
 * was not found is not gone. One that ended meanwhile is, and does not count.
 *
 * Returns: %TRUE if nobody else has it
 */
gboolean
baton_look_has_seen_all (const BatonHolders *holders, BatonTrouble *trouble)
{
  g_autofree char *unreadable = baton_holders_describe_unreadable (holders);

  if (!holders->complete)
    baton_trouble_set (trouble, BATON_CODE_HOLDERS_UNSEEN, 0, "unreadable", unreadable, NULL);

  return holders->complete;
}

/* The first of @holders that is a process, and has the card in the way that is asked for, or in any
 * (0): the kernel's own holds go with the driver. */
static const BatonHolder *
find_process (const BatonHolders *holders, guint how)
{
  for (guint i = 0; i < holders->holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (holders->holders, i);

      if (holder->pid > 0 && (how == 0 || (holder->how & how) != 0))
        return holder;
    }

  return NULL;
}

static char *
dup_name (const BatonHolder *holder)
{
  return baton_text_clean (holder->name, -1, MAX_NAME_BYTES, NULL, NULL);
}

static gboolean
has_reserved_sound (const BatonStepContext *context)
{
  return context->reservations != NULL && context->reservations->len > 0;
}

static gboolean
hears_a_close (BatonStepContext *context, int notes, gint64 deadline_us)
{
  char buffer[4096] __attribute__ ((aligned (8)));

  if (g_get_monotonic_time () >= deadline_us ||
      baton_waiter_wait (context->waiter, notes, deadline_us, FALSE) != BATON_WAIT_READY)
    return FALSE;
  while (read (notes, buffer, sizeof buffer) > 0)
    ;

  return TRUE;
}

static void
set_new_holder (BatonTrouble *trouble, const BatonHolder *holder)
{
  g_autofree char *name = dup_name (holder);
  g_autofree char *pid = g_strdup_printf ("%d", holder->pid);
  g_autofree char *nodes = g_strjoinv (", ", holder->nodes);
  g_autofree char *command = NULL;

  if (!baton_holder_is_started_again (holder))
    {
      baton_trouble_set (trouble, BATON_CODE_NEW_HOLDER, 0, "name", name, "pid", pid, "nodes",
                         nodes, NULL);
      return;
    }
  command = baton_holder_dup_stop (holder);
  baton_trouble_set (trouble, BATON_CODE_NEW_HOLDER_IN_SERVICE, 0, "name", name, "pid", pid,
                     "unit", holder->unit, "command", command, "nodes", nodes, NULL);
}

/* A sound server that had only just found the device when it was asked to let go of it opens it
 * once more, and closes it when it sees that it is reserved: WirePlumber does, of a card that came
 * back a moment ago. */
static gboolean
is_free (BatonStepContext *context, guint how, BatonTrouble *trouble)
{
  gint64 deadline_us = g_get_monotonic_time () + BATON_LOOK_PATIENCE_US;
  baton_autofd int notes = has_reserved_sound (context)
                               ? baton_look_listen_to_closes (context, BATON_LOOK_SOUND)
                               : -1;

  baton_look_settle_udev (context);
  for (;;)
    {
      g_autoptr (BatonHolders) holders = NULL;
      const BatonHolder *holder;

      if (!baton_look_again (context, trouble))
        return FALSE;
      holders = baton_look_at_all_holders (context, trouble);
      if (holders == NULL)
        return FALSE;
      holder = find_process (holders, how);
      if (holder == NULL)
        return (!holders->complete && how == BATON_HOW_VFIO &&
                baton_look_is_left_by_guests (context)) ||
               baton_look_has_seen_all (holders, trouble);
      if (holder->kind == BATON_HOLDER_SOUND && has_reserved_sound (context) &&
          hears_a_close (context, notes, deadline_us))
        continue;

      set_new_holder (trouble, holder);

      return FALSE;
    }
}

/**
 * baton_look_listen_to_closes:
 * @context: the handoff
 * @directory: the directory in `/dev` that the devices are in
 *
 * To be called before it is looked at who has such a device. Where nobody can be heard only a
 * deadline leads to the next look.
 *
 * Returns: (transfer full): a descriptor that becomes readable when one is closed, not to be waited
 *   in, or -1
 */
int
baton_look_listen_to_closes (BatonStepContext *context, const char *directory)
{
  g_autofree char *nodes = baton_root_build_path (context->root, BATON_ROOT_DEV, directory);
  int notes = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  if (notes >= 0)
    inotify_add_watch (notes, nodes, IN_CLOSE);

  return notes;
}

/**
 * baton_look_is_free:
 * @context: the handoff
 * @trouble: who has begun to use the card
 *
 * Looks afresh at who has the card, once udev's own short visits are over, and those of a sound
 * server that was asked to let go.
 *
 * Returns: %TRUE if no process has it
 */
gboolean
baton_look_is_free (BatonStepContext *context, BatonTrouble *trouble)
{
  return is_free (context, 0, trouble);
}

/**
 * baton_look_is_free_of_guests:
 * @context: the handoff
 * @trouble: who has begun to use the card
 *
 * The same about those alone who have it through vfio: whoever uses a function that the host's
 * driver has already is not in the way of the others. The kernel's own word does, and takes no
 * search; that names who it is where somebody has it, and says no less where somebody else was
 * asking the kernel just then. Of a device's own node the kernel knows nothing before it is bound,
 * though to have it open is enough to block an unbind (vfio_device_fops_cdev_open() in the kernel's
 * drivers/vfio/device_cdev.c).
 *
 * Returns: %TRUE if no guest has it
 */
gboolean
baton_look_is_free_of_guests (BatonStepContext *context, BatonTrouble *trouble)
{
  /* Should an unbind be blocked, that is the picture by which to find who does it. */
  if (!baton_look_again (context, trouble))
    return FALSE;

  return (!baton_root_exists (context->root, BATON_ROOT_DEV, VFIO_DEVICES) &&
          baton_look_is_left_by_guests (context)) ||
         is_free (context, BATON_HOW_VFIO, trouble);
}

/**
 * baton_look_may_be_taken:
 * @context: the handoff
 * @address: one of its functions
 * @driver: the driver that it has
 * @trouble: who is in the way
 *
 * Of what is on vfio-pci nothing can be had but by guests.
 *
 * Returns: %TRUE if the function may be taken from @driver
 */
gboolean
baton_look_may_be_taken (BatonStepContext *context,
                         const char *address,
                         const char *driver,
                         BatonTrouble *trouble)
{
  if (!baton_function_driver_is_vfio (driver))
    return baton_along_may_go (context, address, trouble) &&
           baton_look_is_free (context, trouble);

  return baton_look_is_free_of_guests (context, trouble) &&
         baton_look_is_group_free (context, address, trouble);
}

/**
 * baton_look_describe_holders:
 * @context: the handoff
 *
 * Returns: (transfer full) (nullable): whom a write waits for, by name and number, or %NULL where
 *   nobody can be seen
 */
char *
baton_look_describe_holders (BatonStepContext *context)
{
  g_autoptr (BatonHolders) holders = baton_look_at_holders (context, NULL);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; holders != NULL && i < holders->holders->len; i++)
    {
      const BatonHolder *holder = g_ptr_array_index (holders->holders, i);
      g_autofree char *name = NULL;

      if (holder->pid <= 0)
        continue;
      name = dup_name (holder);
      g_string_append_printf (text, "%s%s (%d)", text->len > 0 ? ", " : "", name, holder->pid);
    }
  if (text->len == 0)
    return NULL;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * baton_look_settle_udev:
 * @context: the handoff
 *
 * Waits until udev has worked off its events: it removes its queue file then
 * (src/udev/udevadm-settle.c in systemd). Where that takes too long, whoever
 * calls finds udev's worker among the holders. A cancel does not cut it short:
 * the rollback that follows would find that worker, and leave the card to it.
 */
void
baton_look_settle_udev (BatonStepContext *context)
{
  g_autofree char *path = baton_root_build_path (context->root, BATON_ROOT_RUN, UDEV_QUEUE);
  gint64 deadline_us = g_get_monotonic_time () + SETTLE_US;
  baton_autofd int fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);

  /* Each time anew: what is there may be another file by now. Where none is, there is nothing to
   * wait for. */
  while (fd >= 0 && inotify_add_watch (fd, path, IN_DELETE_SELF | IN_ATTRIB) >= 0)
    {
      char buffer[4096] __attribute__ ((aligned (8)));

      if (baton_waiter_wait (context->waiter, fd, deadline_us, FALSE) != BATON_WAIT_READY)
        return;
      if (read (fd, buffer, sizeof buffer) < 0)
        return;
    }
}
