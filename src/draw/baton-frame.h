/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonFrame: how one frame was drawn
 * @renderer: what OpenGL says that drew it
 * @version: what OpenGL says of the driver
 * @is_software: the processor drew it
 */
typedef struct
{
  char *renderer;
  char *version;
  gboolean is_software;
} BatonFrame;

BatonFrame *baton_frame_draw (const char *const *nodes, GError **error);
void baton_frame_free (BatonFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonFrame, baton_frame_free)

G_END_DECLS
