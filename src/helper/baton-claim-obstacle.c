/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-claim-obstacle.h"

#include <string.h>

#include "baton-belongings.h"
#include "baton-plan.h"

static BatonEnd *
end_in_the_way (const BatonCard *card, const char *reason)
{
  return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_CLAIM_IN_THE_WAY, "card",
                        baton_card_get_name (card), "reason", reason, NULL);
}

/* At the next start it is with this computer, whatever guest has it now: what is claimed is not. */
static gboolean
has_other_display (BatonMachine *machine, const BatonCard *card)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *other = g_ptr_array_index (machine->cards, i);

      if (other != card && other->could_show_desktop && !other->kept_off &&
          baton_boot_claims_find (machine->boot_claims, other->display) == NULL)
        return TRUE;
    }

  return FALSE;
}

static BatonPlan *
plan_to_guest (BatonRoot *root,
               BatonMachine *machine,
               GPtrArray *holders,
               const BatonCard *card)
{
  const char *cards[] = { baton_card_get_address (card), NULL };
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (BatonProfile) profile = baton_profile_load (root, cards[0]);

  g_strfreev (request->cards);
  request->cards = g_strdupv ((GStrv) cards);
  request->to = BATON_SIDE_GUEST;
  baton_request_look (request, root);

  return baton_plan_new (machine, holders, profile, request);
}

/* What stands in the way of every handoff as well, and no closing of programs mends. */
static BatonEnd *
find_in_plan (const BatonPlan *plan, const BatonCard *card)
{
  static const BatonCode obstacles[] = {
    BATON_CODE_IOMMU_OFF_COMMAND_LINE,
    BATON_CODE_IOMMU_OFF_FIRMWARE,
    BATON_CODE_IOMMU_OFF_NOT_ENABLED,
    BATON_CODE_IOMMU_OFF_UNKNOWN,
    BATON_CODE_NO_GROUP,
    BATON_CODE_NO_GROUP_HERE,
    BATON_CODE_FOREIGN_IN_GROUP,
    BATON_CODE_FOREIGN_WHILE_WITH_GUEST,
    BATON_CODE_VFIO_MISSING,
    BATON_CODE_VFIO_OTHER_KERNEL,
  };

  for (guint i = 0; i < G_N_ELEMENTS (obstacles); i++)
    {
      const BatonFinding *finding = baton_plan_find (plan, obstacles[i]);
      g_autofree char *text = finding != NULL ? baton_finding_dup_text (finding) : NULL;

      if (text != NULL)
        return end_in_the_way (card, text);
    }

  return NULL;
}

/* Others that do the same are no obstacle, and somebody has to know of them to undo it all. */
static void
tell_of_others (const BatonPlan *plan, BatonEventWriter *events)
{
  static const BatonCode others[] = {
    BATON_CODE_CLAIMED_BY_IDS,    BATON_CODE_CLAIMED_ON_COMMAND_LINE,
    BATON_CODE_VFIO_LOADED_EARLY, BATON_CODE_MANAGED_BY_DRIVERCTL,
    BATON_CODE_MANAGED_BY_HOOK,
  };

  for (guint i = 0; i < plan->findings->len; i++)
    {
      const BatonFinding *finding = g_ptr_array_index (plan->findings, i);

      for (guint j = 0; j < G_N_ELEMENTS (others); j++)
        {
          g_autofree char *text = NULL;

          if (finding->code != others[j])
            continue;
          text = baton_finding_dup_text (finding);
          baton_event_writer_log (events, "warning", text);
        }
    }
}

static gboolean
is_lost_without (const BatonPlugged *plugged)
{
  return plugged->kind != BATON_PLUGGED_KEYBOARD &&
         (plugged->mounted_at != NULL || plugged->used_by != NULL);
}

/* A card with a USB controller of its own may have the disk that this computer starts from. */
static BatonEnd *
find_belongings (BatonRoot *root, const BatonCard *card, GPtrArray *functions)
{
  gboolean has_keyboard = FALSE;

  for (guint i = 0; i < functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (functions, i);
      g_autoptr (GPtrArray) list =
          function != card->display ? baton_belongings_list (root, function->address) : NULL;

      for (guint j = 0; list != NULL && j < list->len; j++)
        {
          const BatonPlugged *plugged = g_ptr_array_index (list, j);
          g_autofree char *reason = NULL;

          has_keyboard |= plugged->kind == BATON_PLUGGED_KEYBOARD;
          if (!is_lost_without (plugged))
            continue;
          reason = g_strdup_printf ("this computer has %s through %s (%s), and uses it.",
                                    plugged->device, function->name, function->address);
          return end_in_the_way (card, reason);
        }
    }

  return !has_keyboard || baton_belongings_leave_keyboard (root, functions)
             ? NULL
             : end_in_the_way (card, "this computer’s only keyboard hangs on it.");
}

/**
 * baton_claim_find_obstacle:
 * @root: the roots
 * @events: where it is told who else claims the card
 * @machine: the machine, looked at to plan
 * @holders: (element-type BatonHolders): who has which card
 * @card: a card
 * @functions: (element-type BatonFunction): what of it is to be claimed
 *
 * Nobody sits beside a computer that starts without a picture, a keyboard or its disk.
 *
 * Returns: (transfer full) (nullable): why they cannot be claimed
 */
BatonEnd *
baton_claim_find_obstacle (BatonRoot *root,
                           BatonEventWriter *events,
                           BatonMachine *machine,
                           GPtrArray *holders,
                           const BatonCard *card,
                           GPtrArray *functions)
{
  gboolean has_display = functions->len > 0 && functions->pdata[0] == card->display;
  g_autoptr (BatonPlan) plan = NULL;
  BatonEnd *end = NULL;

  if (has_display && card->boot_display)
    return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_CLAIM_BOOT_DISPLAY, "card",
                          baton_card_get_name (card), NULL);
  if (has_display && !has_other_display (machine, card))
    return baton_end_new (BATON_EXIT_REFUSED, BATON_CODE_CLAIM_ONLY_DISPLAY, "card",
                          baton_card_get_name (card), NULL);

  plan = plan_to_guest (root, machine, holders, card);
  end = find_in_plan (plan, card);
  if (end == NULL)
    end = find_belongings (root, card, functions);
  if (end == NULL)
    tell_of_others (plan, events);

  return end;
}
