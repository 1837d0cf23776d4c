/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-plan-private.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "baton-pci-ids.h"

static gboolean
names_card (const BatonPlanning *self, const BatonClaim *claim)
{
  if (claim->kind != BATON_CLAIM_VFIO_IDS && claim->kind != BATON_CLAIM_PCI_STUB_IDS)
    return FALSE;

  for (guint i = 0; i < self->card->functions->len; i++)
    if (baton_pci_ids_match (claim->value, self->card->functions->pdata[i]))
      return TRUE;

  return FALSE;
}

/* What only loads the module early is about no card that nothing else claims. */
static gboolean
is_claimed_besides (const BatonPlanning *self)
{
  GPtrArray *claims = self->machine->system->claims;

  for (guint i = 0; i < claims->len; i++)
    if (names_card (self, claims->pdata[i]))
      return TRUE;
  for (guint i = 0; i < self->card->functions->len; i++)
    if (baton_boot_claims_find (self->machine->boot_claims, self->card->functions->pdata[i]) !=
        NULL)
      return TRUE;

  return FALSE;
}

static gboolean
is_about_card (const BatonPlanning *self, const BatonClaim *claim)
{
  switch (claim->kind)
    {
    case BATON_CLAIM_VFIO_IDS:
    case BATON_CLAIM_PCI_STUB_IDS:
      return names_card (self, claim);
    case BATON_CLAIM_DRIVER_PRE:
      return is_claimed_besides (self);
    case BATON_CLAIM_DRIVERCTL:
    case BATON_CLAIM_HOOK:
    case BATON_CLAIM_SUPERGFXD:
    case BATON_CLAIM_CARDWIRED:
    default:
      /* What is about no card in particular is told once. */
      return claim->address == NULL ? self->main == NULL
                                    : baton_card_travels (self->card, claim->address);
    }
}

static void
add_claim_by_ids (BatonPlanning *self, const BatonClaim *claim, const char *what)
{
  const char *card = baton_card_get_name (self->card);
  g_autofree char *line = g_strdup_printf ("%u", claim->line);

  if (claim->line == 0)
    baton_planning_add (self, BATON_CODE_CLAIMED_ON_COMMAND_LINE, NULL, "card", card, "what",
                        what, "value", claim->value);
  else
    baton_planning_add (self, BATON_CODE_CLAIMED_BY_IDS, NULL, "card", card, "what", what,
                        "value", claim->value, "file", claim->file, "line", line);
}

static void
add_claim (BatonPlanning *self, const BatonClaim *claim)
{
  const char *card = baton_card_get_name (self->card);
  g_autofree char *line = g_strdup_printf ("%u", claim->line);

  switch (claim->kind)
    {
    case BATON_CLAIM_VFIO_IDS:
      add_claim_by_ids (self, claim, "vfio-pci.ids");
      break;
    case BATON_CLAIM_PCI_STUB_IDS:
      add_claim_by_ids (self, claim, "pci-stub.ids");
      break;
    case BATON_CLAIM_DRIVER_PRE:
      baton_planning_add (self, BATON_CODE_VFIO_LOADED_EARLY, NULL, "card", card, "value",
                          claim->value);
      break;
    case BATON_CLAIM_DRIVERCTL:
      baton_planning_add (self, BATON_CODE_MANAGED_BY_DRIVERCTL, claim->address, "card", card,
                          "driver", claim->value, "file", claim->file);
      break;
    case BATON_CLAIM_HOOK:
      baton_planning_add (self, BATON_CODE_MANAGED_BY_HOOK, claim->address, "card", card,
                          "file", claim->file, "line", line);
      break;
    case BATON_CLAIM_SUPERGFXD:
      baton_planning_add (self, BATON_CODE_MANAGED_BY_PROGRAM, NULL, "card", card, "program",
                          "supergfxd");
      break;
    case BATON_CLAIM_CARDWIRED:
      baton_planning_add (self, BATON_CODE_MANAGED_BY_PROGRAM, NULL, "card", card, "program",
                          "cardwired");
      break;
    }
}

/* What is at @claim's address now, or who was meant, wherever it is by now. */
static const BatonFunction *
find_concerned (const BatonPlanning *self, const BatonBootClaim *claim)
{
  for (guint i = 0; i < self->card->functions->len; i++)
    {
      const BatonFunction *function = self->card->functions->pdata[i];

      if (strcmp (function->address, claim->address) == 0 ||
          baton_boot_claim_means (claim, function))
        return function;
      /* It may be in another slot. A twin that has a claim of its own is where it was. */
      if (baton_boot_claim_is_like (claim, function) &&
          baton_machine_find_function (self->machine, claim->address) == NULL &&
          baton_boot_claims_find (self->machine->boot_claims, function) == NULL)
        return function;
    }

  return NULL;
}

static char *
describe_outcome (const BatonBootClaim *claim)
{
  const char *outcome = claim->outcome;
  const char *more = strchr (outcome, ' ');

  if (g_str_has_prefix (outcome, "other ") || strcmp (outcome, "absent") == 0)
    /* Translators: the first %s is what is there, or “nothing”, the second what was to be there:
     * vendor, device and subsystem as digits. */
    return g_strdup_printf (_ ("there was %s in the place of %s"),
                            more != NULL ? more + 1 : C_ ("device", "nothing"),
                            claim->identity);
  if (g_str_has_prefix (outcome, "late "))
    /* Translators: %s is the name of a driver. */
    return g_strdup_printf (_ ("the driver “%s” had it before"), more + 1);
  if (strcmp (outcome, "skipped") == 0)
    return g_strdup (_ ("“baton.claim=no” was on the kernel’s command line"));

  return g_strdup (_ ("vfio-pci did not take it"));
}

static void
look_at_boot_claim (BatonPlanning *self, const BatonBootClaim *claim, GString *claimed)
{
  const BatonFunction *function = find_concerned (self, claim);
  g_autofree char *reason = NULL;

  if (function == NULL)
    return;
  if (baton_boot_claim_is_of (claim, function))
    g_string_append_printf (claimed, "%s%s", claimed->len > 0 ? ", " : "", claim->address);
  if (baton_boot_claim_was_made (claim))
    return;
  reason = describe_outcome (claim);
  baton_planning_add (self, BATON_CODE_CLAIM_NOT_MADE, function->address, "card",
                      baton_card_get_name (self->card), "address", claim->address, "reason",
                      reason);
}

/* Baton's own, which its owner asked for: what is taken back by hand stays so until it is made again. */
static void
look_at_boot_claims (BatonPlanning *self)
{
  GPtrArray *claims = self->machine->boot_claims;
  g_autoptr (GString) claimed = g_string_new (NULL);

  for (guint i = 0; claims != NULL && i < claims->len; i++)
    look_at_boot_claim (self, claims->pdata[i], claimed);
  if (claimed->len > 0)
    baton_planning_add (self, BATON_CODE_CLAIMED_AT_BOOT, NULL, "card",
                        baton_card_get_name (self->card), "addresses", claimed->str);
}

/* Who else decides which driver the card gets: each with the file and line that says so. */
void
baton_planning_look_at_claims (BatonPlanning *self)
{
  GPtrArray *claims = self->machine->system->claims;

  for (guint i = 0; i < claims->len; i++)
    if (is_about_card (self, claims->pdata[i]))
      add_claim (self, claims->pdata[i]);
  look_at_boot_claims (self);
}
