/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-event-private.h"

#include <string.h>

/* Room in a line beside the lists' items: the envelope, `snap`, `more`, the lists' keys. */
#define ENVELOPE_BYTES 512

/* One line of a list that is spread over several. */
typedef struct
{
  /* borrowed */
  BatonEventWriter *writer;
  const char *type;
  const char *handoff;
  const char *const *lists;

  /* owned */
  char *scalars;    /* an encoded object: what is no list, the same on every line */
  GPtrArray *parts; /* of GString: the encoded items of each list, in their order */

  guint64 snap;
  gint64 t_ms;
  gsize n_bytes;
  gsize max_bytes;
} Page;

static void
flush_page (Page *page, gboolean more)
{
  g_autoptr (GString) line =
      baton_event_writer_begin_line (page->writer, page->type, page->t_ms, page->handoff);

  g_string_append_printf (line, ",\"snap\":%" G_GUINT64_FORMAT ",\"more\":%s", page->snap,
                          more ? "true" : "false");
  baton_event_append_members (line, page->scalars);
  for (guint i = 0; page->lists[i] != NULL; i++)
    {
      GString *part = g_ptr_array_index (page->parts, i);

      g_string_append_printf (line, ",\"%s\":[%s]", page->lists[i], part->str);
      g_string_truncate (part, 0);
    }

  baton_event_writer_end_line (page->writer, line);
  page->n_bytes = 0;
}

static void
add_to_page (Page *page, guint list, JsonNode *item)
{
  g_autofree char *encoded = baton_event_encode_fitting (item, page->max_bytes);
  gsize length = strlen (encoded) + 1;
  GString *part = g_ptr_array_index (page->parts, list);

  if (page->n_bytes > 0 && page->n_bytes + length > page->max_bytes)
    flush_page (page, TRUE);

  if (part->len > 0)
    g_string_append_c (part, ',');
  g_string_append (part, encoded);
  page->n_bytes += length;
}

static void
free_part (gpointer data)
{
  g_string_free (data, TRUE);
}

/* Returns: (transfer full): @body without its @lists, encoded */
static char *
encode_scalars (JsonObject *body, const char *const *lists)
{
  g_autoptr (JsonObject) rest = json_object_new ();
  g_autoptr (JsonNode) node = NULL;
  JsonObjectIter iter;
  const char *key = NULL;
  JsonNode *member = NULL;

  json_object_iter_init_ordered (&iter, body);
  while (json_object_iter_next_ordered (&iter, &key, &member))
    if (!g_strv_contains (lists, key))
      json_object_set_member (rest, key, json_node_copy (member));

  node = json_node_init_object (json_node_alloc (), rest);

  return baton_event_encode_fitting (node, BATON_MAX_LINE_OUT / 2);
}

static void
clear_page (Page *page)
{
  g_free (page->scalars);
  g_ptr_array_unref (page->parts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Page, clear_page)

/* Writes one event in as many lines as its lists need, one at least. */
void
baton_event_writer_emit_pages (BatonEventWriter *self,
                               const char *type,
                               JsonObject *body,
                               const char *const *lists)
{
  g_auto (Page) page = {
    .writer = self,
    .type = type,
    /* A report names the handoff that it tells of, whoever relays it. */
    .handoff =
        json_object_has_member (body, "handoff") ? NULL : baton_event_writer_get_handoff (self),
    .lists = lists,
    .scalars = encode_scalars (body, lists),
    .parts = g_ptr_array_new_with_free_func (free_part),
    .snap = baton_event_writer_begin_snap (self),
    .t_ms = baton_event_get_boottime_ms (),
  };

  page.max_bytes =
      BATON_MAX_LINE_OUT - BATON_LINE_SLACK - ENVELOPE_BYTES - strlen (page.scalars);
  for (guint i = 0; lists[i] != NULL; i++)
    g_ptr_array_add (page.parts, g_string_new (NULL));

  for (guint i = 0; lists[i] != NULL; i++)
    {
      JsonArray *items = baton_json_get_array (body, lists[i]);

      for (guint j = 0; j < baton_json_count (items); j++)
        add_to_page (&page, i, json_array_get_element (items, j));
    }

  flush_page (&page, FALSE);
}
