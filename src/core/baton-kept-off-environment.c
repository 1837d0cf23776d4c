/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-kept-off-environment.h"

#include <string.h>

#include "baton-offload.h"

/* References used below: those of baton-offload.c (GLVND, LOADER), and
 *  ENVIRONMENT - environment.d(5): KEY=VALUE, where “$” is expanded and a backslash escapes
 */

#define HEAD                                                                                   \
  "# Written by Baton: this computer’s desktop keeps off NVIDIA’s cards, and so do the\n"  \
  "# programs that it starts. Do not change it. “batonctl isolate CARD --undo” takes it "  \
  "away.\n"

/* Its libraries open every card of theirs whatever its seat. baton-run takes these back for the
 * program that it starts (baton-offload.c, narrowings). */
static const char *const variables[][2] = {
  { "__GLX_VENDOR_LIBRARY_NAME", "mesa" },
  { "VK_LOADER_DRIVERS_DISABLE", "*nvidia*" },
};

/**
 * baton_kept_off_needs_environment:
 * @machine: a machine that was looked at to plan
 * @cards: (element-type BatonKeptOff): the cards that the desktop is kept off
 *
 * NVIDIA's own libraries open its cards past udev's seats, and the environment can tell vendors apart,
 * not cards: where one that stays needs them, too, nothing can be said.
 *
 * Returns: whether programs have to be told to leave NVIDIA's libraries alone
 */
gboolean
baton_kept_off_needs_environment (BatonMachine *machine, GPtrArray *cards)
{
  gboolean is_one_kept_off = FALSE;

  for (guint i = 0; i < cards->len; i++)
    is_one_kept_off |= ((const BatonKeptOff *) g_ptr_array_index (cards, i))->is_nvidia;

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);
      g_autoptr (BatonKeptOff) described = baton_kept_off_new_for_card (card);

      if (described->is_nvidia && baton_kept_off_find (cards, card->display) == NULL)
        return FALSE;
    }

  return is_one_kept_off;
}

/* A name that means nothing to a shell or to systemd (ENVIRONMENT). */
static gboolean
is_plain (const char *path)
{
  return path[strspn (path, "/._-+" G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS)] == '\0';
}

static char *
build (BatonRoot *root, const char *before, const char *quote)
{
  g_autofree char *mesa = baton_offload_dup_mesa_vendor (root);
  g_autoptr (GString) text = g_string_new (HEAD);

  if (mesa != NULL && is_plain (mesa))
    g_string_append_printf (text, "%s__EGL_VENDOR_LIBRARY_FILENAMES=%s%s%s\n", before, quote,
                            mesa, quote);
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    g_string_append_printf (text, "%s%s=%s%s%s\n", before, variables[i][0], quote,
                            variables[i][1], quote);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * baton_kept_off_build_environment:
 * @root: where to look for Mesa's file
 *
 * Returns: (transfer full): what environment.d gets
 */
char *
baton_kept_off_build_environment (BatonRoot *root)
{
  return build (root, "", "");
}

/**
 * baton_kept_off_build_profile:
 * @root: where to look for Mesa's file
 *
 * Returns: (transfer full): the same for shells
 */
char *
baton_kept_off_build_profile (BatonRoot *root)
{
  return build (root, "export ", "'");
}
