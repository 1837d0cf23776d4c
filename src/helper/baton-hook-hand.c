/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-hook-hand.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "baton-error.h"
#include "baton-fd.h"
#include "baton-front.h"
#include "baton-json.h"
#include "baton-lock.h"
#include "baton-profile.h"
#include "baton-relay.h"

/* How long the card's guest, or its end, waits for others who are handing something over: somebody
 * may just have handed it this very card. */
#define PATIENCE_S 60

/* Who holds the lock for the moment in which it is found to be free: no handoff. */
#define LOCK_OF_HOOK "libvirt-hook"

/* libvirt shows them all in one line. */
#define MAX_BLOCKERS 2

/* What a worker said. */
typedef struct
{
  /* owned */
  GString *blockers;
  char *result;

  guint n_blockers;
  gboolean ends_session;  /* the card's owner lets a desktop end for it */
  gboolean is_in_session; /* a desktop that could end is in the way */
} Said;

static void
clear_said (Said *self)
{
  g_clear_pointer (&self->result, g_free);
  if (self->blockers != NULL)
    g_string_free (g_steal_pointer (&self->blockers), TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Said, clear_said)

static char *
join_sentences (JsonObject *object)
{
  const char *text = baton_json_get_string (object, "text");
  const char *remedy = baton_json_get_string (object, "remedy");

  return g_strdup_printf ("%s%s%s", text != NULL ? text : "", remedy != NULL ? " " : "",
                          remedy != NULL ? remedy : "");
}

/* A hook gives no consent: every blocker is one, but for what the card's owner lets end for it. */
static void
add_blockers (Said *self, JsonObject *plan)
{
  JsonArray *findings = baton_json_get_array (plan, "findings");

  for (guint i = 0; i < baton_json_count (findings); i++)
    {
      JsonObject *finding = baton_json_nth_object (findings, i);
      g_autofree char *sentences = join_sentences (finding);

      if (g_strcmp0 (baton_json_get_string (finding, "severity"), "blocker") != 0)
        continue;
      if (g_strcmp0 (baton_json_get_string (finding, "consent"), "end-session") == 0)
        {
          if (self->ends_session)
            continue;
          self->is_in_session = TRUE;
        }
      if (self->n_blockers++ < MAX_BLOCKERS)
        g_string_append_printf (self->blockers, "%s%s", self->blockers->len > 0 ? " " : "",
                                sentences);
    }
}

static void
on_event (const BatonEvent *event, const char *line, gsize length, gpointer data)
{
  Said *self = data;

  if (g_str_equal (event->type, "plan"))
    add_blockers (self, event->object);
  else if (g_str_equal (event->type, "result"))
    {
      g_free (self->result);
      self->result = join_sentences (event->object);
    }
}

/* Returns: (transfer full): why it did not come to what it was to come to */
static char *
read_reason (BatonRoot *root, int fd, const char *card, BatonSide to)
{
  g_autoptr (BatonProfile) profile = baton_profile_load (root, card);
  g_auto (Said)
      said = { .blockers = g_string_new (NULL), .ends_session = profile->hook_ends_session };
  g_autoptr (BatonRelay) relay = NULL;

  lseek (fd, 0, SEEK_SET);
  relay = baton_relay_new (fd, on_event, &said);
  baton_relay_pump (relay);

  if (said.n_blockers > MAX_BLOCKERS)
    g_string_append_printf (said.blockers,
                            " %u more stand in the way: “batonctl plan %s %s” names them.",
                            said.n_blockers - MAX_BLOCKERS, baton_side_to_string (to), card);
  if (said.is_in_session)
    g_string_append_printf (
        said.blockers,
        " Where a session may end for a virtual machine that is started, say "
        "so: “batonctl configure %s hook-ends-session=true”.",
        card);
  if (said.blockers->len > 0)
    return g_strdup (said.blockers->str);

  return said.result != NULL ? g_steal_pointer (&said.result)
                             : g_strdup ("The program that hands it over said nothing.");
}

/* Like the front of a person's request, but for whom it tells: what it says is kept for the one
 * sentence that libvirt asks for. */
static BatonExit
hand_once (BatonRoot *root, const BatonRequest *request, char **ret_reason)
{
  const BatonCaller caller = { 0 };
  baton_autofd int fd = memfd_create ("said", MFD_CLOEXEC);
  g_autoptr (BatonEventWriter) writer = NULL;
  /* libvirt waits for the card, and not for the worker, which may stay until the guest has ended. */
  BatonFront front = { root, &caller, NULL, g_get_monotonic_time (), TRUE };
  BatonExit status;

  g_clear_pointer (ret_reason, g_free);
  if (fd < 0)
    {
      *ret_reason = g_strdup_printf ("There is no memory left for it: %s.", g_strerror (errno));
      return BATON_EXIT_ERROR;
    }
  front.writer = writer = baton_event_writer_new (fd, NULL);
  status = (BatonExit) baton_front_carry_out (&front, "hand", request);
  if (status != BATON_EXIT_DONE)
    *ret_reason = read_reason (root, baton_fd_steal (&fd), request->cards[0], request->to);

  return status;
}

/* Returns: whether nobody holds it any more. It is let go at once: the worker takes it. */
static gboolean
wait_for_lock (BatonRoot *root, gint64 deadline_us)
{
  gint64 left_s = (deadline_us - g_get_monotonic_time ()) / G_USEC_PER_SEC;
  BatonLock *lock =
      left_s > 0 ? baton_lock_wait (root, LOCK_OF_HOOK, (guint) left_s, NULL) : NULL;

  if (lock == NULL)
    return FALSE;
  baton_lock_release (lock);

  return TRUE;
}

/**
 * baton_hook_hand:
 * @root: the roots
 * @to: %BATON_SIDE_GUEST or %BATON_SIDE_HOST
 * @card: canonical address
 * @guest: the guest that is about to have it, or has had it, made safe to show
 * @ret_reason: (out): sentences that say why it was not done
 *
 * Has a card handed over by a worker, as anybody's request is, and waits until it is there. Nothing
 * was shown to anybody, and nobody has consented to anything but the card's owner, once for all, with
 * `hook-ends-session`. Whoever else works is waited for.
 *
 * Returns: what it came to
 */
BatonExit
baton_hook_hand (
    BatonRoot *root, BatonSide to, const char *card, const char *guest, char **ret_reason)
{
  const char *const cards[] = { card, NULL };
  g_autoptr (BatonRequest) request = baton_request_new ();
  gint64 deadline_us = g_get_monotonic_time () + PATIENCE_S * G_USEC_PER_SEC;
  BatonExit status;

  g_strfreev (request->cards);
  request->cards = g_strdupv ((GStrv) cards);
  request->to = to;
  request->hook_guest = g_strdup (guest);
  do
    status = hand_once (root, request, ret_reason);
  while (status == BATON_EXIT_BUSY && wait_for_lock (root, deadline_us));

  return status;
}
