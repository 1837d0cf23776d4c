/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-boot-claim.h"

#include <string.h>

#include "baton-plan.h"
#include "mock-machine.h"

#define DESKTOP "0000:00:02.0"
#define CARD "0000:01:00.0"
#define SOUND "0000:01:00.1"
#define TWIN "0000:02:00.0"
#define FILE_NAME "etc/" BATON_BOOT_CLAIMS
#define REPORT "run/" BATON_BOOT_CLAIM_REPORT

static MockMachine *
new_mock (void)
{
  MockMachine *mock = mock_machine_new ();

  mock_machine_add_gpu (mock, DESKTOP, "1");
  mock_machine_add_gpu (mock, CARD, "2");
  mock_machine_add_gpu (mock, TWIN, "3");

  return mock;
}

/* What `claim` writes for these functions of a machine. */
static char *
build_for (MockMachine *mock, const char *const *addresses)
{
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (GPtrArray) claims = baton_boot_claims_new ();

  for (guint i = 0; addresses[i] != NULL; i++)
    g_ptr_array_add (claims, baton_boot_claim_new_for_function (
                                 baton_machine_find_function (machine, addresses[i])));

  return baton_boot_claims_build (claims);
}

static void
test_what_was_written_is_read (void)
{
  static const char *const addresses[] = { TWIN, SOUND, CARD, NULL };
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *text = build_for (mock, addresses);
  g_autoptr (GPtrArray) claims = baton_boot_claims_parse (text);
  static const char *const sorted[] = { CARD, SOUND, TWIN };

  g_assert_cmpuint (claims->len, ==, 3);
  for (guint i = 0; i < claims->len; i++)
    g_assert_cmpstr (((const BatonBootClaim *) claims->pdata[i])->address, ==, sorted[i]);
}

/* A letter more or less, anywhere, and it is somebody else's. */
static void
test_anything_else_is_not_by_baton (void)
{
  static const char *const addresses[] = { CARD, NULL };
  static const char *const texts[] = { "", "# Written by Baton\n",
                                       CARD " 1002:73bf:1da2:e438\n" };
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *text = build_for (mock, addresses);
  g_autoptr (GPtrArray) none = baton_boot_claims_new ();
  g_autofree char *empty = baton_boot_claims_build (none);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_null (baton_boot_claims_parse (texts[i]));
  g_assert_null (baton_boot_claims_parse (empty));
  for (gsize i = 0; i < strlen (text); i++)
    {
      g_autofree char *cut = g_strndup (text, i);
      g_autofree char *doubled = g_strdup_printf ("%.*s%c%s", (int) i, text, text[i], text + i);
      g_autofree char *changed = g_strdup (text);

      changed[i] = changed[i] == 'g' ? 'h' : 'g';
      g_assert_null (baton_boot_claims_parse (cut));
      g_assert_null (baton_boot_claims_parse (doubled));
      g_assert_null (baton_boot_claims_parse (changed));
    }
}

static const BatonBootClaim *
find (BatonMachine *machine, const char *address)
{
  return baton_boot_claims_find (machine->boot_claims,
                                 baton_machine_find_function (machine, address));
}

static void
test_its_twin_is_not_meant (void)
{
  static const char *const addresses[] = { CARD, NULL };
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *text = build_for (mock, addresses);
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonMachine) shown = NULL;
  g_autoptr (BatonMachine) other = NULL;

  mock_machine_write (mock, FILE_NAME, text);
  machine = mock_machine_look (mock);
  g_assert_nonnull (find (machine, CARD));
  g_assert_null (find (machine, SOUND));
  g_assert_null (find (machine, TWIN));
  shown = baton_machine_new_to_show (mock_machine_get_root (mock), NULL);
  g_assert_nonnull (find (shown, CARD));
  g_assert_null (find (shown, TWIN));

  mock_machine_set_attribute (mock, CARD, "subsystem_device", "0x9999");
  other = mock_machine_look (mock);
  g_assert_null (find (other, CARD));
}

/* One more port, and its twin is where it was. */
static void
test_a_twin_that_was_shifted_there_is_not_meant (void)
{
  static const char *const addresses[] = { TWIN, NULL };
  static const char moved[] = "0000:03:00.0";
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (MockMachine) shifted = mock_machine_new ();
  g_autofree char *text = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (BatonMachine) after = NULL;

  mock_machine_add_bridge (mock, "0000:00:01.0", "8086:1901", NULL, "1");
  mock_machine_add_bridge (mock, "0000:00:02.0", "8086:1901", NULL, "2");
  mock_machine_add_function (mock, CARD, 0x030000, "1002:73bf", "0000:00:01.0", "1", "amdgpu");
  mock_machine_add_function (mock, TWIN, 0x030000, "1002:73bf", "0000:00:02.0", "2", "amdgpu");
  text = build_for (mock, addresses);
  mock_machine_write (mock, FILE_NAME, text);
  machine = mock_machine_look (mock);
  g_assert_nonnull (find (machine, TWIN));

  mock_machine_add_bridge (shifted, "0000:00:01.0", "8086:1901", NULL, "1");
  mock_machine_add_bridge (shifted, "0000:00:02.0", "8086:1901", NULL, "2");
  mock_machine_add_function (shifted, TWIN, 0x030000, "1002:73bf", "0000:00:01.0", "1",
                             "amdgpu");
  mock_machine_add_function (shifted, moved, 0x030000, "1002:73bf", "0000:00:02.0", "2",
                             "amdgpu");
  mock_machine_write (shifted, FILE_NAME, text);
  after = mock_machine_look (shifted);
  g_assert_null (find (after, TWIN));
  g_assert_null (find (after, moved));
}

static char *
dup_reason (MockMachine *mock, const char *address)
{
  const char *cards[] = { address, NULL };
  g_autoptr (BatonMachine) machine = mock_machine_look (mock);
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (BatonProfile) profile = baton_profile_load (mock_machine_get_root (mock), address);
  g_autoptr (BatonPlan) plan = NULL;
  const BatonFinding *finding;

  g_strfreev (request->cards);
  request->cards = g_strdupv ((GStrv) cards);
  request->to = BATON_SIDE_GUEST;
  plan = baton_plan_new (machine, NULL, profile, request);
  finding = baton_plan_find (plan, BATON_CODE_CLAIM_NOT_MADE);

  return finding != NULL ? g_strdup (g_hash_table_lookup (finding->args, "reason")) : NULL;
}

static void
test_what_became_of_it_is_told (void)
{
  static const char *const addresses[] = { CARD, NULL };
  static const struct
  {
    const char *outcome;
    const char *says;
  } rows[] = {
    { "claimed", NULL },
    { "skipped", "baton.claim=no" },
    { "absent", "nothing" },
    { "other 144d:a80a:144d:a801@00/1d.0/00.0", "144d:a80a:144d:a801" },
    { "late amdgpu", "amdgpu" },
    { "unbound", "vfio-pci" },
    { "a word of tomorrow's", "vfio-pci" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (MockMachine) mock = new_mock ();
      g_autofree char *text = build_for (mock, addresses);
      g_autofree char *report = g_strdup_printf ("nonsense\n\n" CARD " %s\n", rows[i].outcome);
      g_autofree char *reason = NULL;
      g_autofree char *of_twin = NULL;

      mock_machine_write (mock, FILE_NAME, text);
      mock_machine_write (mock, REPORT, report);
      reason = dup_reason (mock, CARD);
      of_twin = dup_reason (mock, TWIN);
      g_test_message ("%s: %s", rows[i].outcome, reason);
      g_assert_true (rows[i].says == NULL ? reason == NULL
                                          : strstr (reason, rows[i].says) != NULL);
      g_assert_null (of_twin);
    }
}

/* One more port: the one that is meant is told of where it is now, and its twin that is in its place. */
static void
test_a_card_that_was_shifted_is_told (void)
{
  static const char *const addresses[] = { TWIN, NULL };
  static const char moved[] = "0000:03:00.0";
  g_autoptr (MockMachine) mock = mock_machine_new ();
  g_autoptr (MockMachine) shifted = mock_machine_new ();
  g_autofree char *text = NULL;
  g_autofree char *of_moved = NULL;
  g_autofree char *of_twin = NULL;

  mock_machine_add_bridge (mock, "0000:00:02.0", "8086:1901", NULL, "2");
  mock_machine_add_function (mock, TWIN, 0x030000, "1002:73bf", "0000:00:02.0", "2", "amdgpu");
  text = build_for (mock, addresses);

  mock_machine_add_bridge (shifted, "0000:00:01.0", "8086:1901", NULL, "1");
  mock_machine_add_bridge (shifted, "0000:00:02.0", "8086:1901", NULL, "2");
  mock_machine_add_function (shifted, TWIN, 0x030000, "1002:73bf", "0000:00:01.0", "1",
                             "amdgpu");
  mock_machine_add_function (shifted, moved, 0x030000, "1002:73bf", "0000:00:02.0", "2",
                             "amdgpu");
  mock_machine_write (shifted, FILE_NAME, text);
  mock_machine_write (shifted, REPORT, TWIN " other 1002:73bf:0000:0000@00/01.0/00.0\n");
  of_moved = dup_reason (shifted, moved);
  of_twin = dup_reason (shifted, TWIN);
  g_assert_nonnull (strstr (of_moved, "00/01.0/00.0"));
  g_assert_nonnull (strstr (of_twin, "00/01.0/00.0"));
}

/* Its own bus has another number since a drive was put in. */
static void
test_a_card_that_moved_is_told (void)
{
  static const char *const addresses[] = { TWIN, NULL };
  g_autoptr (MockMachine) mock = new_mock ();
  g_autofree char *text = NULL;
  g_autofree char *reason = NULL;

  mock_machine_set_attribute (mock, TWIN, "subsystem_device", "0x7777");
  text = build_for (mock, addresses);
  mock_machine_set_attribute (mock, TWIN, "subsystem_device", "0x1111");
  mock_machine_set_attribute (mock, CARD, "subsystem_device", "0x7777");
  mock_machine_write (mock, FILE_NAME, text);
  mock_machine_write (mock, REPORT, TWIN " other 1:2:3:4\n");
  reason = dup_reason (mock, TWIN);
  g_assert_nonnull (strstr (reason, "1:2:3:4"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/boot-claim/what-was-written-is-read", test_what_was_written_is_read);
  g_test_add_func ("/core/boot-claim/anything-else-is-not-by-baton",
                   test_anything_else_is_not_by_baton);
  g_test_add_func ("/core/boot-claim/its-twin-is-not-meant", test_its_twin_is_not_meant);
  g_test_add_func ("/core/boot-claim/a-shifted-twin-is-not-meant",
                   test_a_twin_that_was_shifted_there_is_not_meant);
  g_test_add_func ("/core/boot-claim/what-became-of-it-is-told",
                   test_what_became_of_it_is_told);
  g_test_add_func ("/core/boot-claim/a-card-that-moved-is-told",
                   test_a_card_that_moved_is_told);

  g_test_add_func ("/core/boot-claim/a-card-that-was-shifted-is-told",
                   test_a_card_that_was_shifted_is_told);

  return g_test_run ();
}
