/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"
#include "baton-profile-values.h"

/**
 * baton_event_writer_settings:
 * @self: a writer
 * @card: address of a card
 * @file: the settings file
 * @values: (element-type BatonProfileValue): what holds for the card
 *
 * Writes what the settings say of a card: `line` is null where a default holds.
 */
void
baton_event_writer_settings (BatonEventWriter *self,
                             const char *card,
                             const char *file,
                             GPtrArray *values)
{
  g_autoptr (JsonObject) body = json_object_new ();
  JsonArray *list = json_array_new ();

  for (guint i = 0; i < values->len; i++)
    {
      const BatonProfileValue *value = values->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "key", value->key);
      baton_json_set_string (object, "value", value->value);
      if (value->line > 0)
        json_object_set_int_member (object, "line", value->line);
      else
        json_object_set_null_member (object, "line");
      json_array_add_object_element (list, object);
    }

  json_object_set_string_member (body, "card", card);
  json_object_set_string_member (body, "file", file);
  json_object_set_array_member (body, "values", list);
  baton_event_writer_emit (self, "settings", body, NULL);
}
