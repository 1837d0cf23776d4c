/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define BATON_SYSTEMD_NAME "org.freedesktop.systemd1"
#define BATON_SYSTEMD_PATH "/org/freedesktop/systemd1"
#define BATON_SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

gboolean baton_systemd_job_run (GDBusConnection *connection,
                                const char *method,
                                const char *unit,
                                guint timeout_ms,
                                int recall_fd,
                                GError **error);

G_END_DECLS
