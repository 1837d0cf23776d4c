/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "baton-codes.h"

G_BEGIN_DECLS

/**
 * BatonTrouble:
 * @code: what went wrong, or %BATON_CODE_NONE
 * @args: (element-type utf8 utf8): values for its sentence
 * @errsv: the kernel's errno, or 0
 *
 * Why a step could not be done, for people.
 */
typedef struct
{
  BatonCode code;
  GHashTable *args;
  int errsv;
} BatonTrouble;

#define BATON_TROUBLE_INIT                                                                     \
  {                                                                                            \
    BATON_CODE_NONE, NULL, 0                                                                   \
  }

void
baton_trouble_set (BatonTrouble *self, BatonCode code, int errsv, ...) G_GNUC_NULL_TERMINATED;
void baton_trouble_set_refused (BatonTrouble *self,
                                BatonTrouble *refused,
                                int errsv,
                                const char *reason);
void baton_trouble_set_from_error (BatonTrouble *self,
                                   BatonTrouble *refused,
                                   const GError *error,
                                   const char *address);
void baton_trouble_set_difference (BatonTrouble *self,
                                   const char *subject,
                                   const char *expected,
                                   const char *found);
void baton_trouble_move (BatonTrouble *self, BatonTrouble *other);
BatonTrouble *baton_trouble_copy (const BatonTrouble *self);
void baton_trouble_clear (BatonTrouble *self);
void baton_trouble_free (BatonTrouble *self);
char *baton_trouble_dup_text (const BatonTrouble *self);
JsonObject *baton_trouble_to_json (const BatonTrouble *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatonTrouble, baton_trouble_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonTrouble, baton_trouble_free)

GHashTable *baton_args_new (const char *key, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
