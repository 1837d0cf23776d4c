/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#include <errno.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-kernel.h"
#include "baton-look.h"
#include "baton-sysfs-write.h"
#include "baton-unbind-lock.h"

/* What sysfs shows where no override is set (drivers/pci/pci-sysfs.c, driver_override_show). */
#define NO_OVERRIDE "(null)"

typedef struct
{
  int fd;
  const char *text;
} Write;

static char *
build_device_path (const char *address, const char *attribute)
{
  return g_strconcat ("bus/pci/devices/", address, "/", attribute, NULL);
}

/**
 * baton_effect_read_driver:
 * @context: the handoff
 * @address: a function
 *
 * Returns: (transfer full) (nullable): the driver that the function's link names now
 */
char *
baton_effect_read_driver (BatonStepContext *context, const char *address)
{
  g_autofree char *path = build_device_path (address, "driver");

  return baton_root_read_link_name (context->root, BATON_ROOT_SYS, path, NULL);
}

/**
 * baton_effect_read_attribute:
 * @context: the handoff
 * @address: a function
 * @attribute: name of one of its attributes
 *
 * Returns: (transfer full) (nullable): its first line
 */
char *
baton_effect_read_attribute (BatonStepContext *context,
                             const char *address,
                             const char *attribute)
{
  g_autofree char *path = build_device_path (address, attribute);

  return baton_root_read_line (context->root, BATON_ROOT_SYS, path, NULL);
}

/**
 * baton_effect_read_override:
 * @context: the handoff
 * @address: a function
 *
 * Returns: (transfer full) (nullable): text of its override, %NULL where none is set
 */
char *
baton_effect_read_override (BatonStepContext *context, const char *address)
{
  g_autofree char *text = baton_effect_read_attribute (context, address, "driver_override");

  if (text == NULL || *text == '\0' || g_str_equal (text, NO_OVERRIDE))
    return NULL;

  return g_steal_pointer (&text);
}

/**
 * baton_effect_set_difference:
 * @context: the handoff
 * @address: a function that is not as it should be
 * @expected: (nullable): what it should have, such as a driver
 * @found: (nullable): what it has
 * @trouble: where it is noted
 *
 * Says that a function is not as it should be, or, where that is why, that it is not there at all:
 * a card can be pulled out, or fall off its bus, at any time.
 */
void
baton_effect_set_difference (BatonStepContext *context,
                             const char *address,
                             const char *expected,
                             const char *found,
                             BatonTrouble *trouble)
{
  g_autofree char *path = g_strconcat ("bus/pci/devices/", address, NULL);

  if (baton_root_exists (context->root, BATON_ROOT_SYS, path))
    baton_trouble_set_difference (trouble, address, expected, found);
  else
    baton_trouble_set (trouble, BATON_CODE_DEVICE_GONE, 0, "address", address, NULL);
}

static void
on_stalled (gpointer data)
{
  BatonStepContext *context = data;
  g_autofree char *who = baton_look_describe_holders (context);
  g_autoptr (GHashTable) args = NULL;

  if (context->step == NULL)
    return;
  args = baton_args_new ("subject", context->step->target, "who", who, NULL);
  baton_event_writer_step (context->events, context->step, BATON_STEP_STATE_STALLED, 0,
                           who != NULL ? BATON_CODE_STALLED : BATON_CODE_STALLED_UNSEEN, args);
}

/* The device's lock is still held by what crashed: the next write to it would never end. Who was
 * asked for it is known where it was asked by its name. */
static void
set_crashed (const char *subject, const BatonTrouble *refused, BatonTrouble *trouble)
{
  const char *driver =
      refused->args != NULL ? g_hash_table_lookup (refused->args, "driver") : NULL;

  if (driver != NULL)
    baton_trouble_set (trouble, BATON_CODE_DRIVER_OOPS, 0, "driver", driver, "address", subject,
                       NULL);
  else
    baton_trouble_set (trouble, BATON_CODE_OOPS, 0, "subject", subject, NULL);
}

/**
 * baton_effect_run:
 * @context: the handoff
 * @func: one call that may block
 * @func_data: for @func
 * @subject: what it is about
 * @refused: what to say where the kernel refuses, but for the reason
 * @trouble: why it could not be done
 *
 * Makes one call in a child of its own, and says what came of it.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_run (BatonStepContext *context,
                  BatonChildFunc func,
                  gpointer func_data,
                  const char *subject,
                  BatonTrouble *refused,
                  BatonTrouble *trouble)
{
  int errsv = 0;

  switch (baton_child_run (context->waiter, func, func_data, on_stalled, context,
                           context->soft_ms, context->hard_ms, &errsv))
    {
    case BATON_CHILD_STUCK:
      baton_trouble_set (trouble, BATON_CODE_STEP_DEADLINE, 0, "subject", subject, NULL);
      return BATON_OUTCOME_STUCK;
    case BATON_CHILD_CRASHED:
      set_crashed (subject, refused, trouble);
      return BATON_OUTCOME_STUCK;
    case BATON_CHILD_NOT_STARTED:
    case BATON_CHILD_RETURNED:
    default:
      if (errsv == 0)
        return BATON_OUTCOME_OK;
      baton_trouble_set_refused (trouble, refused, errsv, g_strerror (errsv));
      return BATON_OUTCOME_FAILED;
    }
}

static int
do_write (gpointer data)
{
  Write *job = data;

  return baton_kernel_write (job->fd, job->text);
}

static const BatonFunctionState *
find_function (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  const BatonFunctionState *state = baton_card_state_find (context->before, address);

  if (state == NULL)
    baton_trouble_set (trouble, BATON_CODE_DEVICE_GONE, 0, "address", address, NULL);

  return state;
}

/* Writes to what was opened, or says why it could not be opened; for baton-effect-rescan.c too. */
BatonOutcome
baton_effect_write (BatonStepContext *context,
                    int fd,
                    const GError *error,
                    const char *text,
                    const char *subject,
                    BatonTrouble *refused,
                    BatonTrouble *trouble)
{
  Write job = { .fd = fd, .text = text };

  if (fd < 0)
    {
      baton_trouble_set_from_error (trouble, refused, error, subject);
      return BATON_OUTCOME_FAILED;
    }

  return baton_effect_run (context, do_write, &job, subject, refused, trouble);
}

/**
 * baton_effect_set_attribute:
 * @context: the handoff
 * @address: a function of the card
 * @attribute: name of one of its attributes
 * @text: what is written
 * @trouble: why it could not be done
 *
 * Returns: the outcome of the write; what it came to is for the caller to look at
 */
BatonOutcome
baton_effect_set_attribute (BatonStepContext *context,
                            const char *address,
                            const char *attribute,
                            const char *text,
                            BatonTrouble *trouble)
{
  const BatonFunctionState *state = find_function (context, address, trouble);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  baton_trouble_set (&refused, BATON_CODE_SETTING_REFUSED, 0, "attribute", attribute, "address",
                     address, NULL);
  fd = baton_sysfs_open_device (context->root, state, attribute, &error);

  return baton_effect_write (context, fd, error, text, address, &refused, trouble);
}

/**
 * baton_effect_set_override:
 * @context: the handoff
 * @address: a function of the card
 * @text: (nullable): the text that is wanted, or %NULL for none
 * @trouble: why it could not be done
 *
 * Writes only where something changes: an empty line is answered with EIO
 * where no override was ever set (Linux 6.1).
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_set_override (BatonStepContext *context,
                           const char *address,
                           const char *text,
                           BatonTrouble *trouble)
{
  g_autofree char *now = baton_effect_read_override (context, address);
  BatonOutcome outcome;

  if (g_strcmp0 (now, text) == 0)
    return BATON_OUTCOME_OK;
  outcome = baton_effect_set_attribute (context, address, "driver_override",
                                        text != NULL ? text : "\n", trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  g_clear_pointer (&now, g_free);
  now = baton_effect_read_override (context, address);
  if (g_strcmp0 (now, text) == 0)
    return BATON_OUTCOME_OK;

  baton_effect_set_difference (context, address, text, now, trouble);

  return BATON_OUTCOME_FAILED;
}

static BatonOutcome
write_to_driver (BatonStepContext *context,
                 const char *address,
                 const char *driver,
                 const char *file,
                 BatonTrouble *refused,
                 BatonTrouble *trouble)
{
  const BatonFunctionState *state = find_function (context, address, trouble);
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  fd = baton_sysfs_open_driver (context->root, state, driver, file, &error);

  return baton_effect_write (context, fd, error, address, address, refused, trouble);
}

/**
 * baton_effect_bind:
 * @context: the handoff
 * @address: a function of the card
 * @driver: the driver that is to have it
 * @trouble: why it could not be done
 *
 * Binds by the driver's own file, which returns what the driver's probe
 * returned; `drivers_probe` hides it (drivers/base/bus.c).
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_bind (BatonStepContext *context,
                   const char *address,
                   const char *driver,
                   BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_auto (BatonTrouble) why = BATON_TROUBLE_INIT;
  g_autofree char *now = NULL;
  BatonOutcome outcome;

  baton_trouble_set (&refused, BATON_CODE_BIND_REFUSED, 0, "address", address, "driver", driver,
                     NULL);
  outcome = write_to_driver (context, address, driver, "bind", &refused, &why);
  if (outcome == BATON_OUTCOME_FAILED)
    {
      /* Loading the module may have bound it already: EBUSY, and yet all is well. */
      now = baton_effect_read_driver (context, address);
      if (g_strcmp0 (now, driver) == 0)
        return BATON_OUTCOME_OK;
    }
  if (outcome != BATON_OUTCOME_OK)
    {
      baton_trouble_clear (trouble);
      *trouble = why;
      why = (BatonTrouble) BATON_TROUBLE_INIT;
    }

  return outcome;
}

/**
 * baton_effect_unbind:
 * @context: the handoff
 * @address: a function of the card
 * @driver: the driver that has it
 * @trouble: why it could not be done
 *
 * NVIDIA's driver waits for ever for whoever uses the card, so it is never asked to let go of one
 * without having said that nobody does (baton-unbind-lock).
 *
 * Returns: the outcome; the write returns when the driver's remove has
 */
BatonOutcome
baton_effect_unbind (BatonStepContext *context,
                     const char *address,
                     const char *driver,
                     BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;

  baton_trouble_set (&refused, BATON_CODE_UNBIND_REFUSED, 0, "address", address, "driver",
                     driver, NULL);
  if (g_str_equal (driver, BATON_NVIDIA_DRIVER))
    {
      BatonOutcome outcome = baton_unbind_lock_take (context, address, trouble);

      if (outcome != BATON_OUTCOME_OK)
        return outcome;
    }

  return write_to_driver (context, address, driver, "unbind", &refused, trouble);
}

/**
 * baton_effect_probe:
 * @context: the handoff
 * @address: a function of the card
 * @trouble: why it could not be done
 *
 * Lets the kernel choose a driver. Its success says nothing: the link does.
 *
 * Returns: the outcome of the write
 */
BatonOutcome
baton_effect_probe (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  const BatonFunctionState *state = find_function (context, address, trouble);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  baton_trouble_set (&refused, BATON_CODE_PROBE_REFUSED, 0, "address", address, NULL);
  fd = baton_sysfs_open_bus (context->root, state, "drivers_probe", &error);

  return baton_effect_write (context, fd, error, address, address, &refused, trouble);
}
