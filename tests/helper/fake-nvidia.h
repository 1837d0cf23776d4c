/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mock-machine.h"

G_BEGIN_DECLS

/* The part of the fake kernel that is NVIDIA's: four modules that stand on each other, what they
 * show in /proc, and a service of theirs. */
#define FAKE_SERVICE "nvidia-persistenced.service"

void fake_nvidia_init (MockMachine *machine, const char *version);
void fake_nvidia_load (MockMachine *machine, const char *name, const char *options);
void fake_nvidia_unload (MockMachine *machine, const char *name);
gboolean fake_nvidia_is_loaded (MockMachine *machine, const char *name);
guint fake_nvidia_count (MockMachine *machine, const char *name);
void fake_nvidia_set_count (MockMachine *machine, const char *name, guint count);
void fake_nvidia_bound (MockMachine *machine, gboolean bound);
void fake_nvidia_run_service (MockMachine *machine, gboolean run);
gboolean fake_nvidia_service_runs (MockMachine *machine);

G_END_DECLS
