/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

typedef struct
{
  BatonHow how;
  const char *word;
} HowWord;

static const HowWord how_words[] = {
  { BATON_HOW_FD, "fd" },
  { BATON_HOW_MAP, "map" },
  { BATON_HOW_MODULE, "module" },
  { BATON_HOW_CONSOLE, "console" },
  { BATON_HOW_FRAMEBUFFER, "framebuffer" },
  { BATON_HOW_VFIO, "vfio" },
};

static JsonArray *
how_to_json (guint how)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (how_words); i++)
    if ((how & how_words[i].how) != 0)
      json_array_add_string_element (array, how_words[i].word);

  return array;
}

/* Whose systemd stops it in place of its process. */
static const char *
get_service_word (const BatonHolder *holder)
{
  if (holder->main_pid == 0)
    return NULL;

  return holder->of_user ? "user" : "system";
}

static JsonObject *
holder_to_json (const BatonHolder *holder)
{
  gboolean is_kernel = holder->kind == BATON_HOLDER_KERNEL;
  JsonObject *object = json_object_new ();
  JsonArray *nodes = json_array_new ();

  for (guint i = 0; holder->nodes != NULL && holder->nodes[i] != NULL; i++)
    json_array_add_string_element (nodes, holder->nodes[i]);

  /* The kernel's own holds belong to no process and to no user. */
  if (is_kernel || holder->pid <= 0)
    json_object_set_null_member (object, "pid");
  else
    json_object_set_int_member (object, "pid", holder->pid);
  baton_json_set_string (object, "start_time", holder->start_time);
  baton_json_set_string (object, "name", holder->name);
  baton_json_set_string (object, "command", holder->command);
  if (is_kernel || holder->uid == G_MAXUINT)
    json_object_set_null_member (object, "uid");
  else
    json_object_set_int_member (object, "uid", holder->uid);
  baton_json_set_string (object, "user", holder->user);
  baton_json_set_string (object, "unit", holder->unit);
  baton_json_set_string (object, "app_id", holder->app_id);
  json_object_set_string_member (object, "kind", baton_holder_kind_to_string (holder->kind));
  json_object_set_array_member (object, "how", how_to_json (holder->how));
  json_object_set_array_member (object, "nodes", nodes);
  json_object_set_boolean_member (object, "closable", holder->closable);
  baton_json_set_string (object, "container", holder->container);
  baton_json_set_string (object, "engine", holder->engine);
  baton_json_set_string (object, "service", get_service_word (holder));

  return object;
}

/**
 * baton_event_writer_holders:
 * @self: a writer
 * @holders: who has one card's nodes
 *
 * Writes `card`, `complete`, `reason`, `unreadable`, `holders` and `modules`, one snapshot for each
 * card.
 */
void
baton_event_writer_holders (BatonEventWriter *self, BatonHolders *holders)
{
  static const char *const lists[] = { "holders", "modules", NULL };
  g_autoptr (JsonObject) body = json_object_new ();
  JsonArray *processes = json_array_new ();
  JsonArray *modules = json_array_new ();

  for (guint i = 0; i < holders->holders->len; i++)
    json_array_add_object_element (processes,
                                   holder_to_json (g_ptr_array_index (holders->holders, i)));

  for (guint i = 0; holders->modules != NULL && i < holders->modules->len; i++)
    {
      const BatonModuleUse *use = g_ptr_array_index (holders->modules, i);
      JsonObject *module = json_object_new ();

      json_object_set_string_member (module, "name", use->name);
      if (use->refcount < 0)
        json_object_set_null_member (module, "refcount");
      else
        json_object_set_int_member (module, "refcount", use->refcount);
      json_array_add_object_element (modules, module);
    }

  json_object_set_string_member (body, "card", holders->card);
  json_object_set_boolean_member (body, "complete", holders->complete);
  baton_json_set_string (body, "reason", holders->reason);
  json_object_set_int_member (body, "unreadable", holders->unreadable);
  json_object_set_array_member (body, "holders", processes);
  json_object_set_array_member (body, "modules", modules);
  baton_event_writer_emit (self, "holders", body, lists);
}
