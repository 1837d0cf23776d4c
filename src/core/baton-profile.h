/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-also.h"
#include "baton-root.h"

G_BEGIN_DECLS

/**
 * BatonReturnMethod:
 * @BATON_RETURN_AUTO: by binding; where a driver does not take the card, by looking for it anew
 * @BATON_RETURN_BIND: by binding alone
 * @BATON_RETURN_RESCAN: by removing every function and looking for the card anew
 */
typedef enum
{
  BATON_RETURN_AUTO,
  BATON_RETURN_BIND,
  BATON_RETURN_RESCAN,
} BatonReturnMethod;

/**
 * BatonResetWish:
 * @BATON_RESET_AUTO: where the card is known to need it, or no driver takes it as it is
 * @BATON_RESET_ALWAYS: each time before it comes back
 * @BATON_RESET_NEVER: not by Baton
 */
typedef enum
{
  BATON_RESET_AUTO,
  BATON_RESET_ALWAYS,
  BATON_RESET_NEVER,
} BatonResetWish;

/**
 * BatonDisplayManagerWish:
 * @BATON_DISPLAY_MANAGER_AUTO: stopped where the desktop that has to end is its own
 * @BATON_DISPLAY_MANAGER_STOP: stopped whenever a desktop has to end
 * @BATON_DISPLAY_MANAGER_KEEP: never stopped
 */
typedef enum
{
  BATON_DISPLAY_MANAGER_AUTO,
  BATON_DISPLAY_MANAGER_STOP,
  BATON_DISPLAY_MANAGER_KEEP,
} BatonDisplayManagerWish;

/**
 * BatonOpenAgain:
 * @BATON_OPEN_AGAIN_ASK: offered at the next login
 * @BATON_OPEN_AGAIN_YES: started at the next login
 * @BATON_OPEN_AGAIN_NO: neither noted nor offered
 *
 * What becomes of the applications of a session that a handoff ends.
 */
typedef enum
{
  BATON_OPEN_AGAIN_ASK,
  BATON_OPEN_AGAIN_YES,
  BATON_OPEN_AGAIN_NO,
} BatonOpenAgain;

/**
 * BatonProfileProblem:
 * @file: the settings file, as a person finds it
 * @line: line in @file, from 1; 0 where the file as a whole cannot be read
 * @key: the key in that line, or %NULL where the line holds none
 * @reason: what is wrong with it: a clause, for people
 */
typedef struct
{
  char *file;
  guint line;
  char *key;
  char *reason;
} BatonProfileProblem;

/**
 * BatonProfile:
 * @card: address of the section
 * @identity: `vendor:device:subvendor subdevice` as written, or %NULL: `1002:73bf:1da2:e438`
 * @reset_before_return: whether it is reset on its way back
 * @display_manager: whether it is stopped for a handoff that ends a desktop
 * @close_politely_ms: how long TERM is given before KILL
 * @return_when_guest_stops: offer made without being asked
 * @hook_ends_session: a desktop that draws on it may end for a guest that libvirt starts, and nobody is
 *   asked
 * @sleeps_while_guest: the computer may sleep while a guest has the card open
 * @open_again: what becomes of what was open in a session that ends for the card
 * @stop_units: (nullable): units that do not run while the card is with the guest
 * @start_units_guest: (nullable): units that run only then
 * @also: (element-type BatonAlso) (nullable): further functions that travel with the card
 * @stand_in: (nullable): the card that serves the desktop while this one is with a guest
 * @xorg_host: (nullable): the whole name of a file that Xorg reads while the host has the card
 * @xorg_guest: (nullable): of one that it reads while a guest has it
 * @missing_units: (nullable): those of both lists that are not installed here
 * @xorg_fault: (nullable): why one of Xorg's files cannot be used: a clause, for people
 * @xorg_fault_key: (nullable): the key that names it, with @xorg_fault
 * @problem: why the file cannot be used, or %NULL; all else is at its default then
 *
 * What a card's owner wants done around its handoffs: one section of `/etc/baton.conf`, or defaults.
 */
typedef struct
{
  char *card;
  char *identity;
  BatonReturnMethod return_method;
  BatonResetWish reset_before_return;
  BatonDisplayManagerWish display_manager;
  guint close_politely_ms;
  gboolean return_when_guest_stops;
  gboolean hook_ends_session;
  gboolean sleeps_while_guest;
  BatonOpenAgain open_again;
  GStrv stop_units;
  GStrv start_units_guest;
  GPtrArray *also;
  BatonAlso *stand_in;
  char *xorg_host;
  char *xorg_guest;
  GStrv missing_units;
  char *xorg_fault;
  const char *xorg_fault_key;
  BatonProfileProblem *problem;
} BatonProfile;

#define BATON_PROFILE_CLOSE_POLITELY_MS 5000

#define BATON_PROFILE_XORG_HOST "xorg-host"
#define BATON_PROFILE_XORG_GUEST "xorg-guest"

/* Below `/etc`. */
#define BATON_PROFILE_FILE "baton.conf"
#define BATON_PROFILE_MAX_BYTES 65536

BatonProfileProblem *
baton_profile_problem_new (const char *file, guint line, const char *key, const char *reason);
void baton_profile_problem_free (BatonProfileProblem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonProfileProblem, baton_profile_problem_free)

BatonProfile *baton_profile_new_default (const char *card);
BatonProfile *baton_profile_new_from_text (const char *card,
                                           const char *file,
                                           const char *text,
                                           gsize length);
BatonProfile *baton_profile_load (BatonRoot *root, const char *card);
GPtrArray *baton_profile_list_also (BatonRoot *root, const char *card);
void baton_profile_look_at_xorg (BatonProfile *self, BatonRoot *root);
void baton_profile_free (BatonProfile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonProfile, baton_profile_free)

gboolean baton_profile_has_key (const char *key);
GStrv baton_profile_list_keys (void);

G_END_DECLS
