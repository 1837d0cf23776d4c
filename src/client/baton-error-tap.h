/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _BatonErrorTap BatonErrorTap;

BatonErrorTap *baton_error_tap_new (GInputStream *stream, int to_fd);
void baton_error_tap_open (BatonErrorTap *self);
void baton_error_tap_unref (BatonErrorTap *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonErrorTap, baton_error_tap_unref)

G_END_DECLS
