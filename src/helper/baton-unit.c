/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unit.h"

#include <gio/gio.h>

#include "baton-unit-job.h"
#include "baton-unit-name.h"

/**
 * baton_unit_is_nvidias:
 * @unit: a system unit
 *
 * Returns: whether it is one of NVIDIA's driver, which Baton stops by itself
 */
gboolean
baton_unit_is_nvidias (const char *unit)
{
  return g_strv_contains (baton_nvidia_list_units (), unit);
}

/* The caller names no units, and neither does the journal: whatever stands there, only NVIDIA's are
 * touched, and what a card's owner may name, or is a display manager by its name. */
static gboolean
is_known (const char *unit)
{
  return baton_unit_is_nvidias (unit) || baton_unit_name_is_good (unit) ||
         baton_unit_name_may_be_display_manager (unit);
}

/**
 * baton_unit_is_running:
 * @context: the handoff
 * @unit: a service of NVIDIA's driver
 *
 * Returns: whether one of its processes is there
 */
gboolean
baton_unit_is_running (BatonStepContext *context, const char *unit)
{
  g_autoptr (BatonNvidia) nvidia = baton_nvidia_new (context->root);

  return g_strv_contains ((const char *const *) nvidia->units, unit);
}

static BatonOutcome
run_job (BatonStepContext *context,
         const char *method,
         BatonCode refused,
         const char *unit,
         guint patience_ms,
         BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;

  if (!is_known (unit))
    {
      baton_trouble_set (trouble, BATON_CODE_UNIT_UNKNOWN, 0, "unit", unit, NULL);
      return BATON_OUTCOME_FAILED;
    }
  if (baton_unit_job_run (context->root, context->waiter, method, unit, patience_ms, &error))
    return BATON_OUTCOME_OK;

  baton_trouble_set (trouble, refused, 0, "unit", unit, "reason", error->message, NULL);

  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? BATON_OUTCOME_CANCELLED
                                                                   : BATON_OUTCOME_FAILED;
}

/**
 * baton_unit_stop:
 * @context: the handoff
 * @unit: a service of NVIDIA's driver, or what its owner has named
 * @patience_ms: as in baton_unit_job_run()
 * @trouble: why it could not be done
 *
 * Returns: the outcome; it has ended when this returns
 */
BatonOutcome
baton_unit_stop (BatonStepContext *context,
                 const char *unit,
                 guint patience_ms,
                 BatonTrouble *trouble)
{
  return run_job (context, "StopUnit", BATON_CODE_UNIT_NOT_STOPPED, unit, patience_ms, trouble);
}

/**
 * baton_unit_start:
 * @context: the handoff
 * @unit: a service of NVIDIA's driver, or what its owner has named
 * @patience_ms: as in baton_unit_job_run()
 * @trouble: why it could not be done
 *
 * Returns: the outcome; it says itself that it runs when this returns
 */
BatonOutcome
baton_unit_start (BatonStepContext *context,
                  const char *unit,
                  guint patience_ms,
                  BatonTrouble *trouble)
{
  return run_job (context, "StartUnit", BATON_CODE_UNIT_NOT_STARTED, unit, patience_ms,
                  trouble);
}
