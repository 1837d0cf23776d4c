/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-boot-claim.h"

#include <string.h>

#include "baton-pci-address.h"

#define HEAD                                                                                    \
  "# Written by Baton: at every start of this computer vfio-pci gets the functions that are\n"  \
  "# named here, each with who has to be there, before any other driver does.\n"                \
  "# Do not change it: the boot images hold a copy. “batonctl claim CARD --undo” takes a\n" \
  "# card out, and the last one takes this file away.\n"

#define MAX_BYTES 65536

/* Four groups of four digits, and three colons. */
#define IDENTITY_LENGTH 19

/* A twin that was shifted to the address of another one hangs elsewhere. */
static char *
dup_identity (const BatonFunction *function)
{
  g_autofree char *who = baton_function_dup_identity (function);

  return g_strconcat (who, "@", function->place != NULL ? function->place : "", NULL);
}

/**
 * baton_boot_claim_new:
 * @address: canonical address of a function
 * @identity: who is to be there
 *
 * Returns: (transfer full): a claim
 */
BatonBootClaim *
baton_boot_claim_new (const char *address, const char *identity)
{
  BatonBootClaim *self = g_new0 (BatonBootClaim, 1);

  self->address = g_strdup (address);
  self->identity = g_strdup (identity);

  return self;
}

/**
 * baton_boot_claim_new_for_function:
 * @function: a function as it is now
 *
 * Returns: (transfer full): a claim to that very function
 */
BatonBootClaim *
baton_boot_claim_new_for_function (const BatonFunction *function)
{
  g_autofree char *identity = dup_identity (function);

  return baton_boot_claim_new (function->address, identity);
}

/**
 * baton_boot_claim_free:
 * @self: (nullable): a claim
 */
void
baton_boot_claim_free (BatonBootClaim *self)
{
  if (self == NULL)
    return;

  g_free (self->address);
  g_free (self->identity);
  g_free (self->outcome);
  g_free (self);
}

/**
 * baton_boot_claim_is_like:
 * @self: a claim
 * @function: a function
 *
 * Returns: whether @function is of the same kind as the one that is meant, as a twin is
 */
gboolean
baton_boot_claim_is_like (const BatonBootClaim *self, const BatonFunction *function)
{
  g_autofree char *identity = baton_function_dup_identity (function);

  return strncmp (self->identity, identity, strlen (identity)) == 0;
}

/**
 * baton_boot_claim_means:
 * @self: a claim
 * @function: a function
 *
 * Returns: whether @function is the one that is meant, whatever its address is by now
 */
gboolean
baton_boot_claim_means (const BatonBootClaim *self, const BatonFunction *function)
{
  g_autofree char *identity = dup_identity (function);

  return strcmp (self->identity, identity) == 0;
}

/**
 * baton_boot_claim_is_of:
 * @self: a claim
 * @function: a function
 *
 * Returns: whether @function is the one that is meant, where it was: another one at its address is not
 */
gboolean
baton_boot_claim_is_of (const BatonBootClaim *self, const BatonFunction *function)
{
  return strcmp (self->address, function->address) == 0 &&
         baton_boot_claim_means (self, function);
}

/**
 * baton_boot_claim_was_made:
 * @self: a claim
 *
 * Returns: %FALSE if it was to be made at the last start, and was not
 */
gboolean
baton_boot_claim_was_made (const BatonBootClaim *self)
{
  return self->outcome == NULL || strcmp (self->outcome, "claimed") == 0;
}

/**
 * baton_boot_claims_new:
 *
 * Returns: (transfer full) (element-type BatonBootClaim): no claims
 */
GPtrArray *
baton_boot_claims_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) baton_boot_claim_free);
}

static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  const BatonBootClaim *left = *(const BatonBootClaim *const *) a;
  const BatonBootClaim *right = *(const BatonBootClaim *const *) b;

  return baton_pci_address_compare (left->address, right->address);
}

/**
 * baton_boot_claims_build:
 * @claims: (element-type BatonBootClaim): claims, in any order
 *
 * Returns: (transfer full): the text of %BATON_BOOT_CLAIMS
 */
char *
baton_boot_claims_build (GPtrArray *claims)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_copy (claims, NULL, NULL);
  g_autoptr (GString) text = g_string_new (HEAD);

  g_ptr_array_set_free_func (sorted, NULL);
  g_ptr_array_sort (sorted, compare_addresses);
  for (guint i = 0; i < sorted->len; i++)
    {
      const BatonBootClaim *claim = g_ptr_array_index (sorted, i);

      g_string_append_printf (text, "%s %s\n", claim->address, claim->identity);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* As baton_look_read_function() has it: each part a bus of two digits, or a device and its function. */
static gboolean
is_place (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      g_autofree char *bus = g_strdup_printf ("0000:%s:00.0", parts[i]);
      g_autofree char *device = g_strdup_printf ("0000:00:%s", parts[i]);

      if (!baton_pci_address_is_valid (bus) && !baton_pci_address_is_valid (device))
        return FALSE;
    }

  return parts[0] != NULL;
}

static gboolean
is_identity (const char *text)
{
  for (guint i = 0; i < IDENTITY_LENGTH; i++)
    if (i % 5 == 4 ? text[i] != ':' : strchr ("0123456789abcdef", text[i]) == NULL || !text[i])
      return FALSE;

  return text[IDENTITY_LENGTH] == '@' && is_place (text + IDENTITY_LENGTH + 1);
}

/**
 * baton_boot_claims_parse:
 * @text: what a file of that name holds
 *
 * Reads what baton_boot_claims_build() has made, to the byte: a file with a single character more or
 * less is somebody else's.
 *
 * Returns: (transfer full) (element-type BatonBootClaim) (nullable): the claims by address; %NULL
 *   where Baton did not write @text
 */
GPtrArray *
baton_boot_claims_parse (const char *text)
{
  g_autoptr (GPtrArray) claims = baton_boot_claims_new ();
  g_auto (GStrv) lines = NULL;
  g_autofree char *again = NULL;

  if (!g_str_has_prefix (text, HEAD))
    return NULL;

  lines = g_strsplit (text + strlen (HEAD), "\n", BATON_BOOT_CLAIM_MAX + 2);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      char *space = strchr (lines[i], ' ');

      if (space == NULL || i == BATON_BOOT_CLAIM_MAX)
        return NULL;
      *space = '\0';
      if (!baton_pci_address_is_valid (lines[i]) || !is_identity (space + 1))
        return NULL;
      g_ptr_array_add (claims, baton_boot_claim_new (lines[i], space + 1));
    }
  again = baton_boot_claims_build (claims);

  return claims->len > 0 && strcmp (again, text) == 0 ? g_steal_pointer (&claims) : NULL;
}

static void
take_outcome (GPtrArray *claims, const char *address, const char *outcome)
{
  for (guint i = 0; i < claims->len; i++)
    {
      BatonBootClaim *claim = g_ptr_array_index (claims, i);

      if (strcmp (claim->address, address) == 0)
        {
          g_free (claim->outcome);
          claim->outcome = g_strdup (outcome);
        }
    }
}

static void
read_report (BatonRoot *root, GPtrArray *claims)
{
  g_autofree char *text = baton_root_read_file (root, BATON_ROOT_RUN, BATON_BOOT_CLAIM_REPORT,
                                                MAX_BYTES, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *space = strchr (lines[i], ' ');

      if (space == NULL)
        continue;
      *space = '\0';
      take_outcome (claims, lines[i], space + 1);
    }
}

/**
 * baton_boot_claims_read:
 * @root: where to look
 *
 * Returns: (transfer full) (element-type BatonBootClaim): what Baton claims at boot, each with what
 *   became of it; nothing where the file is not there, or not by Baton
 */
GPtrArray *
baton_boot_claims_read (BatonRoot *root)
{
  gsize length = 0;
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_ETC, BATON_BOOT_CLAIMS, MAX_BYTES, &length, NULL);
  GPtrArray *claims =
      text != NULL && strlen (text) == length ? baton_boot_claims_parse (text) : NULL;

  if (claims == NULL)
    return baton_boot_claims_new ();
  read_report (root, claims);

  return claims;
}

/**
 * baton_boot_claims_find:
 * @claims: (element-type BatonBootClaim) (nullable): claims
 * @function: a function
 *
 * Returns: (transfer none) (nullable): the claim to that very function
 */
const BatonBootClaim *
baton_boot_claims_find (GPtrArray *claims, const BatonFunction *function)
{
  for (guint i = 0; claims != NULL && i < claims->len; i++)
    if (baton_boot_claim_is_of (g_ptr_array_index (claims, i), function))
      return g_ptr_array_index (claims, i);

  return NULL;
}
