/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonSettingsFile:
 *
 * `/etc/baton.conf` as it was when it was opened, to be replaced as a whole.
 */
typedef struct _BatonSettingsFile BatonSettingsFile;

BatonSettingsFile *baton_settings_file_open (BatonRoot *root, GError **error);
void baton_settings_file_free (BatonSettingsFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonSettingsFile, baton_settings_file_free)

const char *baton_settings_file_get_text (BatonSettingsFile *self, gsize *ret_length);
gboolean baton_settings_file_replace (BatonSettingsFile *self,
                                      const char *text,
                                      BatonEventWriter *events,
                                      GError **error);

G_END_DECLS
