/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonDeviceSession:
 * @id: logind's name of the session
 * @user: whose it is
 * @seat: where it is
 *
 * A session whose compositor or display server was given a device by logind, which keeps it for that
 * long, and has it kept by process 1 as well.
 */
typedef struct
{
  char *id;
  char *user;
  char *seat;
} BatonDeviceSession;

BatonDeviceSession *baton_device_session_find (BatonRoot *root, guint major, guint minor);
void baton_device_session_free (BatonDeviceSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonDeviceSession, baton_device_session_free)

G_END_DECLS
