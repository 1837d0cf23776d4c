/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-stand-in.h"

#include "baton-json.h"
#include "baton-pci-address.h"

/* The note of which card was taken from vfio-pci to serve the desktop while another is away, and so is
 * to go back there with the other's return. */

/* Everybody may read it: who asks without rights for the way back is shown the same steps. */
#define SUFFIX ".stand-in.json"
#define MAX_BYTES 4096

/**
 * baton_stand_in_build_name:
 * @card: address of the card that is away
 *
 * Returns: (transfer full): the name of its note in %BATON_STAND_IN_DIRECTORY
 */
char *
baton_stand_in_build_name (const char *card)
{
  return g_strconcat (card, SUFFIX, NULL);
}

/**
 * baton_stand_in_load:
 * @root: where to look
 * @card: address of the card that is away
 *
 * Reads which card Baton has taken from vfio-pci to stand in, whatever the owner's settings have become.
 * A restart forgets it, rightly.
 *
 * Returns: (transfer full) (nullable): that card, with its identity; %NULL where none was taken
 */
BatonAlso *
baton_stand_in_load (BatonRoot *root, const char *card)
{
  g_autofree char *name = baton_stand_in_build_name (card);
  g_autofree char *path = g_build_filename (BATON_STAND_IN_DIRECTORY, name, NULL);
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_RUN, path, MAX_BYTES, NULL, NULL);
  g_autoptr (JsonNode) node = text != NULL ? json_from_string (text, NULL) : NULL;
  const char *address = NULL;
  const char *identity = NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  address = baton_json_get_string (json_node_get_object (node), "address");
  identity = baton_json_get_string (json_node_get_object (node), "identity");

  return baton_pci_address_is_valid (address) && identity != NULL
             ? baton_also_new (address, identity)
             : NULL;
}

/**
 * baton_stand_in_to_json:
 * @stand_in: a card, with its identity
 *
 * Returns: (transfer full): what baton_stand_in_load() reads
 */
JsonNode *
baton_stand_in_to_json (const BatonAlso *stand_in)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "address", stand_in->address);
  json_object_set_string_member (object, "identity", stand_in->identity);
  json_node_take_object (node, object);

  return node;
}
