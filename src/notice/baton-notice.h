/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "baton-root.h"

G_BEGIN_DECLS

void baton_notice_run (BatonRoot *root, GDBusConnection *bus, GMainLoop *loop);

G_END_DECLS
