/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

int baton_worker_run (BatonRoot *root, const char *id);
int baton_worker_run_settings (BatonRoot *root, const char *id);
int baton_worker_run_installation (BatonRoot *root, const char *id);
int baton_worker_run_isolation (BatonRoot *root, const char *id);
int baton_worker_run_claim (BatonRoot *root, const char *id);
int baton_worker_run_adoption (BatonRoot *root, const char *id);
int baton_worker_run_undo_all (BatonRoot *root, const char *id);

G_END_DECLS
