/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-event.h"
#include "baton-machine.h"

G_BEGIN_DECLS

void baton_watch_tell_lost (BatonEventWriter *writer,
                            const BatonMachine *before,
                            const BatonMachine *now);

G_END_DECLS
