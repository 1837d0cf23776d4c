/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-asked-services.h"

#include "baton-unit-state.h"

/* The systemd of another user than the one who asks is no business of his. */
static gboolean
may_be_asked (const BatonHolder *holder, const BatonRequest *request)
{
  return holder->main_pid != 0 &&
         (!holder->of_user || (holder->uid == request->uid && request->has_systemd));
}

static gboolean
is_main (BatonRoot *root, BatonWaiter *waiter, const char *name, int pid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonUnitState) state = baton_unit_state_new (root, waiter, name, &error);

  /* Nobody who cannot be asked can stop it either. */
  if (state == NULL)
    g_debug ("could not ask for the main process of %s: %s, ignoring", name, error->message);

  return state != NULL && state->main_pid == (guint) pid;
}

/**
 * baton_asked_services_check:
 * @holders: who has a card, as it was just found
 * @root: the roots
 * @waiter: what waits
 * @request: who asks, and whom he consents to close
 *
 * A service is stopped in its process's place where systemd itself calls that the main one. What was
 * concluded without it (baton-holder-service.c) is a guess in the few cases in which a service has no
 * main process, and the process alone is closed then, which is what was consented to.
 */
void
baton_asked_services_check (BatonHolders *holders,
                            BatonRoot *root,
                            BatonWaiter *waiter,
                            const BatonRequest *request)
{
  g_autoptr (GHashTable) asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  /* Where nobody is to be closed, nothing of it is done. */
  for (guint i = 0; request->closes->len > 0 && i < holders->holders->len; i++)
    {
      BatonHolder *holder = holders->holders->pdata[i];
      g_autofree char *name = NULL;

      if (!may_be_asked (holder, request))
        continue;
      name = baton_holder_dup_unit (holder);
      if (!g_hash_table_contains (asked, name))
        g_hash_table_insert (asked, g_strdup (name),
                             GINT_TO_POINTER (is_main (root, waiter, name, holder->main_pid)));
      if (!GPOINTER_TO_INT (g_hash_table_lookup (asked, name)))
        holder->main_pid = 0;
    }
}
