/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-print.h"
#include "baton-helper-command.h"
#include "baton-plan.h"
#include "baton-text.h"

#include <glib/gi18n.h>

/* Where polkitd reads actions (polkit(8)); one below another prefix is read by nobody. */
#define POLICY_PATH "share/polkit-1/actions/" BATON_APP_ID ".policy"

typedef struct
{
  BatonCli *cli;
  BatonMachine *machine; /* owned */
  GPtrArray *holders;    /* owned */
  char *next;            /* owned: the one next thing to do */
  char *next_for_card;   /* owned: the same, where no card is ready */
  guint n_ready;
  guint n_problems;
  BatonCode missing; /* the first thing without which Baton hands over nothing */
} Doctor;

static void
print_mark (Doctor *self, BatonCliPaint paint, const char *mark, const char *text)
{
  g_autofree char *painted = baton_cli_paint (self->cli, paint, mark);
  g_autofree char *clean = baton_text_clean (text, -1, BATON_MAX_STRING, NULL, NULL);

  if (self->cli->writer == NULL)
    g_print ("%s %s\n", painted, clean);
}

static void
say_good (Doctor *self, const char *text)
{
  /* Translators: in front of what is as it should be. */
  print_mark (self, BATON_CLI_GREEN, C_ ("doctor", "[good]"), text);
}

/* @next is what becomes of @remedy, unless something was found before. */
static void
say_wrong (Doctor *self, const char *text, const char *remedy, char **next)
{
  /* Translators: in front of what is not as it should be. */
  print_mark (self, BATON_CLI_RED, C_ ("doctor", "[wrong]"), text);
  self->n_problems++;
  if (*next == NULL && remedy != NULL)
    *next = baton_text_clean (remedy, -1, BATON_MAX_STRING, NULL, NULL);
}

static void
say_code (Doctor *self, BatonCode code, GHashTable *args, char **next)
{
  const BatonCodeInfo *info = baton_code_get_info (code);
  g_autofree char *text = baton_code_fill (_ (info->text), args);
  g_autofree char *remedy =
      info->remedy != NULL ? baton_code_fill (_ (info->remedy), args) : NULL;

  say_wrong (self, text, remedy, next);
}

static void
say_code_about (Doctor *self, BatonCode code, const char *key, const char *value)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

  if (key != NULL)
    g_hash_table_insert (args, (gpointer) key, (gpointer) value);
  say_code (self, code, args, &self->next);
}

static void
say_missing (Doctor *self, BatonCode code, const char *key, const char *value)
{
  say_code_about (self, code, key, value);
  if (self->missing == BATON_CODE_NONE)
    self->missing = code;
}

static void
check_installation (Doctor *self)
{
  const char *helper = baton_helper_client_get_path (self->cli->client);
  g_autofree char *pkexec = g_find_program_in_path ("pkexec");

  if (g_file_test (helper, G_FILE_TEST_IS_EXECUTABLE))
    say_good (self, _ ("Baton’s helper is installed."));
  else
    say_missing (self, BATON_CODE_HELPER_MISSING, "path", helper);

  if (pkexec == NULL && geteuid () != 0)
    say_missing (self, BATON_CODE_PKEXEC_MISSING, NULL, NULL);

  if (baton_root_exists (self->cli->root, BATON_ROOT_USR, POLICY_PATH))
    say_good (self, _ ("polkit knows Baton’s actions."));
  else
    say_missing (self, BATON_CODE_POLICY_MISSING, NULL, NULL);
}

/* What keeps one card here is not the next thing to do while another is ready.
 *
 * What a consent sets aside, such as an app that has to be closed, is no fault of the computer. */
static guint
say_blockers (Doctor *self, const BatonPlan *plan)
{
  guint n_blockers = 0;

  for (guint i = 0; i < plan->findings->len; i++)
    {
      const BatonFinding *finding = g_ptr_array_index (plan->findings, i);
      char **next = &self->next_for_card;

      if (baton_finding_get_severity (finding) == BATON_SEVERITY_BLOCKER &&
          finding->consent == BATON_CONSENT_NONE)
        n_blockers++;
      /* Nothing is in the way, and yet the card is not as it should be. */
      else if (finding->code == BATON_CODE_COMPANION_LOST_DRIVER ||
               finding->code == BATON_CODE_CLAIM_NOT_MADE)
        next = &self->next;
      else
        continue;

      say_code (self, finding->code, finding->args, next);
    }

  return n_blockers;
}

static void
print_card (Doctor *self, const BatonCard *card)
{
  g_autofree char *clean =
      baton_text_clean (baton_card_get_name (card), -1, BATON_MAX_STRING, NULL, NULL);
  g_autofree char *painted = baton_cli_paint (self->cli, BATON_CLI_BOLD, clean);

  g_print ("\n%s (%s)\n", painted, baton_card_get_address (card));
}

static void
check_card (Doctor *self, const BatonCard *card)
{
  const char *cards[] = { baton_card_get_address (card), NULL };
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autoptr (BatonProfile) profile = baton_profile_load (self->cli->root, cards[0]);
  g_autoptr (BatonPlan) plan = NULL;

  g_strfreev (request->cards);
  request->cards = g_strdupv ((GStrv) cards);
  request->to = card->side == BATON_SIDE_HOST ? BATON_SIDE_GUEST : BATON_SIDE_HOST;
  request->uid = baton_helper_command_get_asker ();
  baton_request_look (request, self->cli->root);
  plan = baton_plan_new (self->machine, self->holders, profile, request);

  if (self->cli->writer != NULL)
    baton_event_writer_plan (self->cli->writer, plan);
  else
    print_card (self, card);

  if (say_blockers (self, plan) > 0)
    return;

  self->n_ready++;
  say_good (self, request->to == BATON_SIDE_GUEST
                      ? _ ("This card can be handed to a virtual machine.")
                      : _ ("This card can be taken back."));
}

static gboolean
look (Doctor *self, GError **error)
{
  self->holders = baton_holders_look (self->cli->root, &self->machine, error);

  return self->holders != NULL;
}

/* Whether the IOMMU is on is part of every card's plan; here there is none. */
static void
say_missing_card (Doctor *self)
{
  BatonFinding *iommu = baton_finding_new_missing_iommu (self->machine);

  say_wrong (self, _ ("This computer has no graphics card that can be seen."),
             _ ("Look at “lspci -nn”: a card that is not there either is not plugged in, or "
                "switched off in the firmware’s setup."),
             &self->next);
  if (iommu != NULL)
    say_code (self, iommu->code, iommu->args, &self->next);

  baton_finding_free (iommu);
}

static void
check_cards (Doctor *self)
{
  if (self->cli->writer != NULL)
    {
      baton_event_writer_machine (self->cli->writer, self->machine);
      for (guint i = 0; i < self->holders->len; i++)
        baton_event_writer_holders (self->cli->writer, g_ptr_array_index (self->holders, i));
    }

  if (self->machine->cards->len == 0)
    say_missing_card (self);

  for (guint i = 0; i < self->machine->cards->len; i++)
    check_card (self, g_ptr_array_index (self->machine->cards, i));
}

/* What is not installed has no line of its own for programs: the result names it. */
static void
write_end (Doctor *self, BatonExit status)
{
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *count = g_strdup_printf ("%u", self->n_problems);
  BatonCode code = self->missing;

  if (code == BATON_CODE_NONE)
    code = status == BATON_EXIT_DONE ? BATON_CODE_LOOKED : BATON_CODE_REFUSED;
  g_hash_table_insert (args, (gpointer) "count", count);
  g_hash_table_insert (args, (gpointer) "path",
                       (gpointer) baton_helper_client_get_path (self->cli->client));
  baton_event_writer_result (self->cli->writer, status, code, args, NULL, 0);
}

static int
end (Doctor *self)
{
  gboolean is_ready = self->missing == BATON_CODE_NONE && self->n_ready > 0;
  BatonExit status = is_ready ? BATON_EXIT_DONE : BATON_EXIT_REFUSED;

  if (self->cli->writer != NULL)
    {
      write_end (self, status);
      return status;
    }

  if (self->next == NULL && self->n_ready == 0)
    self->next = g_steal_pointer (&self->next_for_card);

  g_print ("\n");
  if (self->next != NULL)
    /* Translators: %s is a sentence that says what to do. */
    g_print (_ ("Next: %s\n"), self->next);
  else if (is_ready)
    g_print ("%s\n", _ ("This computer is ready. Next: “batonctl plan guest CARD” shows what a "
                        "handoff would do."));

  return status;
}

/**
 * baton_cli_doctor:
 * @self: the command line
 *
 * Says whether this computer is ready, and the one next thing to do.
 *
 * Returns: the exit status
 */
int
baton_cli_doctor (BatonCli *self)
{
  Doctor doctor = { .cli = self };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (self->writer != NULL)
    baton_event_writer_hello (self->writer, self->verb, "self");

  check_installation (&doctor);
  if (look (&doctor, &error))
    check_cards (&doctor);
  else
    say_code_about (&doctor, BATON_CODE_LOOK_FAILED, "reason", error->message);
  status = end (&doctor);

  g_clear_pointer (&doctor.machine, baton_machine_unref);
  g_clear_pointer (&doctor.holders, g_ptr_array_unref);
  g_free (doctor.next);
  g_free (doctor.next_for_card);

  return status;
}
