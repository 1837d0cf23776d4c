/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-card.h"
#include "baton-guest-definition.h"
#include "baton-root.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_MAX_CARDS 8
#define BATON_MAX_GUEST_BYTES 256
#define BATON_MAX_MINUTES (24 * 60)

/**
 * BatonClose: consent to close one process: the pid and the start time that were shown
 */
typedef struct
{
  int pid;
  char *start_time;
} BatonClose;

/**
 * BatonRequest:
 * @cards: canonical addresses, 1 to %BATON_MAX_CARDS
 * @to: %BATON_SIDE_GUEST or %BATON_SIDE_HOST
 * @closes: (element-type BatonClose): processes whose end is consented to
 * @end_session: the desktop may be ended
 * @log_out: where a session of who asks ends, he has his own session manager log him out
 *   first, as soon as its step begins
 * @let_open: the asking user may open `/dev/vfio/N` until the return
 * @may_not_return: the card may be handed over although its return is in doubt
 * @when_free: to the host: wait until the guest has let go
 * @until_free: to the guest: come back by itself when the guest has stopped
 * @within_minutes: with @until_free: come back as well when no guest has opened the card within that time, 1 to
 *   %BATON_MAX_MINUTES; 0 where none was said. A guest that has it may run as long as it likes
 * @start_guest: (nullable): to the guest: the virtual machine of libvirt's system instance that is
 *   started with the card, and with whose end the card comes back
 * @expect: digest of the plan that was shown, or %NULL for a preview
 * @uid: who asks
 * @hook_guest: (nullable): the guest, made safe to show, for which a hook of libvirt's asks: it is
 *   that hook that takes the card back when the guest has stopped, and who waits for that only sees to it
 *   that somebody does
 * @handoff: (not transmitted): id of the handoff that this plan is made in, or %NULL: its own lock
 *   is no obstacle
 * @memlock_bytes: (not transmitted): memory that guests started by @uid may lock, %G_MAXUINT64 for
 *   no limit, 0 where nobody looked
 * @unasked: (not transmitted): nobody is there to be asked: what has no consent stays as it is, as far as
 *   the card can move without it
 * @unused_minutes: (not transmitted): no guest has opened the card within them, which is why it comes back;
 *   0 where that is not why
 * @unfetched_s: (not transmitted): libvirt has not asked for the card back within these seconds of its guest's
 *   end, which is why it comes back; 0 where that is not why
 * @has_systemd: (not transmitted): @uid is somebody whose own systemd runs, and not root
 * @guest: (not transmitted) (nullable): what there is of @start_guest
 * @guests: (not transmitted) (nullable): virtual machines that could be started with the card
 */
typedef struct
{
  GStrv cards;
  BatonSide to;
  GPtrArray *closes;
  gboolean end_session;
  gboolean log_out;
  gboolean let_open;
  gboolean may_not_return;
  gboolean when_free;
  gboolean until_free;
  guint within_minutes;
  char *start_guest;
  char *expect;
  guint uid;
  char *hook_guest;
  char *handoff;
  guint64 memlock_bytes;
  gboolean unasked;
  guint unused_minutes;
  guint unfetched_s;
  gboolean has_systemd;
  BatonGuestDefinition *guest;
  GStrv guests;
} BatonRequest;

BatonRequest *baton_request_new (void);
BatonRequest *baton_request_new_from_arguments (const char *const *arguments, GError **error);
BatonRequest *baton_request_new_from_json (JsonNode *node, GError **error);
GStrv baton_request_to_arguments (const BatonRequest *self);
JsonNode *baton_request_to_json (const BatonRequest *self);
void baton_request_free (BatonRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonRequest, baton_request_free)

void baton_request_add_close (BatonRequest *self, int pid, const char *start_time);
void baton_request_look (BatonRequest *self, BatonRoot *root);
gboolean baton_request_allows_close (const BatonRequest *self, int pid, const char *start_time);

G_END_DECLS
