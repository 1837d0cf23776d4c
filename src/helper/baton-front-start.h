/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

gboolean baton_front_has_systemd (BatonRoot *root);

/**
 * BATON_FRONT_WORKER_UNKNOWN: only the worker's first line tells who it is
 * BATON_FRONT_WORKER_ENDED: it has run, and is not there any more
 *
 * In the place of a worker's pidfd.
 */
#define BATON_FRONT_WORKER_UNKNOWN -1
#define BATON_FRONT_WORKER_ENDED -2

gboolean
baton_front_start_worker (BatonRoot *root, const char *id, int *ret_worker, GError **error);
gboolean
baton_front_start_settings (BatonRoot *root, const char *id, int *ret_worker, GError **error);
gboolean baton_front_start_installation (BatonRoot *root,
                                         const char *id,
                                         int *ret_worker,
                                         GError **error);
gboolean
baton_front_start_isolation (BatonRoot *root, const char *id, int *ret_worker, GError **error);
gboolean
baton_front_start_claim (BatonRoot *root, const char *id, int *ret_worker, GError **error);
gboolean
baton_front_start_adoption (BatonRoot *root, const char *id, int *ret_worker, GError **error);
gboolean
baton_front_start_undo_all (BatonRoot *root, const char *id, int *ret_worker, GError **error);
gboolean baton_front_start_recovery (BatonRoot *root, GError **error);

G_END_DECLS
