/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-errand.h"
#include "baton-libvirt.h"
#include "baton-steps.h"

/* Before QEMU runs, all of the guest's memory is pinned for the card, and libvirt may have to be
 * started itself. */
#define DEADLINE_US (180 * G_TIME_SPAN_SECOND)

/* A guest that has ended since is found by who waits for it next, which is the end it is to have. */
static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return applied;
}

static void
start (int socket, gpointer data)
{
  g_autoptr (GError) error = NULL;

  baton_libvirt_start_guest (data, &error);
  baton_errand_answer (socket, -1, error);
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonErrand) errand =
      baton_errand_new (context->root, context->waiter, start, step->target, &error);

  if (errand != NULL &&
      baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, &error))
    return BATON_OUTCOME_OK;
  baton_trouble_set (trouble, BATON_CODE_GUEST_NOT_STARTED, 0, "guest", step->target, "reason",
                     error->message, NULL);

  return BATON_OUTCOME_FAILED;
}

/* What it has begun ends by itself or by its owner: a virtual machine is no program that one may
 * pull the plug of. It is the last thing that is done, so that nothing fails after it. */
const BatonStepClass baton_step_start_guest_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
};
