/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-error-tap.h"
#include "baton-helper-client.h"
#include "baton-helper-input.h"
#include "baton-helper-output.h"

G_BEGIN_DECLS

/* For baton-helper-client.c, which is asked, and baton-helper-run.c, which is the run under way. */

struct _BatonHelperClient
{
  GObject parent_instance;

  /* owned */
  GStrv command;
  char *helper_path;

  /* owned, of the run that is under way */
  GTask *task;
  GSubprocess *process;
  BatonHelperInput *input;
  BatonHelperOutput *output;
  BatonErrorTap *errors;
  GCancellable *reading;
  GSource *cancelled_source;
  gint64 started_us;
  gboolean asked_to_stop;
  gboolean output_ended;
  gboolean process_ended;
};

void baton_helper_run_begin (BatonHelperClient *self, GTask *task, GCancellable *cancellable);
void baton_helper_run_forget (BatonHelperClient *self);

G_END_DECLS
