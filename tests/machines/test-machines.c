/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "baton-plan.h"

typedef enum
{
  FITS,      /* nothing about the machine stands in the way */
  SHARES,    /* its group has devices that the computer uses */
  UNDECIDED, /* nobody can say: no IOMMU groups */
} Verdict;

/* What a person who knows these machines says of each card. Lists are addresses, a blank
 * between them. */
typedef struct
{
  const char *card;
  const char *name;
  const char *companions;
  const char *bridges;
  const char *foreign;
  const char *group;
  Verdict verdict;
} Conclusion;

typedef struct
{
  const char *machine;
  const char *iommu_kind;
  guint n_functions;
  const char *acs_override;
  Conclusion cards[3];
} Machine;

static const Machine machines[] = {
  { "intel-b85-gtx970-conventional-pci-bridge",
    "intel",
    19,
    NULL,
    { { "0000:01:00.0", "NVIDIA Corporation GM204 [GeForce GTX 970]", "0000:01:00.1",
        "0000:00:01.0", "", "1", FITS },
      /* Its sound function is another device, in a group of its own. */
      { "0000:00:02.0",
        "Intel Corporation Xeon E3-1200 v3/4th Gen Core Processor Integrated Graphics "
        "Controller",
        "", "", "", "2", FITS } } },
  { "intel-z370-rtx2080ti-rtx2060-no-acs",
    "intel",
    32,
    NULL,
    { { "0000:01:00.0", "NVIDIA Corporation TU102 [GeForce RTX 2080 Ti]",
        "0000:01:00.1 0000:01:00.2 0000:01:00.3", "0000:00:01.0 0000:00:01.1",
        "0000:02:00.0 0000:02:00.1 0000:02:00.2 0000:02:00.3", "1", SHARES },
      /* The other card's UCSI controller has no driver in the listing: in nobody's way. */
      { "0000:02:00.0", "NVIDIA Corporation TU106 [GeForce RTX 2060 Rev. A]",
        "0000:02:00.1 0000:02:00.2 0000:02:00.3", "0000:00:01.0 0000:00:01.1",
        "0000:01:00.0 0000:01:00.1 0000:01:00.2", "1", SHARES } } },
  { "intel-z370-rtx2080ti-rtx2060-acs-override",
    "intel",
    8,
    "downstream",
    { { "0000:01:00.0", "NVIDIA Corporation TU102 [GeForce RTX 2080 Ti]",
        "0000:01:00.1 0000:01:00.2 0000:01:00.3", "", "", "15", FITS },
      { "0000:02:00.0", "NVIDIA Corporation TU106 [GeForce RTX 2060 Rev. A]",
        "0000:02:00.1 0000:02:00.2 0000:02:00.3", "", "", "16", FITS } } },
  { "ryzen-x370-two-identical-rx580",
    "amd",
    44,
    NULL,
    { { "0000:26:00.0",
        "Advanced Micro Devices, Inc. [AMD/ATI] "
        "Ellesmere [Radeon RX 470/480/570/570X/580/580X]",
        "0000:26:00.1", "", "", "16", FITS },
      { "0000:27:00.0",
        "Advanced Micro Devices, Inc. [AMD/ATI] "
        "Ellesmere [Radeon RX 470/480/570/570X/580/580X]",
        "0000:27:00.1", "", "", "17", FITS } } },
  { "ryzen-b450-mortar-max-hd7450-in-chipset-group",
    "amd",
    41,
    NULL,
    { { "0000:25:00.0", "Advanced Micro Devices, Inc. [AMD/ATI] Caicos PRO [Radeon HD 7450]",
        "0000:25:00.1", "0000:03:00.2 0000:20:00.0 0000:20:01.0 0000:20:04.0",
        "0000:03:00.0 0000:03:00.1 0000:22:00.0", "11", SHARES },
      { "0000:26:00.0", "NVIDIA Corporation GM206 [GeForce GTX 960]", "0000:26:00.1", "", "",
        "12", FITS } } },
  { "ryzen-b550-mortar-gt710-chipset-rtx2070s",
    "amd",
    38,
    NULL,
    { { "0000:04:00.0", "NVIDIA Corporation GK208B [GeForce GT 710]", "0000:04:00.1",
        "0000:02:00.2 0000:03:00.0 0000:03:09.0", "0000:02:00.0 0000:02:00.1 0000:2a:00.0",
        "13", SHARES },
      { "0000:2b:00.0", "NVIDIA Corporation TU104 [GeForce RTX 2070 SUPER]",
        "0000:2b:00.1 0000:2b:00.2 0000:2b:00.3", "", "", "14", FITS } } },
  { "laptop-cezanne-apu-group",
    "amd",
    6,
    NULL,
    { { "0000:04:00.0", "Advanced Micro Devices, Inc. [AMD/ATI] Cezanne", "0000:04:00.1",
        "0000:00:08.0 0000:00:08.1", "0000:04:00.2 0000:04:00.3", "5", SHARES } } },
  { "laptop-mx150-optimus-3d-controller-pch-group",
    "intel",
    21,
    NULL,
    { { "0000:01:00.0", "NVIDIA Corporation GP108 [GeForce MX150]", "",
        "0000:00:1c.0 0000:00:1c.4 0000:00:1c.6 0000:00:1c.7", "0000:3b:00.0 0000:3c:00.0", "7",
        SHARES },
      { "0000:00:02.0", "Intel Corporation Device 5917", "", "", "", "1", FITS } } },
  { "laptop-gtx1060m-single-vga-function",
    "intel",
    17,
    NULL,
    { { "0000:01:00.0", "NVIDIA Corporation GP106M [GeForce GTX 1060 Mobile]", "",
        "0000:00:01.0", "", "1", FITS },
      { "0000:00:02.0", "Intel Corporation UHD Graphics 630 (Mobile)", "", "", "", "2",
        FITS } } },
  { "egpu-t480-gtx1060-thunderbolt3",
    "intel",
    28,
    NULL,
    /* The enclosure's switch is not the card's, so its USB controller does not travel. */
    { { "0000:09:00.0", "NVIDIA Corporation GP106 [GeForce GTX 1060 3GB]", "0000:09:00.1",
        "0000:05:01.0 0000:07:00.0 0000:08:01.0 0000:08:04.0", "0000:0a:00.0", "14", SHARES },
      { "0000:00:02.0", "Intel Corporation UHD Graphics 620", "", "", "", "1", FITS } } },
  { "laptop-arc-a370m-vmd-domain-no-groups",
    NULL,
    31,
    NULL,
    { { "0000:03:00.0", "Intel Corporation DG2 [Arc A370M]", "", "", "", NULL, UNDECIDED },
      { "0000:00:02.0", "Intel Corporation Raptor Lake-P [Iris Xe Graphics]", "", "", "", NULL,
        UNDECIDED } } },
  { "fx-990fx-no-iommu-groups", NULL, 10, NULL, { { NULL } } },
  { "intel-gtx1080-gtx1070-gnome-holds-second",
    "other",
    4,
    NULL,
    { { "0000:01:00.0", "NVIDIA Corporation GP104 [GeForce GTX 1080]", "0000:01:00.1", "", "",
        "35", FITS },
      { "0000:02:00.0", "NVIDIA Corporation GP104 [GeForce GTX 1070]", "0000:02:00.1", "", "",
        "34", FITS } } },
};

static char *make_tree;
static char *listings;

static int
remove_one (const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
  return remove (path);
}

static void
free_tree (char *tree)
{
  nftw (tree, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_free (tree);
}

typedef char Tree;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Tree, free_tree)

static char *
build_tree (const char *machine)
{
  g_autofree char *name = g_strconcat (machine, ".txt", NULL);
  g_autofree char *listing = g_build_filename (listings, name, NULL);
  char *tree = g_dir_make_tmp ("baton-machine-XXXXXX", NULL);
  const char *argv[] = { make_tree, listing, tree, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));

  return tree;
}

static void
append_word (GString *text, const char *word)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", word);
}

static GPtrArray *
list_no_holders (BatonMachine *machine)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) baton_holders_unref);

  for (guint i = 0; i < machine->cards->len; i++)
    {
      const BatonCard *card = g_ptr_array_index (machine->cards, i);
      BatonHolders *holders = g_new0 (BatonHolders, 1);

      g_atomic_ref_count_init (&holders->ref_count);
      holders->card = g_strdup (baton_card_get_address (card));
      holders->complete = TRUE;
      holders->holders = g_ptr_array_new ();
      holders->modules = g_ptr_array_new ();
      g_ptr_array_add (all, holders);
    }

  return all;
}

static BatonRequest *
new_request (const char *card)
{
  BatonRequest *request = baton_request_new ();

  g_strfreev (request->cards);
  request->cards = g_strdupv ((char *[]){ (char *) card, NULL });
  request->to = BATON_SIDE_GUEST;

  return request;
}

static BatonPlan *
plan_to_guest (BatonMachine *machine, const char *card)
{
  g_autoptr (GPtrArray) holders = list_no_holders (machine);
  g_autoptr (BatonProfile) profile = baton_profile_new_default (card);
  g_autoptr (BatonRequest) request = new_request (card);

  return baton_plan_new (machine, holders, profile, request);
}

static char *
join_subjects (BatonPlan *plan, BatonCode code)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < plan->findings->len; i++)
    {
      const BatonFinding *finding = g_ptr_array_index (plan->findings, i);

      if (finding->code == code)
        append_word (text, g_hash_table_lookup (finding->args, "address"));
    }

  return g_string_free (text, FALSE);
}

static void
check_what_travels (const BatonCard *card, const Conclusion *conclusion)
{
  g_autoptr (GString) companions = g_string_new (NULL);
  g_autoptr (GString) bridges = g_string_new (NULL);

  for (guint i = 1; i < card->functions->len; i++)
    append_word (companions,
                 ((BatonFunction *) g_ptr_array_index (card->functions, i))->address);
  for (guint i = 0; i < card->members->len; i++)
    {
      const BatonMember *member = g_ptr_array_index (card->members, i);

      if (member->function->is_bridge)
        {
          g_assert_false (member->travels);
          append_word (bridges, member->function->address);
        }
    }

  g_assert_cmpstr (companions->str, ==, conclusion->companions);
  g_assert_cmpstr (bridges->str, ==, conclusion->bridges);
}

static gboolean
is_about_groups (BatonCode code)
{
  return code == BATON_CODE_FOREIGN_IN_GROUP || code == BATON_CODE_NO_GROUP ||
         code == BATON_CODE_IOMMU_OFF_UNKNOWN || code == BATON_CODE_IOMMU_OFF_NOT_ENABLED ||
         code == BATON_CODE_IOMMU_OFF_FIRMWARE || code == BATON_CODE_IOMMU_OFF_COMMAND_LINE;
}

static void
check_verdict (BatonMachine *machine, const Conclusion *conclusion)
{
  g_autoptr (BatonPlan) plan = plan_to_guest (machine, conclusion->card);
  g_autofree char *foreign = join_subjects (plan, BATON_CODE_FOREIGN_IN_GROUP);
  guint n_about_groups = 0;

  for (guint i = 0; i < plan->findings->len; i++)
    {
      const BatonFinding *finding = g_ptr_array_index (plan->findings, i);
      g_autofree char *text = baton_finding_dup_text (finding);

      g_test_message ("  %s", text);
      n_about_groups += is_about_groups (finding->code) ? 1 : 0;
    }

  g_assert_cmpstr (foreign, ==, conclusion->foreign);
  switch (conclusion->verdict)
    {
    case FITS:
      g_assert_cmpuint (n_about_groups, ==, 0);
      break;
    case SHARES:
      g_assert_true (baton_plan_is_blocked (plan));
      g_assert_cmpuint (plan->steps->len, ==, 0);
      break;
    case UNDECIDED:
      /* Not "isolated", and not "shares": there is no information. */
      g_assert_nonnull (baton_plan_find (plan, BATON_CODE_IOMMU_OFF_UNKNOWN));
      g_assert_true (baton_plan_is_blocked (plan));
      break;
    default:
      g_assert_not_reached ();
    }
}

static BatonMachine *
look_at (const char *tree)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_for_directory (tree, &error);
  BatonMachine *machine;

  g_assert_no_error (error);
  machine = baton_machine_new (root, &error);
  g_assert_no_error (error);

  return machine;
}

static void
test_conclusions (gconstpointer data)
{
  const Machine *row = data;
  g_autoptr (Tree) tree = build_tree (row->machine);
  g_autoptr (BatonMachine) machine = look_at (tree);
  guint n_cards = 0;

  g_assert_cmpuint (machine->functions->len, ==, row->n_functions);
  g_assert_cmpint (machine->iommu_enabled, ==, row->iommu_kind != NULL);
  g_assert_cmpstr (machine->iommu_kind, ==, row->iommu_kind);
  g_assert_cmpstr (machine->iommu_reason, ==, row->iommu_kind != NULL ? NULL : "unknown");
  g_assert_cmpstr (machine->system->acs_override, ==, row->acs_override);

  for (guint i = 0; i < G_N_ELEMENTS (row->cards) && row->cards[i].card != NULL; i++)
    {
      const Conclusion *conclusion = &row->cards[i];
      const BatonCard *card = baton_machine_find_card (machine, conclusion->card);

      g_test_message ("%s", conclusion->card);
      g_assert_nonnull (card);
      g_assert_cmpstr (baton_card_get_name (card), ==, conclusion->name);
      g_assert_cmpstr (card->display->group, ==, conclusion->group);
      check_what_travels (card, conclusion);
      check_verdict (machine, conclusion);
      n_cards++;
    }
  g_assert_cmpuint (machine->cards->len, ==, n_cards);
}

static void
test_star_is_no_group (void)
{
  g_autoptr (Tree) tree = build_tree ("fx-990fx-no-iommu-groups");
  g_autoptr (BatonMachine) machine = look_at (tree);

  g_assert_cmpuint (machine->groups->len, ==, 0);
  g_assert_nonnull (baton_machine_find_function (machine, "0000:00:00.0"));
}

static void
test_long_domain_is_read (void)
{
  g_autoptr (Tree) tree = build_tree ("laptop-arc-a370m-vmd-domain-no-groups");
  g_autoptr (BatonMachine) machine = look_at (tree);
  const BatonFunction *last;

  g_assert_nonnull (baton_machine_find_function (machine, "10000:e0:06.0"));
  last = g_ptr_array_index (machine->functions, machine->functions->len - 1);
  g_assert_cmpstr (last->address, ==, "10000:e1:00.0");
}

static void
test_cut_line_is_a_device (void)
{
  g_autoptr (Tree) tree = build_tree ("ryzen-b450-mortar-max-hd7450-in-chipset-group");
  g_autoptr (BatonMachine) machine = look_at (tree);
  const BatonFunction *cut = baton_machine_find_function (machine, "0000:25:00.1");

  g_assert_nonnull (cut);
  g_assert_cmpuint (cut->vendor_id, ==, 0x1002);
  g_assert_cmpuint (cut->device_id, ==, 0);
  g_assert_true (baton_function_is_sound (cut));
}

static void
test_twin_is_left_alone (void)
{
  g_autoptr (Tree) tree = build_tree ("ryzen-x370-two-identical-rx580");
  g_autoptr (BatonMachine) machine = look_at (tree);
  g_autoptr (BatonPlan) plan = plan_to_guest (machine, "0000:26:00.0");

  /* A Polaris: nothing but its owner's consent is wanting. */
  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_RESET_BUG));
  g_assert_cmpuint (plan->steps->len, >, 0);
  for (guint i = 0; i < plan->steps->len; i++)
    {
      g_autofree char *id = baton_step_dup_id (g_ptr_array_index (plan->steps, i));

      g_test_message ("%s", id);
      g_assert_null (strstr (id, "27:00"));
      g_assert_null (strstr (id, "67df"));
    }
}

static void
test_override_is_said (void)
{
  g_autoptr (Tree) tree = build_tree ("intel-z370-rtx2080ti-rtx2060-acs-override");
  g_autoptr (BatonMachine) machine = look_at (tree);
  g_autoptr (BatonPlan) plan = plan_to_guest (machine, "0000:01:00.0");

  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_ACS_OVERRIDE));
}

static void
test_external_card_may_vanish (void)
{
  g_autoptr (Tree) tree = build_tree ("egpu-t480-gtx1060-thunderbolt3");
  g_autoptr (BatonMachine) machine = look_at (tree);
  g_autoptr (BatonPlan) plan = plan_to_guest (machine, "0000:09:00.0");

  g_assert_nonnull (baton_plan_find (plan, BATON_CODE_REMOVABLE));
}

/* The groups fit, and yet the card is not free: the desktop has it mapped, without any
 * descriptor. */
static void
test_desktop_holds_the_second_card (void)
{
  g_autoptr (Tree) tree = build_tree ("intel-gtx1080-gtx1070-gnome-holds-second");
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRoot) root = baton_root_new_for_directory (tree, &error);
  g_autoptr (BatonMachine) machine = look_at (tree);
  g_autoptr (GPtrArray) all = baton_holders_scan (root, machine, &error);
  g_autoptr (BatonProfile) profile = baton_profile_new_default ("0000:02:00.0");
  g_autoptr (BatonRequest) request = new_request ("0000:02:00.0");
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *finding;
  const BatonHolder *holder;
  BatonHolders *holders;

  g_assert_no_error (error);
  g_assert_cmpuint (baton_holders_find (all, "0000:01:00.0")->holders->len, ==, 0);
  holders = baton_holders_find (all, "0000:02:00.0");
  g_assert_cmpuint (holders->holders->len, ==, 1);
  holder = g_ptr_array_index (holders->holders, 0);
  g_assert_cmpint (holder->pid, ==, 15558);
  g_assert_cmpstr (holder->name, ==, "gnome-shell");
  g_assert_cmpint (holder->kind, ==, BATON_HOLDER_COMPOSITOR);
  g_assert_cmpint (holder->how, ==, BATON_HOW_MAP);
  g_assert_cmpstr (holder->nodes[0], ==, "/dev/nvidia1");

  plan = baton_plan_new (machine, all, profile, request);
  finding = baton_plan_find (plan, BATON_CODE_IN_USE_COMPOSITOR);
  g_assert_nonnull (finding);
  g_assert_cmpstr (g_hash_table_lookup (finding->args, "pid"), ==, "15558");
  g_assert_true (baton_plan_is_blocked (plan));
}

static void
test_drivers_are_read (void)
{
  static const struct
  {
    const char *address;
    const char *driver;
  } rows[] = {
    { "0000:02:00.0", "nvidia" },
    { "0000:02:00.1", "snd_hda_intel" },
    { "0000:02:00.2", "xhci_hcd" },
    { "0000:02:00.3", "nvidia-gpu" },
  };
  g_autoptr (Tree) tree = build_tree ("intel-z370-rtx2080ti-rtx2060-no-acs");
  g_autoptr (BatonMachine) machine = look_at (tree);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const BatonFunction *function = baton_machine_find_function (machine, rows[i].address);

      g_test_message ("%s", rows[i].address);
      g_assert_cmpstr (function->driver, ==, rows[i].driver);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 3);
  make_tree = argv[1];
  listings = argv[2];

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      g_autofree char *path = g_strconcat ("/machines/", machines[i].machine, NULL);

      g_test_add_data_func (path, &machines[i], test_conclusions);
    }
  g_test_add_func ("/machines/oddities/star-is-no-group", test_star_is_no_group);
  g_test_add_func ("/machines/oddities/long-domain", test_long_domain_is_read);
  g_test_add_func ("/machines/oddities/cut-line", test_cut_line_is_a_device);
  g_test_add_func ("/machines/oddities/twin", test_twin_is_left_alone);
  g_test_add_func ("/machines/oddities/override-is-said", test_override_is_said);
  g_test_add_func ("/machines/oddities/external-card", test_external_card_may_vanish);
  g_test_add_func ("/machines/oddities/desktop-holds-second",
                   test_desktop_holds_the_second_card);
  g_test_add_func ("/machines/oddities/drivers", test_drivers_are_read);

  return g_test_run ();
}
