/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-boot-claim.h"
#include "baton-card.h"
#include "baton-root.h"
#include "baton-system.h"

G_BEGIN_DECLS

/**
 * BatonGroup:
 * @id: number of the IOMMU group, as text
 * @functions: (element-type BatonFunction): (borrowed elements): every member, by address
 */
typedef struct
{
  char *id;
  GPtrArray *functions;
} BatonGroup;

void baton_group_free (BatonGroup *self);

/**
 * BatonLookPurpose:
 * @BATON_LOOK_TO_PLAN: everything
 * @BATON_LOOK_TO_SHOW: what the cards are, and what has them
 * @BATON_LOOK_TO_CHECK: the same without words for it: numbers in place of names
 *
 * What a machine is looked at for.
 */
typedef enum
{
  BATON_LOOK_TO_PLAN,
  BATON_LOOK_TO_SHOW,
  BATON_LOOK_TO_CHECK,
} BatonLookPurpose;

/**
 * BatonMachine:
 * @iommu_enabled: groups exist
 * @iommu_kind: `intel`, `amd`, `other`, or %NULL where none works
 * @iommu_reason: why there is none: `no-table`, `command-line`, `not-enabled`, `unknown`; %NULL where there is one
 * @iommu_detail: what the reason is about: the word on the command line, the table's name; or %NULL
 * @functions: (element-type BatonFunction): every PCI function, by address
 * @cards: (element-type BatonCard): every card, by address
 * @groups: (element-type BatonGroup): every group, by number
 * @boot_claims: (element-type BatonBootClaim) (nullable): what Baton claims at boot; nothing where it was looked at
 *   to check
 * @handmade: (element-type BatonHandmade) (nullable): what people have set up for the cards by hand; %NULL unless it
 *   was looked at to plan
 * @adopted: (nullable): the cards for which Baton does that in their place
 * @system: what else of the system a plan depends on
 * @purpose: what it was looked at for, and so how much of it is there
 *
 * The machine as it was when it was looked at: a snapshot, read only, reference counted.
 */
typedef struct
{
  gatomicrefcount ref_count;
  gboolean iommu_enabled;
  char *iommu_kind;
  char *iommu_reason;
  char *iommu_detail;
  GPtrArray *functions;
  GPtrArray *cards;
  GPtrArray *groups;
  GPtrArray *boot_claims;
  GPtrArray *handmade;
  GStrv adopted;
  BatonSystem *system;
  BatonLookPurpose purpose;
} BatonMachine;

BatonMachine *baton_machine_new (BatonRoot *root, GError **error);
BatonMachine *baton_machine_new_to_show (BatonRoot *root, GError **error);
BatonMachine *baton_machine_new_to_check (BatonRoot *root, GError **error);
BatonMachine *baton_machine_ref (BatonMachine *self);
void baton_machine_unref (BatonMachine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonMachine, baton_machine_unref)

BatonCard *baton_machine_find_card (BatonMachine *self, const char *address);
BatonCard *
baton_machine_find_card_by_ending (BatonMachine *self, const char *ending, GError **error);
BatonFunction *baton_machine_find_function (BatonMachine *self, const char *address);
BatonGroup *baton_machine_find_group (BatonMachine *self, const char *id);

G_END_DECLS
