/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BatonProcessUnit:
 * @unit: the innermost systemd service or scope, or %NULL
 * @scope: @unit where it groups the whole of one application, or %NULL
 * @app_id: desktop id without `.desktop`, or %NULL
 * @machine: name of the virtual machine or container that systemd-machined knows, or %NULL
 * @is_service: a service of the system or of the user, and no application
 *
 * What the path of a control group says about the processes in it.
 */
typedef struct
{
  char *unit;
  char *scope;
  char *app_id;
  char *machine;
  gboolean is_service;
} BatonProcessUnit;

void baton_process_unit_parse (BatonProcessUnit *self, const char *cgroup);
char *baton_process_unit_unescape (const char *text);
void baton_process_unit_clear (BatonProcessUnit *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonProcessUnit, baton_process_unit_clear)

G_END_DECLS
