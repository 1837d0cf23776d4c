/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include <string.h>

/* References used below:
 *  DRM-SYSFS - Linux drivers/gpu/drm/drm_sysfs.c: `status` and `edid` show what the last
 *    probe found and start none; status_show() takes no lock
 */

/* What a card can write a picture to without a monitor: no connector that people know. */
#define WRITEBACK "Writeback-"

static void
read_connectors (BatonLook *self, const char *drm, const char *card, GPtrArray *outputs)
{
  g_autofree char *directory = g_strconcat (drm, "/", card, NULL);
  g_autofree char *prefix = g_strconcat (card, "-", NULL);
  g_autoptr (GPtrArray) names = NULL;

  names = baton_root_list (self->root, BATON_ROOT_SYS, directory, NULL);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *connector = g_strconcat (directory, "/", name, NULL);
      g_autofree char *status_path = g_strconcat (connector, "/status", NULL);
      g_autofree char *status = NULL;
      BatonOutput *output;

      if (!g_str_has_prefix (name, prefix) ||
          g_str_has_prefix (name + strlen (prefix), WRITEBACK))
        continue;
      status = baton_root_read_line (self->root, BATON_ROOT_SYS, status_path, NULL);
      if (status == NULL)
        continue;

      output = g_new0 (BatonOutput, 1);
      output->name = g_utf8_make_valid (name + strlen (prefix), -1);
      output->connected = strcmp (status, "connected") == 0;
      if (output->connected)
        baton_look_expect_monitor (self, connector, output);
      g_ptr_array_add (outputs, output);
    }
}

/* Lists the connectors of a card from what the kernel remembers of them (DRM-SYSFS), so a
 * sleeping card sleeps on. Some drivers hang the DRM device below one of their own
 * (virtio's), hence one level more. */
GPtrArray *
baton_look_read_outputs (BatonLook *self, const BatonFunction *display)
{
  GPtrArray *outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_output_free);
  g_autofree char *device = g_strconcat ("bus/pci/devices/", display->address, NULL);

  for (guint i = 0; i < display->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (display->nodes, i);
      g_autofree char *card = NULL;
      g_autofree char *link = NULL;
      g_autofree char *drm = NULL;

      if (node->kind != BATON_NODE_DRM_PRIMARY)
        continue;

      card = g_path_get_basename (node->path);
      link = g_strconcat ("class/drm/", card, "/..", NULL);
      drm = g_strconcat (device, "/drm", NULL);
      read_connectors (self, baton_root_exists (self->root, BATON_ROOT_SYS, drm) ? drm : link,
                       card, outputs);
    }

  return outputs;
}
