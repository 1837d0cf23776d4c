/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "handoff-story.h"

G_BEGIN_DECLS

/* A node of the card that living processes can open: the numbers are those of /dev/full. The mock
 * machine has a real /proc, so that what is closed really ends, of a namespace with nobody in it
 * but this test. */
#define OWN_PROCESSES_NODE "/dev/full"

typedef struct
{
  Story story;
  char *proc;
} OwnProcesses;

void own_processes_enter (void);
void own_processes_set_up (OwnProcesses *self, gconstpointer data);
void own_processes_tear_down (OwnProcesses *self, gconstpointer data);

pid_t own_processes_start_holder (void);
pid_t own_processes_start_guest (OwnProcesses *self, int *ret_fd);
void own_processes_stop_guest (pid_t pid, int fd);
void own_processes_use_group_numbers (OwnProcesses *self);
void own_processes_wait_for_wait (OwnProcesses *self);

G_END_DECLS
