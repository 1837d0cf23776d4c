/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-draw CARD: draws one frame with a card and says who drew it.
 *
 * Run by baton-run, which gives it what every program needs for that card. The first line of its
 * output is the renderer, the second its version. The exit status is 0 only if the card drew. */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-frame.h"
#include "baton-machine.h"

/* A card that hangs keeps who draws with it for ever, and a processor that draws in its place takes
 * some seconds at most. */
#define PATIENCE_S 30

static const char *late;

static void
on_alarm (int signal_number)
{
  /* Nothing that takes a lock: whoever hangs may hold it. */
  if (write (STDERR_FILENO, late, strlen (late)) < 0)
    _exit (1);
  _exit (1);
}

static int
fail (const char *reason)
{
  g_printerr ("baton-draw: %s\n", reason);

  return 1;
}

static GStrv
dup_nodes (const BatonCard *card)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < card->nodes->len; i++)
    {
      const BatonNode *node = g_ptr_array_index (card->nodes, i);

      if (node->kind == BATON_NODE_DRM_RENDER || node->kind == BATON_NODE_DRM_PRIMARY)
        g_strv_builder_add (builder, node->path);
    }

  return g_strv_builder_end (builder);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonFrame) frame = NULL;
  g_auto (GStrv) nodes = NULL;
  BatonCard *card;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, BATON_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  if (argc != 2)
    return fail (_ ("name one card"));
  root = baton_root_new_system (&error);
  machine = root != NULL ? baton_machine_new_to_check (root, &error) : NULL;
  if (machine == NULL)
    return fail (error->message);
  card = baton_machine_find_card_by_ending (machine, argv[1], &error);
  if (card == NULL)
    return fail (error->message);

  late = g_strdup_printf ("baton-draw: %s\n", _ ("it did not answer within half a minute"));
  signal (SIGALRM, on_alarm);
  alarm (PATIENCE_S);
  nodes = dup_nodes (card);
  frame = baton_frame_draw ((const char *const *) nodes, &error);
  if (frame == NULL)
    return fail (error->message);

  g_print ("%s\n%s\n", frame->renderer, frame->version);
  if (frame->is_software)
    return fail (_ ("the processor drew in its place: no driver for drawing knows it"));

  return fflush (stdout) == 0 ? 0 : 1;
}
