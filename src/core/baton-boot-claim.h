/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-function.h"
#include "baton-root.h"

G_BEGIN_DECLS

/* Below /etc: what the RAM disk reads (data/boot/claim-at-boot). */
#define BATON_BOOT_CLAIMS "baton/claims"

/* Below /run: what it did. */
#define BATON_BOOT_CLAIM_REPORT "baton/claim-report"

/* More functions than a computer's cards have. */
#define BATON_BOOT_CLAIM_MAX 128

/**
 * BatonBootClaim:
 * @address: canonical address of a function
 * @identity: who is to be there, as baton_function_dup_identity() says it, and its place after an @
 * @outcome: (nullable): what the RAM disk said of it at the last start, such as `claimed`, `absent` or
 *   `other 144d:a80a:144d:a801`; %NULL where it was not claimed then
 *
 * A function that vfio-pci gets at every start, before any other driver.
 */
typedef struct
{
  char *address;
  char *identity;
  char *outcome;
} BatonBootClaim;

BatonBootClaim *baton_boot_claim_new (const char *address, const char *identity);
BatonBootClaim *baton_boot_claim_new_for_function (const BatonFunction *function);
void baton_boot_claim_free (BatonBootClaim *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonBootClaim, baton_boot_claim_free)

gboolean baton_boot_claim_is_like (const BatonBootClaim *self, const BatonFunction *function);
gboolean baton_boot_claim_means (const BatonBootClaim *self, const BatonFunction *function);
gboolean baton_boot_claim_is_of (const BatonBootClaim *self, const BatonFunction *function);
gboolean baton_boot_claim_was_made (const BatonBootClaim *self);

GPtrArray *baton_boot_claims_new (void);
char *baton_boot_claims_build (GPtrArray *claims);
GPtrArray *baton_boot_claims_parse (const char *text);
GPtrArray *baton_boot_claims_read (BatonRoot *root);
const BatonBootClaim *baton_boot_claims_find (GPtrArray *claims, const BatonFunction *function);

G_END_DECLS
