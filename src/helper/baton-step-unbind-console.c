/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-effect.h"
#include "baton-fd.h"
#include "baton-sysfs-write.h"

/* The target is the platform device of the firmware's framebuffer, the detail the driver that draws on
 * it, and with it the kernel's text console. */

static char *
build_path (const BatonStep *step, const char *file)
{
  return g_strconcat ("bus/platform/devices/", step->target, file, NULL);
}

static char *
read_driver (BatonStepContext *context, const BatonStep *step)
{
  g_autofree char *path = build_path (step, "/driver");

  return baton_root_read_link_name (context->root, BATON_ROOT_SYS, path, NULL);
}

static gboolean
is_there (BatonStepContext *context, const BatonStep *step)
{
  g_autofree char *path = build_path (step, "");

  return baton_root_exists (context->root, BATON_ROOT_SYS, path);
}

static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  g_autofree char *driver = read_driver (context, step);

  if (driver == NULL)
    return TRUE;

  baton_trouble_set_difference (trouble, step->target, NULL, driver);

  return FALSE;
}

static BatonOutcome
write_to_driver (BatonStepContext *context,
                 const BatonStep *step,
                 const char *file,
                 BatonCode refusal,
                 BatonTrouble *trouble)
{
  g_auto (BatonTrouble) refused = BATON_TROUBLE_INIT;
  g_autoptr (GError) error = NULL;
  baton_autofd int fd =
      baton_sysfs_open_platform_driver (context->root, step->detail, file, &error);

  baton_trouble_set (&refused, refusal, 0, "address", step->target, "driver", step->detail,
                     NULL);

  return baton_effect_write (context, fd, error, step->target, step->target, &refused, trouble);
}

static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autofree char *driver = read_driver (context, step);

  if (driver == NULL)
    return BATON_OUTCOME_OK;
  if (!baton_system_framebuffer_lets_go (step->target) || g_strcmp0 (driver, step->detail) != 0)
    {
      /* Somebody else has changed it since the plan was made. */
      baton_trouble_set_difference (trouble, step->target, step->detail, driver);
      return BATON_OUTCOME_FAILED;
    }

  return write_to_driver (context, step, "unbind", BATON_CODE_UNBIND_REFUSED, trouble);
}

/* Somebody has given the card a driver meanwhile, which draws the console: both would draw into the same
 * memory. */
static gboolean
has_other_driver (BatonStepContext *context)
{
  for (guint i = 0; i < context->before->functions->len; i++)
    {
      const BatonFunctionState *function = context->before->functions->pdata[i];
      g_autofree char *driver = baton_effect_read_driver (context, function->address);

      if (driver != NULL && g_strcmp0 (driver, function->driver) != 0)
        return TRUE;
    }

  return FALSE;
}

/* The device is gone where a driver has taken the screen from it, and nothing can make the kernel bring it
 * back before the next start (Linux, drivers/video/aperture.c). */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  g_autofree char *driver = read_driver (context, step);
  g_autofree char *now = NULL;
  BatonOutcome outcome;

  if (driver != NULL || !is_there (context, step) || has_other_driver (context) ||
      !baton_system_framebuffer_lets_go (step->target))
    return BATON_OUTCOME_OK;
  outcome = write_to_driver (context, step, "bind", BATON_CODE_BIND_REFUSED, trouble);
  if (outcome != BATON_OUTCOME_OK)
    return outcome;
  now = read_driver (context, step);
  if (g_strcmp0 (now, step->detail) == 0)
    return BATON_OUTCOME_OK;

  baton_trouble_set_difference (trouble, step->target, step->detail, now);

  return BATON_OUTCOME_FAILED;
}

/* Takes the kernel's text console off a card that vfio-pci does not take it off. */
const BatonStepClass baton_step_unbind_console_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
