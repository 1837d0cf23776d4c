/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/**
 * BatonGrant: where things are
 * @group: name of the group that programs get
 * @nodes: directory of the nodes of graphics cards
 * @program: what is become, in the group
 */
typedef struct
{
  const char *group;
  const char *nodes;
  const char *program;
} BatonGrant;

/**
 * BatonGrantStatus: what `--check` ends with
 * @BATON_GRANT_POSSIBLE: who asks would be let in
 * @BATON_GRANT_FAILED: something went wrong that is no rule, or was not to be understood
 * @BATON_GRANT_NOT_FOR_YOU: who asks could use no other card either
 * @BATON_GRANT_NO_GROUP: there is no such group, or it is none of the system's
 * @BATON_GRANT_NO_RIGHT: this program has not got its right
 */
typedef enum
{
  BATON_GRANT_POSSIBLE,
  BATON_GRANT_FAILED,
  BATON_GRANT_NOT_FOR_YOU,
  BATON_GRANT_NO_GROUP,
  BATON_GRANT_NO_RIGHT,
} BatonGrantStatus;

#define BATON_GRANT_CHECK "--check"

/* As nohup(1) and env(1) have it for what was not started, and as baton-run says. */
#define BATON_GRANT_NOT_STARTED 125

int baton_grant_main (const BatonGrant *self, int argc, char **argv);
