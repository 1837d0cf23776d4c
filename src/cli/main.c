/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* What nearly every verb needs to know and then lets go of: the names of all PCI devices. */
#define NAMES_BYTES (16 * 1024 * 1024)

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = NULL;
  g_autoptr (BatonHelperClient) client = NULL;

#ifdef __GLIBC__
  /* libpci frees its list in some two hundred pieces, and each would be given back to the kernel by
   * a call of its own (mallopt(3), M_TRIM_THRESHOLD). */
  mallopt (M_TRIM_THRESHOLD, NAMES_BYTES);
#endif

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
