/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-owners.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "baton-holder.h"
#include "baton-holders-kfd.h"
#include "baton-holders-walk.h"
#include "baton-process-kind.h"

/* References used below:
 *  NV-CTL   - NVIDIA open-gpu-kernel-modules nv.c: a /dev/nvidiactl descriptor can hold a GPU in
 *             use (ATTACH_GPUS); nvidia-modeset and nvidia-uvm likewise
 *  KFD      - Linux drivers/gpu/drm/amd/amdkfd/kfd_chardev.c: one file for all cards of amdgpu
 *  VFIO-DEV - Linux drivers/vfio/group.c: a device's descriptor keeps its group busy after the
 *             group's own was closed
 */

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

/* One for each right that can be given to a process (nv-caps.c), numbered in no way that tells of
 * which card. */
#define NVIDIA_CAPABILITIES "nvidia-caps"

/* AMD's compute device, for which the kernel can be asked who uses which card (KFD). */
#define KFD_DRIVER "amdgpu"
#define KFD_NODE "kfd"

#define NO_DEVICE G_MAXUINT

struct _BatonHoldersOwners
{
  /* owned */
  BatonRoot *root;
  GHashTable *gpu_ids; /* card -> by what number AMD's compute driver knows it */
  BatonHoldersDevices *devices;
  GPtrArray *nodes; /* by device: GArray of NodeOfCard */
  guint kfd;        /* device of AMD's compute driver, or NO_DEVICE */
};

typedef struct
{
  const BatonCard *card; /* borrowed */
  const char *path;      /* borrowed */
} NodeOfCard;

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

static guint
want_node (BatonHoldersOwners *self,
           const BatonCard *card,
           guint major,
           guint minor,
           BatonHoldersRole role,
           const char *path)
{
  guint index = baton_holders_devices_add (self->devices, major, minor, role, path);
  NodeOfCard node = { card, baton_holders_devices_get (self->devices, index)->path };
  GArray *nodes;

  if (index == self->nodes->len)
    g_ptr_array_add (self->nodes, g_array_new (FALSE, FALSE, sizeof (NodeOfCard)));
  nodes = self->nodes->pdata[index];
  g_array_append_val (nodes, node);

  return index;
}

static void
want_shared_node (BatonHoldersOwners *self,
                  BatonRoot *root,
                  const BatonCard *card,
                  const char *name)
{
  g_autofree char *path = NULL;
  struct stat status;

  if (fstatat (baton_root_get_fd (root, BATON_ROOT_DEV), name, &status, AT_SYMLINK_NOFOLLOW) !=
          0 ||
      !S_ISCHR (status.st_mode))
    return;
  path = baton_root_build_path (root, BATON_ROOT_DEV, name);
  want_node (self, card, gnu_dev_major (status.st_rdev), gnu_dev_minor (status.st_rdev),
             BATON_HOLDERS_ROLE_SHARED, path);
}

static void
want_shared_nodes (BatonHoldersOwners *self, BatonRoot *root, const BatonCard *card)
{
  g_autoptr (GPtrArray) capabilities = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (shared_nodes); i++)
    if (g_strcmp0 (card->display->driver, shared_nodes[i].driver) == 0)
      want_shared_node (self, root, card, shared_nodes[i].path);

  if (g_strcmp0 (card->display->driver, BATON_NVIDIA_DRIVER) == 0)
    capabilities = baton_root_list (root, BATON_ROOT_DEV, NVIDIA_CAPABILITIES, NULL);
  for (guint i = 0; capabilities != NULL && i < capabilities->len; i++)
    {
      g_autofree char *name =
          g_build_filename (NVIDIA_CAPABILITIES, capabilities->pdata[i], NULL);

      want_shared_node (self, root, card, name);
    }
}

/* Known by its number, as sysfs has it: a recorded tree has no device files. */
static void
want_kfd (BatonHoldersOwners *self, const BatonCard *card)
{
  const char *address = baton_card_get_address (card);
  g_autofree char *path = NULL;
  char *gpu_id;
  guint major;
  guint minor;

  if (g_strcmp0 (card->display->driver, KFD_DRIVER) != 0 ||
      !baton_kfd_read_number (self->root, &major, &minor))
    return;
  path = baton_root_build_path (self->root, BATON_ROOT_DEV, KFD_NODE);
  self->kfd = want_node (self, card, major, minor, BATON_HOLDERS_ROLE_SHARED, path);
  gpu_id = baton_kfd_dup_gpu_id (self->root, address);
  if (gpu_id != NULL)
    g_hash_table_insert (self->gpu_ids, g_strdup (address), gpu_id);
}

static const char *
find_node_of_card (const BatonHoldersOwners *self, guint device, const BatonCard *card)
{
  const GArray *nodes = self->nodes->pdata[device];

  for (guint i = 0; i < nodes->len; i++)
    {
      const NodeOfCard *node = &g_array_index (nodes, NodeOfCard, i);

      if (node->card == card)
        return node->path;
    }

  return NULL;
}

static gboolean
has_own_node_of (const BatonHoldersOwners *self,
                 const BatonHoldersFound *found,
                 const char *driver,
                 const BatonCard *card)
{
  for (guint i = 0; i < found->uses->len; i++)
    {
      guint device = g_array_index (found->uses, BatonHoldersUse, i).device;
      const GArray *nodes = self->nodes->pdata[device];

      if (baton_holders_devices_get (self->devices, device)->role != BATON_HOLDERS_ROLE_NODE)
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
 * has as well, and for all of them where it has none: then nobody can tell. But for AMD's compute
 * device, of which the kernel tells. */
static gboolean
counts_shared_node (const BatonHoldersOwners *self,
                    const BatonHoldersFound *found,
                    guint device,
                    const BatonCard *card)
{
  const char *driver = card->display->driver;
  const char *gpu_id = g_hash_table_lookup (self->gpu_ids, baton_card_get_address (card));
  BatonKfdAnswer answer = device == self->kfd
                              ? baton_kfd_ask (self->root, found->process->pid, gpu_id)
                              : BATON_KFD_UNKNOWN;

  if (answer != BATON_KFD_UNKNOWN)
    return answer == BATON_KFD_USES;

  return has_own_node_of (self, found, driver, card) ||
         !has_own_node_of (self, found, driver, NULL);
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

/* Whose is an open vfio device (VFIO-DEV)? In this order: the kernel says it (from 6.18 on);
 * the process's arguments name the card; the process has groups open, and those say it; and
 * where none of that is to be had, it may be any card that is on vfio, so it is each. To open
 * the groups here and see which is busy would keep a guest from starting at that moment. */
static gboolean
has_vfio_device_of (const BatonHoldersFound *found, const BatonCard *card)
{
  if ((found->traces & BATON_HOLDERS_TRACE_VFIO_DEVICE) == 0 ||
      !baton_card_has_function_on_vfio (card))
    return FALSE;
  if (found->vfio_functions[0] != NULL)
    return travels_one_of (card, (const char *const *) found->vfio_functions);
  if (is_named_by_process (card, found->process))
    return TRUE;

  return (found->traces & BATON_HOLDERS_TRACE_VFIO_GROUP) == 0;
}

/**
 * baton_holders_owners_new:
 * @root: where to look
 * @machine: whose cards; must outlive the result, as must its nodes
 *
 * Returns: (transfer full): the device files of all cards of @machine, and whose they are
 */
BatonHoldersOwners *
baton_holders_owners_new (BatonRoot *root, BatonMachine *machine)
{
  BatonHoldersOwners *self = g_new0 (BatonHoldersOwners, 1);

  self->root = baton_root_ref (root);
  self->gpu_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->kfd = NO_DEVICE;
  self->devices = baton_holders_devices_new ();
  self->nodes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = machine->cards->pdata[i];

      for (guint j = 0; j < card->nodes->len; j++)
        {
          const BatonNode *node = card->nodes->pdata[j];

          want_node (self, card, node->major, node->minor, role_of_node (node), node->path);
        }
      want_shared_nodes (self, root, card);
      want_kfd (self, card);
    }

  return self;
}

/**
 * baton_holders_owners_free:
 * @self: (nullable): owners
 *
 * Frees @self.
 */
void
baton_holders_owners_free (BatonHoldersOwners *self)
{
  if (self == NULL)
    return;

  baton_root_unref (self->root);
  g_hash_table_unref (self->gpu_ids);
  baton_holders_devices_unref (self->devices);
  g_ptr_array_unref (self->nodes);
  g_free (self);
}

/**
 * baton_holders_owners_get_devices:
 * @self: owners
 *
 * Returns: (transfer none): what is to be looked for
 */
BatonHoldersDevices *
baton_holders_owners_get_devices (const BatonHoldersOwners *self)
{
  return self->devices;
}

/**
 * baton_holders_owners_measure:
 * @self: owners
 * @found: what one process was seen to have
 * @card: a card of the machine that @self was made for
 * @nodes: (element-type filename): where to add the paths of the card's nodes that it has, which
 *   stay those of @self
 * @ret_n_uses: (out): how many descriptors and mappings of them that is
 *
 * Says how much of what a process has is this card's.
 *
 * Returns: set of #BatonHow, 0 where it does not hold the card
 */
guint
baton_holders_owners_measure (const BatonHoldersOwners *self,
                              const BatonHoldersFound *found,
                              const BatonCard *card,
                              GPtrArray *nodes,
                              guint *ret_n_uses)
{
  guint how = 0;

  *ret_n_uses = 0;
  for (guint i = 0; i < found->uses->len; i++)
    {
      const BatonHoldersUse *use = &g_array_index (found->uses, BatonHoldersUse, i);
      const char *path = find_node_of_card (self, use->device, card);

      if (path == NULL)
        continue;
      if (baton_holders_devices_get (self->devices, use->device)->role ==
              BATON_HOLDERS_ROLE_SHARED &&
          !counts_shared_node (self, found, use->device, card))
        continue;
      how |= use->how;
      *ret_n_uses += use->n_uses;
      g_ptr_array_add (nodes, (gpointer) path);
    }

  if (has_vfio_device_of (found, card))
    how |= BATON_HOW_VFIO | BATON_HOW_FD;
  /* all i915 cards map their memory through the same nameless file */
  if ((found->traces & BATON_HOLDERS_TRACE_I915_MAP) != 0 &&
      g_strcmp0 (card->display->driver, "i915") == 0)
    how |= BATON_HOW_MAP;

  return how;
}

/* Whether the kernel says that the process computes on none of the cards that it knows. */
static gboolean
computes_nowhere (const BatonHoldersOwners *self, int pid)
{
  GHashTableIter iter;
  gpointer gpu_id;

  g_hash_table_iter_init (&iter, self->gpu_ids);
  while (g_hash_table_iter_next (&iter, NULL, &gpu_id))
    if (baton_kfd_ask (self->root, pid, gpu_id) != BATON_KFD_USES_NOT)
      return FALSE;

  return TRUE;
}

/**
 * baton_holders_owners_is_undecided:
 * @self: owners
 * @found: what one process was seen to have, which does not hold @card
 * @card: a card of the machine that @self was made for
 * @nodes: (element-type filename): where to add the node that it has, which stays that of @self
 *
 * Says whether a process has AMD's compute device open and uses no card with it, nor any node of
 * one: it may begin to compute on @card, or on another, and nobody can tell which.
 *
 * Returns: %TRUE if so
 */
gboolean
baton_holders_owners_is_undecided (const BatonHoldersOwners *self,
                                   const BatonHoldersFound *found,
                                   const BatonCard *card,
                                   GPtrArray *nodes)
{
  for (guint i = 0; i < found->uses->len; i++)
    {
      const BatonHoldersUse *use = &g_array_index (found->uses, BatonHoldersUse, i);
      const char *path =
          use->device == self->kfd ? find_node_of_card (self, use->device, card) : NULL;

      if (path == NULL || has_own_node_of (self, found, KFD_DRIVER, NULL) ||
          !computes_nowhere (self, found->process->pid))
        continue;
      g_ptr_array_add (nodes, (gpointer) path);
      return TRUE;
    }

  return FALSE;
}
