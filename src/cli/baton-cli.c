/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli.h"

#include "baton-error.h"
#include "baton-pci-address.h"
#include "baton-profile-changes.h"
#include "baton-text.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_QUOTED 64
#define MAX_REASON 256

#define CONSENTS                                                                               \
  (BATON_CLI_CLOSE | BATON_CLI_CLOSE_ALL | BATON_CLI_END_SESSION | BATON_CLI_LET_OPEN |        \
   BATON_CLI_MAY_NOT_RETURN | BATON_CLI_WHEN_FREE | BATON_CLI_UNTIL_FREE |                     \
   BATON_CLI_START_GUEST)

typedef struct
{
  const char *name;
  int (*run) (BatonCli *self);
  guint min_words;
  guint max_words;
  guint options; /* besides --json, which every verb has */
} Verb;

static const Verb verbs[] = {
  { "list", baton_cli_list, 0, 0, 0 },
  { "show", baton_cli_show, 1, 1, 0 },
  { "groups", baton_cli_groups, 0, 0, 0 },
  { "holders", baton_cli_holders, 0, 1, 0 },
  { "plan", baton_cli_plan, 2, 1 + BATON_MAX_CARDS, CONSENTS },
  { "guest", baton_cli_hand, 1, BATON_MAX_CARDS, CONSENTS | BATON_CLI_YES | BATON_CLI_DRY_RUN },
  { "host", baton_cli_hand, 1, BATON_MAX_CARDS, CONSENTS | BATON_CLI_YES | BATON_CLI_DRY_RUN },
  { "watch", baton_cli_watch, 0, 0, 0 },
  { "cancel", baton_cli_cancel, 0, 1, 0 },
  { "recover", baton_cli_recover, 0, 0, 0 },
  { "reopen", baton_cli_reopen, 0, 1, BATON_CLI_FORGET },
  { "report", baton_cli_report, 0, 0, 0 },
  { "configure", baton_cli_configure, 1, 1 + BATON_PROFILE_MAX_CHANGES, 0 },
  { "isolate", baton_cli_isolate, 1, 1, BATON_CLI_UNDO | BATON_CLI_PROGRAMS },
  { "install-hook", baton_cli_install_hook, 0, 0, BATON_CLI_UNDO },
  { "claim", baton_cli_claim, 1, 1, BATON_CLI_UNDO },
  { "adopt", baton_cli_adopt, 1, 1, BATON_CLI_UNDO | BATON_CLI_YES | BATON_CLI_DRY_RUN },
  { "undo-all", baton_cli_undo_all, 0, 0, BATON_CLI_SETTINGS },
  { "doctor", baton_cli_doctor, 0, 0, 0 },
  { "record", baton_cli_record, 1, 1, 0 },
};

#define UNTIL_FREE "until-free"

/* What the parser of options fills in; a flag's place is its bit. */
typedef struct
{
  gboolean flags[14];
  GStrv closes;
  char *start_guest;
  const char *minutes; /* borrowed */
  gboolean version;
  GStrv words;
} Parsed;

static const char *
describe_verbs (void)
{
  return _ ("Verbs:\n"
            "  list                 the cards of this computer, and where they are\n"
            "  show CARD            all about one card\n"
            "  groups               every IOMMU group\n"
            "  holders [CARD]       who is using a card\n"
            "  plan guest|host CARD what a handoff would do, and what stands in its way\n"
            "  guest CARD           hand a card to a virtual machine\n"
            "  host CARD            take a card back\n"
            "  watch                show what changes, and a handoff that is under way\n"
            "  cancel [ID]          stop a handoff and put everything back\n"
            "  recover              settle a handoff that was cut off\n"
            "  reopen [CARD]        start again what was closed for a card\n"
            "  report               what helps somebody else to help\n"
            "  configure CARD [KEY=VALUE]…\n"
            "                       show the settings for a card, or change them\n"
            "  isolate CARD         keep the desktop off a card\n"
            "  install-hook         let libvirt hand cards over when a virtual machine starts\n"
            "  claim CARD           have virtual machines get a card from every start on\n"
            "  adopt CARD           let Baton do what is set up by hand for a card\n"
            "  undo-all             take everything permanent back, before Baton is removed\n"
            "  doctor               is this computer ready, and what to do next\n"
            "  record DIRECTORY     record this computer for Baton’s own tests\n"
            "\n"
            "CARD is an address such as 0000:01:00.0, or any ending of one that fits a single "
            "card, such as 01:00.0.");
}

static GOptionContext *
new_option_context (Parsed *parsed)
{
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[0],
      N_ ("Print the lines of the protocol"), NULL },
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &parsed->flags[1], N_ ("Do not ask"), NULL },
    { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &parsed->flags[2],
      N_ ("Show the plan, and do nothing"), NULL },
    { "close", 0, 0, G_OPTION_ARG_STRING_ARRAY, &parsed->closes,
      N_ ("Close this process; may be given several times"), N_ ("PID") },
    { "close-all", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[4],
      N_ ("Close every process that may be closed"), NULL },
    { "end-session", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[5],
      N_ ("The desktop may be ended"), NULL },
    { "let-open", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[6],
      N_ ("guest: let me open the card myself until it returns"), NULL },
    { "may-not-return", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[7],
      N_ ("guest: hand it over although it may not come back"), NULL },
    { "when-free", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[8],
      N_ ("host: wait until the virtual machine has stopped"), NULL },
    { UNTIL_FREE, 0, 0, G_OPTION_ARG_NONE, &parsed->flags[9],
      N_ ("guest: take it back when the virtual machine has stopped; with MINUTES, also when "
          "none has opened it by then"),
      N_ ("MINUTES") },
    { "start-guest", 0, 0, G_OPTION_ARG_STRING, &parsed->start_guest,
      N_ ("guest: start this virtual machine of libvirt’s, and take the card back with its "
          "end"),
      N_ ("NAME") },
    { "undo", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[10],
      N_ ("isolate, install-hook, claim, adopt: put everything back"), NULL },
    { "forget", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[11],
      N_ ("reopen: start nothing, and offer it no more"), NULL },
    { "programs", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[12],
      N_ ("isolate: keep programs off as well, but those that baton-run starts"), NULL },
    { "settings", 0, 0, G_OPTION_ARG_NONE, &parsed->flags[13],
      N_ ("undo-all: take your settings away as well"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &parsed->version, N_ ("Show the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &parsed->words, NULL, NULL },
    { NULL },
  };
  GOptionContext *context = g_option_context_new (_ ("VERB [ARGUMENT…]"));

  g_option_context_set_summary (
      context, _ ("Hands a graphics card to a virtual machine and takes it back."));
  g_option_context_set_description (context, describe_verbs ());
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);

  return context;
}

/* A pipe says so of its writing end (pipe(7)), and a terminal that was closed of itself. */
static gboolean
is_reader_gone (void)
{
  struct pollfd output = { .fd = STDOUT_FILENO };

  return poll (&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

/* Looks once, in the end, whether all that was said has arrived: a script believes the exit status.
 * Who has read enough, as head(1) does, misses nothing. */
static int
end_output (BatonCli *self, int status)
{
  gboolean is_flushed = fflush (stdout) == 0 && ferror (stdout) == 0;
  gboolean has_lost = self->writer != NULL && baton_event_writer_has_lost (self->writer);

  g_clear_pointer (&self->writer, baton_event_writer_free);
  if ((is_flushed && !has_lost) || is_reader_gone ())
    return status;

  if (status != BATON_EXIT_DONE)
    {
      g_printerr ("batonctl: %s\n", _ ("not all of the output could be written: see whether "
                                       "there is room where it goes"));
      return status;
    }

  g_printerr ("batonctl: %s\n",
              _ ("it is done, but not all of the output could be written: see "
                 "whether there is room where it goes"));

  return BATON_EXIT_ERROR;
}

/* @code has the argument “reason”. */
static int
end_early (BatonCli *self, BatonExit status, BatonCode code, const char *reason)
{
  g_autofree char *clean = baton_text_clean (reason, -1, BATON_MAX_STRING, NULL, NULL);

  if (self->writer != NULL)
    {
      g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);

      g_hash_table_insert (args, (gpointer) "reason", clean);
      baton_event_writer_hello (self->writer, self->verb, "self");
      baton_event_writer_result (self->writer, status, code, args, NULL, 0);
    }
  else
    {
      g_printerr ("batonctl: %s\n", clean);
    }

  return (int) status;
}

/**
 * baton_cli_refuse:
 * @self: the command line
 * @reason: a clause: what is wrong with it
 *
 * Says that the request could not be understood.
 *
 * Returns: the exit status
 */
int
baton_cli_refuse (BatonCli *self, const char *reason)
{
  return end_early (self, BATON_EXIT_BAD_REQUEST, BATON_CODE_BAD_ARGUMENTS, reason);
}

/**
 * baton_cli_fail:
 * @self: the command line
 * @code: a code whose argument is a reason
 * @reason: a clause: why it could not be done
 *
 * Says that the request was understood, and that it could not be carried out.
 *
 * Returns: the exit status
 */
int
baton_cli_fail (BatonCli *self, BatonCode code, const char *reason)
{
  return end_early (self, BATON_EXIT_ERROR, code, reason);
}

/**
 * baton_cli_end_with_error:
 * @self: the command line
 * @error: what baton_cli_find_card() or a request made with it said
 *
 * Returns: the exit status
 */
int
baton_cli_end_with_error (BatonCli *self, const GError *error)
{
  if (g_error_matches (error, BATON_ERROR, BATON_ERROR_IO))
    return baton_cli_fail (self, BATON_CODE_LOOK_FAILED, error->message);

  return baton_cli_refuse (self, error->message);
}

/**
 * baton_cli_find_card:
 * @self: the command line
 * @text: a card as it was typed
 * @error: return location for an error
 *
 * A whole address is taken as it is, even where there is no card: the plan then says what is there.
 *
 * Returns: (transfer full): a whole address; %NULL with %BATON_ERROR_IO where this computer could not
 *   be looked at, which is no fault of @text
 */
char *
baton_cli_find_card (BatonCli *self, const char *text, GError **error)
{
  g_autoptr (BatonMachine) machine = NULL;
  g_autoptr (GError) failure = NULL;
  BatonCard *card = NULL;

  if (baton_pci_address_is_valid (text))
    return g_strdup (text);

  machine = baton_machine_new_to_show (self->root, &failure);
  if (machine == NULL)
    {
      g_set_error_literal (error, BATON_ERROR, BATON_ERROR_IO, failure->message);
      return NULL;
    }

  card = baton_machine_find_card_by_ending (machine, text, error);

  return card != NULL ? g_strdup (baton_card_get_address (card)) : NULL;
}

static const Verb *
find_verb (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (verbs[i].name, name) == 0)
      return &verbs[i];

  return NULL;
}

/* @sentence names the word as {word}. */
static int
refuse_word (BatonCli *self, const char *sentence, const char *word)
{
  g_autofree char *clean = baton_text_clean (word, -1, MAX_QUOTED, NULL, NULL);
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *reason = NULL;

  g_hash_table_insert (args, (gpointer) "word", clean);
  reason = baton_code_fill (sentence, args);

  return baton_cli_refuse (self, reason);
}

static int
run_verb (BatonCli *self, const char *name)
{
  const Verb *verb = find_verb (name);
  guint n_words = g_strv_length (self->words);

  /* Translators: in this and the next sentences {word} stands for what was typed; keep it. */
  if (name == NULL)
    return baton_cli_refuse (self, _ ("no verb was given: see “batonctl --help”"));
  if (verb == NULL)
    return refuse_word (self, _ ("“{word}” is not a verb: see “batonctl --help”"), name);

  self->verb = verb->name;
  if (n_words < verb->min_words)
    return refuse_word (self, _ ("“{word}” needs more arguments: see “batonctl --help”"), name);
  if (n_words > verb->max_words)
    return refuse_word (self, _ ("“{word}” takes fewer arguments: see “batonctl --help”"),
                        name);
  if ((self->options & ~(verb->options | BATON_CLI_JSON)) != 0)
    return refuse_word (
        self, _ ("“{word}” does not take such an option: see “batonctl --help”"), name);

  return verb->run (self);
}

/* A value that may be left out would take the next word to GOption, which here is the card. */
static void
take_minutes (Parsed *self, int argc, char **argv)
{
  for (int i = 1; i < argc && strcmp (argv[i], "--") != 0; i++)
    if (g_str_has_prefix (argv[i], "--" UNTIL_FREE "="))
      {
        self->minutes = argv[i] + strlen ("--" UNTIL_FREE "=");
        argv[i] = (char *) "--" UNTIL_FREE;
      }
}

/* What GOption could not make sense of; it has undone what it had read before, --json too. */
static int
refuse_options (int argc, char **argv, const GError *error)
{
  BatonCli self = { 0 };
  g_autofree char *clean = baton_text_clean (error->message, -1, MAX_REASON, NULL, NULL);
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *reason = NULL;
  int status = 0;

  for (int i = 1; i < argc && strcmp (argv[i], "--") != 0; i++)
    if (strcmp (argv[i], "--json") == 0 && self.writer == NULL)
      self.writer = baton_event_writer_new (STDOUT_FILENO, NULL);

  g_hash_table_insert (args, (gpointer) "reason", clean);
  /* Translators: {reason} stands for a clause that says what is wrong with an option; keep it. */
  reason = baton_code_fill (_ ("{reason}: see “batonctl --help”"), args);
  status = baton_cli_refuse (&self, reason);

  return end_output (&self, status);
}

/* https://no-color.org: any value but an empty one. */
static gboolean
wants_color (void)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return isatty (STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') &&
         g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

static int
run_parsed (BatonRoot *root, BatonHelperClient *client, Parsed *parsed)
{
  BatonCli self = { 0 };
  char *no_words[] = { NULL };
  gboolean has_verb = parsed->words != NULL && parsed->words[0] != NULL;
  int status = 0;

  for (guint i = 0; i < G_N_ELEMENTS (parsed->flags); i++)
    if (parsed->flags[i])
      self.options |= 1u << i;
  if (parsed->start_guest != NULL)
    self.options |= BATON_CLI_START_GUEST;
  if (parsed->closes != NULL)
    self.options |= BATON_CLI_CLOSE;

  self.root = root;
  self.client = client;
  self.closes = parsed->closes;
  self.start_guest = parsed->start_guest;
  self.minutes = parsed->minutes;
  self.words = g_strdupv (has_verb ? parsed->words + 1 : no_words);
  self.color = wants_color ();
  self.interactive = isatty (STDIN_FILENO) && isatty (STDERR_FILENO);
  if ((self.options & BATON_CLI_JSON) != 0)
    self.writer = baton_event_writer_new (STDOUT_FILENO, NULL);

  status = run_verb (&self, has_verb ? parsed->words[0] : NULL);

  g_strfreev (self.words);

  return end_output (&self, status);
}

/**
 * baton_cli_set_language:
 * @catalogues: the directory of the translations
 *
 * Has everything from here on said in the user's language. To be called first.
 */
void
baton_cli_set_language (const char *catalogues)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, catalogues);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

static int
print_version (void)
{
  BatonCli self = { 0 };

  g_print ("batonctl %s\n", BATON_VERSION);

  return end_output (&self, BATON_EXIT_DONE);
}

/**
 * baton_cli_main:
 * @root: what is looked at
 * @client: what asks the helper
 * @argc: as in main()
 * @argv: as in main()
 *
 * Returns: the exit status, one of #BatonExit
 */
int
baton_cli_main (BatonRoot *root, BatonHelperClient *client, int argc, char **argv)
{
  Parsed parsed = { 0 };
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  signal (SIGPIPE, SIG_IGN);
  g_set_prgname ("batonctl");

  take_minutes (&parsed, argc, argv);
  context = new_option_context (&parsed);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      status = refuse_options (argc, argv, error);
    }
  else if (parsed.version)
    {
      status = print_version ();
    }
  else
    {
      status = run_parsed (root, client, &parsed);
    }

  g_strfreev (parsed.closes);
  g_free (parsed.start_guest);
  g_strfreev (parsed.words);

  return status;
}
