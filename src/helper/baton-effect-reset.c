/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "baton-along.h"
#include "baton-fd.h"
#include "baton-sysfs-write.h"

/* References used below:
 *  PCI-RESET - Linux drivers/pci/pci.c: pci_reset_function(), pci_parent_bus_reset(),
 *    pci_dev_wait()
 *  PCI-SYSFS - Linux drivers/pci/pci-sysfs.c: reset_store(), reset_subordinate_store(); the latter
 *    is in newer kernels alone
 */

#define DEVICES "bus/pci/devices"

static gboolean
has_attribute (BatonStepContext *context, const char *address, const char *attribute)
{
  g_autofree char *path = g_strconcat (DEVICES "/", address, "/", attribute, NULL);

  return baton_root_exists (context->root, BATON_ROOT_SYS, path);
}

/* An owner who has written an empty line there does not want the device to be reset at all. */
static gboolean
is_switched_off (BatonStepContext *context, const char *address)
{
  g_autofree char *methods = baton_effect_read_attribute (context, address, "reset_method");

  return methods != NULL && *methods == '\0';
}

/*
 * By the function's own file: the kernel goes through the methods that it lists, until one works.
 * That there is one in the list proves nothing: it was tried when nothing else was on the bus yet,
 * and one that was waited for in vain counts as none (PCI-RESET).
 */
static BatonOutcome
reset_function (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  const BatonFunctionState *state = baton_card_state_find (context->before, address);
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;
  BatonOutcome outcome;

  if (!has_attribute (context, address, "reset"))
    {
      baton_trouble_set (trouble, BATON_CODE_NO_RESET_WORKS, 0, "address", address, NULL);
      return BATON_OUTCOME_FAILED;
    }
  baton_trouble_set (&refused, BATON_CODE_RESET_REFUSED, 0, "address", address, NULL);
  fd = baton_sysfs_open_device (context->root, state, "reset", &error);
  outcome = baton_effect_write (context, fd, error, "1", address, &refused, &why);
  if (outcome == BATON_OUTCOME_FAILED && why.errsv == ENOTTY)
    baton_trouble_set (trouble, BATON_CODE_NO_RESET_WORKS, ENOTTY, "address", address, NULL);
  else if (outcome != BATON_OUTCOME_OK && trouble->code == BATON_CODE_NONE)
    {
      *trouble = why;
      why = (BatonTrouble) BATON_TROUBLE_INIT;
    }

  return outcome;
}

/* What else is on the bus would be reset in the middle of its work. */
static gboolean
is_alone_on_bus (BatonStepContext *context, const char *bus)
{
  g_autoptr (GPtrArray) addresses =
      baton_root_list (context->root, BATON_ROOT_SYS, DEVICES, NULL);
  gsize length = strlen (bus);

  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    {
      const char *address = g_ptr_array_index (addresses, i);

      if (strncmp (address, bus, length) == 0 && address[length] == ':' &&
          (baton_card_state_find (context->before, address) == NULL ||
           baton_along_is (context, address)))
        return FALSE;
    }

  return addresses != NULL;
}

/* By the bridge above: the only way for a card of several functions that cannot be reset one by
 * one (PCI-RESET: a bus that has others on it is not reset for the sake of one). */
static BatonOutcome
reset_bus (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  g_autofree char *bus = g_strndup (address, (gsize) (strrchr (address, ':') - address));
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (is_alone_on_bus (context, bus))
    fd = baton_sysfs_open_bus_reset (context->root, bus, &error);
  if (fd < 0)
    {
      baton_trouble_set (trouble, BATON_CODE_NO_RESET_WORKS, 0, "address", address, NULL);
      return BATON_OUTCOME_FAILED;
    }
  baton_trouble_set (&refused, BATON_CODE_RESET_REFUSED, 0, "address", address, NULL);

  return baton_effect_write (context, fd, NULL, "1", address, &refused, trouble);
}

/* All ones is what a read gives that nobody answers (PCIe 6.0, 2.3.2). No driver has the card and
 * it is kept awake, so nobody is disturbed. */
static gboolean
is_silent (BatonStepContext *context, const char *address)
{
  g_autofree char *path = g_strconcat (DEVICES "/", address, "/config", NULL);
  baton_autofd int fd = baton_root_open (context->root, BATON_ROOT_SYS, path, O_RDONLY, NULL);
  guint8 vendor[2] = { 0 };

  return fd >= 0 && pread (fd, vendor, sizeof vendor, 0) == sizeof vendor &&
         vendor[0] == 0xff && vendor[1] == 0xff;
}

/**
 * baton_effect_reset:
 * @context: the handoff
 * @address: a function of the card, which has no driver anywhere
 * @trouble: why it could not be done
 *
 * Resets the card: the function by the methods that the kernel lists for it, and where none of them
 * works, all that is on its bus, if that is the card alone.
 *
 * Returns: the outcome; the card answers where it is OK
 */
BatonOutcome
baton_effect_reset (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
  BatonOutcome outcome;

  if (!baton_effect_is_there (context, address) ||
      baton_card_state_find (context->before, address) == NULL)
    {
      baton_trouble_set (trouble, BATON_CODE_DEVICE_GONE, 0, "address", address, NULL);
      return BATON_OUTCOME_FAILED;
    }
  outcome = reset_function (context, address, &why);
  if (outcome == BATON_OUTCOME_FAILED && why.code == BATON_CODE_NO_RESET_WORKS &&
      !is_switched_off (context, address))
    {
      baton_trouble_clear (&why);
      outcome = reset_bus (context, address, &why);
    }
  if (outcome == BATON_OUTCOME_OK && is_silent (context, address))
    {
      baton_trouble_set (&why, BATON_CODE_SILENT_AFTER_RESET, 0, "address", address, NULL);
      outcome = BATON_OUTCOME_FAILED;
    }
  if (outcome != BATON_OUTCOME_OK && trouble->code == BATON_CODE_NONE)
    {
      *trouble = why;
      why = (BatonTrouble) BATON_TROUBLE_INIT;
    }

  return outcome;
}
