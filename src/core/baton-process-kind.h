/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holder.h"
#include "baton-process-unit.h"

G_BEGIN_DECLS

BatonHolderKind baton_process_find_kind (const BatonProcess *process,
                                         const BatonProcessUnit *unit,
                                         gboolean has_vfio);
char *baton_process_dup_guest_name (const BatonProcess *process, const BatonProcessUnit *unit);
gboolean baton_process_name_is_of (const char *name, const char *program);
gboolean baton_process_name_is_vm (const char *name);
gboolean baton_process_name_is_keeper (const char *name);
gboolean baton_process_may_be_closed (const BatonProcess *process, BatonHolderKind kind);
gboolean baton_process_names_function (const BatonProcess *process, const char *address);

G_END_DECLS
