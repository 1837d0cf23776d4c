/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"

#include <errno.h>
#include <unistd.h>

#include "baton-fd.h"
#include "baton-kernel.h"
#include "baton-look.h"
#include "baton-sysfs-write.h"

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

static void
on_stalled (gpointer data)
{
  BatonStepContext *context = data;
  g_autofree char *who = baton_look_describe_holders (context);
  g_auto (BatonTrouble) trouble = BATON_TROUBLE_INIT;
  g_autofree char *text = NULL;

  if (context->step == NULL)
    return;
  baton_trouble_set (&trouble, BATON_CODE_STALLED, 0, "subject", context->step->target, "who",
                     who, NULL);
  text = baton_trouble_dup_text (&trouble);
  baton_event_writer_step (context->events, context->step, BATON_STEP_STATE_STALLED, 0,
                           BATON_CODE_STALLED, text);
}

/**
 * baton_effect_run:
 * @context: the handoff
 * @func: one call that may block
 * @func_data: for @func
 * @what: what it does, as in "The kernel refused to …"
 * @subject: to what
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
                  const char *what,
                  const char *subject,
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
      /* The device's lock is still held by what crashed: the next write to it would never end. */
      baton_trouble_set (trouble, BATON_CODE_OOPS, 0, "subject", subject, NULL);
      return BATON_OUTCOME_STUCK;
    case BATON_CHILD_NOT_STARTED:
    case BATON_CHILD_RETURNED:
    default:
      if (errsv == 0)
        return BATON_OUTCOME_OK;
      baton_trouble_set (trouble, BATON_CODE_WRITE_REFUSED, errsv, "what", what, "subject",
                         subject, "reason", g_strerror (errsv), NULL);
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

static BatonOutcome
write_to (BatonStepContext *context,
          int fd,
          const GError *error,
          const char *text,
          const char *what,
          const char *subject,
          const char *address,
          BatonTrouble *trouble)
{
  Write job = { .fd = fd, .text = text };

  if (fd < 0)
    {
      baton_trouble_set_from_error (trouble, error, what, address);
      return BATON_OUTCOME_FAILED;
    }

  return baton_effect_run (context, do_write, &job, what, subject, trouble);
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
  g_autofree char *subject = g_strdup_printf ("%s of %s", attribute, address);
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  fd = baton_sysfs_open_device (context->root, state, attribute, &error);

  return write_to (context, fd, error, text, "set", subject, address, trouble);
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

  baton_trouble_set_difference (trouble, address, text, now);

  return BATON_OUTCOME_FAILED;
}

static BatonOutcome
write_to_driver (BatonStepContext *context,
                 const char *address,
                 const char *driver,
                 const char *file,
                 const char *subject,
                 BatonTrouble *trouble)
{
  const BatonFunctionState *state = find_function (context, address, trouble);
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  fd = baton_sysfs_open_driver (context->root, state, driver, file, &error);

  return write_to (context, fd, error, address, file, subject, address, trouble);
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
  g_autofree char *subject = g_strdup_printf ("%s to %s", address, driver);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autofree char *now = NULL;
  BatonOutcome outcome = write_to_driver (context, address, driver, "bind", subject, &refused);

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
      *trouble = refused;
      refused = (BatonTrouble) BATON_TROUBLE_INIT;
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
 * Returns: the outcome; the write returns when the driver's remove has
 */
BatonOutcome
baton_effect_unbind (BatonStepContext *context,
                     const char *address,
                     const char *driver,
                     BatonTrouble *trouble)
{
  g_autofree char *subject = g_strdup_printf ("%s from %s", address, driver);

  return write_to_driver (context, address, driver, "unbind", subject, trouble);
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
  g_autoptr (GError) error = NULL;
  baton_autofd int fd = -1;

  if (state == NULL)
    return BATON_OUTCOME_FAILED;
  fd = baton_sysfs_open_bus (context->root, state, "drivers_probe", &error);

  return write_to (context, fd, error, address, "find a driver for", address, address, trouble);
}

static int
do_load (gpointer data)
{
  return baton_kernel_load_module (data);
}

static int
do_unload (gpointer data)
{
  return baton_kernel_unload_module (data);
}

/**
 * baton_effect_load_module:
 * @context: the handoff
 * @name: a module
 * @trouble: why it could not be done
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_load_module (BatonStepContext *context, const char *name, BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  BatonOutcome outcome =
      baton_effect_run (context, do_load, (gpointer) name, "load", name, &refused);

  if (outcome == BATON_OUTCOME_FAILED)
    baton_trouble_set (trouble, BATON_CODE_MODULE_NOT_LOADED, refused.errsv, "module", name,
                       "reason", g_strerror (refused.errsv), NULL);
  else if (outcome == BATON_OUTCOME_STUCK)
    baton_trouble_set (trouble, refused.code, 0, "subject", name, NULL);

  return outcome;
}

/**
 * baton_effect_list_loads:
 * @module: a module that is to be loaded
 *
 * Returns: (transfer full): an array of the modules that would come with it
 */
JsonNode *
baton_effect_list_loads (const char *module)
{
  g_auto (GStrv) names = baton_kernel_list_loads (module);
  JsonArray *array = json_array_new ();
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (array, names[i]);
  json_node_take_array (node, array);

  return node;
}

static GPtrArray *
list_names (JsonNode *names)
{
  JsonArray *array =
      names != NULL && JSON_NODE_HOLDS_ARRAY (names) ? json_node_get_array (names) : NULL;
  guint length = array != NULL ? json_array_get_length (array) : 0;
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < length; i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_VALUE (item) && json_node_get_value_type (item) == G_TYPE_STRING)
        g_ptr_array_add (list, (gpointer) json_node_get_string (item));
    }

  return list;
}

/**
 * baton_effect_unload_modules:
 * @context: the handoff
 * @names: (nullable): what baton_effect_list_loads() gave before
 * @trouble: why it could not be done
 *
 * Unloads what was loaded. A module that another one of them still needs goes
 * in the next pass; what somebody else has begun to use stays: it is not ours
 * any more.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_effect_unload_modules (BatonStepContext *context, JsonNode *names, BatonTrouble *trouble)
{
  g_autoptr (GPtrArray) left = list_names (names);
  gboolean progress = TRUE;

  while (progress && left->len > 0)
    {
      progress = FALSE;
      for (guint i = left->len; i > 0; i--)
        {
          g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
          const char *name = g_ptr_array_index (left, i - 1);

          switch (
              baton_effect_run (context, do_unload, (gpointer) name, "unload", name, &refused))
            {
            case BATON_OUTCOME_OK:
              g_ptr_array_remove_index (left, i - 1);
              progress = TRUE;
              break;
            case BATON_OUTCOME_STUCK:
              baton_trouble_set (trouble, refused.code, 0, "subject", name, NULL);
              return BATON_OUTCOME_STUCK;
            case BATON_OUTCOME_FAILED:
            case BATON_OUTCOME_CANCELLED:
            default:
              break;
            }
        }
    }

  return BATON_OUTCOME_OK;
}
