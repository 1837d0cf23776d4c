/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include <string.h>

#include "baton-process-kind.h"

/* References used below:
 *  REMOVE    - a remove event for a card's node, which udev passes on as if the card were pulled out
 *              (udevadm(8), trigger --action=remove): logind closes the descriptors that it gave
 *              away and keeps (logind-core.c, manager_process_seat_device())
 *  WLROOTS   - backend/session/session.c, handle_udev_event(), and backend/drm/backend.c: the
 *              backend of a card that is removed is destroyed, and made anew when it is added; with
 *              the first card go all others, and the session. On the bench sway 1.10 keeps a file of
 *              the card open for the most part, and once ended with a fault in wl_list_remove(), with a
 *              window open; swaywm/sway#6958 has it work with real cards, and #8097 does not
 *  KWIN      - src/backends/drm/drm_backend.cpp, DrmBackend::handleUdevEvent(): the same for all but
 *              the primary, with which KWin ends. On the bench KWin 5.27 and 6.3, which draw by
 *              themselves there (QPainter), do so time after time
 *  HYPRLAND  - aquamarine, src/backend/drm/DRM.cpp, and hyprwm/aquamarine#130: the same, not tried
 *  XORG      - hw/xfree86/common/xf86platformBus.c, xf86platformRemoveDevice(): a GPU screen that is
 *              not the first goes. On the bench Xorg 21.1 does so once, takes the card again when it is
 *              back, and ends with its session when it is asked a second time: so it is not asked
 *  MUTTER    - src/backends/native/meta-kms.c: takes the monitors away and keeps the device open. On
 *              the bench: mutter 43 keeps it, so that asking is of no use
 */

/* Who was seen on the bench to let go of a card that is not the first of its screens when udev says that
 * it is gone (REMOVE), as often as it does, and to live on: KWIN. Sources and users' reports alone are no
 * reason to put a session at stake, so that MUTTER, XORG, WLROOTS and HYPRLAND are left alone. One that
 * bears such a name and does not let go is met by a deadline, and named. */
static const char *const obliging[] = {
  "kwin_wayland",
};

static gboolean
is_obliging (const BatonHolder *holder)
{
  for (guint i = 0; i < G_N_ELEMENTS (obliging); i++)
    if (baton_process_name_is_of (holder->name, obliging[i]))
      return TRUE;

  return FALSE;
}

static gboolean
is_screen_of (const BatonCard *card, const char *path)
{
  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = card->nodes->pdata[i];

      if (node->kind == BATON_NODE_DRM_PRIMARY && g_strcmp0 (node->path, path) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_screen_of (const BatonHolder *holder, const BatonCard *card)
{
  for (guint i = 0; holder->nodes != NULL && holder->nodes[i] != NULL; i++)
    if (is_screen_of (card, holder->nodes[i]))
      return TRUE;

  return FALSE;
}

/* Another card of this computer on which the same process draws. */
static const BatonCard *
find_other_screen (const BatonPlanning *self, int pid, const char *path)
{
  for (guint i = 0; self->all_holders != NULL && i < self->all_holders->len; i++)
    {
      const BatonHolders *others = self->all_holders->pdata[i];
      const BatonHolder *there = baton_holders_find_pid (others, pid);
      const BatonCard *card = baton_machine_find_card (self->machine, others->card);

      if (there != NULL && card != NULL && card != self->card &&
          card->side == BATON_SIDE_HOST && has_screen_of (there, card) &&
          (path == NULL || is_screen_of (card, path)))
        return card;
    }

  return NULL;
}

/* Whether the card is one that the desktop goes on without. The first is the boot display, unless the
 * environment names another; what it names in a way that is not understood may be this one. */
static gboolean
is_secondary (const BatonPlanning *self, const BatonHolder *holder)
{
  if (holder->kind == BATON_HOLDER_COMPOSITOR && !holder->environment_known)
    return FALSE;
  if (holder->screens != NULL)
    {
      g_autofree char *first = g_strndup (holder->screens, strcspn (holder->screens, ":"));

      return find_other_screen (self, holder->pid, first) != NULL;
    }

  return !self->card->boot_display && find_other_screen (self, holder->pid, NULL) != NULL;
}

/*
 * Whether the desktop is asked to let go of the card, and goes on: it is known to do so (obliging[]),
 * and draws on another card as well, which is its first.
 */
gboolean
baton_planning_asks_to_let_go (const BatonPlanning *self, const BatonHolder *holder)
{
  return self->to == BATON_SIDE_GUEST &&
         (holder->kind == BATON_HOLDER_COMPOSITOR ||
          holder->kind == BATON_HOLDER_DISPLAY_SERVER) &&
         has_screen_of (holder, self->card) && is_obliging (holder) &&
         is_secondary (self, holder);
}

static gboolean
asks_anybody (const BatonPlanning *self)
{
  for (guint i = 0; self->holders != NULL && i < self->holders->holders->len; i++)
    if (baton_planning_asks_to_let_go (self, self->holders->holders->pdata[i]))
      return TRUE;

  return FALSE;
}

/*
 * Whether a process has nothing of the card but what it keeps for a desktop that lets go or ends: the
 * session manager closes it of itself then (REMOVE).
 */
gboolean
baton_planning_follows (const BatonPlanning *self, const BatonHolder *holder)
{
  if (holder->uid != 0 || holder->closable || !baton_process_name_is_keeper (holder->name) ||
      holder->nodes == NULL || (!asks_anybody (self) && !baton_planning_ends_desktop (self)))
    return FALSE;

  for (guint i = 0; holder->nodes[i] != NULL; i++)
    if (!is_screen_of (self->card, holder->nodes[i]))
      return FALSE;

  return TRUE;
}

void
baton_planning_add_release (BatonPlanning *self)
{
  if (asks_anybody (self))
    baton_planning_add_step (self, BATON_STEP_RELEASE_CARD, baton_card_get_address (self->card),
                             NULL);
}
