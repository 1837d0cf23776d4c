/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helper as it ships, but for where it looks: helper-on-tree TREE UID [ARGUMENT…] */
#include "config.h"

#include "baton-verbs.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  BatonCaller caller;

  g_assert_cmpint (argc, >=, 3);
  if (!baton_front_clean (&caller, &error))
    g_error ("%s", error->message);

  caller.uid = (guint) g_ascii_strtoull (argv[2], NULL, 10);
  root = baton_root_new_for_directory (argv[1], &error);
  if (root == NULL)
    g_error ("%s", error->message);

  return baton_helper_run (root, &caller, argc - 2, argv + 2);
}
