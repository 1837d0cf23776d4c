/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-machine.h"
#include "baton-root.h"

G_BEGIN_DECLS

gboolean baton_text_consoles_are_drawn (BatonRoot *root);
gboolean baton_text_consoles_can_let_go (BatonRoot *root);
char *baton_text_consoles_find_framebuffer (BatonRoot *root, const BatonMachine *machine);
const char *baton_text_consoles_get_framebuffer (const BatonNode *node);

G_END_DECLS
