/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * BatonClosedObstacle:
 * @BATON_CLOSED_POSSIBLE: it can be started again
 * @BATON_CLOSED_OTHER_USER: it belongs to somebody else
 * @BATON_CLOSED_SERVICE: systemd starts it
 * @BATON_CLOSED_CONTAINER: it runs in a container, where its files are others
 * @BATON_CLOSED_TOO_LONG: its arguments are more than are kept
 * @BATON_CLOSED_UNREADABLE: what it was started with could not be read
 *
 * Why a program is not started again by Baton, as far as that is known when it is closed.
 */
typedef enum
{
  BATON_CLOSED_POSSIBLE,
  BATON_CLOSED_OTHER_USER,
  BATON_CLOSED_SERVICE,
  BATON_CLOSED_CONTAINER,
  BATON_CLOSED_TOO_LONG,
  BATON_CLOSED_UNREADABLE,
} BatonClosedObstacle;

/**
 * BatonClosedProgram:
 * @closes: the consents that mean it, as PID:START
 * @name: the process's name, raw bytes (hostile)
 * @app_id: (nullable): desktop id without `.desktop`
 * @unit: (nullable): systemd's unit that it ran in
 * @executable: (nullable): path of its program file, raw bytes
 * @arguments: what it was started with, raw bytes
 * @directory: (nullable): where it ran, raw bytes
 * @variables: what of its environment names its session and the cards, as NAME=VALUE, raw bytes
 * @terminal: (nullable): the terminal that it was started in: device number, a space, and PID:START
 *   of who leads the terminal's session
 * @obstacle: why it is not started again
 * @is_closed: Baton has closed it, and not only been allowed to
 * @sessions: (nullable): logind's names of the sessions with which it ends, where it was not closed
 *   alone
 * @is_told: its user was told at a login that it can be opened again
 *
 * How a program is started again that was closed for a handoff: nothing but what its owner's own
 * `/proc` said of it.
 */
typedef struct
{
  GStrv closes;
  char *name;
  char *app_id;
  char *unit;
  char *executable;
  GStrv arguments;
  char *directory;
  GStrv variables;
  char *terminal;
  BatonClosedObstacle obstacle;
  gboolean is_closed;
  GStrv sessions;
  gboolean is_told;
} BatonClosedProgram;

void baton_closed_program_free (BatonClosedProgram *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonClosedProgram, baton_closed_program_free)

gboolean baton_closed_program_has_step (const BatonClosedProgram *self, const char *step_id);

JsonObject *baton_closed_program_to_json (const BatonClosedProgram *self);
BatonClosedProgram *baton_closed_program_new_from_json (JsonObject *object);

G_END_DECLS
