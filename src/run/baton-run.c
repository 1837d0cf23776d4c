/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-run.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "baton-offload.h"
#include "baton-run-let-in.h"
#include "baton-run-notify.h"
#include "baton-text.h"

#define MAX_QUOTED 64

/* What was asked. */
typedef struct
{
  const char *card; /* as typed, or NULL */
  char **command;   /* the program and its arguments */
  gboolean notify;  /* say on the screen, too, why it was not started */
} Request;

static GHashTable *
new_args (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
}

static void
add (GHashTable *args, const char *name, const char *value)
{
  g_hash_table_insert (args, (gpointer) name,
                       baton_text_clean (value, -1, MAX_QUOTED, NULL, NULL));
}

static void
say (const char *text)
{
  g_printerr ("baton-run: %s\n", text);
}

/* @sentence has the names in @args as {names}. */
static void
say_filled (const char *sentence, GHashTable *args)
{
  g_autofree char *text = baton_code_fill (sentence, args);

  say (text);
}

/* Says why the program was not started. */
static void
refuse (const Request *request, const char *text)
{
  say (text);
  if (request->notify)
    baton_run_notify (request->command[0], text);
}

static void
refuse_filled (const Request *request, const char *sentence, GHashTable *args)
{
  g_autofree char *text = baton_code_fill (sentence, args);

  refuse (request, text);
}

static int
print_help (void)
{
  g_print ("%s\n  baton-run [%s] %s\n\n%s\n\n", _ ("Usage:"), _ ("CARD"),
           _ ("PROGRAM [ARGUMENT…]"),
           _ ("Runs a program on a graphics card that this computer has, and on no other."));
  g_print (
      "%s\n",
      _ ("CARD is an address such as 0000:01:00.0, or any ending of one that fits a single "
         "card, such as 01:00.0; it may be left out where there is only one besides the "
         "card of the desktop. “batonctl list” shows every card.\n"
         "\n"
         "  --notify             say on the screen, too, why the program was not started\n"
         "  --help               show this, and do nothing\n"
         "  --version            show the version\n"
         "  --                   what follows is the program, though it looks like a card\n"
         "\n"
         "The exit status is the program’s, or 125 where Baton did not start it, 126 where "
         "it could not be started, and 127 where it was not found."));

  return fflush (stdout) == 0 ? 0 : BATON_RUN_FAILED;
}

static int
print_version (void)
{
  g_print ("baton-run %s\n", BATON_VERSION);

  return fflush (stdout) == 0 ? 0 : BATON_RUN_FAILED;
}

/* The end of a PCI address, from the bus on at least: hardly a program's name. */
static gboolean
looks_like_card (const char *word)
{
  return g_regex_match_simple ("^([0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$", word,
                               G_REGEX_CASELESS | G_REGEX_DOLLAR_ENDONLY, 0);
}

/* Returns: whether there is a program to run; else it was said why not */
static gboolean
parse (char **argv, Request *request)
{
  char **word = argv + 1;

  for (; *word != NULL && (*word)[0] == '-' && strcmp (*word, "--") != 0; word++)
    {
      g_autoptr (GHashTable) args = new_args ();

      if (strcmp (*word, "--notify") == 0)
        {
          request->notify = TRUE;
          continue;
        }
      add (args, "word", *word);
      /* Translators: {word} stands for what was typed; keep it. */
      say_filled (_ ("“{word}” is not an option of baton-run: see “baton-run --help”"), args);
      return FALSE;
    }

  if (*word != NULL && looks_like_card (*word))
    request->card = *word++;
  if (*word != NULL && strcmp (*word, "--") == 0)
    word++;

  if (*word == NULL)
    {
      say (_ ("no program was given: see “baton-run --help”"));
      return FALSE;
    }
  request->command = word;

  return TRUE;
}

/* Returns: (nullable): the card; else it was said why there is none */
static BatonCard *
find_card (BatonMachine *machine, const Request *request)
{
  BatonCard *card;

  if (request->card != NULL)
    {
      g_autofree char *ending = g_ascii_strdown (request->card, -1);
      g_autoptr (GError) error = NULL;

      card = baton_machine_find_card_by_ending (machine, ending, &error);
      if (card == NULL)
        refuse (request, error->message);
      return card;
    }

  card = baton_offload_choose_card (machine);
  if (card != NULL)
    return card;

  if (machine->cards->len == 0)
    refuse (request, _ ("this computer has no graphics card that can be seen"));
  else
    refuse (
        request,
        _ ("this computer has several cards that could be meant: name one before the program, "
           "as “batonctl list” shows it"));

  return NULL;
}

static const char *
describe_obstacle (BatonOffloadObstacle obstacle)
{
  /* Translators: in these sentences {card}, {address}, {program}, {driver} and {node} stand for
   * names; keep them. */
  switch (obstacle)
    {
    case BATON_OFFLOAD_WITH_GUEST:
      return _ (
          "{card} is with a virtual machine or ready for one, and “{program}” was not "
          "started: take the card back with “batonctl host {address}”, or start the program "
          "without baton-run, on the card of the desktop");
    case BATON_OFFLOAD_NO_DRIVER:
      return _ ("no driver of this computer has {card}, and “{program}” was not started: give "
                "the card to its driver with “batonctl host {address}”, or see “batonctl show "
                "{address}”");
    case BATON_OFFLOAD_SPLIT:
      return _ (
          "{card} is half with this computer and half ready for a virtual machine, and "
          "“{program}” was not started: take the card back with “batonctl host {address}”");
    case BATON_OFFLOAD_SILENT:
      return _ ("{card} does not answer, and “{program}” was not started: restart the computer "
                "to have the card again, or start the program without baton-run");
    case BATON_OFFLOAD_DRAWS_NOTHING:
      return _ ("the driver {driver} of {card} shows pictures and draws none for programs, and "
                "“{program}” was not started: start it without baton-run");
    case BATON_OFFLOAD_CLOSED:
      return _ ("you may not open {node}, through which programs draw with {card}, and "
                "“{program}” was not started: log in at this computer’s own screen, or ask its "
                "administrator to put you into the group that may");
    case BATON_OFFLOAD_KEPT_OFF: /* see baton_run_describe_refusal() */
    case BATON_OFFLOAD_POSSIBLE:
    default:
      return NULL;
    }
}

/* A look for names reads the names of all PCI devices there are: only a sentence needs them. */
static void
add_card (GHashTable *args, BatonRoot *root, const BatonCard *card)
{
  const char *address = baton_card_get_address (card);
  g_autoptr (BatonMachine) machine = baton_machine_new_to_show (root, NULL);
  const BatonCard *named = machine != NULL ? baton_machine_find_card (machine, address) : NULL;

  add (args, "card", baton_card_get_name (named != NULL ? named : card));
  add (args, "address", address);
}

static void
refuse_card (const Request *request,
             BatonRoot *root,
             const BatonCard *card,
             BatonOffloadObstacle obstacle,
             const char *node)
{
  g_autoptr (GHashTable) args = new_args ();

  add_card (args, root, card);
  add (args, "program", request->command[0]);
  add (args, "driver", card->display->driver != NULL ? card->display->driver : "");
  add (args, "node", node != NULL ? node : "");
  refuse_filled (request, describe_obstacle (obstacle), args);
}

/* Becomes this program anew where it can, and says why not where it cannot. */
static void
let_in (const Request *request,
        BatonRoot *root,
        const BatonCard *card,
        const char *grant,
        char **argv)
{
  g_autoptr (GHashTable) args = new_args ();
  BatonGrantStatus status = baton_run_let_in (grant, argv);

  add_card (args, root, card);
  add (args, "program", request->command[0]);
  add (args, "grant", grant);
  refuse_filled (request, baton_run_describe_refusal (status), args);
}

static void
note_ambiguity (BatonRoot *root, const BatonCard *card)
{
  g_autoptr (GHashTable) args = new_args ();

  add_card (args, root, card);
  say_filled (
      _ ("NVIDIA’s driver chooses among its cards by itself, and this computer has several: "
         "the "
         "program may run on another one than {card}"),
      args);
}

static int
start (const Request *request)
{
  g_autoptr (GHashTable) args = new_args ();
  int errsv;

  execvp (request->command[0], request->command);
  errsv = errno;

  add (args, "program", request->command[0]);
  add (args, "reason", g_strerror (errsv));
  /* Translators: {program} is a name, {reason} what the kernel says; keep them. */
  refuse_filled (request, _ ("“{program}” could not be started: {reason}"), args);

  return errsv == ENOENT ? BATON_RUN_NOT_FOUND : BATON_RUN_CANNOT_START;
}

/**
 * baton_run_set_language:
 * @catalogues: the directory of the translations
 *
 * Has everything from here on said in the user's language. To be called first.
 */
void
baton_run_set_language (const char *catalogues)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, catalogues);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

/**
 * baton_run_main:
 * @root: what is looked at
 * @grant: path of the program that lets others in to a card that programs are kept off
 * @argc: as in main()
 * @argv: as in main()
 *
 * Becomes the program that @argv names, with what it needs to be drawn by a card.
 *
 * Returns: the exit status, where it did not
 */
int
baton_run_main (BatonRoot *root, const char *grant, int argc, char **argv)
{
  Request request = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GPtrArray) variables = NULL;
  BatonOffloadObstacle obstacle;
  const char *node = NULL;
  BatonCard *card;

  if (argc > 1 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0))
    return print_help ();
  if (argc > 1 && strcmp (argv[1], "--version") == 0)
    return print_version ();
  if (!parse (argv, &request))
    return BATON_RUN_FAILED;

  machine = baton_machine_new_to_check (root, &error);
  if (machine == NULL)
    {
      refuse (&request, error->message);
      return BATON_RUN_FAILED;
    }
  card = find_card (machine, &request);
  if (card == NULL)
    return BATON_RUN_FAILED;

  obstacle = baton_offload_find_obstacle (root, card, &node);
  if (obstacle == BATON_OFFLOAD_KEPT_OFF)
    {
      let_in (&request, root, card, grant, argv);
      return BATON_RUN_FAILED;
    }
  if (obstacle != BATON_OFFLOAD_POSSIBLE)
    {
      refuse_card (&request, root, card, obstacle, node);
      return BATON_RUN_FAILED;
    }
  if (baton_offload_is_ambiguous (machine, card))
    note_ambiguity (root, card);

  variables = baton_offload_list_variables (root, card);
  for (guint i = 0; i < variables->len; i++)
    {
      const BatonOffloadVariable *variable = g_ptr_array_index (variables, i);

      if (variable->value != NULL)
        g_setenv (variable->name, variable->value, TRUE);
      else
        g_unsetenv (variable->name);
    }

  return start (&request);
}
