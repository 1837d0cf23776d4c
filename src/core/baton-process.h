/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

#define BATON_PROCESS_MAX_COMMAND 4096

/**
 * BatonProcess:
 * @pid: process id
 * @start_time: field 22 of `stat`, as text: with @pid it names a process for good
 * @name: its name, raw bytes (hostile: any process can call itself anything)
 * @command: its arguments joined by spaces, raw bytes (hostile), at most %BATON_PROCESS_MAX_COMMAND
 * @program: last part of the path of its program file, raw bytes; %NULL where it may not be read
 * @arguments: its arguments, raw bytes
 * @cgroup: path of its control group, raw bytes; %NULL where there is none
 * @environment_known: its environment could be read
 * @screens: what its environment says of the cards that a compositor shall draw on, raw bytes; %NULL
 *   where it says nothing
 * @uid: real user id
 * @parent: its parent's process id; 0 where it has none here
 * @is_init: is the first process of its own namespace, as a container's is
 * @is_kernel_thread: has no program, and cannot have descriptors
 *
 * One process, as `/proc` describes it. @command, @program, @arguments, @cgroup and what is said of its
 * environment are there only where baton_process_read_at() has read it.
 */
typedef struct
{
  int pid;
  char *start_time;
  char *name;
  char *command;
  char *program;
  GStrv arguments;
  char *cgroup;
  gboolean environment_known;
  char *screens;
  guint uid;
  int parent;
  gboolean is_init;
  gboolean is_kernel_thread;
} BatonProcess;

BatonProcess *baton_process_read_at (int dir_fd, int pid, GError **error);
BatonProcess *baton_process_read_identity_at (int dir_fd, int pid, GError **error);
BatonProcess *baton_process_new (BatonRoot *root, int pid, GError **error);
void baton_process_free (BatonProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonProcess, baton_process_free)

gboolean baton_process_parse_stat (const char *text,
                                   gsize length,
                                   char **ret_name,
                                   char **ret_start_time,
                                   gboolean *ret_kernel);
char *baton_process_parse_cgroup (const char *text);
gboolean baton_process_parse_uid (const char *text, guint *ret_uid);

G_END_DECLS
