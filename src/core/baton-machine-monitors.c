/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-machine-private.h"

#include "baton-edid.h"
#include "baton-root-warily.h"

/* References used below:
 *  DRM-SYSFS - Linux drivers/gpu/drm/drm_sysfs.c: edid_show() takes mode_config.mutex, which a
 *    driver holds while it asks a monitor, and for ever where it crashed meanwhile; status_show()
 *    takes none
 */

typedef struct
{
  /* owned */
  char *path;
  /* borrowed */
  BatonOutput *output;
} Connected;

static void
free_connected (gpointer data)
{
  Connected *self = data;

  g_free (self->path);
  g_free (self);
}

/* @output is connected: its monitor is to be named by baton_look_read_monitors(). */
void
baton_look_expect_monitor (BatonLook *self, const char *connector, BatonOutput *output)
{
  Connected *connected = g_new0 (Connected, 1);

  if (self->connected == NULL)
    self->connected = g_ptr_array_new_with_free_func (free_connected);
  connected->path = g_strconcat (connector, "/edid", NULL);
  connected->output = output;
  g_ptr_array_add (self->connected, connected);
}

/* Names the monitors of all cards, those of whom no driver says so in time excepted: a look is
 * most wanted where a driver hangs (DRM-SYSFS). */
void
baton_look_read_monitors (BatonLook *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) heads = NULL;
  g_auto (GStrv) paths = NULL;

  if (self->connected == NULL)
    return;

  for (guint i = 0; i < self->connected->len; i++)
    g_strv_builder_add (builder, ((const Connected *) self->connected->pdata[i])->path);
  paths = g_strv_builder_end (builder);

  heads = baton_root_read_warily (self->root, BATON_ROOT_SYS, (const char *const *) paths,
                                  BATON_ROOT_PATIENCE_MS);
  for (guint i = 0; i < heads->len; i++)
    {
      const Connected *connected = g_ptr_array_index (self->connected, i);
      GBytes *edid = g_ptr_array_index (heads, i);
      gsize length = 0;
      const guint8 *bytes = edid != NULL ? g_bytes_get_data (edid, &length) : NULL;

      if (bytes != NULL)
        connected->output->monitor = baton_edid_dup_monitor (bytes, length);
    }
}
