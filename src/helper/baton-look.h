/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-steps.h"

G_BEGIN_DECLS

/* A sound server or a desktop that has said yes closes the device within moments. */
#define BATON_LOOK_PATIENCE_US (5 * G_USEC_PER_SEC)

/* Where device files of sound and of graphics are, below `/dev`. */
#define BATON_LOOK_SOUND "snd"
#define BATON_LOOK_GRAPHICS "dri"

gboolean baton_look_again (BatonStepContext *context, BatonTrouble *trouble);
BatonCard *baton_look_find_card (BatonStepContext *context, BatonTrouble *trouble);
BatonHolders *baton_look_at_holders (BatonStepContext *context, BatonTrouble *trouble);
BatonHolders *baton_look_at_all_holders (BatonStepContext *context, BatonTrouble *trouble);
gboolean baton_look_has_seen_all (const BatonHolders *holders, BatonTrouble *trouble);
gboolean baton_look_is_free (BatonStepContext *context, BatonTrouble *trouble);
gboolean baton_look_is_free_of_guests (BatonStepContext *context, BatonTrouble *trouble);
gboolean baton_look_may_be_taken (BatonStepContext *context,
                                  const char *address,
                                  const char *driver,
                                  BatonTrouble *trouble);
gboolean baton_look_is_left_by_guests (BatonStepContext *context);
char *baton_look_describe_holders (BatonStepContext *context);
int baton_look_probe_group (BatonStepContext *context, const char *group, gboolean *ret_viable);
char *baton_look_dup_group (BatonStepContext *context, const char *address);
gboolean baton_look_is_group_free (BatonStepContext *context,
                                   const char *address,
                                   BatonTrouble *trouble);
int baton_look_listen_to_closes (BatonStepContext *context, const char *directory);
void baton_look_settle_udev (BatonStepContext *context);

G_END_DECLS
