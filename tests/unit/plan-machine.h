/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-plan.h"

G_BEGIN_DECLS

#define PLAN_CARD "0000:01:00.0"
#define PLAN_SOUND "0000:01:00.1"
#define PLAN_OTHER "0000:00:02.0"
#define PLAN_STAND_IN "0000:02:00.0"
#define PLAN_STAND_IN_IDENTITY "1234:1111:1af4:1100"
#define PLAN_DIGITS "7000"

/*
 * PlanMachine: everything that a plan is made from, in memory, with nothing in the way
 *
 * A processor's own graphics keep the desktop; the card is 01:00.0 with its sound function
 * 01:00.1, alone in group 7.
 */
typedef struct
{
  /* owned */
  BatonMachine *machine;
  BatonHolders *holders;
  GPtrArray *all_holders;
  BatonProfile *profile;
  BatonRequest *request;

  /* borrowed */
  BatonSystem *system;
  BatonCard *card;
  BatonCard *other;
  BatonFunction *display;
  BatonFunction *sound;
} PlanMachine;

PlanMachine *plan_machine_new (BatonSide side, BatonSide to);
void plan_machine_free (PlanMachine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlanMachine, plan_machine_free)

BatonFunction *plan_machine_add_function (PlanMachine *self,
                                          const char *address,
                                          guint32 class_code,
                                          const char *driver,
                                          const char *group);
BatonFunction *plan_machine_add_companion (PlanMachine *self,
                                           const char *address,
                                           guint32 class_code,
                                           const char *driver);
BatonHolder *plan_machine_add_holder (
    PlanMachine *self, BatonHolderKind kind, int pid, const char *name, const char *node);
BatonHolder *
plan_machine_add_desktop (PlanMachine *self, BatonHolderKind kind, int pid, const char *name);
BatonCard *
plan_machine_add_stand_in (PlanMachine *self, const char *driver, BatonHolders **ret_holders);
void plan_machine_add_claim (
    PlanMachine *self, BatonClaimKind kind, const char *address, const char *value, guint line);
void plan_machine_add_blacklist (PlanMachine *self, const char *module, guint line);
void plan_machine_set_loaded (PlanMachine *self, const char *modules);
void plan_machine_use_nvidia (PlanMachine *self, const char *version);
BatonNvidiaModule *plan_machine_add_nvidia_module (PlanMachine *self,
                                                   const char *name,
                                                   int refcount,
                                                   const char *users);
void plan_machine_set (char **field, const char *value);
void plan_machine_set_list (GStrv *field, const char *values);

BatonPlan *plan_machine_make_plan (PlanMachine *self);
char *plan_machine_list_steps (const BatonPlan *plan);

G_END_DECLS
