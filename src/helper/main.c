/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>

#include "baton-verbs.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  BatonCaller caller;

  if (baton_front_clean (&caller, &error))
    {
      /* What goes to the journal is UTF-8; GLib writes question marks in the C locale. */
      setlocale (LC_CTYPE, "C.UTF-8");
      root = baton_root_new_system (&error);
    }
  if (root != NULL)
    return baton_helper_run (root, &caller, argc, argv);

  g_printerr ("baton-helper: nothing was done: %s\n", error->message);
  return BATON_EXIT_ERROR;
}
