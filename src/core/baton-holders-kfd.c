/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-holders-kfd.h"

#include <stdio.h>
#include <string.h>

/* References used below:
 *  KFD-TOPOLOGY - Linux drivers/gpu/drm/amd/amdkfd/kfd_topology.c, node_show(): `gpu_id`, and among
 *    the properties `location_id`, bus << 8 | devfn, and `domain`
 *  KFD-PROCESS - Linux drivers/gpu/drm/amd/amdkfd/kfd_process.c, kfd_procfs_show() and
 *    kfd_procfs_queue_show(): `proc/PID/vram_GPUID` in bytes, `proc/PID/queues/N/gpuid`
 */

#define KFD "class/kfd/kfd"
#define MAX_PROPERTIES_BYTES 16384

/**
 * baton_kfd_read_number:
 * @root: where to look
 * @ret_major: (out): major number of `/dev/kfd`
 * @ret_minor: (out): its minor number
 *
 * Returns: %TRUE if the kernel has AMD's compute device
 */
gboolean
baton_kfd_read_number (BatonRoot *root, guint *ret_major, guint *ret_minor)
{
  g_autofree char *text = baton_root_read_line (root, BATON_ROOT_SYS, KFD "/dev", NULL);

  return text != NULL && sscanf (text, "%u:%u", ret_major, ret_minor) == 2;
}

static gboolean
read_property (const char *text, const char *name, guint64 *ret_value)
{
  gsize length = strlen (name);

  for (const char *line = text; line != NULL; line = strchr (line, '\n'))
    {
      line += *line == '\n';
      if (strncmp (line, name, length) == 0 && line[length] == ' ')
        {
          *ret_value = g_ascii_strtoull (line + length, NULL, 10);
          return TRUE;
        }
    }

  return FALSE;
}

static char *
read_address (BatonRoot *root, const char *node)
{
  g_autofree char *path = g_strconcat (KFD "/topology/nodes/", node, "/properties", NULL);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_SYS, path, MAX_PROPERTIES_BYTES, NULL, NULL);
  guint64 location = 0;
  guint64 domain = 0;

  if (!read_property (text, "location_id", &location))
    return NULL;
  read_property (text, "domain", &domain);

  return g_strdup_printf ("%04x:%02x:%02x.%x", (guint) domain, (guint) (location >> 8) & 0xff,
                          (guint) (location >> 3) & 0x1f, (guint) location & 7);
}

/**
 * baton_kfd_dup_gpu_id:
 * @root: where to look
 * @address: a display function
 *
 * Returns: (transfer full) (nullable): the number by which AMD's compute driver knows it
 */
char *
baton_kfd_dup_gpu_id (BatonRoot *root, const char *address)
{
  g_autoptr (GPtrArray) nodes =
      baton_root_list (root, BATON_ROOT_SYS, KFD "/topology/nodes", NULL);

  for (guint i = 0; nodes != NULL && i < nodes->len; i++)
    {
      g_autofree char *found = read_address (root, nodes->pdata[i]);
      g_autofree char *path =
          g_strconcat (KFD "/topology/nodes/", nodes->pdata[i], "/gpu_id", NULL);
      g_autofree char *id = NULL;

      if (g_strcmp0 (found, address) != 0)
        continue;
      id = baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);
      /* Processors are nodes as well, with the number 0. */
      if (id != NULL && g_ascii_strtoull (id, NULL, 10) != 0)
        return g_steal_pointer (&id);
    }

  return NULL;
}

static gboolean
has_queue (BatonRoot *root, const char *process, const char *gpu_id)
{
  g_autofree char *directory = g_strconcat (process, "/queues", NULL);
  g_autoptr (GPtrArray) queues = baton_root_list (root, BATON_ROOT_SYS, directory, NULL);

  for (guint i = 0; queues != NULL && i < queues->len; i++)
    {
      g_autofree char *path = g_strconcat (directory, "/", queues->pdata[i], "/gpuid", NULL);
      g_autofree char *id = baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);

      if (g_strcmp0 (id, gpu_id) == 0)
        return TRUE;
    }

  return FALSE;
}

/**
 * baton_kfd_ask:
 * @root: where to look
 * @pid: a process that has `/dev/kfd`
 * @gpu_id: (nullable): what baton_kfd_dup_gpu_id() said of a card
 *
 * Says whether a process computes on a card. One file stands for all cards, and whoever opens it
 * may use none of them; the kernel keeps an account of each process and card (KFD-PROCESS).
 *
 * Returns: the answer, or %BATON_KFD_UNKNOWN where the kernel does not tell
 */
BatonKfdAnswer
baton_kfd_ask (BatonRoot *root, int pid, const char *gpu_id)
{
  g_autofree char *process = g_strdup_printf (KFD "/proc/%d", pid);
  g_autofree char *path = gpu_id != NULL ? g_strconcat (process, "/vram_", gpu_id, NULL) : NULL;
  g_autofree char *vram =
      path != NULL ? baton_root_read_line (root, BATON_ROOT_SYS, path, NULL) : NULL;

  if (vram == NULL)
    return BATON_KFD_UNKNOWN;

  return g_ascii_strtoull (vram, NULL, 10) > 0 || has_queue (root, process, gpu_id)
             ? BATON_KFD_USES
             : BATON_KFD_USES_NOT;
}
