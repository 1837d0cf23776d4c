/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-request-copy.h"

/**
 * baton_request_copy:
 * @self: a request
 *
 * Returns: (transfer full): another like it, without the digest that it expects: whoever copies a
 *   request means to change it
 */
BatonRequest *
baton_request_copy (const BatonRequest *self)
{
  BatonRequest *copy = baton_request_new ();

  g_strfreev (copy->cards);
  copy->cards = g_strdupv (self->cards);
  copy->to = self->to;
  copy->end_session = self->end_session;
  copy->log_out = self->log_out;
  copy->let_open = self->let_open;
  copy->may_not_return = self->may_not_return;
  copy->when_free = self->when_free;
  copy->until_free = self->until_free;
  copy->within_minutes = self->within_minutes;
  copy->start_guest = g_strdup (self->start_guest);
  copy->uid = self->uid;
  copy->memlock_bytes = self->memlock_bytes;
  for (guint i = 0; i < self->closes->len; i++)
    {
      const BatonClose *close = g_ptr_array_index (self->closes, i);

      baton_request_add_close (copy, close->pid, close->start_time);
    }

  return copy;
}
