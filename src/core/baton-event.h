/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-plan.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BATON_PROTOCOL_VERSION 1
#define BATON_MAX_LINE_OUT 16384
#define BATON_MAX_LINE_IN 65536
#define BATON_MAX_STRING 4096

/**
 * BatonExit: what a verb came to, and the process's exit status
 */
typedef enum
{
  BATON_EXIT_DONE = 0,
  BATON_EXIT_BAD_REQUEST = 10,
  BATON_EXIT_BUSY = 11,
  BATON_EXIT_REFUSED = 12,
  BATON_EXIT_CANCELLED = 13,
  BATON_EXIT_ROLLED_BACK = 14,
  BATON_EXIT_DEGRADED = 15,
  BATON_EXIT_STUCK = 16,
  BATON_EXIT_ERROR = 17,
  BATON_EXIT_MISMATCH = 18,
  BATON_EXIT_DETACHED = 19,
} BatonExit;

const char *baton_exit_to_string (BatonExit status);

typedef enum
{
  BATON_STEP_STATE_START,
  BATON_STEP_STATE_OK,
  BATON_STEP_STATE_SKIP,
  BATON_STEP_STATE_FAIL,
  BATON_STEP_STATE_STALLED,
  BATON_STEP_STATE_UNDO,
  BATON_STEP_STATE_UNDONE,
} BatonStepState;

const char *baton_step_state_to_string (BatonStepState state);

/**
 * BatonEventWriter:
 *
 * Writes the contract's lines to a descriptor: one JSON object a line, ASCII, at most
 * %BATON_MAX_LINE_OUT bytes, `seq` without gaps, each line in one write. Hostile strings are
 * cleaned here, whoever they come from. A reader that is gone is remembered, not an error.
 */
typedef struct _BatonEventWriter BatonEventWriter;

BatonEventWriter *baton_event_writer_new (int fd, const char *handoff);
void baton_event_writer_free (BatonEventWriter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonEventWriter, baton_event_writer_free)

void baton_event_writer_resume (BatonEventWriter *self);
gboolean baton_event_writer_is_gone (BatonEventWriter *self);
gboolean baton_event_writer_has_lost (BatonEventWriter *self);

void baton_event_writer_hello (BatonEventWriter *self, const char *verb, const char *by);
void baton_event_writer_worker (BatonEventWriter *self, int pid, const char *start_time);
void baton_event_writer_machine (BatonEventWriter *self, BatonMachine *machine);
void baton_event_writer_holders (BatonEventWriter *self, BatonHolders *holders);
void baton_event_writer_plan (BatonEventWriter *self, BatonPlan *plan);
void baton_event_writer_step (BatonEventWriter *self,
                              const BatonStep *step,
                              BatonStepState state,
                              int errsv,
                              BatonCode code,
                              GHashTable *args);
void baton_event_writer_log (BatonEventWriter *self, const char *level, const char *text);
void baton_event_writer_heartbeat (BatonEventWriter *self);
void baton_event_writer_report (BatonEventWriter *self, JsonNode *report);
void baton_event_writer_result (BatonEventWriter *self,
                                BatonExit status,
                                BatonCode code,
                                GHashTable *args,
                                const char *at_step,
                                gint64 elapsed_ms);
void baton_event_writer_result_full (BatonEventWriter *self,
                                     BatonExit status,
                                     BatonCode code,
                                     GHashTable *args,
                                     JsonArray *troubles,
                                     const char *at_step,
                                     gint64 elapsed_ms);
JsonObject *baton_event_code_args_to_json (BatonCode code, GHashTable *args);
void baton_event_writer_settings (BatonEventWriter *self,
                                  const char *card,
                                  const char *file,
                                  GPtrArray *values);
gboolean baton_event_writer_relay (BatonEventWriter *self, const char *line, gssize length);

/**
 * BatonEvent: one line read back: the envelope, and the object whole
 *
 * @object: everything, unknown keys included
 */
typedef struct
{
  guint64 seq;
  gint64 t_ms;
  char *type;
  char *handoff;
  JsonObject *object;
} BatonEvent;

BatonEvent *baton_event_parse (const char *line, gssize length, GError **error);
void baton_event_clean (BatonEvent *self);
void baton_event_free (BatonEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BatonEvent, baton_event_free)

G_END_DECLS
