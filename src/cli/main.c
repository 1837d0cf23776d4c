/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_system (&error);
  g_autoptr (BatonHelperClient) client = baton_helper_client_new ();

  if (root == NULL)
    {
      g_printerr ("batonctl: %s\n", error->message);
      return BATON_EXIT_ERROR;
    }

  return baton_cli_main (root, client, argc, argv);
}
