/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

/* Blockers first, then warnings, then notes; in each the order in which they were found. */
static void
sort_findings (GPtrArray *findings)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();

  for (guint severity = BATON_SEVERITY_BLOCKER; severity <= BATON_SEVERITY_NOTE; severity++)
    for (guint i = 0; i < findings->len; i++)
      {
        BatonFinding *finding = findings->pdata[i];

        if (baton_finding_get_severity (finding) == severity)
          g_ptr_array_add (sorted, finding);
      }

  for (guint i = 0; i < sorted->len; i++)
    findings->pdata[i] = sorted->pdata[i];
}

static void
number_steps (GPtrArray *steps)
{
  for (guint i = 0; i < steps->len; i++)
    ((BatonStep *) steps->pdata[i])->n = i + 1;
}

/* Who is closed is consented to process by process, and may shrink until it is done; a service that is
 * stopped because it uses the card is closed as well, and its step names who does. Who lets go of the
 * card or its sound when asked loses nothing. A look without rights does not see another user's. */
static gboolean
has_own_consent (const BatonStep *step)
{
  switch ((guint) step->kind)
    {
    case BATON_STEP_CLOSE_PROCESS:
    case BATON_STEP_RELEASE_CARD:
    case BATON_STEP_RESERVE_SOUND:
      return TRUE;
    case BATON_STEP_STOP_UNIT:
      return step->detail != NULL;
    default:
      return FALSE;
    }
}

static char *
compute_digest (const BatonPlan *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; self->cards[i] != NULL; i++)
    g_string_append_printf (text, "%s\n", self->cards[i]);
  g_string_append_printf (text, "%s\n", baton_side_to_string (self->to));

  for (guint i = 0; i < self->steps->len; i++)
    {
      const BatonStep *step = self->steps->pdata[i];
      g_autofree char *id = baton_step_dup_id (step);

      if (!has_own_consent (step))
        g_string_append_printf (text, "%s\n", id);
    }

  g_checksum_update (checksum, (const guchar *) text->str, text->len);

  return g_strdup (g_checksum_get_string (checksum));
}

static void
add_finding (BatonPlan *self, BatonFinding *finding)
{
  g_ptr_array_add (self->findings, finding);
}

/* Whether what was named can be planned for at all. */
static const BatonCard *
find_card (BatonMachine *machine, BatonPlan *plan)
{
  const char *address = plan->cards[0];
  const BatonCard *card = NULL;
  const BatonFunction *function = NULL;
  g_autofree char *count = g_strdup_printf ("%u", g_strv_length (plan->cards));

  /* One journal and one result for several cards is a story of its own; until it is told,
   * half of it must not be tried. */
  if (g_strv_length (plan->cards) > 1)
    {
      add_finding (plan,
                   baton_finding_new (BATON_CODE_ONE_CARD_ONLY, NULL, "count", count, NULL));
      return NULL;
    }

  card = baton_machine_find_card (machine, address);
  if (card != NULL)
    return card;

  function = baton_machine_find_function (machine, address);
  if (function != NULL)
    add_finding (plan, baton_finding_new (BATON_CODE_NOT_A_CARD, address, "address", address,
                                          "device", function->name, NULL));
  else
    add_finding (
        plan, baton_finding_new (BATON_CODE_NO_SUCH_DEVICE, address, "address", address, NULL));

  return NULL;
}

/* A request may ask for more than the side: then being there already is not the end of it. Root
 * opens what it likes anyway. */
static gboolean
asks_for_more_than_the_side (const BatonRequest *request)
{
  gboolean asks_to_open = request->let_open && request->uid != 0;

  return request->to == BATON_SIDE_GUEST &&
         (asks_to_open || request->until_free || request->start_guest != NULL);
}

static gboolean
is_blocked_for_good (const BatonPlan *self)
{
  for (guint i = 0; i < self->findings->len; i++)
    if (baton_finding_blocks_for_good (self->findings->pdata[i]))
      return TRUE;

  return FALSE;
}

static void
look_and_add_steps (BatonPlanning *planning)
{
  BatonPlan *plan = planning->plan;
  gboolean is_in_parts = baton_planning_look_for_lost_drivers (planning);
  gboolean is_there =
      planning->card->side == plan->to && !(is_in_parts && plan->to == BATON_SIDE_HOST);

  baton_planning_look_at_stand_in (planning);
  /* What stood in for a card that is back is still to be parked. */
  is_there = is_there && planning->stand_in == NULL;

  if (is_there)
    baton_planning_add (planning, BATON_CODE_ALREADY_THERE, plan->cards[0], "card",
                        baton_card_get_name (planning->card));

  if (!baton_card_is_answering (planning->card))
    baton_planning_add (planning, BATON_CODE_CARD_SILENT, plan->cards[0], "card",
                        baton_card_get_name (planning->card));

  plan->there_already = is_there && !asks_for_more_than_the_side (planning->request);
  if (!plan->there_already)
    baton_planning_look_at_system (planning);
  baton_planning_look_at_access (planning);
  if (!is_there)
    baton_planning_look_at_iommu (planning);
  if (plan->to == BATON_SIDE_GUEST)
    baton_planning_look_at_groups (planning);
  if (!is_there)
    {
      baton_planning_look_at_holders (planning);
      baton_planning_look_at_drivers (planning);
      baton_planning_look_at_card (planning);
      baton_planning_look_at_also (planning);
      baton_planning_look_at_reset (planning);
      baton_planning_look_at_rescan (planning);
      baton_planning_look_at_claims (planning);
      baton_planning_look_at_xorg (planning);
    }

  if (!plan->there_already && !is_blocked_for_good (plan))
    baton_planning_add_steps (planning);
}

/* Adds a finding. Consents that are about the card are settled here; consent to close somebody
 * is about him, and settled where he is found. */
BatonFinding *
baton_planning_take (BatonPlanning *self, BatonFinding *finding)
{
  if (finding->consent == BATON_CONSENT_MAY_NOT_RETURN)
    finding->granted = self->request->may_not_return;
  add_finding (self->plan, finding);

  return finding;
}

/**
 * baton_plan_new:
 * @machine: the machine as it was looked at
 * @holders: (element-type BatonHolders): who has which card; a card without an entry was not
 *   looked at, and is not handed over
 * @profile: (nullable): what the card's owner wants, or %NULL for the defaults
 * @request: which card to which side, and with which consents
 *
 * Says what a handoff would be: what was found, and the steps in order. A pure function: the
 * same arguments give the same plan, digest included, and nothing is read.
 *
 * There are steps as long as consents could set every blocker aside, so that a preview shows
 * what the consents lead to and already has its digest; baton_plan_is_blocked() says whether
 * the plan may be carried out.
 *
 * Returns: (transfer full): a plan
 */
BatonPlan *
baton_plan_new (BatonMachine *machine,
                GPtrArray *holders,
                const BatonProfile *profile,
                const BatonRequest *request)
{
  BatonPlan *self = NULL;
  g_autoptr (BatonProfile) defaults = NULL;
  BatonPlanning planning = { 0 };

  g_return_val_if_fail (machine != NULL && machine->purpose == BATON_LOOK_TO_PLAN, NULL);
  g_return_val_if_fail (request != NULL && request->cards != NULL, NULL);
  g_return_val_if_fail (request->cards[0] != NULL, NULL);
  g_return_val_if_fail (request->to == BATON_SIDE_GUEST || request->to == BATON_SIDE_HOST,
                        NULL);

  self = g_new0 (BatonPlan, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->cards = g_strdupv (request->cards);
  self->to = request->to;
  self->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_finding_free);
  self->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_step_free);

  planning.machine = machine;
  planning.to = request->to;
  planning.request = request;
  planning.plan = self;
  planning.card = find_card (machine, self);

  if (planning.card != NULL)
    {
      if (profile == NULL)
        profile = defaults = baton_profile_new_default (request->cards[0]);
      planning.profile = profile;
      planning.all_holders = holders;
      planning.holders =
          holders != NULL ? baton_holders_find (holders, request->cards[0]) : NULL;
      look_and_add_steps (&planning);
      baton_planning_forget_stand_in (&planning);
    }

  sort_findings (self->findings);
  number_steps (self->steps);
  self->digest = compute_digest (self);

  return self;
}

/**
 * baton_plan_ref:
 * @self: a plan
 *
 * Returns: (transfer full): @self
 */
BatonPlan *
baton_plan_ref (BatonPlan *self)
{
  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * baton_plan_unref:
 * @self: (transfer full): a plan
 */
void
baton_plan_unref (BatonPlan *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_strfreev (self->cards);
  g_free (self->stand_in);
  g_ptr_array_unref (self->findings);
  g_ptr_array_unref (self->steps);
  g_free (self->digest);
  g_free (self);
}

/**
 * baton_plan_is_blocked:
 * @self: a plan
 *
 * Returns: whether a blocker stands that the request's consents do not set aside
 */
gboolean
baton_plan_is_blocked (const BatonPlan *self)
{
  for (guint i = 0; i < self->findings->len; i++)
    if (baton_finding_blocks (self->findings->pdata[i]))
      return TRUE;

  return FALSE;
}

/**
 * baton_plan_find:
 * @self: a plan
 * @code: a finding's code
 *
 * Returns: (nullable): the first finding with @code
 */
const BatonFinding *
baton_plan_find (const BatonPlan *self, BatonCode code)
{
  for (guint i = 0; i < self->findings->len; i++)
    {
      const BatonFinding *finding = self->findings->pdata[i];

      if (finding->code == code)
        return finding;
    }

  return NULL;
}

/**
 * baton_plan_to_json:
 * @self: a plan
 *
 * Returns: (transfer full): the one way in which a plan is written: the contract's `plan`,
 *   without its envelope
 */
JsonNode *
baton_plan_to_json (const BatonPlan *self)
{
  JsonObject *object = json_object_new ();
  JsonArray *cards = json_array_new ();
  JsonArray *findings = json_array_new ();
  JsonArray *steps = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  for (guint i = 0; self->cards[i] != NULL; i++)
    json_array_add_string_element (cards, self->cards[i]);
  for (guint i = 0; i < self->findings->len; i++)
    json_array_add_element (findings, baton_finding_to_json (self->findings->pdata[i]));
  for (guint i = 0; i < self->steps->len; i++)
    json_array_add_element (steps, baton_step_to_json (self->steps->pdata[i]));

  json_object_set_array_member (object, "cards", cards);
  json_object_set_string_member (object, "to", baton_side_to_string (self->to));
  json_object_set_array_member (object, "findings", findings);
  json_object_set_array_member (object, "steps", steps);
  json_object_set_boolean_member (object, "ends_session", self->ends_session);
  json_object_set_string_member (object, "digest", self->digest);

  json_node_take_object (node, object);

  return node;
}
