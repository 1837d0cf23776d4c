/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"

G_BEGIN_DECLS

GPtrArray *baton_notice_look_list_nodes (BatonRoot *root, BatonMachine *machine);
GPtrArray *baton_notice_look (BatonRoot *root, BatonMachine *machine, GError **error);

G_END_DECLS
