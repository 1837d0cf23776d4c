/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders.h"

#include "baton-holders-kernel.h"
#include "baton-holders-owners.h"
#include "baton-holders-walk.h"
#include "baton-process-kind.h"
#include "baton-root-warily.h"
#include "baton-text.h"

#define MAX_PASSWD (1024 * 1024)
#define MAX_GUEST_NAME 256

/* TASK_COMM_LEN of the kernel, and room for what is not fit to be shown. */
#define MAX_COMM 64

static int
compare_holders (gconstpointer a, gconstpointer b)
{
  const BatonHolder *first = *(BatonHolder *const *) a;
  const BatonHolder *second = *(BatonHolder *const *) b;

  if (first->kind != second->kind)
    return (first->kind > second->kind) - (first->kind < second->kind);
  return (first->pid > second->pid) - (first->pid < second->pid);
}

/* Of root's alone: any process may take such a name. */
static BatonDeviceSession *
find_session (BatonRoot *root, const BatonHolder *holder, const BatonCard *card)
{
  if (holder->uid != 0 || holder->closable || !baton_process_name_is_keeper (holder->name))
    return NULL;

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = card->nodes->pdata[i];
      BatonDeviceSession *session = NULL;

      if (g_strv_contains ((const char *const *) holder->nodes, node->path))
        session = baton_device_session_find (root, node->major, node->minor);
      if (session != NULL)
        return session;
    }

  return NULL;
}

static BatonHolders *
new_holders (BatonRoot *root,
             const BatonHoldersOwners *owners,
             const BatonHoldersScan *scan,
             const BatonCard *card,
             const char *passwd,
             const GStrv unseen)
{
  BatonHolders *self = g_new0 (BatonHolders, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->card = g_strdup (baton_card_get_address (card));
  self->holders = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holder_free);
  self->undecided = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holder_free);
  self->modules = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_module_use_free);
  self->unreadable = scan->n_unreadable;
  self->unseen = g_strdupv (unseen);
  self->complete = scan->n_unreadable == 0 && !scan->hidden;
  if (scan->out_of_time)
    self->reason = g_strdup ("limit");
  else if (!self->complete)
    self->reason = g_strdup ("permission");

  for (guint i = 0; i < scan->found->len; i++)
    {
      const BatonHoldersFound *found = scan->found->pdata[i];
      g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
      guint n_uses;
      guint how = baton_holders_owners_measure (owners, found, card, nodes, &n_uses);

      if (how != 0)
        {
          BatonHolder *holder =
              baton_holder_new_for_process (root, found->process, how, nodes, passwd);

          holder->n_uses = n_uses;
          holder->kept_for = find_session (root, holder, card);
          g_ptr_array_add (self->holders, holder);
        }
      else if (baton_holders_owners_is_undecided (owners, found, card, nodes))
        {
          g_ptr_array_add (
              self->undecided,
              baton_holder_new_for_process (root, found->process, BATON_HOW_FD, nodes, passwd));
        }
    }

  return self;
}

static gboolean
saw_vfio (const BatonHoldersScan *scan)
{
  for (guint i = 0; i < scan->found->len; i++)
    {
      const BatonHoldersFound *found = scan->found->pdata[i];

      if ((found->traces &
           (BATON_HOLDERS_TRACE_VFIO_DEVICE | BATON_HOLDERS_TRACE_VFIO_GROUP)) != 0)
        return TRUE;
      for (guint j = 0; j < found->uses->len; j++)
        if ((g_array_index (found->uses, BatonHoldersUse, j).how & BATON_HOW_VFIO) != 0)
          return TRUE;
    }

  return FALSE;
}

/* Of whom nothing else can be read, the name can: comm_show() waits for no lock that a process keeps
 * while it hangs (Linux fs/proc/base.c). */
static GStrv
name_unreadable (BatonRoot *root, const BatonHoldersScan *scan)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < scan->unreadable->len; i++)
    {
      int pid = g_array_index (scan->unreadable, int, i);
      g_autofree char *path = g_strdup_printf ("%d/comm", pid);
      g_autofree char *comm = baton_root_read_line (root, BATON_ROOT_PROC, path, NULL);
      g_autofree char *name = NULL;
      g_autofree char *text = NULL;

      /* It has ended since. */
      if (comm == NULL)
        continue;
      name = baton_text_clean (comm, -1, MAX_COMM, NULL, NULL);
      text = g_strdup_printf ("%s %d", name, pid);
      g_strv_builder_add (builder, text);
    }

  return g_strv_builder_end (builder);
}

/**
 * baton_holders_scan:
 * @root: where to look
 * @machine: whose cards
 * @error: return location for an error
 *
 * Looks once at every process, for all cards at the same time: at what it has open and at what
 * it has mapped, because a mapping keeps a card busy after its descriptor was closed. Then adds
 * what the kernel itself does with each card.
 *
 * What cannot be found: a descriptor that is on its way through a socket, or that io_uring or
 * KVM alone still has. Use counts of modules say that there is something.
 *
 * Returns: (transfer full) (element-type BatonHolders): one for each card of @machine, in its
 *   order; %NULL where the processes could not even be listed. One that could not be looked at
 *   is no error: the holders are then not complete
 */
GPtrArray *
baton_holders_scan (BatonRoot *root, BatonMachine *machine, GError **error)
{
  g_autoptr (GPtrArray) all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holders_unref);
  g_autoptr (BatonHoldersOwners) owners = baton_holders_owners_new (root, machine);
  g_autoptr (BatonHoldersScan) scan = NULL;
  g_autofree char *passwd = NULL;
  g_auto (GStrv) unseen = NULL;

  scan = baton_holders_scan_processes (baton_holders_owners_get_devices (owners),
                                       baton_root_get_fd (root, BATON_ROOT_PROC), error);
  if (scan == NULL)
    return NULL;

  passwd = baton_root_read_file (root, BATON_ROOT_ETC, "passwd", MAX_PASSWD, NULL, NULL);
  unseen = name_unreadable (root, scan);
  baton_root_hold_reader (root);
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = machine->cards->pdata[i];
      BatonHolders *holders = new_holders (root, owners, scan, card, passwd, unseen);

      g_ptr_array_add (all, holders);
      baton_holders_add_kernel (holders, root, machine, card, saw_vfio (scan));
      baton_holders_add_modules (holders, root, card);
      g_ptr_array_sort (holders->holders, compare_holders);
    }
  baton_root_release_reader (root);

  return g_steal_pointer (&all);
}

/**
 * baton_holders_describe_unreadable:
 * @self: the holders of a card
 *
 * Returns: (transfer full): how many could not be read, and the first of them in parentheses
 */
char *
baton_holders_describe_unreadable (const BatonHolders *self)
{
  g_autofree char *names = NULL;

  if (self->unseen == NULL || self->unseen[0] == NULL)
    return g_strdup_printf ("%u", self->unreadable);
  names = g_strjoinv (", ", self->unseen);

  return g_strdup_printf ("%u (%s%s)", self->unreadable, names,
                          self->unreadable > g_strv_length (self->unseen) ? ", …" : "");
}

/**
 * baton_holders_ref:
 * @self: the holders of a card
 *
 * Returns: (transfer full): @self
 */
BatonHolders *
baton_holders_ref (BatonHolders *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * baton_holders_unref:
 * @self: (nullable): the holders of a card
 *
 * Gives a reference up; the last one frees them.
 */
void
baton_holders_unref (BatonHolders *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->card);
  g_free (self->reason);
  g_strfreev (self->unseen);
  g_ptr_array_unref (self->holders);
  g_clear_pointer (&self->undecided, g_ptr_array_unref);
  g_ptr_array_unref (self->modules);
  g_free (self);
}

/**
 * baton_holders_find:
 * @all: (element-type BatonHolders): of all cards
 * @card: a card's address
 *
 * Returns: (transfer none) (nullable): those of that card
 */
BatonHolders *
baton_holders_find (GPtrArray *all, const char *card)
{
  for (guint i = 0; i < all->len; i++)
    {
      BatonHolders *self = all->pdata[i];

      if (g_strcmp0 (self->card, card) == 0)
        return self;
    }

  return NULL;
}

/**
 * baton_holders_find_pid:
 * @self: the holders of a card
 * @pid: a process id
 *
 * Returns: (transfer none) (nullable): the holder that is that process
 */
const BatonHolder *
baton_holders_find_pid (const BatonHolders *self, int pid)
{
  for (guint i = 0; i < self->holders->len; i++)
    {
      const BatonHolder *holder = self->holders->pdata[i];

      if (holder->pid == pid && pid > 0)
        return holder;
    }

  return NULL;
}

/**
 * baton_machine_adopt_guests:
 * @machine: a machine that nobody else reads yet
 * @all_holders: (element-type BatonHolders): what baton_holders_scan() said about @machine
 *
 * Fills in the guests of each card: the virtual machines that have it through vfio. One that
 * merely draws with a card of the host is a holder like another and no guest.
 */
void
baton_machine_adopt_guests (BatonMachine *machine, GPtrArray *all_holders)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      BatonCard *card = machine->cards->pdata[i];
      const BatonHolders *holders =
          baton_holders_find (all_holders, baton_card_get_address (card));

      g_ptr_array_set_size (card->guests, 0);
      for (guint j = 0; holders != NULL && j < holders->holders->len; j++)
        {
          const BatonHolder *holder = holders->holders->pdata[j];
          BatonGuest *guest;

          if (holder->kind != BATON_HOLDER_VM || (holder->how & BATON_HOW_VFIO) == 0)
            continue;
          guest = g_new0 (BatonGuest, 1);
          guest->pid = holder->pid;
          guest->name = baton_text_clean (holder->guest != NULL ? holder->guest : holder->name,
                                          -1, MAX_GUEST_NAME, NULL, NULL);
          g_ptr_array_add (card->guests, guest);
        }
    }
}

/**
 * baton_holders_look:
 * @root: where to look
 * @ret_machine: (out) (transfer full): the machine, whose cards know of their guests; %NULL after
 *   an error
 * @error: return location for an error
 *
 * Looks at the machine and at who has its cards, as every plan begins.
 *
 * Returns: (transfer full) (element-type BatonHolders): like baton_holders_scan(), or %NULL
 *   where one of the two could not be looked at
 */
GPtrArray *
baton_holders_look (BatonRoot *root, BatonMachine **ret_machine, GError **error)
{
  g_autoptr (BatonMachine) machine = NULL;
  GPtrArray *all = NULL;

  *ret_machine = NULL;
  baton_root_hold_reader (root);
  machine = baton_machine_new (root, error);
  if (machine != NULL)
    all = baton_holders_scan (root, machine, error);
  baton_root_release_reader (root);
  if (all == NULL)
    return NULL;

  baton_machine_adopt_guests (machine, all);
  *ret_machine = g_steal_pointer (&machine);

  return all;
}
