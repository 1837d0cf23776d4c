/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/* As long as it takes, whoever asks to stop: for what is put back. */
#define BATON_UNIT_JOB_TO_THE_END G_MAXUINT

gboolean baton_unit_job_run (BatonRoot *root,
                             BatonWaiter *waiter,
                             const char *method,
                             const char *unit,
                             guint patience_ms,
                             GError **error);

G_END_DECLS
