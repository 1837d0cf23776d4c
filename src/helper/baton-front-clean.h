/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonCaller:
 * @uid: the user who asks
 * @through_pkexec: polkit has let them; everything that they could prepare is suspect
 */
typedef struct
{
  guint uid;
  gboolean through_pkexec;
} BatonCaller;

gboolean baton_front_clean (BatonCaller *ret_caller, GError **error);

G_END_DECLS
