/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Somebody on a session's bus who answers as a user's systemd does. @state is what it says of each
 * unit's file, or, with a dot in it, the error that it answers with; @fails names a method that it
 * refuses; @calls has what it was asked, one line each. */
typedef struct
{
  const char *state;
  const char *fails;

  /* owned */
  GString *calls;
  GDBusConnection *connection;
  guint object;
} FakeSystemd;

FakeSystemd *fake_systemd_new (const char *bus_address);
void fake_systemd_free (FakeSystemd *self);

G_END_DECLS
