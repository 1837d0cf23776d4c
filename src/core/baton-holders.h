/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-holder.h"
#include "baton-machine.h"

G_BEGIN_DECLS

/**
 * BatonModuleUse: a module that stands behind a card's drivers, and its use count (-1 unknown)
 */
typedef struct
{
  char *name;
  int refcount;
} BatonModuleUse;

/**
 * BatonHolders:
 * @card: the card's address
 * @complete: every process could be read
 * @reason: `permission`, `limit`, or %NULL
 * @unreadable: number of processes that could not be read
 * @unseen: (nullable): the first of them, each as its name and number
 * @holders: (element-type BatonHolder): by kind, then pid
 * @undecided: (nullable) (element-type BatonHolder): who may take the card at any moment and holds none: has
 *   AMD's compute device open and computes nowhere
 * @modules: (element-type BatonModuleUse)
 *
 * Who has one card's nodes: a snapshot, read only, reference counted.
 */
typedef struct
{
  gatomicrefcount ref_count;
  char *card;
  gboolean complete;
  char *reason;
  guint unreadable;
  GStrv unseen;
  GPtrArray *holders;
  GPtrArray *undecided;
  GPtrArray *modules;
} BatonHolders;

GPtrArray *baton_holders_scan (BatonRoot *root, BatonMachine *machine, GError **error);
BatonHolders *baton_holders_ref (BatonHolders *self);
void baton_holders_unref (BatonHolders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonHolders, baton_holders_unref)

BatonHolders *baton_holders_find (GPtrArray *all, const char *card);
char *baton_holders_describe_unreadable (const BatonHolders *self);
const BatonHolder *baton_holders_find_pid (const BatonHolders *self, int pid);

GPtrArray *baton_holders_look (BatonRoot *root, BatonMachine **ret_machine, GError **error);
void baton_machine_adopt_guests (BatonMachine *machine, GPtrArray *all_holders);

G_END_DECLS
