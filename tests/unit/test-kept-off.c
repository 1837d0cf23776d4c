/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-kept-off-environment.h"
#include "baton-kept-off-group.h"

#include <string.h>

#include "mock-machine.h"

#define DESKTOP "0000:00:02.0"
#define CARD "0000:01:00.0"
#define OTHER "10000:e1:00.0"
/* What the kernel tells of a card before it has told where it is. */
#define EARLY "DEVPATH==\"/card[0-9]*\""
#define RULES "etc/" BATON_KEPT_OFF_RULES

static GPtrArray *
new_list (BatonKeptOff *first, BatonKeptOff *second)
{
  GPtrArray *cards = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_kept_off_free);

  g_ptr_array_add (cards, first);
  if (second != NULL)
    g_ptr_array_add (cards, second);

  return cards;
}

static char *
build_two (void)
{
  g_autoptr (GPtrArray) cards = new_list (baton_kept_off_new (OTHER, 0x10de, 0x2684, TRUE),
                                          baton_kept_off_new (CARD, 0x1002, 0x73bf, FALSE));

  return baton_kept_off_build_rules (cards);
}

/* Every act is bound to one parent that has the address, the vendor and the device. */
static void
test_each_rule_names_the_card (void)
{
  g_autofree char *text = build_two ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n_acts = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (strstr (lines[i], "SUBSYSTEM==") == NULL || strstr (lines[i], EARLY) != NULL)
        continue;
      n_acts++;
      g_assert_nonnull (strstr (lines[i], "SUBSYSTEMS==\"pci\""));
      g_assert_true (strstr (lines[i], "KERNELS==\"0000:01:00.0\", SUBSYSTEMS==\"pci\", "
                                       "ATTRS{vendor}==\"0x1002\", "
                                       "ATTRS{device}==\"0x73bf\"") != NULL ||
                     strstr (lines[i], "KERNELS==\"10000:e1:00.0\", SUBSYSTEMS==\"pci\", "
                                       "ATTRS{vendor}==\"0x10de\", "
                                       "ATTRS{device}==\"0x2684\"") != NULL);
      /* Who may draw is not touched: mutter alone is told to leave the node when it appears. */
      if (strstr (lines[i], "renderD") != NULL)
        {
          g_assert_true (g_str_has_suffix (lines[i], "\", TAG+=\"mutter-device-ignore\""));
          g_assert_null (strstr (lines[i], "ID_SEAT"));
          continue;
        }
      g_assert_nonnull (strstr (lines[i], "ENV{ID_SEAT}=\"seat-baton\""));
      /* A seat with a master would be one that somebody is asked to log in at. */
      g_assert_true (strstr (lines[i], "i2c-dev") != NULL ||
                     strstr (lines[i], "TAG-=\"master-of-seat\"") != NULL);
    }
  g_assert_cmpuint (n_acts, ==, 8);
}

/* KWin opens a card of its seat for a “change” as well, and this one's place is not known then. */
static void
test_a_card_that_is_nowhere_yet_is_nobodys (void)
{
  g_autoptr (GPtrArray) cards =
      new_list (baton_kept_off_new (CARD, 0x1002, 0x73bf, FALSE), NULL);
  BatonKeptOff *card = g_ptr_array_index (cards, 0);
  g_autofree char *desktop = baton_kept_off_build_rules (cards);
  g_autofree char *programs = NULL;

  card->programs = TRUE;
  programs = baton_kept_off_build_rules (cards);

  g_assert_nonnull (strstr (desktop,
                            "\nSUBSYSTEM==\"drm\", " EARLY ", ENV{ID_SEAT}=\"seat-baton\", "
                            "TAG-=\"master-of-seat\"\n"));
  g_assert_nonnull (strstr (programs,
                            EARLY ", ENV{ID_SEAT}=\"seat-baton\", TAG-=\"master-of-seat\", "
                                  "GROUP=\"" BATON_CARDS_GROUP "\", MODE=\"0660\"\n"));
}

static void
test_what_was_written_is_read (void)
{
  g_autofree char *text = build_two ();
  g_autoptr (GPtrArray) cards = baton_kept_off_parse_rules (text);
  const BatonKeptOff *card = NULL;

  g_assert_nonnull (cards);
  g_assert_cmpuint (cards->len, ==, 2);
  card = g_ptr_array_index (cards, 0);
  g_assert_cmpstr (card->address, ==, CARD);
  g_assert_cmphex (card->vendor_id, ==, 0x1002);
  g_assert_cmphex (card->device_id, ==, 0x73bf);
  g_assert_false (card->is_nvidia);
  card = g_ptr_array_index (cards, 1);
  g_assert_cmpstr (card->address, ==, OTHER);
  g_assert_true (card->is_nvidia);
}

/* Nodes of both kinds are the group's, and go to the seat, where udev acts on who may open them. */
static void
test_programs_are_kept_off_by_a_group (void)
{
  g_autoptr (GPtrArray) cards = new_list (baton_kept_off_new (OTHER, 0x10de, 0x2684, TRUE),
                                          baton_kept_off_new (CARD, 0x1002, 0x73bf, FALSE));
  BatonKeptOff *card = g_ptr_array_index (cards, 0);
  g_autoptr (GPtrArray) read = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n_nodes = 0;

  card->programs = TRUE;
  text = baton_kept_off_build_rules (cards);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (strstr (lines[i], "GROUP=") == NULL || strstr (lines[i], EARLY) != NULL)
        continue;
      n_nodes++;
      g_assert_nonnull (strstr (lines[i], "SUBSYSTEM==\"drm\""));
      g_assert_nonnull (strstr (lines[i], "KERNELS==\"" OTHER "\", SUBSYSTEMS==\"pci\""));
      g_assert_nonnull (strstr (lines[i], "ENV{ID_SEAT}=\"seat-baton\""));
      g_assert_true (
          g_str_has_suffix (lines[i], ", GROUP=\"" BATON_CARDS_GROUP "\", MODE=\"0660\""));
    }
  g_assert_cmpuint (n_nodes, ==, 2);

  read = baton_kept_off_parse_rules (text);
  g_assert_nonnull (read);
  card = g_ptr_array_index (read, 0);
  g_assert_false (card->programs);
  card = g_ptr_array_index (read, 1);
  g_assert_true (card->programs && card->is_nvidia);
}

/* Only one of the system's: what is written there else would give the card to people. */
static void
test_the_group_is_the_systems (void)
{
  static const struct
  {
    const char *text;
    gid_t gid;
  } rows[] = {
    { "root:x:0:\n" BATON_CARDS_GROUP ":x:991:\n", 991 },
    { BATON_CARDS_GROUP ":x:1:somebody", 1 },
    { "", 0 },
    { BATON_CARDS_GROUP "x:x:991:\n", 0 },
    { "x" BATON_CARDS_GROUP ":x:991:\n", 0 },
    { BATON_CARDS_GROUP ":x:1000:\n", 0 },
    { BATON_CARDS_GROUP ":x:0:\n", 0 },
    { BATON_CARDS_GROUP ":x:-1:\n", 0 },
    { BATON_CARDS_GROUP ":x:991\n", 0 },
    { BATON_CARDS_GROUP ":x:99 1:\n", 0 },
    { BATON_CARDS_GROUP ":x::\n", 0 },
  };
  g_autoptr (MockMachine) mock = mock_machine_new ();
  gid_t gid = 77;

  g_assert_false (baton_kept_off_find_group (mock_machine_get_root (mock), &gid));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].text);
      gid = 77;
      mock_machine_write (mock, "etc/group", rows[i].text);
      g_assert_cmpint (baton_kept_off_find_group (mock_machine_get_root (mock), &gid), ==,
                       rows[i].gid != 0);
      g_assert_cmpuint (gid, ==, rows[i].gid != 0 ? rows[i].gid : 77);
    }
}

/* The order in which cards were kept off makes no other file. */
static void
test_order_does_not_matter (void)
{
  g_autofree char *text = build_two ();
  g_autoptr (GPtrArray) cards = new_list (baton_kept_off_new (CARD, 0x1002, 0x73bf, FALSE),
                                          baton_kept_off_new (OTHER, 0x10de, 0x2684, TRUE));
  g_autofree char *other = baton_kept_off_build_rules (cards);

  g_assert_cmpstr (text, ==, other);
}

/* Any byte added, taken away or changed, and it is not by Baton. */
static void
test_anything_else_is_not_by_baton (void)
{
  static const char *const texts[] = {
    "",
    "# mine\n",
    "# card 0000:01:00.0 1002:73bf\n",
    "SUBSYSTEM==\"drm\", KERNELS==\"0000:01:00.0\", ENV{ID_SEAT}=\"seat-baton\"\n",
  };
  g_autofree char *text = build_two ();
  gsize length = strlen (text);
  g_autofree char *longer = g_strconcat (text, "\n", NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autofree char *empty = baton_kept_off_build_rules (none);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_null (baton_kept_off_parse_rules (texts[i]));
  g_assert_null (baton_kept_off_parse_rules (longer));
  g_assert_null (baton_kept_off_parse_rules (empty));

  for (gsize i = 0; i < length; i++)
    {
      g_autofree char *cut = g_strndup (text, i);
      g_autofree char *less = g_strconcat (cut, text + i + 1, NULL);
      g_autofree char *other = g_strdup (text);
      g_autoptr (GPtrArray) cards = NULL;

      g_assert_null (baton_kept_off_parse_rules (cut));
      /* Of two equal characters either may be gone. */
      g_assert_null (baton_kept_off_parse_rules (less));
      other[i] = other[i] == 'x' ? 'y' : 'x';
      cards = baton_kept_off_parse_rules (other);
      g_assert_null (cards);
    }
}

static void
assert_kept_off (MockMachine *mock, const char *address, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) shown =
      baton_machine_new_to_show (mock_machine_get_root (mock), &error);
  g_autoptr (BatonMachine) planned = mock_machine_look (mock);

  g_assert_no_error (error);
  g_assert_cmpint (baton_machine_find_card (shown, address)->kept_off, ==, expected);
  g_assert_cmpint (baton_machine_find_card (planned, address)->kept_off, ==, expected);
}

static char *
build_for (MockMachine *mock, const char *address)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  BatonCard *card = baton_machine_find_card (machine, address);
  g_autoptr (GPtrArray) cards = new_list (baton_kept_off_new_for_card (card), NULL);

  return baton_kept_off_build_rules (cards);
}

/* Another card that a shifted bus has brought to the address is not the one that was meant. */
static void
test_another_card_there_is_not_meant (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autofree char *text = NULL;

  mock_machine_add_gpu (mock, DESKTOP, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  assert_kept_off (mock, CARD, FALSE);
  text = build_for (mock, CARD);
  mock_machine_write (mock, RULES, text);
  assert_kept_off (mock, CARD, TRUE);
  assert_kept_off (mock, DESKTOP, FALSE);
  mock_machine_move_gpu_to_guest (mock, CARD);
  assert_kept_off (mock, CARD, TRUE);
  mock_machine_set_attribute (mock, CARD, "device", "0x9999");
  assert_kept_off (mock, CARD, FALSE);
}

static void
test_a_desktop_needs_a_card (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) both = NULL;
  g_autoptr (BatonMachine) parked = NULL;
  g_autofree char *text = NULL;

  mock_machine_add_gpu (mock, DESKTOP, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  both = mock_machine_look (mock);
  g_assert_cmpint (baton_kept_off_find_obstacle (both, baton_machine_find_card (both, DESKTOP)),
                   ==, BATON_KEPT_OFF_BOOT_DISPLAY);
  g_assert_cmpint (baton_kept_off_find_obstacle (both, baton_machine_find_card (both, CARD)),
                   ==, BATON_KEPT_OFF_POSSIBLE);

  mock_machine_move_gpu_to_guest (mock, DESKTOP);
  parked = mock_machine_look (mock);
  g_assert_cmpint (
      baton_kept_off_find_obstacle (parked, baton_machine_find_card (parked, CARD)), ==,
      BATON_KEPT_OFF_NO_OTHER);
}

/* One that is kept off shows no desktop either. */
static void
test_not_off_every_card (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (BatonMachine) machine = NULL;
  g_autofree char *text = NULL;

  mock_machine_add_gpu (mock, DESKTOP, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  mock_machine_add_gpu (mock, "0000:02:00.0", "3");
  mock_machine_move_gpu_to_guest (mock, DESKTOP);
  text = build_for (mock, CARD);
  mock_machine_write (mock, RULES, text);
  machine = mock_machine_look (mock);
  g_assert_cmpint (
      baton_kept_off_find_obstacle (machine, baton_machine_find_card (machine, "0000:02:00.0")),
      ==, BATON_KEPT_OFF_NO_OTHER);
}

static GPtrArray *
list_kept_off (BatonMachine *machine, const char *address)
{
  return new_list (baton_kept_off_new_for_card (baton_machine_find_card (machine, address)),
                   NULL);
}

/* NVIDIA's libraries ask nobody for a seat; but of two of its cards they open both or none. */
static void
test_environment_for_nvidia_alone (void)
{
  static const struct
  {
    const char *name;
    const char *desktop;
    const char *card;
    gboolean needs;
  } rows[] = {
    { "NVIDIA's beside another", "i915", "nvidia", TRUE },
    { "NVIDIA's beside one of nouveau's", "nouveau", "nvidia", TRUE },
    { "two of NVIDIA's", "nvidia", "nvidia", FALSE },
    { "nouveau's", "i915", "nouveau", FALSE },
    { "another beside NVIDIA's", "nvidia", "amdgpu", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = mock_machine_new ();
      g_autoptr (BatonMachine) machine = NULL;
      g_autoptr (GPtrArray) cards = NULL;

      g_test_message ("%s", rows[i].name);
      mock_machine_add_gpu (mock, DESKTOP, "1");
      mock_machine_add_gpu (mock, CARD, "2");
      mock_machine_set_driver (mock, DESKTOP, rows[i].desktop);
      mock_machine_set_driver (mock, CARD, rows[i].card);
      machine = mock_machine_look (mock);
      cards = list_kept_off (machine, CARD);
      g_assert_cmpint (baton_kept_off_needs_environment (machine, cards), ==, rows[i].needs);
    }
}

static void
test_environment_is_plain (void)
{
  g_autoptr (MockMachine) mock = mock_machine_new ();
  BatonRoot *root = mock_machine_get_root (mock);
  g_autofree char *without = baton_kept_off_build_environment (root);
  g_autofree char *environment = NULL;
  g_autofree char *profile = NULL;
  g_autofree char *hostile = NULL;

  g_assert_null (strstr (without, "EGL"));
  mock_machine_write (mock, "usr/share/glvnd/egl_vendor.d/10_nvidia.json", "{}");
  mock_machine_write (mock, "usr/share/glvnd/egl_vendor.d/50_mesa.json", "{}");
  environment = baton_kept_off_build_environment (root);
  profile = baton_kept_off_build_profile (root);
  g_assert_true (g_str_has_suffix (
      environment,
      "\n__EGL_VENDOR_LIBRARY_FILENAMES=/usr/share/glvnd/egl_vendor.d/50_mesa.json\n"
      "__GLX_VENDOR_LIBRARY_NAME=mesa\nVK_LOADER_DRIVERS_DISABLE=*nvidia*\n"));
  g_assert_true (g_str_has_suffix (
      profile,
      "\nexport __EGL_VENDOR_LIBRARY_FILENAMES='/usr/share/glvnd/egl_vendor.d/50_mesa.json'\n"
      "export __GLX_VENDOR_LIBRARY_NAME='mesa'\n"
      "export VK_LOADER_DRIVERS_DISABLE='*nvidia*'\n"));

  /* What a shell would take for something else is named to none. */
  mock_machine_write (mock, "etc/glvnd/egl_vendor.d/00_mesa';reboot'.json", "{}");
  hostile = baton_kept_off_build_profile (root);
  g_assert_null (strstr (hostile, "reboot"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/kept-off/each-rule-names-the-card", test_each_rule_names_the_card);
  g_test_add_func ("/core/kept-off/a-card-that-is-nowhere-yet-is-nobodys",
                   test_a_card_that_is_nowhere_yet_is_nobodys);
  g_test_add_func ("/core/kept-off/what-was-written-is-read", test_what_was_written_is_read);
  g_test_add_func ("/core/kept-off/programs-are-kept-off-by-a-group",
                   test_programs_are_kept_off_by_a_group);
  g_test_add_func ("/core/kept-off/the-group-is-the-systems", test_the_group_is_the_systems);
  g_test_add_func ("/core/kept-off/order-does-not-matter", test_order_does_not_matter);
  g_test_add_func ("/core/kept-off/anything-else-is-not-by-baton",
                   test_anything_else_is_not_by_baton);
  g_test_add_func ("/core/kept-off/another-card-there-is-not-meant",
                   test_another_card_there_is_not_meant);
  g_test_add_func ("/core/kept-off/a-desktop-needs-a-card", test_a_desktop_needs_a_card);
  g_test_add_func ("/core/kept-off/not-off-every-card", test_not_off_every_card);
  g_test_add_func ("/core/kept-off/environment-for-nvidia-alone",
                   test_environment_for_nvidia_alone);
  g_test_add_func ("/core/kept-off/environment-is-plain", test_environment_is_plain);

  return g_test_run ();
}
