/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-codes.h"
#include "baton-holders.h"
#include "baton-profile.h"
#include "baton-request.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonFinding:
 * @code: what was found; its severity, consent and sentences are in `codes.json`
 * @args: (element-type utf8 utf8): values for the sentence, keys fixed for each code
 * @consent: what would set it aside here, %BATON_CONSENT_NONE where nothing does
 * @granted: the request already gives that consent
 * @subject: address, node or `pid:START` that it is about, or %NULL
 */
typedef struct
{
  BatonCode code;
  GHashTable *args;
  BatonConsent consent;
  gboolean granted;
  char *subject;
} BatonFinding;

BatonFinding *baton_finding_new_missing_iommu (const BatonMachine *machine);
void baton_finding_free (BatonFinding *self);
BatonSeverity baton_finding_get_severity (const BatonFinding *self);
char *baton_finding_dup_text (const BatonFinding *self);
char *baton_finding_dup_remedy (const BatonFinding *self);

/**
 * BatonStepKind: the kinds of step that this version knows; a row each in the helper's table
 */
typedef enum
{
  BATON_STEP_LOG_OUT,
  BATON_STEP_CLOSE_PROCESS,
  BATON_STEP_END_SESSION,
  BATON_STEP_RELEASE_CARD,
  BATON_STEP_RESERVE_SOUND,
  BATON_STEP_STOP_UNIT,
  BATON_STEP_HOLD_POWER,
  BATON_STEP_LOAD_MODULE,
  BATON_STEP_SET_OVERRIDE,
  BATON_STEP_UNLOAD_MODULE,
  BATON_STEP_PROVE_UNUSED,
  BATON_STEP_SHOW_CONSOLES,
  BATON_STEP_UNBIND_CONSOLE,
  BATON_STEP_UNBIND,
  BATON_STEP_RESET,
  BATON_STEP_REMOVE_FUNCTION,
  BATON_STEP_RESCAN_BUS,
  BATON_STEP_BIND,
  BATON_STEP_PLACE_FILE,
  BATON_STEP_START_UNIT,
  BATON_STEP_LET_OPEN,
  BATON_STEP_START_GUEST,
  BATON_STEP_WAIT_GUEST,
  BATON_STEP_VERIFY,
  BATON_N_STEP_KINDS,
} BatonStepKind;

const char *baton_step_kind_to_string (BatonStepKind kind);
gboolean baton_step_kind_from_string (const char *text, BatonStepKind *ret_kind);

/**
 * BatonStep:
 * @n: place in the plan, from 1
 * @kind: what it does
 * @target: what it is done to: an address, a bus (`0000:01`), a module, a unit, `PID:START`,
 *   `/dev/vfio/N`, a virtual machine, a login session
 * @detail: the rest: driver to bind (%BATON_DRIVER_AUTO or %BATON_DRIVER_ANY where only the helper
 *   knows) or to unbind from, text of the override (empty clears it), uid that may open or whose
 *   session it is, side to verify or that Xorg's files are for, card whose text consoles are
 *   shown there (or %NULL: all that are shown nowhere), name of the process to close or whose service
 *   is stopped, the one method to reset by, %BATON_AS_BEFORE, %BATON_IF_NEEDED, %BATON_TAKES_CARD,
 *   %BATON_STARTED, %BATON_SOON, %BATON_WITHIN and a number of minutes; or %NULL
 * @card: address of the stand-in where it is for that, which goes to the other side than the plan's
 *   card; %NULL for the plan's own
 * @persistent: outlives a reboot, so recovery at boot must put it back
 *
 * The id is `KIND:TARGET`. The detail stays out of it, and so out of the digest: what an
 * unprivileged look and the helper's own differ in (which driver was there before, which override)
 * stands in details alone, and a preview made without rights has the digest of the plan that is
 * carried out.
 *
 * On the way to the host the helper's record (`/run/baton/cards`) decides: a `bind` of
 * %BATON_DRIVER_AUTO takes the driver that was, does nothing where the record says that there was
 * none, and probes where there is no record, when a companion that finds no driver is no failure.
 * With %BATON_DRIVER_ANY it is one: that binds what has lost its driver, whatever the record says.
 * A `set-override` to the empty text restores the recorded text, unless that was a parking driver's.
 * What is to be %BATON_AS_BEFORE, a module or a unit of NVIDIA's, is loaded or started only where the
 * record says that it was before the card left. Which of its owner's units are stopped and started on
 * the way to the host everybody may know (#BatonUnitNote), and their steps have no detail. A module
 * that %BATON_TAKES_CARD has the card when it is loaded, because it does not stay where it finds none:
 * it is loaded where a driver is bound.
 *
 * What is done %BATON_IF_NEEDED is passed over at first. Where a driver then does not take the card
 * back, the handoff goes on from there once more, and does it: resets the card, and where that does
 * not help either, removes it and looks for it anew.
 *
 * A guest that is waited for has been %BATON_STARTED by the handoff itself, or has to come %BATON_SOON,
 * because nothing is seen until the card is back, or %BATON_WITHIN the minutes that were asked for; or it
 * may come when it likes. That time is in the request, which the helper reads and checks for itself.
 */
#define BATON_DRIVER_AUTO "auto"
#define BATON_DRIVER_ANY "any"
#define BATON_AS_BEFORE "as-before"
#define BATON_IF_NEEDED "if-needed"
#define BATON_TAKES_CARD "takes-card"
#define BATON_STARTED "started"
#define BATON_SOON "soon"
#define BATON_WITHIN "within:"

typedef struct
{
  guint n;
  BatonStepKind kind;
  char *target;
  char *detail;
  char *card;
  gboolean persistent;
} BatonStep;

BatonStep *baton_step_new (BatonStepKind kind, const char *target, const char *detail);
void baton_step_free (BatonStep *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonStep, baton_step_free)
char *baton_step_dup_id (const BatonStep *self);
JsonNode *baton_step_to_json (const BatonStep *self);
guint baton_step_get_minutes (const char *detail);
BatonStep *baton_step_new_from_json (JsonNode *node, GError **error);

/**
 * BatonPlan:
 * @cards: addresses, as requested
 * @to: side they go to
 * @findings: (element-type BatonFinding): blockers first, then warnings, then notes
 * @steps: (element-type BatonStep): in order; empty where there is nothing to do, or a blocker
 *   stands that no consent sets aside
 * @ends_session: the desktop ends
 * @stand_in: (nullable): address of the card that stands in, where the plan moves it as well: to the
 *   other side than @to
 * @there_already: the cards are on that side, and nothing else was asked for: nothing to do
 * @digest: SHA-256 (hex) over cards, side and the steps' ids in order, without close-process,
 *   release-card, reserve-sound, and stop-unit of a service that is stopped because it uses the card:
 *   each followed by a newline
 */
typedef struct
{
  gatomicrefcount ref_count;
  GStrv cards;
  BatonSide to;
  char *stand_in;
  GPtrArray *findings;
  GPtrArray *steps;
  gboolean ends_session;
  gboolean there_already;
  char *digest;
} BatonPlan;

BatonPlan *baton_plan_new (BatonMachine *machine,
                           GPtrArray *holders,
                           const BatonProfile *profile,
                           const BatonRequest *request);
BatonPlan *baton_plan_ref (BatonPlan *self);
void baton_plan_unref (BatonPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonPlan, baton_plan_unref)

gboolean baton_plan_is_blocked (const BatonPlan *self);
const BatonFinding *baton_plan_find (const BatonPlan *self, BatonCode code);
JsonNode *baton_plan_to_json (const BatonPlan *self);

G_END_DECLS
