/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (BatonHelperClient) client = NULL;

  baton_cli_set_language (BATON_LOCALE_DIR);
  root = baton_root_new_system (&error);
  if (root == NULL)
    {
      g_printerr ("batonctl: %s\n", error->message);
      return BATON_EXIT_ERROR;
    }
  client = baton_helper_client_new ();

  return baton_cli_main (root, client, argc, argv);
}
