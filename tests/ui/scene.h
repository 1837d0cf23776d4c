/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-window.h"

G_BEGIN_DECLS

/**
 * Scene: a window that shows a recorded output of the helper
 *
 * @model: knows what the recorded lines say
 * @window: the main window, presented
 */
typedef struct
{
  BatonModel *model;
  BatonWindow *window;
} Scene;

Scene *scene_open_empty (void);
Scene *scene_open (const char *name);
BatonView *scene_read (const char *name);
void scene_feed (Scene *self, const char *name);
void scene_close (Scene *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_close)

void scene_settle (GtkWidget *widget);
GtkWidget *scene_find_type (GtkWidget *root, GType type, guint nth);
GtkWidget *scene_find_button (GtkWidget *root, const char *label);
GtkWidget *scene_find_label (GtkWidget *root, const char *text);
gboolean scene_is_on_screen (GtkWidget *widget);
void scene_assert_keys_differ (GtkWidget *root);

G_END_DECLS
