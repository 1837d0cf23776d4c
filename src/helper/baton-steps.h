/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-errand.h"
#include "baton-move.h"
#include "baton-plan.h"
#include "baton-trouble.h"
#include "baton-unit-state.h"
#include "baton-waiter.h"

G_BEGIN_DECLS

/**
 * BatonOutcome:
 * @BATON_OUTCOME_OK: it was done
 * @BATON_OUTCOME_FAILED: it was not done, and a trouble says why
 * @BATON_OUTCOME_CANCELLED: somebody asked to stop meanwhile
 * @BATON_OUTCOME_STUCK: the kernel does not answer any more: nothing may be written to the card
 */
typedef enum
{
  BATON_OUTCOME_OK,
  BATON_OUTCOME_FAILED,
  BATON_OUTCOME_CANCELLED,
  BATON_OUTCOME_STUCK,
} BatonOutcome;

/**
 * BatonRung:
 * @BATON_RUNG_RESET: the card is reset
 * @BATON_RUNG_RESCAN: the card is removed from its bus and looked for again
 *
 * What is done, one after the other, where a driver does not take a card back.
 */
typedef enum
{
  BATON_RUNG_RESET = 1,
  BATON_RUNG_RESCAN,
} BatonRung;

/**
 * BatonStepContext:
 * @root: (borrowed): the roots
 * @events: (borrowed): where events go
 * @waiter: (borrowed): what waits
 * @profile: (borrowed): what the card's owner wants
 * @own: (borrowed) (nullable): what is done with the plan's card
 * @stand_in: (borrowed) (nullable): what is done with the card that stands in for it
 * @before: (borrowed): how the card of the step at work stood before this handoff
 * @origin: (borrowed) (nullable): how it stood before it left the host
 * @to: side that it goes to
 * @machine: (owned) (nullable): the machine when it was last looked at with the card's nodes there
 * @step: (borrowed) (nullable): the step at work
 * @problems: (owned) (element-type BatonTrouble): what is not as it should be, though done
 * @reservations: (owned) (nullable) (element-type BatonErrand): what sound servers have let go of
 * @guard: (owned) (nullable): who is on his way to start what keeps the computer awake for a guest
 * @seen: (owned) (nullable): how a unit stood when the step at work looked whether there is anything to do,
 *   which is what it begins with
 * @bars: (owned) (nullable) (element-type utf8 guint): which BARs a function had when it was removed
 * @rung: a driver did not take the card back, and what is left out at first is done up to here
 * @soft_ms: after which a write is said to be stalled
 * @hard_ms: after which it is stuck
 *
 * What a step needs to know of the handoff that it is part of.
 */
typedef struct
{
  BatonRoot *root;
  BatonEventWriter *events;
  BatonWaiter *waiter;
  const BatonProfile *profile;
  const BatonMove *own;
  const BatonMove *stand_in;
  const BatonCardState *before;
  const BatonCardState *origin;
  BatonSide to;
  BatonMachine *machine;
  const BatonStep *step;
  GPtrArray *problems;
  GPtrArray *reservations;
  BatonErrand *guard;
  BatonUnitState *seen;
  GHashTable *bars;
  guint rung;
  guint soft_ms;
  guint hard_ms;
} BatonStepContext;

/**
 * BatonStepClass:
 * @cancel_before: somebody who asks to stop is heard before this step
 * @wants_free_card: nobody may have the card open any more when it begins
 * @ends_programs: programs end by it, which nothing starts again
 * @shares_card: on the way to the host, everybody may open the card after it: nobody who asks to
 *   stop is heard any more, and @is_kept is asked before anything is put back
 * @may_climb: where it fails on the way to the host, the steps are gone through once more from the
 *   first on that is of the next rung
 * @moves_card: (nullable): does a step share the card, and may it climb? %NULL where every step
 *   of the kind does and may
 * @rung: where its step says %BATON_IF_NEEDED it is left out until it has come to this rung: 0 for
 *   what is none, or the number of a %BatonRung
 * @is_kept: (nullable): may the card be in use after it? Then says by whom, or why nobody knows
 * @remember: (nullable): what @revert has to know beside the state that was
 * @keep: (nullable): notes in the record of how the card stood what only the way back needs
 * @observe: is it as this step leaves it? @applied tells whether it has been done; where it is
 *   not so, says so in @trouble
 * @apply: does it; where it is done and there is something to tell all the same, a trouble says so
 * @revert: (nullable): puts back what was, looking first, so that it can be asked for again and
 *   again, and after anything; %NULL where nothing can be undone
 * @finish: (nullable): what is undone at the good end of a handoff
 *
 * One kind of step. All of them stand in one table, and the executor knows none by name.
 */
typedef struct
{
  gboolean cancel_before;
  gboolean wants_free_card;
  gboolean ends_programs;
  gboolean shares_card;
  gboolean may_climb;
  gboolean (*moves_card) (const BatonStep *step);
  guint rung;
  gboolean (*is_kept) (BatonStepContext *context, const BatonStep *step, BatonTrouble *ret_who);
  JsonNode *(*remember) (BatonStepContext *context, const BatonStep *step);
  void (*keep) (BatonStepContext *context, const BatonStep *step, BatonCardState *origin);
  gboolean (*observe) (BatonStepContext *context,
                       const BatonStep *step,
                       gboolean applied,
                       BatonTrouble *trouble);
  BatonOutcome (*apply) (BatonStepContext *context,
                         const BatonStep *step,
                         BatonTrouble *trouble);
  BatonOutcome (*revert) (BatonStepContext *context,
                          const BatonStep *step,
                          JsonNode *remembered,
                          BatonTrouble *trouble);
  BatonOutcome (*finish) (BatonStepContext *context,
                          const BatonStep *step,
                          BatonTrouble *trouble);
} BatonStepClass;

const BatonStepClass *baton_step_get_class (BatonStepKind kind);

gboolean baton_step_is_of_stand_in (const BatonStepContext *context, const BatonStep *step);
gboolean baton_step_is_left_out (const BatonStepContext *context, const BatonStep *step);
gboolean baton_step_shares_card (const BatonStepContext *context, const BatonStep *step);
gboolean baton_step_may_climb (const BatonStepContext *context, const BatonStep *step);
gboolean baton_step_bind_is_kept (BatonStepContext *context,
                                  const BatonStep *step,
                                  BatonTrouble *ret_who);
BatonOutcome baton_step_hold_power_put_back (BatonStepContext *context,
                                             const BatonFunctionState *state,
                                             BatonTrouble *trouble);
BatonOutcome baton_step_end_session_end_all (BatonStepContext *context, BatonTrouble *trouble);
BatonOutcome baton_step_unbind_give_back (BatonStepContext *context,
                                          const char *address,
                                          BatonTrouble *trouble);
void baton_step_let_open_take_all_back (BatonStepContext *context);
void baton_step_let_open_give_again (BatonStepContext *context,
                                     const BatonFunctionState *before);

extern const BatonStepClass baton_step_bind_class;
extern const BatonStepClass baton_step_close_process_class;
extern const BatonStepClass baton_step_end_session_class;
extern const BatonStepClass baton_step_hold_power_class;
extern const BatonStepClass baton_step_let_open_class;
extern const BatonStepClass baton_step_load_module_class;
extern const BatonStepClass baton_step_log_out_class;
extern const BatonStepClass baton_step_place_file_class;
extern const BatonStepClass baton_step_prove_unused_class;
extern const BatonStepClass baton_step_release_card_class;
extern const BatonStepClass baton_step_remove_function_class;
extern const BatonStepClass baton_step_rescan_bus_class;
extern const BatonStepClass baton_step_reserve_sound_class;
extern const BatonStepClass baton_step_reset_class;
extern const BatonStepClass baton_step_set_override_class;
extern const BatonStepClass baton_step_start_guest_class;
extern const BatonStepClass baton_step_start_unit_class;
extern const BatonStepClass baton_step_stop_unit_class;
extern const BatonStepClass baton_step_unbind_class;
extern const BatonStepClass baton_step_show_consoles_class;
extern const BatonStepClass baton_step_unbind_console_class;
extern const BatonStepClass baton_step_unload_module_class;
extern const BatonStepClass baton_step_verify_class;
extern const BatonStepClass baton_step_wait_guest_class;

G_END_DECLS
