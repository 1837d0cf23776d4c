/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-grant.h"

int
main (int argc, char **argv)
{
  static const BatonGrant grant = {
    .group = BATON_CARDS_GROUP,
    .nodes = "/dev/dri",
    .program = BATON_RUN_PATH,
  };

  return baton_grant_main (&grant, argc, argv);
}
