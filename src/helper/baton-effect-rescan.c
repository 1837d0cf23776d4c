/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#include <stdio.h>
#include <string.h>

#include "baton-fd.h"
#include "baton-look.h"
#include "baton-sysfs-write.h"

/* References used below:
 *  PCI-SYSFS - Linux drivers/pci/pci-sysfs.c: remove_store(), bus_rescan_store(),
 *    dev_rescan_store(), resource_show()
 *  PCI-PROBE - Linux drivers/pci/probe.c: pci_scan_bridge_extend() wakes the bridge that it looks
 *    through; a look from the bus below does not
 */

/* The standard BARs: the lines after them are the ROM and what bridges have (PCI-SYSFS). */
#define N_BARS 6

/* Ports of the card's own switch are functions of the card and stay (PCI Code and ID Assignment:
 * base class 06): without them the windows above are given away, and the card has no room when it
 * comes back. */
#define BASE_CLASS_BRIDGE 0x06

/**
 * baton_effect_is_there:
 * @context: the handoff
 * @address: a function
 *
 * Returns: %TRUE if the bus has it
 */
gboolean
baton_effect_is_there (BatonStepContext *context, const char *address)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", address, NULL);

  return baton_root_exists (context->root, BATON_ROOT_SYS, path);
}

/**
 * baton_effect_get_bars_before:
 * @context: the handoff
 * @address: a function
 *
 * Returns: what baton_effect_read_bars() gave before the function was removed; 0 where it was not,
 *   or by a worker that is no more
 */
guint
baton_effect_get_bars_before (BatonStepContext *context, const char *address)
{
  return context->bars != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (context->bars, address))
                               : 0;
}

/**
 * baton_effect_read_bars:
 * @context: the handoff
 * @address: a function
 *
 * Returns: a bit for each BAR that has its place in memory; 0 where nothing can be read
 */
guint
baton_effect_read_bars (BatonStepContext *context, const char *address)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", address, "/resource", NULL);
  g_autofree char *text =
      baton_root_read_file (context->root, BATON_ROOT_SYS, path, 4096, NULL, NULL);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);
  guint bars = 0;

  for (guint i = 0; i < N_BARS && lines[i] != NULL; i++)
    if (g_ascii_strtoull (lines[i], NULL, 16) != 0)
      bars |= 1u << i;

  return bars;
}

/**
 * baton_effect_remove:
 * @context: the handoff
 * @address: a function of the card, without a driver
 * @trouble: why it could not be done
 *
 * Has the kernel forget the function. Never while it has a driver: its remove would run with the
 * lock of all of PCI held (PCI-SYSFS), and what blocks there blocks every bus of the computer.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_remove (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  const BatonFunctionState *state = baton_card_state_find (context->before, address);
  g_autofree char *driver = baton_effect_read_driver (context, address);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    {
      baton_trouble_set (trouble, BATON_CODE_DEVICE_GONE, 0, "address", address, NULL);
      return BATON_OUTCOME_FAILED;
    }
  if (driver != NULL)
    {
      baton_trouble_set_difference (trouble, address, NULL, driver);
      return BATON_OUTCOME_FAILED;
    }
  baton_trouble_set (&refused, BATON_CODE_REMOVE_REFUSED, 0, "address", address, NULL);
  fd = baton_sysfs_open_device (context->root, state, "remove", &error);

  return baton_effect_write (context, fd, error, "1", address, &refused, trouble);
}

static BatonOutcome
write_rescan (BatonStepContext *context,
              const char *bus,
              gboolean from_above,
              BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = baton_sysfs_open_rescan (context->root, bus, from_above, &error);

  baton_trouble_set (&refused, BATON_CODE_RESCAN_REFUSED, 0, "bus", bus, NULL);

  return baton_effect_write (context, fd, error, "1", bus, &refused, trouble);
}

static gboolean
is_on_bus (const BatonFunctionState *state, const char *bus)
{
  gsize length = strlen (bus);

  return !state->also && strncmp (state->address, bus, length) == 0 &&
         state->address[length] == ':';
}

static const BatonFunctionState *
find_missing (BatonStepContext *context, const char *bus)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);

      if (is_on_bus (state, bus) && !baton_effect_is_there (context, state->address))
        return state;
    }

  return NULL;
}

/**
 * baton_effect_rescan:
 * @context: the handoff
 * @bus: a bus that functions of the card were on
 * @trouble: why it could not be done
 *
 * Has the kernel look for what is on the bus, and give it to its drivers. By the bus's own file,
 * because that alone gives an empty bus room anew (PCI-SYSFS); and where nothing is found, by that
 * of the bridge above, because the bridge may have gone to sleep over an empty bus (PCI-PROBE).
 *
 * Returns: the outcome; all of the card's functions of that bus are there where it is OK
 */
BatonOutcome
baton_effect_rescan (BatonStepContext *context, const char *bus, BatonTrouble *trouble)
{
  BatonOutcome outcome = write_rescan (context, bus, FALSE, trouble);
  g_auto (BatonTrouble) above = BATON_TROUBLE_INIT;
  const BatonFunctionState *missing;

  if (outcome != BATON_OUTCOME_OK || find_missing (context, bus) == NULL)
    return outcome;

  /* A root bus has no bridge above it, and is never asleep: that this cannot be written is no
   * trouble. That it never comes back is, and whether it crashed is what recovery has to know. */
  if (write_rescan (context, bus, TRUE, &above) == BATON_OUTCOME_STUCK)
    {
      baton_trouble_move (trouble, &above);
      return BATON_OUTCOME_STUCK;
    }
  missing = find_missing (context, bus);
  if (missing == NULL)
    return BATON_OUTCOME_OK;

  baton_trouble_set (trouble, BATON_CODE_NOT_FOUND_AGAIN, 0, "address", missing->address, NULL);

  return BATON_OUTCOME_FAILED;
}

/**
 * baton_effect_find_again:
 * @context: the handoff
 * @address: a function of the card
 * @trouble: why it could not be done
 *
 * Brings a function back that was removed, and leaves it alone where it was not. Only the way to
 * the host removes anything.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_find_again (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  const char *end = strrchr (address, ':');
  g_autofree char *bus = NULL;

  if (context->to != BATON_SIDE_HOST || baton_effect_is_there (context, address) || end == NULL)
    return BATON_OUTCOME_OK;
  bus = g_strndup (address, (gsize) (end - address));

  return baton_effect_rescan (context, bus, trouble);
}

/**
 * baton_effect_let_go:
 * @context: the handoff
 * @address: a function of the card
 * @trouble: why it could not be done
 *
 * Takes a function from whatever driver it has, unless somebody uses the card.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_let_go (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  g_autofree char *driver = baton_effect_read_driver (context, address);
  g_autofree char *found = NULL;
  BatonOutcome outcome;

  if (driver == NULL)
    return BATON_OUTCOME_OK;
  if (!baton_look_may_be_taken (context, address, driver, trouble))
    return BATON_OUTCOME_FAILED;
  outcome = baton_effect_unbind (context, address, driver, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;

  /* The write of an unbind succeeds whatever happened (drivers/base/bus.c, unbind_store). */
  found = baton_effect_read_driver (context, address);
  if (found == NULL)
    return BATON_OUTCOME_OK;
  baton_trouble_set_difference (trouble, address, NULL, found);

  return BATON_OUTCOME_FAILED;
}

static gboolean
is_bridge (const BatonFunctionState *state)
{
  return state->class_code >> 16 == BASE_CLASS_BRIDGE;
}

/**
 * baton_effect_let_go_of_all:
 * @context: the handoff
 * @trouble: why it could not be done
 *
 * Takes the whole card from its drivers, but for the ports of its own switch and what travels along
 * and is no part of it, unless somebody uses it.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_let_go_of_all (BatonStepContext *context, BatonTrouble *trouble)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *state = g_ptr_array_index (context->before->functions, i);
      BatonOutcome outcome = is_bridge (state) || state->also
                                 ? BATON_OUTCOME_OK
                                 : baton_effect_let_go (context, state->address, trouble);

      if (outcome != BATON_OUTCOME_OK)
        return outcome;
    }

  return BATON_OUTCOME_OK;
}
