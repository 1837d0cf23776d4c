/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-kept-off.h"

#include <string.h>

#include "baton-pci-address.h"

/* References used below:
 *  UDEV - udev(7): KERNELS, SUBSYSTEMS and ATTRS have to fit one and the same parent; TAG-= takes a
 *    tag away
 *  GROUP - systemd, src/udev/udev-rules.c: a GROUP that there is not is left out of the rule when it is
 *    read, with a line in the log; a node whose GROUP a rule names gets MODE 0660 or what the rule says
 *  SEAT - systemd, rules.d/71-seat.rules tags every drm/card*, its connectors among them, with seat
 *    and master-of-seat; 73-seat-late.rules has the rest take ID_SEAT from their parents
 *  LOGIND - systemd, src/login/logind.c, manager_process_seat_device(): a device of another seat than
 *    those there are makes that seat if it is tagged master-of-seat, and is ignored if not;
 *    src/udev/udev-builtin-uaccess.c: a node of a seat where nobody is gets an empty access list
 *  MUTTER - src/backends/meta-udev.c, meta_udev_is_drm_device(): what is not of its seat is skipped.
 *    For a screen's node the tag mutter-device-ignore adds nothing to that, and udev would remember it
 *    after it is gone: mutter asks for all tags that a device ever had. A node for drawing that
 *    appears, when a card is back, is tried as a second card (src/backends/native/
 *    meta-backend-native.c, on_udev_device_added(); “Failed to hotplug secondary gpu”, seen of 48),
 *    which never succeeds: that such a node is remembered as ignored takes nothing away
 *  KWIN - src/core/session.cpp and src/backends/drm/drm_backend.cpp: ID_SEAT is compared, and a card that
 *    is not known yet is opened for a “change” as well
 *  EARLY - linux, drivers/gpu/drm/drm_sysfs.c, drm_sysfs_hotplug_event() with a driver that hears of its
 *    screens before it has registered the card, as drivers/gpu/drm/virtio/virtgpu_kms.c,
 *    virtio_gpu_init(), does (seen of 6.1): the “change” comes from /card1, a device with no parents yet,
 *    and with the number of the one that is there a moment later
 *  WLROOTS - backend/session/session.c, find_gpus and handle_udev_event: ID_SEAT is compared
 *  XORG - config/udev.c, check_seat(): for cards found at the start and for those that are added. No
 *    section and no AutoAddGPU is needed beside it
 */

#define HEAD                                                                                    \
  "# Written by Baton: this computer’s desktop keeps off the cards that are named here.\n"    \
  "# Do not change it. “batonctl isolate CARD --undo” takes a card out, and the last one\n" \
  "# takes this file away.\n"

#define CARD "# card "
#define NVIDIA " nvidia"
#define PROGRAMS " programs"

/* In place of “video” and “render”, of which services are members, and some people. */
#define TO_THE_GROUP ", GROUP=\"" BATON_CARDS_GROUP "\", MODE=\"0660\""

#define TO_THE_SEAT "ENV{ID_SEAT}=\"" BATON_KEPT_OFF_SEAT "\""

/* Whose such a card is cannot be seen from where it is (EARLY): nobody opens it for that. The “add” that
 * follows says where it belongs, whosever it is. */
#define EARLY_CARD "SUBSYSTEM==\"drm\", DEVPATH==\"/card[0-9]*\", "

#define MAX_RULES_BYTES 65536

/**
 * baton_kept_off_new:
 *
 * Returns: (transfer full): a card that the desktop is kept off
 */
BatonKeptOff *
baton_kept_off_new (const char *address,
                    guint16 vendor_id,
                    guint16 device_id,
                    gboolean is_nvidia)
{
  BatonKeptOff *self = g_new0 (BatonKeptOff, 1);

  self->address = g_strdup (address);
  self->vendor_id = vendor_id;
  self->device_id = device_id;
  self->is_nvidia = is_nvidia;

  return self;
}

/**
 * baton_kept_off_new_for_card:
 * @card: a card of a machine that was looked at to plan: while a guest has the card, only the
 *   modules say whose driver it has else
 *
 * Returns: (transfer full): what @card is kept off as
 */
BatonKeptOff *
baton_kept_off_new_for_card (const BatonCard *card)
{
  const BatonFunction *display = card->display;
  gboolean is_nvidia = g_strcmp0 (display->driver, "nvidia") == 0 ||
                       (!baton_function_is_on_host (display) && display->modules != NULL &&
                        g_strcmp0 (display->modules[0], "nvidia") == 0);

  return baton_kept_off_new (display->address, display->vendor_id, display->device_id,
                             is_nvidia);
}

/**
 * baton_kept_off_free:
 * @self: (nullable): a card
 */
void
baton_kept_off_free (BatonKeptOff *self)
{
  if (self == NULL)
    return;

  g_free (self->address);
  g_free (self);
}

static int
compare_addresses (gconstpointer a, gconstpointer b)
{
  const BatonKeptOff *left = *(const BatonKeptOff *const *) a;
  const BatonKeptOff *right = *(const BatonKeptOff *const *) b;

  return baton_pci_address_compare (left->address, right->address);
}

static void
append_rule (GString *text, const char *match, const BatonKeptOff *card, const char *acts)
{
  g_string_append_printf (text,
                          "%s, KERNELS==\"%s\", SUBSYSTEMS==\"pci\", "
                          "ATTRS{vendor}==\"0x%04x\", ATTRS{device}==\"0x%04x\", %s\n",
                          match, card->address, card->vendor_id, card->device_id, acts);
}

/**
 * baton_kept_off_build_rules:
 * @cards: (element-type BatonKeptOff): cards, in any order
 *
 * Makes udev's rules that give these cards to a seat where nobody is: their nodes for the screen,
 * connectors, framebuffers and i2c buses. Every desktop leaves alone what is not of its seat (MUTTER,
 * KWIN, WLROOTS, XORG), and who sits at the screen loses the right to open them (LOGIND). A card that
 * another one's place has shifted to is not meant: vendor and device have to fit, too. What a card says
 * before the kernel tells where it is, is for nobody (EARLY).
 *
 * The nodes for drawing stay as they are, for who may open them, but mutter is told to ignore them when
 * they appear (MUTTER). Where programs are kept off, too, both kinds belong to the group
 * %BATON_CARDS_GROUP then, which nobody is a member of, and go to that seat as well. The tag “uaccess”
 * stays: it is by acting on it for a seat where nobody is that udev takes away what who sits at the
 * screen was allowed (LOGIND); without it, that would stay with a node that is there already.
 *
 * Returns: (transfer full): the file's text
 */
char *
baton_kept_off_build_rules (GPtrArray *cards)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_copy (cards, NULL, NULL);
  g_autoptr (GString) text = g_string_new (HEAD);
  gboolean any_programs = FALSE;

  g_ptr_array_set_free_func (sorted, NULL);
  g_ptr_array_sort (sorted, compare_addresses);
  for (guint i = 0; i < sorted->len; i++)
    {
      const BatonKeptOff *card = g_ptr_array_index (sorted, i);

      g_string_append_printf (text, CARD "%s %04x:%04x%s%s\n", card->address, card->vendor_id,
                              card->device_id, card->is_nvidia ? NVIDIA : "",
                              card->programs ? PROGRAMS : "");
      any_programs = any_programs || card->programs;
    }

  g_string_append (text, "\nACTION==\"remove\", GOTO=\"baton_kept_off_end\"\n");
  g_string_append_printf (text, "\n" EARLY_CARD TO_THE_SEAT ", TAG-=\"master-of-seat\"%s\n",
                          any_programs ? TO_THE_GROUP : "");
  for (guint i = 0; i < sorted->len; i++)
    {
      const BatonKeptOff *card = g_ptr_array_index (sorted, i);

      g_string_append_c (text, '\n');
      /* Without a master logind makes no seat of it, at which a display manager would ask for
       * somebody's password. */
      append_rule (text, "SUBSYSTEM==\"drm\", KERNEL==\"card[0-9]*\"", card,
                   card->programs ? TO_THE_SEAT ", TAG-=\"master-of-seat\"" TO_THE_GROUP
                                  : TO_THE_SEAT ", TAG-=\"master-of-seat\"");
      append_rule (text, "SUBSYSTEM==\"drm\", KERNEL==\"renderD[0-9]*\"", card,
                   card->programs ? TO_THE_SEAT TO_THE_GROUP : "TAG+=\"mutter-device-ignore\"");
      append_rule (text, "SUBSYSTEM==\"graphics\"", card,
                   TO_THE_SEAT ", TAG-=\"master-of-seat\"");
      append_rule (text, "SUBSYSTEM==\"i2c-dev\"", card, TO_THE_SEAT);
    }
  g_string_append (text, "\nLABEL=\"baton_kept_off_end\"\n");

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Four lower-case hexadecimal digits at the beginning of @text, and then @end. */
static gboolean
parse_id (const char *text, char end, guint16 *ret_id)
{
  guint id = 0;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (text[i]);

      if (digit < 0)
        return FALSE;
      id = id << 4 | (guint) digit;
    }
  if (text[4] != end && (text[4] != '\0' || end != ' '))
    return FALSE;
  *ret_id = (guint16) id;

  return TRUE;
}

/* @line: what follows the word “card”. Whether there is anything that does not belong there, shows
 * when the text is made again. */
static BatonKeptOff *
parse_card (const char *line)
{
  const char *space = strchr (line, ' ');
  g_autofree char *address = space != NULL ? g_strndup (line, (gsize) (space - line)) : NULL;
  guint16 vendor_id = 0;
  guint16 device_id = 0;
  BatonKeptOff *card = NULL;

  if (address == NULL || !baton_pci_address_is_valid (address) ||
      !parse_id (space + 1, ':', &vendor_id) || !parse_id (space + 6, ' ', &device_id))
    return NULL;

  card = baton_kept_off_new (address, vendor_id, device_id, strstr (space, NVIDIA) != NULL);
  card->programs = g_str_has_suffix (space, PROGRAMS);

  return card;
}

/**
 * baton_kept_off_parse_rules:
 * @text: what a file of that name holds
 *
 * Reads what baton_kept_off_build_rules() has made, to the byte: a file with a single character more
 * or less is somebody else's, who may mean anything by it.
 *
 * Returns: (transfer full) (element-type BatonKeptOff) (nullable): the cards by address; %NULL where
 *   Baton did not write @text
 */
GPtrArray *
baton_kept_off_parse_rules (const char *text)
{
  g_autoptr (GPtrArray) cards =
      g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);
  g_autofree char *again = NULL;
  const char *line = text;

  if (!g_str_has_prefix (text, HEAD))
    return NULL;

  for (line += strlen (HEAD); g_str_has_prefix (line, CARD) && cards->len < BATON_KEPT_OFF_MAX;)
    {
      const char *end = strchr (line, '\n');
      g_autofree char *rest =
          end != NULL ? g_strndup (line + strlen (CARD), (gsize) (end - line) - strlen (CARD))
                      : NULL;
      BatonKeptOff *card = rest != NULL ? parse_card (rest) : NULL;

      if (card == NULL)
        return NULL;
      g_ptr_array_add (cards, card);
      line = end + 1;
    }

  again = baton_kept_off_build_rules (cards);

  return cards->len > 0 && strcmp (again, text) == 0 ? g_steal_pointer (&cards) : NULL;
}

/**
 * baton_kept_off_read:
 * @root: where to look
 *
 * Returns: (transfer full) (element-type BatonKeptOff): the cards that Baton's own rules keep the
 *   desktop off; none where there are no such rules, or they are not by Baton
 */
GPtrArray *
baton_kept_off_read (BatonRoot *root)
{
  gsize length = 0;
  g_autofree char *text = baton_root_read_file (root, BATON_ROOT_ETC, BATON_KEPT_OFF_RULES,
                                                MAX_RULES_BYTES, &length, NULL);
  GPtrArray *cards =
      text != NULL && strlen (text) == length ? baton_kept_off_parse_rules (text) : NULL;

  return cards != NULL ? cards
                       : g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);
}

/**
 * baton_kept_off_find:
 * @cards: (element-type BatonKeptOff): cards
 * @display: a card's display function
 *
 * Returns: (transfer none) (nullable): that very card, where it is one of @cards
 */
const BatonKeptOff *
baton_kept_off_find (GPtrArray *cards, const BatonFunction *display)
{
  for (guint i = 0; i < cards->len; i++)
    {
      const BatonKeptOff *card = g_ptr_array_index (cards, i);

      if (strcmp (card->address, display->address) == 0 &&
          card->vendor_id == display->vendor_id && card->device_id == display->device_id)
        return card;
    }

  return NULL;
}

/**
 * baton_kept_off_find_obstacle:
 * @machine: a machine
 * @card: one of its cards
 *
 * A desktop needs a card, and the one that it begins on is the boot display's.
 *
 * Returns: what is in the way of keeping the desktop off @card
 */
BatonKeptOffObstacle
baton_kept_off_find_obstacle (BatonMachine *machine, const BatonCard *card)
{
  if (card->boot_display)
    return BATON_KEPT_OFF_BOOT_DISPLAY;

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *other = g_ptr_array_index (machine->cards, i);

      if (other != card && other->could_show_desktop && !other->kept_off)
        return BATON_KEPT_OFF_POSSIBLE;
    }

  return BATON_KEPT_OFF_NO_OTHER;
}
