/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-plan.h"

G_BEGIN_DECLS

/*
 * BatonPlanning: what a plan is made from, and the plan as far as it is made
 *
 * @to: side that @card goes to
 * @holders: who has the card, or NULL where nobody looked
 * @all_holders: who has which card, where somebody looked
 * @main: where @card stands in for another: what that other does, or NULL
 * @stand_in: what the card does that stands in for @card, or NULL where it does nothing
 */
typedef struct _BatonPlanning BatonPlanning;

struct _BatonPlanning
{
  /* borrowed */
  BatonMachine *machine;
  const BatonCard *card;
  BatonHolders *holders;
  GPtrArray *all_holders;
  const BatonProfile *profile;
  const BatonRequest *request;
  BatonPlan *plan;
  const BatonPlanning *main;

  /* owned */
  BatonProfile *own_profile;
  BatonPlanning *stand_in;

  BatonSide to;
};

BatonFinding *
baton_finding_new (BatonCode code, const char *subject, ...) G_GNUC_NULL_TERMINATED;
JsonNode *baton_finding_to_json (const BatonFinding *self);
gboolean baton_finding_blocks (const BatonFinding *self);
gboolean baton_finding_blocks_for_good (const BatonFinding *self);

/* Adds a finding; key and value of each argument follow, then NULL. */
#define baton_planning_add(self, code, subject, ...)                                           \
  baton_planning_take ((self), baton_finding_new ((code), (subject), ##__VA_ARGS__, NULL))

BatonFinding *baton_planning_take (BatonPlanning *self, BatonFinding *finding);

gboolean baton_planning_travels (const BatonPlanning *self, const BatonFunction *function);
gboolean baton_planning_moves_to_guest (const BatonPlanning *self,
                                        const BatonFunction *function);
gboolean baton_planning_leaves_guest (const BatonPlanning *self, const BatonFunction *function);
gboolean baton_planning_moves_to_host (const BatonPlanning *self,
                                       const BatonFunction *function);
gboolean baton_planning_lost_driver (const BatonPlanning *self, const BatonFunction *function);
GPtrArray *baton_planning_list_groups (const BatonPlanning *self);

GPtrArray *baton_planning_list_travelling (const BatonPlanning *self, gboolean display_first);

const char *baton_planning_choose_module (const BatonPlanning *self,
                                          const BatonFunction *function);
const BatonBlacklist *baton_planning_find_blacklist (const BatonPlanning *self,
                                                     const char *module);
gboolean baton_planning_is_module_in (GStrv list, const char *module);
gboolean baton_planning_is_module_loaded (const BatonPlanning *self, const char *module);

gboolean baton_planning_is_in_the_way (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_can_close (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_stops_service (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_goes_together (const BatonPlanning *self,
                                       const BatonHolder *holder,
                                       const BatonHolder *other);
gboolean baton_planning_may_close (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_has_only_sound (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_asks_for_sound (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_reserves_sound (const BatonPlanning *self,
                                        const BatonFunction *function);
guint baton_planning_count_sound_partners (const BatonPlanning *self);
void baton_planning_look_at_sound (BatonPlanning *self);

gboolean baton_planning_asks_to_let_go (const BatonPlanning *self, const BatonHolder *holder);
gboolean baton_planning_follows (const BatonPlanning *self, const BatonHolder *holder);
void baton_planning_add_release (BatonPlanning *self);

gboolean baton_planning_goes_with_session (const BatonPlanning *self,
                                           const BatonHolder *holder);
gboolean baton_planning_ends_desktop (const BatonPlanning *self);
gboolean baton_planning_may_end_session (const BatonPlanning *self);
gboolean baton_planning_has_other_screen (const BatonPlanning *self);
void baton_planning_look_at_session (BatonPlanning *self);
void baton_planning_look_at_xorg (BatonPlanning *self);
void baton_planning_add_xorg_for_guest (BatonPlanning *self);
void baton_planning_add_xorg_for_host (BatonPlanning *self);
void baton_planning_add_log_out (BatonPlanning *self);
void baton_planning_add_session_ends (BatonPlanning *self);
gboolean baton_planning_stops_login_screen (const BatonPlanning *self);
void baton_planning_add_login_screen (BatonPlanning *self);

void baton_planning_look_for_crashes (BatonPlanning *self,
                                      const BatonFunction *function,
                                      const char *driver);
void baton_planning_look_for_bad_returns (BatonPlanning *self);

void baton_planning_look_at_system (BatonPlanning *self);
void baton_planning_look_at_access (BatonPlanning *self);
void baton_planning_look_at_iommu (BatonPlanning *self);
void baton_planning_look_at_groups (BatonPlanning *self);
void baton_planning_look_at_card (BatonPlanning *self);
void baton_planning_look_at_also (BatonPlanning *self);
void baton_planning_look_at_drivers (BatonPlanning *self);
gboolean baton_planning_look_for_lost_drivers (BatonPlanning *self);
void baton_planning_look_at_claims (BatonPlanning *self);
void baton_planning_look_at_holders (BatonPlanning *self);
gboolean baton_planning_comes_back (const BatonPlanning *self);

gboolean baton_planning_has_firmware_console (const BatonPlanning *self);
void baton_planning_look_at_console (BatonPlanning *self);
void baton_planning_add_console_end (BatonPlanning *self);

void baton_planning_look_at_text_consoles (BatonPlanning *self);
void baton_planning_add_consoles_move (BatonPlanning *self);
void baton_planning_add_consoles_on_stand_in (BatonPlanning *self);
void baton_planning_add_consoles_return (BatonPlanning *self);

void baton_planning_look_at_nvidia (BatonPlanning *self);
gboolean baton_planning_leaves_nvidia (const BatonPlanning *self);
gboolean baton_planning_stops_nvidia_unit (const BatonPlanning *self, const char *unit);

gboolean baton_planning_goes_with_owners_unit (const BatonPlanning *self,
                                               const BatonHolder *holder);
void baton_planning_look_at_stand_in (BatonPlanning *self);
void baton_planning_forget_stand_in (BatonPlanning *self);

void baton_planning_look_at_units (BatonPlanning *self);
void baton_planning_add_unit_stops (BatonPlanning *self);
void baton_planning_add_guest_units (BatonPlanning *self);
void baton_planning_add_guest_unit_stops (BatonPlanning *self);
void baton_planning_add_unit_returns (BatonPlanning *self);

void baton_planning_add_step (BatonPlanning *self,
                              BatonStepKind kind,
                              const char *target,
                              const char *detail);
void baton_planning_add_steps (BatonPlanning *self);
void baton_planning_add_nvidia_stops (BatonPlanning *self);
void baton_planning_add_nvidia_unloads (BatonPlanning *self);
gboolean baton_planning_goes_with_nvidia (const BatonPlanning *self,
                                          const BatonFunction *function);
gboolean baton_planning_module_takes_card (const char *module);
void baton_planning_add_nvidia_load (BatonPlanning *self);
void baton_planning_add_nvidia_return (BatonPlanning *self);

const char *baton_planning_get_needed_reset (const BatonPlanning *self);
void baton_planning_look_at_reset (BatonPlanning *self);
void baton_planning_add_reset (BatonPlanning *self);

void baton_planning_look_at_rescan (BatonPlanning *self);
void baton_planning_add_rescan (BatonPlanning *self);

G_END_DECLS
