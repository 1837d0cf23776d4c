/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batonctl as it ships, but for where it looks, whom it asks, and where its translations are:
 * batonctl-on-tree TREE HELPER … */
#include "config.h"

#include "baton-cli.h"

int
main (int argc, char **argv)
{
  static const char *const directly[] = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (BatonHelperClient) client = NULL;

  g_assert_cmpint (argc, >=, 3);
  baton_cli_set_language (g_getenv ("BATON_TEST_CATALOGUES"));
  root = baton_root_new_for_directory (argv[1], &error);
  g_assert_no_error (error);
  /* Of root's the usual way is as direct. */
  client = baton_helper_client_new_for_command (
      g_getenv ("BATON_TEST_USUAL_WAY") != NULL ? NULL : directly, argv[2]);

  return baton_cli_main (root, client, argc - 2, argv + 2);
}
