/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-also.h"

#include <string.h>

#include "baton-json.h"
#include "baton-pci-address.h"

/* Further functions that travel with a card, as its owner names them in baton.conf(5), and as it is
 * noted which of them went. */

/* A guest with a desk of its own has a few; more is a list that nobody has looked through. */
#define MAX_ALSO 8

#define IDENTITY "^[0-9a-fA-F]{4}(:[0-9a-fA-F]{4}){3}$"

/* Everybody may read it: who asks without rights for the way back is shown the same steps. */
#define SUFFIX ".also.json"
#define LIST "also"
#define MAX_BYTES 16384

/**
 * baton_also_new:
 * @address: an address
 * @identity: (nullable): what has to be there
 *
 * Returns: (transfer full): a function that travels along
 */
BatonAlso *
baton_also_new (const char *address, const char *identity)
{
  BatonAlso *self = g_new0 (BatonAlso, 1);

  self->address = g_strdup (address);
  self->identity = identity != NULL ? g_ascii_strdown (identity, -1) : NULL;

  return self;
}

/**
 * baton_also_free:
 * @self: (nullable): a function that travels along
 *
 * Frees @self, not the function, which is the machine's.
 */
void
baton_also_free (BatonAlso *self)
{
  if (self == NULL)
    return;

  g_free (self->address);
  g_free (self->identity);
  g_free (self);
}

/**
 * baton_also_list_new:
 *
 * Returns: (transfer full) (element-type BatonAlso): a list without any
 */
GPtrArray *
baton_also_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) baton_also_free);
}

static gboolean
names (GPtrArray *list, const char *address)
{
  for (guint i = 0; i < list->len; i++)
    if (g_str_equal (((const BatonAlso *) list->pdata[i])->address, address))
      return TRUE;

  return FALSE;
}

/* Takes @word apart. Returns: NULL, or what is wrong with it */
static char *
take_word (GPtrArray *list, char *word)
{
  char *equals = strchr (word, '=');

  if (equals != NULL)
    *equals = '\0';
  g_strstrip (word);
  if (!baton_pci_address_is_valid (word))
    return g_strdup (
        "each device is named by its full PCI address, such as 0000:05:00.0, better "
        "with its identity: 0000:05:00.0=8086:43ed:1028:0a5c");
  if (equals != NULL)
    g_strstrip (++equals);
  if (equals != NULL && !g_regex_match_simple (IDENTITY, equals, G_REGEX_DOLLAR_ENDONLY, 0))
    return g_strdup_printf ("after “%s=” come four numbers of four hexadecimal digits, such as "
                            "8086:43ed:1028:0a5c",
                            word);
  if (names (list, word))
    return g_strdup_printf ("“%s” is named twice", word);
  g_ptr_array_add (list, baton_also_new (word, equals));

  return NULL;
}

/**
 * baton_also_read_list:
 * @value: `ADDRESS` or `ADDRESS=IDENTITY`, with “;” between them and perhaps after the last, as in
 *   other key files
 * @ret_list: (inout) (element-type BatonAlso): what is named; untouched where there is a fault
 *
 * Returns: (transfer full) (nullable): a clause that says what is wrong with @value, for people
 */
char *
baton_also_read_list (const char *value, GPtrArray **ret_list)
{
  g_autoptr (GPtrArray) list = baton_also_list_new ();
  g_auto (GStrv) words = g_strsplit (value, ";", -1);
  guint n_words = g_strv_length (words);

  if (n_words > 1 && *g_strstrip (words[n_words - 1]) == '\0')
    n_words--;
  if (n_words == 0 || n_words > MAX_ALSO)
    return g_strdup_printf ("it must name 1 to %u devices, separated by “;”", MAX_ALSO);

  for (guint i = 0; i < n_words; i++)
    {
      char *fault = take_word (list, words[i]);

      if (fault != NULL)
        return fault;
    }
  g_clear_pointer (ret_list, g_ptr_array_unref);
  *ret_list = g_steal_pointer (&list);

  return NULL;
}

/**
 * baton_also_read_one:
 * @value: `ADDRESS` or `ADDRESS=IDENTITY`
 * @ret_also: (inout): what is named; untouched where there is a fault
 *
 * Returns: (transfer full) (nullable): a clause that says what is wrong with @value, for people
 */
char *
baton_also_read_one (const char *value, BatonAlso **ret_also)
{
  g_autoptr (GPtrArray) list = baton_also_list_new ();
  g_autofree char *word = g_strdup (value);
  char *fault = NULL;

  if (strchr (value, ';') != NULL)
    return g_strdup ("it must name one device, and no more");
  fault = take_word (list, word);
  if (fault != NULL)
    return fault;
  g_clear_pointer (ret_also, baton_also_free);
  *ret_also = g_ptr_array_steal_index (list, 0);

  return NULL;
}

/**
 * baton_also_list_to_text:
 * @list: (element-type BatonAlso) (nullable): what is named
 *
 * Returns: (transfer full): what baton_also_read_list() reads; empty where nothing is named
 */
char *
baton_also_list_to_text (GPtrArray *list)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const BatonAlso *also = list->pdata[i];

      g_string_append_printf (text, "%s%s", i > 0 ? ";" : "", also->address);
      if (also->identity != NULL)
        g_string_append_printf (text, "=%s", also->identity);
    }

  return g_string_free (text, FALSE);
}

/**
 * baton_also_build_name:
 * @card: a card's address
 *
 * Returns: (transfer full): the name of its note in %BATON_ALSO_DIRECTORY
 */
char *
baton_also_build_name (const char *card)
{
  return g_strconcat (card, SUFFIX, NULL);
}

static char *
read_note (BatonRoot *root, const char *card)
{
  g_autofree char *name = baton_also_build_name (card);
  g_autofree char *path = g_build_filename (BATON_ALSO_DIRECTORY, name, NULL);

  return baton_root_read_file (root, BATON_ROOT_RUN, path, MAX_BYTES, NULL, NULL);
}

/* How a card stood before it left. Only root reads it, and everybody sees whether it is there. */
static gboolean
has_record (BatonRoot *root, const char *card)
{
  g_autofree char *path = g_strconcat (BATON_ALSO_DIRECTORY "/", card, ".json", NULL);

  return baton_root_exists (root, BATON_ROOT_RUN, path);
}

/**
 * baton_also_load:
 * @root: where to look
 * @card: a card's address
 *
 * Reads what went with the card when it left, whatever its owner's settings have become. A restart
 * forgets it, rightly.
 *
 * Returns: (transfer full) (element-type BatonAlso) (nullable): what went along, perhaps nothing;
 *   %NULL where nobody knows of the card having left
 */
GPtrArray *
baton_also_load (BatonRoot *root, const char *card)
{
  g_autofree char *text = read_note (root, card);
  g_autoptr (JsonNode) node = text != NULL ? json_from_string (text, NULL) : NULL;
  g_autoptr (GPtrArray) list = NULL;
  JsonArray *array = NULL;

  if (text == NULL && !has_record (root, card))
    return NULL;
  list = baton_also_list_new ();
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    array = baton_json_get_array (json_node_get_object (node), LIST);
  for (guint i = 0; i < baton_json_count (array); i++)
    {
      JsonObject *object = baton_json_nth_object (array, i);
      const char *address = object != NULL ? baton_json_get_string (object, "address") : NULL;
      const char *identity = object != NULL ? baton_json_get_string (object, "identity") : NULL;

      if (baton_pci_address_is_valid (address) && identity != NULL)
        g_ptr_array_add (list, baton_also_new (address, identity));
    }

  return g_steal_pointer (&list);
}

/**
 * baton_also_list_to_json:
 * @list: (element-type BatonAlso): what goes along, each with its identity
 *
 * Returns: (transfer full): what baton_also_load() reads
 */
JsonNode *
baton_also_list_to_json (GPtrArray *list)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *all = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < list->len; i++)
    {
      const BatonAlso *also = list->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "address", also->address);
      json_object_set_string_member (object, "identity", also->identity);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (all, LIST, array);
  json_node_take_object (node, all);

  return node;
}
