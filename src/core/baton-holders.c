/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "baton-holders-kernel.h"
#include "baton-holders-scan.h"
#include "baton-holders-walk.h"
#include "baton-process-kind.h"
#include "baton-process-unit.h"
#include "baton-text.h"

/* References used below:
 *  NV-CTL   - NVIDIA open-gpu-kernel-modules nv.c: a /dev/nvidiactl descriptor can hold a GPU in
 *             use (ATTACH_GPUS); nvidia-modeset and nvidia-uvm likewise
 *  VFIO-DEV - Linux drivers/vfio/group.c: a device's descriptor keeps its group busy after the
 *             group's own was closed
 */

#define MAX_PASSWD (1024 * 1024)
#define MAX_GUEST_NAME 256

/* One file for all cards of a driver. */
static const struct
{
  const char *driver;
  const char *path;
} shared_nodes[] = {
  { "nvidia", "nvidia-modeset" },
  { "nvidia", "nvidia-uvm" },
  { "nvidia", "nvidia-uvm-tools" },
  { "nvidia", "nvidiactl" },
};

static const struct
{
  BatonHolderKind kind;
  const char *text;
} kind_names[] = {
  { BATON_HOLDER_APP, "app" },
  { BATON_HOLDER_COMPOSITOR, "compositor" },
  { BATON_HOLDER_DISPLAY_SERVER, "display-server" },
  { BATON_HOLDER_SERVICE, "service" },
  { BATON_HOLDER_SOUND, "sound" },
  { BATON_HOLDER_VM, "vm" },
  { BATON_HOLDER_KERNEL, "kernel" },
};

/* What is looked for, and whose it is. */
typedef struct
{
  BatonHoldersDevices *devices; /* owned */
  GPtrArray *owners;            /* owned; by device: GArray of NodeOfCard */
} Wanted;

typedef struct
{
  const BatonCard *card; /* borrowed */
  const char *path;      /* borrowed */
} NodeOfCard;

const char *
baton_holder_kind_to_string (BatonHolderKind kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (kind_names[i].kind == kind)
      return kind_names[i].text;

  return NULL;
}

gboolean
baton_holder_kind_from_string (const char *text, BatonHolderKind *ret_kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (g_strcmp0 (kind_names[i].text, text) == 0)
      {
        *ret_kind = kind_names[i].kind;
        return TRUE;
      }

  return FALSE;
}

void
baton_holder_free (BatonHolder *self)
{
  g_free (self->start_time);
  g_free (self->name);
  g_free (self->command);
  g_free (self->user);
  g_free (self->unit);
  g_free (self->scope);
  g_free (self->app_id);
  g_free (self->guest);
  g_strfreev (self->nodes);
  g_free (self);
}

static BatonHoldersRole
role_of_node (const BatonNode *node)
{
  switch (node->kind)
    {
    case BATON_NODE_VFIO_GROUP:
      return BATON_HOLDERS_ROLE_VFIO_GROUP;
    case BATON_NODE_VFIO_DEVICE:
      return BATON_HOLDERS_ROLE_VFIO_CDEV;
    case BATON_NODE_DRM_PRIMARY:
    case BATON_NODE_DRM_RENDER:
    case BATON_NODE_FRAMEBUFFER:
    case BATON_NODE_SOUND:
    case BATON_NODE_I2C:
    case BATON_NODE_NVIDIA:
    case BATON_NODE_OTHER:
    default:
      return BATON_HOLDERS_ROLE_NODE;
    }
}

static void
want_node (Wanted *self,
           const BatonCard *card,
           guint major,
           guint minor,
           BatonHoldersRole role,
           const char *path)
{
  guint index = baton_holders_devices_add (self->devices, major, minor, role, path);
  NodeOfCard node = { card, baton_holders_devices_get (self->devices, index)->path };
  GArray *nodes;

  if (index == self->owners->len)
    g_ptr_array_add (self->owners, g_array_new (FALSE, FALSE, sizeof (NodeOfCard)));
  nodes = self->owners->pdata[index];
  g_array_append_val (nodes, node);
}

static void
want_shared_nodes (Wanted *self, BatonRoot *root, const BatonCard *card)
{
  int dev_fd = baton_root_get_fd (root, BATON_ROOT_DEV);

  for (guint i = 0; i < G_N_ELEMENTS (shared_nodes); i++)
    {
      g_autofree char *path = NULL;
      struct stat status;

      if (g_strcmp0 (card->display->driver, shared_nodes[i].driver) != 0 ||
          fstatat (dev_fd, shared_nodes[i].path, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
          !S_ISCHR (status.st_mode))
        continue;
      path = baton_root_build_path (root, BATON_ROOT_DEV, shared_nodes[i].path);
      want_node (self, card, gnu_dev_major (status.st_rdev), gnu_dev_minor (status.st_rdev),
                 BATON_HOLDERS_ROLE_SHARED, path);
    }
}

static void
init_wanted (Wanted *self, BatonRoot *root, BatonMachine *machine)
{
  self->devices = baton_holders_devices_new ();
  self->owners = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = machine->cards->pdata[i];

      for (guint j = 0; j < card->nodes->len; j++)
        {
          const BatonNode *node = card->nodes->pdata[j];

          want_node (self, card, node->major, node->minor, role_of_node (node), node->path);
        }
      want_shared_nodes (self, root, card);
    }
}

static void
clear_wanted (Wanted *self)
{
  baton_holders_devices_unref (self->devices);
  g_ptr_array_unref (self->owners);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, clear_wanted)

/* What one process has of one card. */
typedef struct
{
  guint how;
  GPtrArray *nodes; /* borrowed paths */
} Share;

static const char *
find_node_of_card (const Wanted *wanted, guint device, const BatonCard *card)
{
  const GArray *nodes = wanted->owners->pdata[device];

  for (guint i = 0; i < nodes->len; i++)
    {
      const NodeOfCard *node = &g_array_index (nodes, NodeOfCard, i);

      if (node->card == card)
        return node->path;
    }

  return NULL;
}

static gboolean
has_own_node_of (const Wanted *wanted,
                 const BatonHoldersFound *found,
                 const char *driver,
                 const BatonCard *card)
{
  for (guint i = 0; i < found->uses->len; i++)
    {
      guint device = g_array_index (found->uses, BatonHoldersUse, i).device;
      const GArray *nodes = wanted->owners->pdata[device];

      if (baton_holders_devices_get (wanted->devices, device)->role != BATON_HOLDERS_ROLE_NODE)
        continue;
      for (guint j = 0; j < nodes->len; j++)
        {
          const BatonCard *owner = g_array_index (nodes, NodeOfCard, j).card;

          if ((card == NULL || owner == card) &&
              g_strcmp0 (owner->display->driver, driver) == 0)
            return TRUE;
        }
    }

  return FALSE;
}

/* A node that all cards of a driver share (NV-CTL) counts for those whose own nodes the process
 * has as well, and for all of them where it has none: then nobody can tell. */
static gboolean
counts_shared_node (const Wanted *wanted, const BatonHoldersFound *found, const BatonCard *card)
{
  const char *driver = card->display->driver;

  return has_own_node_of (wanted, found, driver, card) ||
         !has_own_node_of (wanted, found, driver, NULL);
}

static gboolean
travels_one_of (const BatonCard *card, const char *const *addresses)
{
  for (guint i = 0; addresses[i] != NULL; i++)
    if (baton_card_travels (card, addresses[i]))
      return TRUE;

  return FALSE;
}

static gboolean
is_named_by_process (const BatonCard *card, const BatonProcess *process)
{
  for (guint i = 0; i < card->functions->len; i++)
    {
      const BatonFunction *function = card->functions->pdata[i];

      if (baton_process_names_function (process, function->address))
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_function_on_vfio (const BatonCard *card)
{
  for (guint i = 0; i < card->functions->len; i++)
    if (baton_function_is_on_vfio (card->functions->pdata[i]))
      return TRUE;

  return FALSE;
}

/* Whose is an open vfio device (VFIO-DEV)? In this order: the kernel says it (from 6.18 on);
 * the process's arguments name the card; the process has groups open, and those say it; and
 * where none of that is to be had, it may be any card that is on vfio, so it is each. To open
 * the groups here and see which is busy would keep a guest from starting at that moment. */
static gboolean
has_vfio_device_of (const BatonHoldersFound *found, const BatonCard *card)
{
  if ((found->traces & BATON_HOLDERS_TRACE_VFIO_DEVICE) == 0 || !has_function_on_vfio (card))
    return FALSE;
  if (found->vfio_functions[0] != NULL)
    return travels_one_of (card, (const char *const *) found->vfio_functions);
  if (is_named_by_process (card, found->process))
    return TRUE;

  return (found->traces & BATON_HOLDERS_TRACE_VFIO_GROUP) == 0;
}

static void
measure_share (Share *share,
               const Wanted *wanted,
               const BatonHoldersFound *found,
               const BatonCard *card)
{
  for (guint i = 0; i < found->uses->len; i++)
    {
      const BatonHoldersUse *use = &g_array_index (found->uses, BatonHoldersUse, i);
      const char *path = find_node_of_card (wanted, use->device, card);

      if (path == NULL)
        continue;
      if (baton_holders_devices_get (wanted->devices, use->device)->role ==
              BATON_HOLDERS_ROLE_SHARED &&
          !counts_shared_node (wanted, found, card))
        continue;
      share->how |= use->how;
      g_ptr_array_add (share->nodes, (gpointer) path);
    }

  if (has_vfio_device_of (found, card))
    share->how |= BATON_HOW_VFIO | BATON_HOW_FD;
  /* all i915 cards map their memory through the same nameless file */
  if ((found->traces & BATON_HOLDERS_TRACE_I915_MAP) != 0 &&
      g_strcmp0 (card->display->driver, "i915") == 0)
    share->how |= BATON_HOW_MAP;
}

/* From the file and not through NSS: a name service may be a network's, and core loads no
 * libraries of others into a process that has rights. Who is not in it has a number. */
static char *
find_user_name (const char *passwd, guint uid)
{
  g_auto (GStrv) lines = g_strsplit (passwd != NULL ? passwd : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], ":", 4);
      guint64 number;

      if (g_strv_length (fields) == 4 && *fields[0] != '\0' &&
          g_ascii_string_to_unsigned (fields[2], 10, 0, G_MAXUINT, &number, NULL) &&
          number == uid)
        return g_strdup (fields[0]);
    }

  return g_strdup_printf ("%u", uid);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static BatonHolder *
new_holder (const BatonHoldersFound *found, const Share *share, const char *passwd)
{
  const BatonProcess *process = found->process;
  g_auto (BatonProcessUnit) unit = { 0 };
  BatonHolder *self = g_new0 (BatonHolder, 1);

  baton_process_unit_parse (&unit, process->cgroup);
  self->pid = process->pid;
  self->start_time = g_strdup (process->start_time);
  self->name = g_strdup (process->name);
  self->command = g_strdup (process->command);
  self->uid = process->uid;
  self->user = find_user_name (passwd, process->uid);
  self->kind = baton_process_find_kind (process, &unit, (share->how & BATON_HOW_VFIO) != 0);
  self->how = share->how;
  if (self->kind == BATON_HOLDER_VM)
    self->guest = baton_process_dup_guest_name (process, &unit);
  self->closable = baton_process_may_be_closed (process, self->kind);
  self->unit = g_steal_pointer (&unit.unit);
  self->scope = g_steal_pointer (&unit.scope);
  self->app_id = g_steal_pointer (&unit.app_id);

  g_ptr_array_sort (share->nodes, compare_paths);
  g_ptr_array_add (share->nodes, NULL);
  self->nodes = g_strdupv ((char **) share->nodes->pdata);

  return self;
}

static int
compare_holders (gconstpointer a, gconstpointer b)
{
  const BatonHolder *first = *(BatonHolder *const *) a;
  const BatonHolder *second = *(BatonHolder *const *) b;

  if (first->kind != second->kind)
    return (first->kind > second->kind) - (first->kind < second->kind);
  return (first->pid > second->pid) - (first->pid < second->pid);
}

static BatonHolders *
new_holders (const Wanted *wanted,
             const BatonHoldersScan *scan,
             const BatonCard *card,
             const char *passwd)
{
  BatonHolders *self = g_new0 (BatonHolders, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->card = g_strdup (baton_card_get_address (card));
  self->holders = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holder_free);
  self->modules = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_module_use_free);
  self->unreadable = scan->n_unreadable;
  self->complete = scan->n_unreadable == 0 && !scan->hidden;
  if (scan->out_of_time)
    self->reason = g_strdup ("limit");
  else if (!self->complete)
    self->reason = g_strdup ("permission");

  for (guint i = 0; i < scan->found->len; i++)
    {
      const BatonHoldersFound *found = scan->found->pdata[i];
      g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
      Share share = { .nodes = nodes };

      measure_share (&share, wanted, found, card);
      if (share.how != 0)
        g_ptr_array_add (self->holders, new_holder (found, &share, passwd));
    }

  return self;
}

static gboolean
saw_vfio (const Wanted *wanted, const BatonHoldersScan *scan)
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

/**
 * baton_holders_scan:
 * @root: where to look
 * @machine: whose cards
 *
 * Looks once at every process, for all cards at the same time: at what it has open and at what
 * it has mapped, because a mapping keeps a card busy after its descriptor was closed. Then adds
 * what the kernel itself does with each card.
 *
 * What cannot be found: a descriptor that is on its way through a socket, or that io_uring or
 * KVM alone still has. Use counts of modules say that there is something.
 *
 * Returns: (transfer full) (element-type BatonHolders): one for each card of @machine, in its
 *   order
 */
GPtrArray *
baton_holders_scan (BatonRoot *root, BatonMachine *machine, GError **error)
{
  g_autoptr (GPtrArray) all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holders_unref);
  g_auto (Wanted) wanted = { 0 };
  g_autoptr (BatonHoldersScan) scan = NULL;
  g_autofree char *passwd = NULL;

  init_wanted (&wanted, root, machine);
  scan = baton_holders_scan_processes (wanted.devices,
                                       baton_root_get_fd (root, BATON_ROOT_PROC), error);
  if (scan == NULL)
    return NULL;

  passwd = baton_root_read_file (root, BATON_ROOT_ETC, "passwd", MAX_PASSWD, NULL, NULL);
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = machine->cards->pdata[i];
      BatonHolders *holders = new_holders (&wanted, scan, card, passwd);

      g_ptr_array_add (all, holders);
      baton_holders_add_kernel (holders, root, machine, card, saw_vfio (&wanted, scan));
      baton_holders_add_modules (holders, root, card);
      g_ptr_array_sort (holders->holders, compare_holders);
    }

  return g_steal_pointer (&all);
}

BatonHolders *
baton_holders_ref (BatonHolders *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
baton_holders_unref (BatonHolders *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_free (self->card);
  g_free (self->reason);
  g_ptr_array_unref (self->holders);
  g_ptr_array_unref (self->modules);
  g_free (self);
}

/**
 * baton_holders_find:
 * @all: (element-type BatonHolders): of all cards
 *
 * Returns: (transfer none) (nullable): those of the card with address @card
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
 *
 * Returns: (transfer none) (nullable): the holder that is process @pid
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
