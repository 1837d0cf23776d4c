/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vt.h>
#include <stdlib.h>
#include <string.h>

#include "baton-errand.h"
#include "baton-error.h"
#include "baton-fd.h"
#include "baton-kernel.h"
#include "baton-look.h"
#include "baton-text-consoles.h"

/* The target is the card that shows the kernel's text consoles from now on, the detail the one that shows
 * them until then; without it they are those that nothing shows. */

#define PREFIX "fb"

/* Whoever holds the kernel's lock of all consoles sets a mode, or has crashed. */
#define DEADLINE_US (10 * G_USEC_PER_SEC)

typedef struct
{
  char *path;
  int to;
  int from; /* -1 for those that nothing shows */
} Move;

static void
move_clear (Move *self)
{
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Move, move_clear)

static gboolean
set_error (GError **error, int errsv)
{
  g_set_error_literal (error, BATON_ERROR, baton_error_from_errno (errsv), g_strerror (errsv));

  return FALSE;
}

static gboolean
is_meant (const Move *self, int framebuffer)
{
  return self->from < 0 ? framebuffer != self->to : framebuffer == self->from;
}

static gboolean
move (const Move *self, GError **error)
{
  baton_autofd int fd = open (self->path, O_RDWR | O_CLOEXEC);

  if (fd < 0)
    return set_error (error, errno);
  for (guint console = MIN_NR_CONSOLES; console <= MAX_NR_CONSOLES; console++)
    {
      int framebuffer = -1;
      int errsv = baton_kernel_get_console_map (fd, console, &framebuffer);

      if (errsv == 0 && is_meant (self, framebuffer))
        {
          errsv = baton_kernel_set_console_map (fd, console, (guint) self->to);
          if (errsv == 0)
            errsv = baton_kernel_get_console_map (fd, console, &framebuffer);
          if (errsv == 0 && framebuffer != self->to)
            errsv = EIO;
        }
      if (errsv != 0)
        return set_error (error, errsv);
    }

  return TRUE;
}

/* In a child: it is waited for here until the consoles are free. */
static void
run (int socket, gpointer data)
{
  g_autoptr (GError) error = NULL;

  move (data, &error);
  baton_errand_answer (socket, -1, error);
}

/* Returns: number of the card's framebuffer in the last picture of the machine, or -1 */
static int
find_framebuffer (BatonStepContext *context, const char *address)
{
  const BatonCard *card =
      context->machine != NULL ? baton_machine_find_card (context->machine, address) : NULL;

  for (guint i = 0; card != NULL && i < card->nodes->len; i++)
    {
      const char *name = baton_text_consoles_get_framebuffer (card->nodes->pdata[i]);

      if (name != NULL && g_str_has_prefix (name, PREFIX))
        return atoi (name + strlen (PREFIX));
    }

  return -1;
}

static gboolean
show (BatonStepContext *context, const char *to, const char *from, GError **error)
{
  g_auto (Move) plan = { .from = -1 };
  g_autofree char *name = NULL;
  g_autoptr (BatonErrand) errand = NULL;

  if (!baton_look_again (context, NULL))
    return set_error (error, EIO);
  plan.to = find_framebuffer (context, to);
  if (plan.to < 0)
    return set_error (error, ENODEV);
  if (from != NULL)
    {
      plan.from = find_framebuffer (context, from);
      if (plan.from < 0)
        return TRUE;
    }

  name = g_strdup_printf (PREFIX "%d", plan.to);
  plan.path = baton_root_build_path (context->root, BATON_ROOT_DEV, name);
  errand = baton_errand_new (context->root, context->waiter, run, &plan, error);

  return errand != NULL &&
         baton_errand_hear (errand, g_get_monotonic_time () + DEADLINE_US, NULL, error);
}

static void
set_trouble (const BatonStep *step, const GError *error, BatonTrouble *trouble)
{
  baton_trouble_set (trouble, BATON_CODE_CONSOLES_NOT_SHOWN, 0, "address", step->target,
                     "reason", error->message, NULL);
}

/* Which framebuffer a console is on was looked at where it was put there. */
static gboolean
observe (BatonStepContext *context,
         const BatonStep *step,
         gboolean applied,
         BatonTrouble *trouble)
{
  return applied || (step->detail == NULL && baton_text_consoles_are_drawn (context->root));
}

/* A console that is dark is a trouble, and no reason to keep the card; one that cannot get away from the
 * card would crash the kernel. */
static BatonOutcome
apply (BatonStepContext *context, const BatonStep *step, BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;

  if (show (context, step->target, step->detail, &error))
    return BATON_OUTCOME_OK;
  set_trouble (step, error, trouble);

  return step->detail != NULL && !baton_text_consoles_can_let_go (context->root)
             ? BATON_OUTCOME_FAILED
             : BATON_OUTCOME_OK;
}

/* The kernel does it by itself when the boot display comes back; and where the card that showed them has no
 * driver yet, there is nothing to show them on. */
static BatonOutcome
revert (BatonStepContext *context,
        const BatonStep *step,
        JsonNode *remembered,
        BatonTrouble *trouble)
{
  g_autoptr (GError) error = NULL;

  if (step->detail == NULL || !baton_look_again (context, NULL) ||
      find_framebuffer (context, step->detail) < 0 ||
      show (context, step->detail, step->target, &error))
    return BATON_OUTCOME_OK;
  set_trouble (step, error, trouble);

  return BATON_OUTCOME_FAILED;
}

/* Has the kernel's text consoles drawn on a card that is there. */
const BatonStepClass baton_step_show_consoles_class = {
  .cancel_before = TRUE,
  .observe = observe,
  .apply = apply,
  .revert = revert,
};
