/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-list.h"
#include "baton-cli-run.h"
#include "baton-client-result.h"
#include "baton-json.h"
#include "baton-self-look.h"

#include <glib/gi18n.h>

/* Words of the kernel's command line that decide about cards. The rest names disks and hosts, and
 * is nobody's business. */
static const char *const telling_words[] = {
  "amd_iommu",        "efi=",      "initcall_blacklist",
  "intel_iommu",      "iommu",     "modprobe.blacklist",
  "module_blacklist", "nomodeset", "nouveau",
  "nvidia",           "pci",       "vfio",
  "video=",
};

static gboolean
is_telling (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (telling_words); i++)
    if (g_str_has_prefix (word, telling_words[i]))
      return TRUE;

  return FALSE;
}

static void
print_command_line (const char *command_line)
{
  g_auto (GStrv) words = g_strsplit_set (command_line != NULL ? command_line : "", " \t\n", -1);

  g_print ("%s", _ ("Kernel parameters that matter here:"));
  for (guint i = 0; words[i] != NULL; i++)
    if (is_telling (words[i]))
      g_print (" %s", words[i]);
  g_print ("\n");
}

static const char *
or_unknown (const char *text)
{
  return text != NULL ? text : "?";
}

static void
print_system (BatonCli *cli)
{
  g_autoptr (BatonMachine) machine = baton_machine_new (cli->root, NULL);
  g_autofree char *distribution = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);

  g_print ("Baton %s\n", BATON_VERSION);
  if (distribution != NULL)
    g_print ("%s\n", distribution);
  if (machine == NULL)
    return;

  g_print ("Linux %s, %s, %s\n", or_unknown (machine->system->kernel_release),
           or_unknown (machine->system->cpu_vendor), or_unknown (machine->system->pid1));
  print_command_line (machine->system->command_line);
  g_print ("IOMMU: %s %s\n",
           or_unknown (machine->iommu_enabled ? machine->iommu_kind : machine->iommu_reason),
           machine->iommu_detail != NULL ? machine->iommu_detail : "");
}

/* Programs that hold a card by name and kind; whose they are stays out of it, and a virtual
 * machine may be named after anybody. */
static void
print_holders (JsonObject *holders, const char *address)
{
  JsonArray *list = baton_json_get_array (holders, "holders");

  for (guint i = 0; i < baton_json_count (list); i++)
    {
      JsonObject *holder = baton_json_nth_object (list, i);
      g_autofree char *nodes =
          baton_json_join_strings (baton_json_get_array (holder, "nodes"), ", ");
      const char *kind = baton_json_get_string (holder, "kind");
      const char *name =
          g_strcmp0 (kind, "vm") == 0 ? NULL : baton_json_get_string (holder, "name");

      g_print ("%s: %s %s %s\n", address, or_unknown (kind), or_unknown (name), nodes);
    }
}

/* The list would name a virtual machine that has a card. That one has it stands below. */
static void
forget_guests (BatonView *view)
{
  JsonArray *cards = baton_view_get_cards (view);

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      JsonObject *card = baton_json_nth_object (cards, i);

      if (card != NULL)
        json_object_remove_member (card, "guests");
    }
}

static void
print_all_holders (BatonView *view)
{
  JsonArray *cards = baton_view_get_cards (view);

  for (guint i = 0; i < baton_json_count (cards); i++)
    {
      const char *address = baton_json_get_string (baton_json_nth_object (cards, i), "address");

      if (address != NULL)
        print_holders (baton_view_get_holders (view, address), address);
    }
}

static void
print_last_handoff (BatonView *view)
{
  JsonObject *report = baton_view_get_report (view);
  JsonArray *steps = baton_json_get_array (report, "steps");
  g_autofree char *cards =
      baton_json_join_strings (baton_json_get_array (report, "cards"), ", ");

  if (report == NULL)
    {
      g_print ("%s\n", _ ("No handoff has ended on this computer yet."));
      return;
    }

  g_print ("%s -> %s: %s (%s)\n", cards, or_unknown (baton_json_get_string (report, "to")),
           or_unknown (baton_json_get_string (report, "state")),
           or_unknown (baton_json_get_string (report, "code")));
  g_print ("%s\n", or_unknown (baton_json_get_string (report, "text")));

  for (guint i = 0; i < baton_json_count (steps); i++)
    {
      JsonObject *step = baton_json_nth_object (steps, i);
      const char *text = baton_json_get_string (step, "text");

      g_print ("%3" G_GINT64_FORMAT "  %s: %s%s%s\n", baton_json_get_int (step, "n", 0),
               or_unknown (baton_json_get_string (step, "id")),
               or_unknown (baton_json_get_string (step, "state")), text != NULL ? ". " : "",
               text != NULL ? text : "");
    }
}

/**
 * baton_cli_report:
 * @self: the command line
 *
 * Prints what helps somebody else to help, without names of people or machines. What the helper
 * kept stays in English, because it is read by others than who runs it.
 *
 * Returns: the exit status
 */
int
baton_cli_report (BatonCli *self)
{
  g_autoptr (BatonCliOutput) output = NULL;
  guint parts = BATON_LOOK_REPORT;

  /* Holders name users: they stay out of the lines that are made to be sent. */
  if (self->writer == NULL)
    parts |= BATON_LOOK_HOLDERS;
  output = baton_cli_look (self, parts, NULL);

  if (self->writer != NULL)
    {
      baton_cli_write_output (self, output);
      return baton_client_result_get_exit (output->result);
    }

  print_system (self);
  g_print ("\n");
  forget_guests (output->view);
  baton_cli_print_list (self, output->view);
  print_all_holders (output->view);
  g_print ("\n");
  print_last_handoff (output->view);

  return baton_client_result_get_exit (output->result);
}
