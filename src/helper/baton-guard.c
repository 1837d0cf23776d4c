/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-guard.h"

#include <errno.h>
#include <poll.h>

#include "baton-bus.h"
#include "baton-errand.h"
#include "baton-error.h"
#include "baton-front-start.h"
#include "baton-guest-watch.h"
#include "baton-inhibitor.h"
#include "baton-machine.h"
#include "baton-pci-address.h"
#include "baton-systemd-job.h"

/* A process is started, no more; and a little more, so that the job's own end is heard. */
#define JOB_TIMEOUT_MS 10000
#define DEADLINE_US (15 * G_USEC_PER_SEC)

#define WHY "A virtual machine has a graphics card open"

typedef struct
{
  /* borrowed */
  BatonRoot *root;
  const char *unit;
} Start;

/* In a child that has nothing else to do. One of an earlier handoff may be about to end and would
 * not see this one: it is started anew. */
static void
start_unit (int socket, gpointer data)
{
  const Start *start = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  connection = baton_bus_connect_system (start->root, &error);
  if (connection != NULL)
    baton_systemd_job_run (connection, "RestartUnit", start->unit, JOB_TIMEOUT_MS, -1, &error);
  g_main_context_pop_thread_default (context);
  baton_errand_answer (socket, -1, error);
}

/* Whoever else gives a card away may do so function by function, or not with all of them.
 *
 * Returns: the card, or NULL where no guest may open any of it */
static const BatonCard *
find_with_guests (BatonMachine *machine, const char *address)
{
  const BatonCard *card = baton_machine_find_card (machine, address);

  return card != NULL && baton_card_has_function_on_vfio (card) ? card : NULL;
}

static BatonErrand *
start (BatonRoot *root, BatonWaiter *waiter, const char *address, GError **error)
{
  g_autofree char *unit = g_strdup_printf ("baton-guest@%s.service", address);
  Start start = { .root = root, .unit = unit };

  return baton_errand_new (root, waiter, start_unit, &start, error);
}

static gboolean
hear (BatonErrand *errand, GError **error)
{
  return baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error);
}

static gboolean
start_and_wait (BatonRoot *root, BatonWaiter *waiter, const char *address, GError **error)
{
  g_autoptr (BatonErrand) errand = start (root, waiter, address, error);

  return errand != NULL && hear (errand, error);
}

static gboolean
is_wanted (BatonRoot *root, const BatonProfile *profile)
{
  return !profile->sleeps_while_guest && baton_front_has_systemd (root);
}

static void
set_failure (GError **error, const GError *cause)
{
  g_set_error (
      error, BATON_ERROR, BATON_ERROR_IO,
      "The computer may go to sleep while a virtual machine has the card open, because "
      "systemd could not be asked to watch over it: %s.",
      cause->message);
}

/**
 * baton_guard_begin:
 * @root: the roots
 * @waiter: what waits
 * @profile: what the card's owner wants
 * @address: a card that a guest may open from now on, whose handoff goes on
 *
 * Like baton_guard_leave(), and does not wait: until the login screen shows itself there is time for
 * it. Where the card is taken back after all, whoever watches ends with that.
 *
 * Returns: (transfer full) (nullable): to be heard when the handoff is over; %NULL where nobody is
 *   wanted, or none could be sent
 */
BatonErrand *
baton_guard_begin (BatonRoot *root,
                   BatonWaiter *waiter,
                   const BatonProfile *profile,
                   const char *address)
{
  return is_wanted (root, profile) ? start (root, waiter, address, NULL) : NULL;
}

/**
 * baton_guard_hear:
 * @errand: of baton_guard_begin()
 * @error: return location for an error
 *
 * Waits until it runs.
 *
 * Returns: %TRUE if somebody watches over the card
 */
gboolean
baton_guard_hear (BatonErrand *errand, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (hear (errand, &cause))
    return TRUE;
  set_failure (error, cause);

  return FALSE;
}

/**
 * baton_guard_leave:
 * @root: the roots
 * @waiter: what waits
 * @profile: what the card's owner wants
 * @address: a card whose handoff is over
 * @error: return location for an error
 *
 * Where a guest may open the card now, has PID 1 start who keeps the computer awake for it, and
 * waits until it runs. That is so after a handoff to a guest, and after a return that was undone:
 * whoever watched has ended when the card was on its way. The worker ends with its handoff, and a
 * descriptor in the hands of a guest's own user would be his to keep.
 *
 * Returns: %TRUE if somebody watches over it, nobody is wanted, or nobody can be had because PID 1
 *   is not systemd
 */
gboolean
baton_guard_leave (BatonRoot *root,
                   BatonWaiter *waiter,
                   const BatonProfile *profile,
                   const char *address,
                   GError **error)
{
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GError) cause = NULL;

  if (!is_wanted (root, profile))
    return TRUE;
  machine = baton_machine_new_to_check (root, &cause);
  if (machine != NULL && (find_with_guests (machine, address) == NULL ||
                          start_and_wait (root, waiter, address, &cause)))
    return TRUE;
  set_failure (error, cause);

  return FALSE;
}

/* What cannot be inhibited is asked for again at the guest's next step. */
static void
stay_awake (BatonRoot *root, BatonWaiter *waiter, BatonInhibitor **inhibitor)
{
  g_autoptr (GError) error = NULL;

  *inhibitor = baton_inhibitor_new (root, waiter, BATON_INHIBIT_SLEEP, WHY, &error);
  if (*inhibitor == NULL)
    g_printerr ("baton-helper: the computer may go to sleep while a virtual machine has a "
                "graphics card open, because logind could not be asked: %s\n",
                error->message);
}

/* vfio-pci enables a function for whoever opens it, and for nobody else (vfio_pci_core_enable() and
 * vfio_pci_core_disable()); the group itself could not be tried, since the unit opens no device. */
static gboolean
may_be_open (BatonRoot *root, const BatonCard *card)
{
  for (guint i = 0; i < card->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (card->functions, i);
      g_autofree char *path =
          g_strconcat ("bus/pci/devices/", function->address, "/enable", NULL);
      g_autofree char *n_users = baton_root_read_line (root, BATON_ROOT_SYS, path, NULL);

      if (baton_function_is_on_vfio (function) && g_strcmp0 (n_users, "0") != 0)
        return TRUE;
    }

  return FALSE;
}

/* Returns: whether the card is with guests; how many have it in @ret_n_guests, which stays as it is
 * where that nobody is seen proves nothing, and the kernel does not say that nobody has it */
static gboolean
look (BatonRoot *root,
      BatonGuestWatch *watch,
      const char *address,
      guint *ret_n_guests,
      GError **error)
{
  /* Before anything is looked at, so that what happens meanwhile leads to the next look. */
  int errsv = baton_guest_watch_listen (watch, root) ? 0 : errno;
  g_autoptr (BatonMachine) machine = baton_machine_new_to_check (root, error);
  g_autoptr (GPtrArray) all = NULL;
  const BatonCard *card = machine != NULL ? find_with_guests (machine, address) : NULL;
  const BatonHolders *holders;
  guint n_guests;

  if (card == NULL)
    return FALSE;
  if (errsv != 0)
    {
      g_set_error (error, BATON_ERROR, baton_error_from_errno (errsv),
                   "could not listen to who opens '%s': %s", address, g_strerror (errsv));
      return FALSE;
    }
  all = baton_holders_scan (root, machine, error);
  if (all == NULL)
    return FALSE;
  holders = baton_holders_find (all, address);
  n_guests = baton_guest_watch_follow (watch, holders);
  if (n_guests > 0 || holders->complete || !may_be_open (root, card))
    *ret_n_guests = n_guests;

  return TRUE;
}

static void
wait_for_news (BatonGuestWatch *watch)
{
  struct pollfd news = { .fd = baton_guest_watch_get_fd (watch), .events = POLLIN };

  do
    while (poll (&news, 1, -1) < 0 && errno == EINTR)
      ;
  while (!baton_guest_watch_has_news (watch));
}

/**
 * baton_guard_run:
 * @root: the roots
 * @address: a card
 *
 * The verb `guard`, for the unit that a handoff to a guest starts, or udev where somebody else gave
 * the card away: keeps the computer from sleeping while somebody has the card open, and ends when
 * no function of it is left to guests, or at once where the card's owner lets the computer sleep.
 * In between it sleeps on the kernel's own events: a parked card that nobody uses keeps nobody
 * awake.
 *
 * Returns: the exit status
 */
int
baton_guard_run (BatonRoot *root, const char *address)
{
  g_autoptr (BatonEventWriter) nobody = baton_event_writer_new (-1, NULL);
  g_autoptr (BatonWaiter) waiter = baton_waiter_new (nobody, -1, NULL);
  g_autoptr (BatonGuestWatch) watch = baton_guest_watch_new ();
  g_autoptr (BatonInhibitor) inhibitor = NULL;
  g_autoptr (BatonProfile) profile = NULL;
  g_autoptr (GError) error = NULL;
  guint n_guests = 0;

  if (!baton_pci_address_is_valid (address) || waiter == NULL || watch == NULL)
    {
      g_printerr ("baton-helper: could not watch over '%s': it is no address, or too many "
                  "descriptors are in use\n",
                  address);
      return BATON_EXIT_ERROR;
    }
  profile = baton_profile_load (root, address);
  while (!profile->sleeps_while_guest && look (root, watch, address, &n_guests, &error))
    {
      if (n_guests > 0 && inhibitor == NULL)
        stay_awake (root, waiter, &inhibitor);
      else if (n_guests == 0)
        g_clear_pointer (&inhibitor, baton_inhibitor_free);
      wait_for_news (watch);
    }
  if (error == NULL)
    return BATON_EXIT_DONE;

  g_printerr (
      "baton-helper: the computer may go to sleep while a virtual machine has '%s' open, "
      "because it could not be watched over: %s\n",
      address, error->message);

  return BATON_EXIT_ERROR;
}
