/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

#include "baton-handmade.h"

static void
set_hex (JsonObject *object, const char *key, guint value, int n_digits)
{
  g_autofree char *text = g_strdup_printf ("%0*x", n_digits, value);

  json_object_set_string_member (object, key, text);
}

static void
set_strings (JsonObject *object, const char *key, const char *const *texts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    json_array_add_string_element (array, texts[i]);

  json_object_set_array_member (object, key, array);
}

/* What is said of a function alike in a card and in a group. */
static JsonObject *
function_to_json (const BatonFunction *function)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "address", function->address);
  set_hex (object, "class", function->class_code, 6);
  baton_json_set_string (object, "name", function->name);
  baton_json_set_string (object, "driver", function->driver);

  return object;
}

static JsonArray *
outputs_to_json (GPtrArray *outputs)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; outputs != NULL && i < outputs->len; i++)
    {
      const BatonOutput *output = g_ptr_array_index (outputs, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", output->name);
      json_object_set_boolean_member (object, "connected", output->connected);
      baton_json_set_string (object, "monitor", output->monitor);
      json_array_add_object_element (array, object);
    }

  return array;
}

static JsonArray *
guests_to_json (GPtrArray *guests)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; guests != NULL && i < guests->len; i++)
    {
      const BatonGuest *guest = g_ptr_array_index (guests, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", guest->name);
      json_object_set_int_member (object, "pid", guest->pid);
      json_array_add_object_element (array, object);
    }

  return array;
}

static JsonArray *
nodes_to_json (GPtrArray *nodes)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; nodes != NULL && i < nodes->len; i++)
    json_array_add_string_element (array,
                                   ((const BatonNode *) g_ptr_array_index (nodes, i))->path);

  return array;
}

/* The functions of a card that Baton claims at boot. */
static JsonArray *
claimed_to_json (BatonMachine *machine, const BatonCard *card)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; card->functions != NULL && i < card->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (card->functions, i);

      if (baton_boot_claims_find (machine->boot_claims, function) != NULL)
        json_array_add_string_element (array, function->address);
    }

  return array;
}

static gboolean
is_adopted (const BatonMachine *machine, const BatonCard *card)
{
  return machine->adopted != NULL && g_strv_contains ((const char *const *) machine->adopted,
                                                      baton_card_get_address (card));
}

static JsonObject *
card_to_json (BatonMachine *machine, const BatonCard *card)
{
  const BatonFunction *display = card->display;
  g_autofree char *digest = baton_handmade_dup_digest (machine->handmade, display->address);
  JsonObject *object = json_object_new ();
  JsonArray *functions = json_array_new ();

  for (guint i = 0; card->members != NULL && i < card->members->len; i++)
    {
      const BatonMember *member = g_ptr_array_index (card->members, i);
      JsonObject *function = function_to_json (member->function);

      json_object_set_boolean_member (function, "travels", member->travels);
      json_array_add_object_element (functions, function);
    }

  json_object_set_string_member (object, "address", display->address);
  json_object_set_string_member (object, "name", baton_card_get_name (card));
  set_hex (object, "vendor_id", display->vendor_id, 4);
  set_hex (object, "device_id", display->device_id, 4);
  set_hex (object, "class", display->class_code, 6);
  json_object_set_string_member (object, "side", baton_side_to_string (card->side));
  baton_json_set_string (object, "driver", display->driver);
  baton_json_set_string (object, "group", display->group);
  json_object_set_boolean_member (object, "boot_display", card->boot_display);
  json_object_set_boolean_member (object, "only_display", card->only_display);
  json_object_set_boolean_member (object, "kept_off", card->kept_off);
  json_object_set_boolean_member (object, "programs_kept_off", card->programs_kept_off);
  json_object_set_array_member (object, "claimed_at_boot", claimed_to_json (machine, card));
  json_object_set_boolean_member (object, "adopted", is_adopted (machine, card));
  baton_json_set_string (object, "adopt_digest", digest);
  json_object_set_string_member (object, "power", baton_power_to_string (display->power));
  json_object_set_array_member (object, "outputs", outputs_to_json (card->outputs));
  json_object_set_array_member (object, "nodes", nodes_to_json (card->nodes));
  json_object_set_array_member (object, "functions", functions);
  set_strings (object, "reset_methods", (const char *const *) display->reset_methods);
  json_object_set_array_member (object, "guests", guests_to_json (card->guests));

  return object;
}

/* Returns: the card that @address travels with, or %NULL */
static const char *
find_travelling_card (BatonMachine *machine, const char *address)
{
  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);

      if (baton_card_travels (card, address))
        return card->display->address;
    }

  return NULL;
}

static JsonObject *
group_to_json (BatonMachine *machine, const BatonGroup *group)
{
  JsonObject *object = json_object_new ();
  JsonArray *functions = json_array_new ();

  for (guint i = 0; i < group->functions->len; i++)
    {
      const BatonFunction *function = g_ptr_array_index (group->functions, i);
      JsonObject *member = function_to_json (function);

      g_autofree char *identity = baton_function_dup_identity (function);

      baton_json_set_string (member, "identity", identity);
      baton_json_set_string (member, "card", find_travelling_card (machine, function->address));
      json_array_add_object_element (functions, member);
    }

  json_object_set_string_member (object, "id", group->id);
  json_object_set_array_member (object, "functions", functions);

  return object;
}

/* What it says instead is a code's sentence, as that of a finding is. */
static JsonObject *
handmade_to_json (const BatonHandmade *one)
{
  g_autoptr (GHashTable) args = baton_handmade_dup_args (one);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "card", one->card);
  json_object_set_string_member (object, "kind", baton_handmade_kind_to_string (one->kind));
  json_object_set_string_member (object, "file", one->file);
  json_object_set_int_member (object, "line", one->line);
  json_object_set_string_member (object, "text", one->text);
  set_strings (object, "functions", (const char *const *) one->functions);
  json_object_set_boolean_member (object, "by_hand", one->move == BATON_HANDMADE_BY_HAND);
  json_object_set_string_member (object, "instead", baton_code_get_info (one->instead)->name);
  json_object_set_object_member (object, "args",
                                 baton_event_code_args_to_json (one->instead, args));

  return object;
}

/**
 * baton_event_writer_machine:
 * @self: a writer
 * @machine: a snapshot
 *
 * Writes `iommu` (`enabled`, `kind`, `reason`, `detail`), `cards` and `groups`. A group's functions
 * name the card that they travel with, in `card`, and say in `identity` what they are, as a profile
 * would name them. `handmade` is what people have set up for the cards; nothing unless @machine was
 * looked at to plan.
 */
void
baton_event_writer_machine (BatonEventWriter *self, BatonMachine *machine)
{
  static const char *const lists[] = { "cards", "groups", "handmade", NULL };
  g_autoptr (JsonObject) body = json_object_new ();
  JsonObject *iommu = json_object_new ();
  JsonArray *cards = json_array_new ();
  JsonArray *groups = json_array_new ();
  JsonArray *handmade = json_array_new ();

  json_object_set_boolean_member (iommu, "enabled", machine->iommu_enabled);
  baton_json_set_string (iommu, "kind", machine->iommu_kind);
  baton_json_set_string (iommu, "reason", machine->iommu_reason);
  baton_json_set_string (iommu, "detail", machine->iommu_detail);

  for (guint i = 0; i < machine->cards->len; i++)
    json_array_add_object_element (
        cards, card_to_json (machine, g_ptr_array_index (machine->cards, i)));
  for (guint i = 0; i < machine->groups->len; i++)
    json_array_add_object_element (
        groups, group_to_json (machine, g_ptr_array_index (machine->groups, i)));

  for (guint i = 0; machine->handmade != NULL && i < machine->handmade->len; i++)
    json_array_add_object_element (handmade,
                                   handmade_to_json (g_ptr_array_index (machine->handmade, i)));

  json_object_set_object_member (body, "iommu", iommu);
  json_object_set_array_member (body, "cards", cards);
  json_object_set_array_member (body, "groups", groups);
  json_object_set_array_member (body, "handmade", handmade);
  baton_event_writer_emit (self, "machine", body, lists);
}
