/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <syslog.h>
#include <unistd.h>

#include "baton-card-state.h"
#include "baton-domain-xml.h"
#include "baton-fd.h"
#include "baton-hook-hand.h"
#include "baton-machine.h"
#include "baton-request.h"
#include "baton-stopping.h"
#include "baton-text.h"

/* References used below:
 *  HOOKS - libvirt docs/hooks.rst: each script in `/etc/libvirt/hooks/qemu.d` is called with GUEST
 *    OPERATION STAGE EXTRA, and the guest's XML as standard input. What is called for the start of a guest may refuse it by its exit
 *    status, and what it wrote to its standard error is in libvirt's error then; a failed `reconnect`
 *    ends a guest that runs. What a script writes to standard output can become the guest's XML.
 *
 * libvirtd waits for us and keeps the guest locked: nothing here, and nothing that is waited for, may
 * ask it anything.
 */

/* libvirt has written all of it before anybody could be slow. */
#define PATIENCE_MS 10000

#define LOG_NAME "baton-libvirt-hook"

enum
{
  GUEST,
  OPERATION,
  STAGE,
  N_ARGUMENTS,
};

/**
 * baton_hook_choose_task:
 * @operation: what libvirt calls it (HOOKS)
 * @stage: `begin`, `end` or `-`
 *
 * `prepare begin` comes before libvirt touches any device, `release end` when it has let go of all of
 * them; at `stopped end` it has not.
 *
 * Returns: what there is to do, %BATON_HOOK_NOTHING for whatever is not known
 */
BatonHookTask
baton_hook_choose_task (const char *operation, const char *stage)
{
  if (g_str_equal (operation, "prepare") && g_str_equal (stage, "begin"))
    return BATON_HOOK_TAKE;
  if (g_str_equal (operation, "release") && g_str_equal (stage, "end"))
    return BATON_HOOK_GIVE_BACK;

  return BATON_HOOK_NOTHING;
}

static char *
read_input (gsize *ret_length, const char **ret_reason)
{
  g_autofree char *text = g_malloc (BATON_DOMAIN_XML_MAX_BYTES + 1);
  gint64 deadline_us = g_get_monotonic_time () + (gint64) PATIENCE_MS * 1000;
  gsize length = 0;
  gssize n = 1;

  while (n != 0 && length <= BATON_DOMAIN_XML_MAX_BYTES)
    {
      struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
      gint64 left_us = deadline_us - g_get_monotonic_time ();

      if (left_us <= 0 || poll (&input, 1, (int) (left_us / 1000) + 1) == 0)
        {
          *ret_reason = "it was not told to the end within ten seconds";
          return NULL;
        }
      n = read (STDIN_FILENO, text + length, BATON_DOMAIN_XML_MAX_BYTES + 1 - length);
      if (n < 0 && errno != EINTR && errno != EAGAIN)
        {
          *ret_reason = g_strerror (errno);
          return NULL;
        }
      length += n > 0 ? (gsize) n : 0;
    }
  *ret_length = length;

  return g_steal_pointer (&text);
}

/* Nobody listens to what is written there, and nothing more is read. */
static void
leave_standard_streams (BatonRoot *root)
{
  baton_autofd int null = baton_root_open (root, BATON_ROOT_DEV, "null", O_RDWR, NULL);

  if (null < 0)
    return;
  dup2 (null, STDIN_FILENO);
  dup2 (null, STDOUT_FILENO);
}

/* For libvirt's own error, where it says after it which guest could not be started. */
static int
refuse (const char *what, const char *reason)
{
  g_printerr ("Baton: %s: %s\n", what, reason);

  return 1;
}

static void
give_back (BatonRoot *root, const char *card, const char *guest)
{
  g_autofree char *reason = NULL;

  if (baton_hook_hand (root, BATON_SIDE_HOST, card, guest, &reason) == BATON_EXIT_DONE)
    return;

  /* Nobody reads what a hook says when it is over. */
  openlog (LOG_NAME, LOG_PID, LOG_DAEMON);
  syslog (LOG_WARNING,
          "The card %s did not come back after the virtual machine “%s” had stopped: %s", card,
          guest, reason);
  closelog ();
}

/* Hands over each card that is the host's, and takes all of them back where one of them stays: a
 * start that is refused has changed nothing. */
static int
take_cards (BatonRoot *root, BatonMachine *machine, GPtrArray *addresses, const char *guest)
{
  g_autoptr (GPtrArray) taken = g_ptr_array_new ();

  for (guint i = 0; i < addresses->len; i++)
    {
      const char *address = g_ptr_array_index (addresses, i);
      BatonCard *card = baton_machine_find_card (machine, address);
      g_autofree char *reason = NULL;
      g_autofree char *what = NULL;

      /* Whoever has it there already gave it away, and takes it back. */
      if (card == NULL || card->side == BATON_SIDE_GUEST)
        continue;
      if (baton_hook_hand (root, BATON_SIDE_GUEST, address, guest, &reason) == BATON_EXIT_DONE)
        {
          g_ptr_array_add (taken, (gpointer) address);
          continue;
        }
      for (guint j = taken->len; j > 0; j--)
        give_back (root, g_ptr_array_index (taken, j - 1), guest);
      what = g_strdup_printf ("%s (%s) could not be handed to the virtual machine “%s”",
                              baton_card_get_name (card), address, guest);
      return refuse (what, reason);
    }

  return 0;
}

static int
take (BatonRoot *root, const char *guest)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  const char *reason = NULL;
  gsize length = 0;
  g_autofree char *text = read_input (&length, &reason);

  leave_standard_streams (root);
  if (text != NULL)
    addresses = baton_domain_xml_list_pci_devices (text, length, &error);
  if (addresses == NULL)
    return refuse ("which devices the virtual machine is given could not be read",
                   error != NULL ? error->message : reason);
  if (addresses->len == 0)
    return 0;

  machine = baton_machine_new_to_show (root, &error);
  if (machine == NULL)
    return refuse ("this computer’s graphics cards could not be looked at", error->message);

  return take_cards (root, machine, addresses, guest);
}

static void
give_back_all (BatonRoot *root, const char *guest)
{
  g_autoptr (GPtrArray) cards = baton_card_state_list_of_guest (root, guest);

  leave_standard_streams (root);
  for (guint i = cards->len; i > 0; i--)
    give_back (root, g_ptr_array_index (cards, i - 1), guest);
}

/**
 * baton_hook_run:
 * @root: the roots
 * @n_arguments: how many there are
 * @arguments: (array length=n_arguments): what libvirt passes to a hook (HOOKS)
 *
 * The verb `libvirt-hook`: hands over the cards that a guest is given when it is about to start, and
 * takes back what it has handed over when the guest has ended. When the system is stopping, nothing is
 * done: a restart puts every card back by itself, and nobody is kept waiting.
 *
 * Returns: 0, or 1 where a guest must not start, and then standard error says why
 */
int
baton_hook_run (BatonRoot *root, int n_arguments, const char *const *arguments)
{
  g_autofree char *guest = NULL;
  BatonHookTask task = n_arguments >= N_ARGUMENTS
                           ? baton_hook_choose_task (arguments[OPERATION], arguments[STAGE])
                           : BATON_HOOK_NOTHING;

  if (task == BATON_HOOK_NOTHING || *arguments[GUEST] == '\0' || baton_is_stopping (root))
    return 0;

  guest = baton_text_clean (arguments[GUEST], -1, BATON_MAX_GUEST_BYTES, NULL, NULL);
  if (task == BATON_HOOK_TAKE)
    return take (root, guest);
  give_back_all (root, guest);

  return 0;
}
