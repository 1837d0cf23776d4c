/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-run.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;

  baton_run_set_language (BATON_LOCALE_DIR);
  root = baton_root_new_system (&error);
  if (root == NULL)
    {
      g_printerr ("baton-run: %s\n", error->message);
      return BATON_RUN_FAILED;
    }

  return baton_run_main (root, BATON_GRANT_PATH, argc, argv);
}
