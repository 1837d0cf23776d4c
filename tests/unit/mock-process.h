/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "mock-machine.h"

G_BEGIN_DECLS

/* Processes for a mock machine's /proc, as text: what the tests with living processes cannot
 * have, such as an open vfio device. */
void mock_process_add (MockMachine *self,
                       int pid,
                       const char *name,
                       guint uid,
                       const char *cgroup,
                       const char *arguments);
void mock_process_set_parent (MockMachine *self, int pid, int parent);
void mock_process_set_program (MockMachine *self, int pid, const char *program);
void mock_process_open (MockMachine *self, int pid, int fd, const char *link);
void mock_process_describe_fd (MockMachine *self, int pid, int fd, const char *fdinfo);
void mock_process_map (MockMachine *self, int pid, const char *maps);

G_END_DECLS
