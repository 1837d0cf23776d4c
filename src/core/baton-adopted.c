/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-adopted.h"

#include "baton-json.h"
#include "baton-pci-address.h"

#define PATH "lib/baton/" BATON_ADOPTED_FILE
#define MAX_BYTES (256 * 1024)

/**
 * baton_adopted_list_cards:
 * @root: where to look
 *
 * Returns: (transfer full): addresses of the cards whose setup was adopted, also where that was cut off
 *   half way, and can be put back
 */
GStrv
baton_adopted_list_cards (BatonRoot *root)
{
  g_autoptr (GStrvBuilder) cards = g_strv_builder_new ();
  g_autofree char *text =
      baton_root_read_file (root, BATON_ROOT_VAR, PATH, MAX_BYTES, NULL, NULL);
  g_autoptr (JsonNode) node = text != NULL ? json_from_string (text, NULL) : NULL;
  JsonArray *adoptions = NULL;

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    adoptions = baton_json_get_array (json_node_get_object (node), "adoptions");
  for (guint i = 0; i < baton_json_count (adoptions); i++)
    {
      const char *card = baton_json_get_string (baton_json_nth_object (adoptions, i), "card");

      if (card != NULL && baton_pci_address_is_valid (card))
        g_strv_builder_add (cards, card);
    }

  return g_strv_builder_end (cards);
}
