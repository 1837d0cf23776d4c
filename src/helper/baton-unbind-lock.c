/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-unbind-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-kernel.h"

/* References used below:
 *  NV-LOCK - open-gpu-kernel-modules kernel-open/nvidia/nv-procfs.c, unbindLock: what was written
 *    counts when the file is closed; it reads 1 only where nobody used the card then. It keeps
 *    nobody from beginning to use it but on hosts of virtual GPUs (nv.c), so it is asked for
 *    anew right before it is relied on
 */

#define TAKE "1"
#define GIVE_BACK "0"

typedef struct
{
  BatonRoot *root;
  const char *path;
  const char *text;
} Write;

static char *
build_path (const char *address)
{
  return g_strconcat ("driver/nvidia/gpus/", address, "/unbindLock", NULL);
}

/* Opened here, in the child, so that the close that counts is the child's (NV-LOCK). */
static int
do_write (gpointer data)
{
  const Write *job = data;
  int errsv;
  int fd = baton_root_open (job->root, BATON_ROOT_PROC, job->path, O_WRONLY, NULL);

  if (fd < 0)
    return errno != 0 ? errno : ENOENT;
  errsv = baton_kernel_write (fd, job->text);

  return close (fd) < 0 && errsv == 0 ? errno : errsv;
}

static BatonOutcome
write_lock (BatonStepContext *context,
            const char *address,
            const char *text,
            BatonTrouble *trouble)
{
  g_autofree char *path = build_path (address);
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  Write job = { context->root, path, text };

  baton_trouble_set (&refused, BATON_CODE_NVIDIA_NO_PROOF, 0, "address", address, NULL);

  return baton_effect_run (context, do_write, &job, address, &refused, trouble);
}

/**
 * baton_unbind_lock_is_taken:
 * @context: the handoff
 * @address: a card on NVIDIA's driver
 *
 * Returns: whether the driver has said that nobody uses it
 */
gboolean
baton_unbind_lock_is_taken (BatonStepContext *context, const char *address)
{
  g_autofree char *path = build_path (address);
  g_autofree char *text = baton_root_read_line (context->root, BATON_ROOT_PROC, path, NULL);

  return g_strcmp0 (text, TAKE) == 0;
}

/**
 * baton_unbind_lock_give_back:
 * @context: the handoff
 * @address: a card on NVIDIA's driver
 * @trouble: why it could not be done
 *
 * Returns: the outcome
 */
BatonOutcome
baton_unbind_lock_give_back (BatonStepContext *context,
                             const char *address,
                             BatonTrouble *trouble)
{
  BatonOutcome outcome = BATON_OUTCOME_OK;

  if (!baton_unbind_lock_is_taken (context, address))
    return BATON_OUTCOME_OK;
  outcome = write_lock (context, address, GIVE_BACK, trouble);
  if (outcome != BATON_OUTCOME_OK || !baton_unbind_lock_is_taken (context, address))
    return outcome;

  /* What it says next would be what it said before. */
  baton_trouble_set (trouble, BATON_CODE_NVIDIA_NO_PROOF, EIO, "address", address, "reason",
                     g_strerror (EIO), NULL);

  return BATON_OUTCOME_FAILED;
}

/**
 * baton_unbind_lock_take:
 * @context: the handoff
 * @address: a card on NVIDIA's driver
 * @trouble: why it could not be done
 *
 * Has the driver say that nobody uses a card (NV-LOCK). What it said before is taken back first:
 * somebody may have begun since.
 *
 * Returns: the outcome
 */
BatonOutcome
baton_unbind_lock_take (BatonStepContext *context, const char *address, BatonTrouble *trouble)
{
  BatonOutcome outcome = BATON_OUTCOME_OK;

  if (baton_unbind_lock_is_taken (context, address))
    outcome = baton_unbind_lock_give_back (context, address, trouble);
  if (outcome == BATON_OUTCOME_OK)
    outcome = write_lock (context, address, TAKE, trouble);
  if (outcome != BATON_OUTCOME_OK || baton_unbind_lock_is_taken (context, address))
    return outcome;

  baton_trouble_set (trouble, BATON_CODE_NVIDIA_IN_USE, EBUSY, "address", address, NULL);

  return BATON_OUTCOME_FAILED;
}
