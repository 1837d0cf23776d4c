/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile.h"

#include "baton-error.h"
#include "baton-pci-address.h"
#include "baton-unit-name.h"
#include "baton-xorg-file.h"

#include <string.h>

#define MAX_CLOSE_POLITELY_MS 60000

/* Reads a value into the profile. Returns: NULL, or what is wrong with it: a clause, for people */
typedef char *(*ReadValue) (const char *value, BatonProfile *profile);

static char *
read_identity (const char *value, BatonProfile *profile)
{
  if (!g_regex_match_simple ("^[0-9a-fA-F]{4}(:[0-9a-fA-F]{4}){3}$", value,
                             G_REGEX_DOLLAR_ENDONLY, 0))
    return g_strdup (
        "it must be four numbers of four hexadecimal digits, such as 1002:73bf:1da2:e438");

  g_free (profile->identity);
  profile->identity = g_ascii_strdown (value, -1);

  return NULL;
}

static char *
read_return_method (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "auto") == 0)
    profile->return_method = BATON_RETURN_AUTO;
  else if (g_strcmp0 (value, "bind") == 0)
    profile->return_method = BATON_RETURN_BIND;
  else if (g_strcmp0 (value, "rescan") == 0)
    profile->return_method = BATON_RETURN_RESCAN;
  else
    return g_strdup ("it must be “auto”, “bind” or “rescan”");

  return NULL;
}

static char *
read_reset_before_return (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "auto") == 0)
    profile->reset_before_return = BATON_RESET_AUTO;
  else if (g_strcmp0 (value, "true") == 0)
    profile->reset_before_return = BATON_RESET_ALWAYS;
  else if (g_strcmp0 (value, "false") == 0)
    profile->reset_before_return = BATON_RESET_NEVER;
  else
    return g_strdup ("it must be “auto”, “true” or “false”");

  return NULL;
}

static char *
read_display_manager (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "auto") == 0)
    profile->display_manager = BATON_DISPLAY_MANAGER_AUTO;
  else if (g_strcmp0 (value, "stop") == 0)
    profile->display_manager = BATON_DISPLAY_MANAGER_STOP;
  else if (g_strcmp0 (value, "keep") == 0)
    profile->display_manager = BATON_DISPLAY_MANAGER_KEEP;
  else
    return g_strdup ("it must be “auto”, “stop” or “keep”");

  return NULL;
}

static char *
read_close_politely (const char *value, BatonProfile *profile)
{
  guint64 ms = 0;

  if (!g_ascii_string_to_unsigned (value, 10, 0, MAX_CLOSE_POLITELY_MS, &ms, NULL))
    return g_strdup ("it must be a whole number of milliseconds, from 0 to 60000");

  profile->close_politely_ms = (guint) ms;

  return NULL;
}

static char *
read_return_when_guest_stops (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "true") != 0 && g_strcmp0 (value, "false") != 0)
    return g_strdup ("it must be “true” or “false”");

  profile->return_when_guest_stops = g_strcmp0 (value, "true") == 0;

  return NULL;
}

static char *
read_hook_ends_session (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "true") != 0 && g_strcmp0 (value, "false") != 0)
    return g_strdup ("it must be “true” or “false”");

  profile->hook_ends_session = g_strcmp0 (value, "true") == 0;

  return NULL;
}

static char *
read_sleep_while_guest (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "block") != 0 && g_strcmp0 (value, "allow") != 0)
    return g_strdup ("it must be “block” or “allow”");

  profile->sleeps_while_guest = g_strcmp0 (value, "allow") == 0;

  return NULL;
}

static char *
read_open_again (const char *value, BatonProfile *profile)
{
  if (g_strcmp0 (value, "ask") == 0)
    profile->open_again = BATON_OPEN_AGAIN_ASK;
  else if (g_strcmp0 (value, "yes") == 0)
    profile->open_again = BATON_OPEN_AGAIN_YES;
  else if (g_strcmp0 (value, "no") == 0)
    profile->open_again = BATON_OPEN_AGAIN_NO;
  else
    return g_strdup ("it must be “ask”, “yes” or “no”");

  return NULL;
}

static char *
read_stop_units (const char *value, BatonProfile *profile)
{
  return baton_unit_name_read_list (value, profile->start_units_guest, &profile->stop_units);
}

static char *
read_start_units_guest (const char *value, BatonProfile *profile)
{
  return baton_unit_name_read_list (value, profile->stop_units, &profile->start_units_guest);
}

static char *
read_also (const char *value, BatonProfile *profile)
{
  return baton_also_read_list (value, &profile->also);
}

/* “none” says so aloud, and is the same as nothing. */
static char *
read_xorg (const char *value, BatonXorgUse use, char **ret_path)
{
  char *fault = NULL;

  if (g_strcmp0 (value, "none") == 0)
    return NULL;
  fault = baton_xorg_file_find_name_fault (value, use);
  if (fault == NULL)
    {
      g_free (*ret_path);
      *ret_path = g_strdup (value);
    }

  return fault;
}

static char *
read_xorg_host (const char *value, BatonProfile *profile)
{
  return read_xorg (value, BATON_XORG_HOST, &profile->xorg_host);
}

static char *
read_xorg_guest (const char *value, BatonProfile *profile)
{
  return read_xorg (value, BATON_XORG_GUEST, &profile->xorg_guest);
}

static char *
read_stand_in (const char *value, BatonProfile *profile)
{
  return baton_also_read_one (value, &profile->stand_in);
}

static const struct
{
  const char *key;
  ReadValue read;
} keys[] = {
  { "also", read_also },
  { "close-politely-ms", read_close_politely },
  { "display-manager", read_display_manager },
  { "hook-ends-session", read_hook_ends_session },
  { "identity", read_identity },
  { "open-again", read_open_again },
  { "reset-before-return", read_reset_before_return },
  { "return-method", read_return_method },
  { "return-when-guest-stops", read_return_when_guest_stops },
  { "sleep-while-guest", read_sleep_while_guest },
  { "stand-in", read_stand_in },
  { "start-units-guest", read_start_units_guest },
  { "stop-units", read_stop_units },
  { "xorg-guest", read_xorg_guest },
  { "xorg-host", read_xorg_host },
};

/*
 * Parser: where the file has been read to
 *
 * GKeyFile would read the file as well, but it forgets in which line a key stood, and a refusal
 * that does not name the line sends its reader searching.
 */
typedef struct
{
  const char *card;
  char *section;        /* owned */
  GHashTable *seen;     /* owned: section names, and SECTION\nKEY */
  BatonProfile *wanted; /* the section of the card that was asked for */
  BatonProfile *other;  /* any other section: checked all the same */
} Parser;

static void
forget_units (BatonProfile *profile)
{
  g_clear_pointer (&profile->stop_units, g_strfreev);
  g_clear_pointer (&profile->start_units_guest, g_strfreev);
  g_clear_pointer (&profile->missing_units, g_strfreev);
}

static char *
parse_section (Parser *parser, char *line)
{
  gsize length = strlen (line);

  if (line[length - 1] != ']')
    return g_strdup ("a section begins with [ and ends with ]");

  g_free (parser->section);
  parser->section = g_strndup (line + 1, length - 2);

  if (!baton_pci_address_is_valid (parser->section))
    return g_strdup ("a section is named by a card’s full PCI address, such as [0000:01:00.0]");
  if (!g_hash_table_add (parser->seen, g_strdup (parser->section)))
    return g_strdup ("this card has a section already");
  forget_units (parser->other);

  return NULL;
}

static char *
parse_value (Parser *parser, const char *key, const char *value)
{
  gboolean is_wanted = g_strcmp0 (parser->section, parser->card) == 0;

  if (parser->section == NULL)
    return g_strdup (
        "a key belongs to a card: a section such as [0000:01:00.0] must come first");
  if (!g_hash_table_add (parser->seen, g_strdup_printf ("%s\n%s", parser->section, key)))
    return g_strdup ("this key is there already");

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_strcmp0 (key, keys[i].key) == 0)
      return keys[i].read (value, is_wanted ? parser->wanted : parser->other);

  return g_strdup ("there is no such key");
}

/* Returns: NULL, or what is wrong with the line; the key in @ret_key then, if it holds one */
static char *
parse_line (Parser *parser, char *line, const char **ret_key)
{
  char *equals = NULL;

  *ret_key = g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return NULL;
  if (*line == '[')
    return parse_section (parser, line);

  equals = strchr (line, '=');
  if (equals == NULL)
    return g_strdup ("it is neither a section nor a key with a value");

  *equals = '\0';

  return parse_value (parser, g_strstrip (line), g_strstrip (equals + 1));
}

static BatonProfile *
parse_file (const char *card, const char *file, const char *text)
{
  g_autoptr (BatonProfile) wanted = baton_profile_new_default (card);
  g_autoptr (BatonProfile) other = baton_profile_new_default (card);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  Parser parser = { .card = card, .seen = seen, .wanted = wanted, .other = other };

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *key = NULL;
      g_autofree char *reason = parse_line (&parser, lines[i], &key);

      if (reason != NULL)
        {
          BatonProfile *refused = baton_profile_new_default (card);

          refused->problem = baton_profile_problem_new (file, i + 1, key, reason);
          g_free (parser.section);
          return refused;
        }
    }

  g_free (parser.section);

  return g_steal_pointer (&wanted);
}

/* A user's own are in his home, where nobody looks for him: his systemd says that it has none of that
 * name when it is asked. */
static void
find_missing_units (BatonProfile *self, BatonRoot *root)
{
  g_autoptr (GStrvBuilder) missing = g_strv_builder_new ();
  GStrv lists[] = { self->stop_units, self->start_units_guest };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; lists[i] != NULL && lists[i][j] != NULL; j++)
      if (!baton_unit_name_is_of_user (lists[i][j]) &&
          !baton_unit_name_is_installed (lists[i][j], root))
        g_strv_builder_add (missing, lists[i][j]);
  self->missing_units = g_strv_builder_end (missing);
}

/**
 * baton_profile_problem_new:
 * @file: the settings file, for people
 * @line: line in it, from 1, or 0
 * @key: (nullable): the key in that line
 * @reason: what is wrong: a clause, for people
 *
 * Returns: (transfer full): a problem
 */
BatonProfileProblem *
baton_profile_problem_new (const char *file, guint line, const char *key, const char *reason)
{
  BatonProfileProblem *self = g_new0 (BatonProfileProblem, 1);

  self->file = g_strdup (file);
  self->line = line;
  self->key = g_strdup (key);
  self->reason = g_strdup (reason);

  return self;
}

/**
 * baton_profile_problem_free:
 * @self: (nullable): a problem
 */
void
baton_profile_problem_free (BatonProfileProblem *self)
{
  if (self == NULL)
    return;

  g_free (self->file);
  g_free (self->key);
  g_free (self->reason);
  g_free (self);
}

/**
 * baton_profile_new_default:
 * @card: address of a card
 *
 * Returns: (transfer full): what is done for a card whose owner has said nothing
 */
BatonProfile *
baton_profile_new_default (const char *card)
{
  BatonProfile *self = g_new0 (BatonProfile, 1);

  self->card = g_strdup (card);
  self->return_method = BATON_RETURN_AUTO;
  self->close_politely_ms = BATON_PROFILE_CLOSE_POLITELY_MS;

  return self;
}

/**
 * baton_profile_new_from_text:
 * @card: address of a card
 * @file: the file's name, for people
 * @text: what it holds
 * @length: how many bytes
 *
 * Reads a whole file, as baton_profile_load() does.
 *
 * Returns: (transfer full): the profile
 */
BatonProfile *
baton_profile_new_from_text (const char *card, const char *file, const char *text, gsize length)
{
  BatonProfile *self = NULL;
  const char *reason = NULL;

  if (length > BATON_PROFILE_MAX_BYTES)
    reason = "it is larger than 64 KiB";
  else if (!g_utf8_validate (text, (gssize) length, NULL))
    reason = "it is not text in UTF-8";
  if (reason == NULL)
    return parse_file (card, file, text);

  self = baton_profile_new_default (card);
  self->problem = baton_profile_problem_new (file, 0, NULL, reason);

  return self;
}

static BatonProfile *
load (BatonRoot *root, const char *card)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = baton_root_build_path (root, BATON_ROOT_ETC, BATON_PROFILE_FILE);
  g_autofree char *text = NULL;
  gsize length = 0;
  BatonProfile *self = NULL;

  text = baton_root_read_file (root, BATON_ROOT_ETC, BATON_PROFILE_FILE,
                               BATON_PROFILE_MAX_BYTES, &length, &error);
  if (text != NULL)
    return baton_profile_new_from_text (card, file, text, length);

  self = baton_profile_new_default (card);
  if (!g_error_matches (error, BATON_ERROR, BATON_ERROR_NOT_FOUND))
    self->problem = baton_profile_problem_new (file, 0, NULL, error->message);

  return self;
}

/**
 * baton_profile_load:
 * @root: where to look
 * @card: address of a card
 *
 * Reads what the card's owner wants from `baton.conf` (see baton.conf(5)). No file and no
 * section mean the defaults. A file with a mistake in any section is used for no card: the
 * mistake is in #BatonProfile.problem, and a plan becomes a refusal that names it.
 *
 * Returns: (transfer full): the profile
 */
BatonProfile *
baton_profile_load (BatonRoot *root, const char *card)
{
  BatonProfile *self = load (root, card);

  find_missing_units (self, root);
  baton_profile_look_at_xorg (self, root);

  return self;
}

/**
 * baton_profile_list_also:
 * @root: where to look
 * @card: address of a card
 *
 * For whoever looks at the machine and asks for nothing else of the profile.
 *
 * Returns: (transfer full) (element-type BatonAlso) (nullable): what the card's owner lets travel
 *   along; %NULL where that is nothing, or the file cannot be used
 */
GPtrArray *
baton_profile_list_also (BatonRoot *root, const char *card)
{
  g_autoptr (BatonProfile) profile = NULL;

  if (!baton_root_exists (root, BATON_ROOT_ETC, BATON_PROFILE_FILE))
    return NULL;
  profile = load (root, card);

  return g_steal_pointer (&profile->also);
}

/**
 * baton_profile_free:
 * @self: (nullable): a profile
 */
void
baton_profile_free (BatonProfile *self)
{
  if (self == NULL)
    return;

  g_free (self->card);
  g_free (self->identity);
  forget_units (self);
  g_clear_pointer (&self->also, g_ptr_array_unref);
  g_clear_pointer (&self->stand_in, baton_also_free);
  g_free (self->xorg_host);
  g_free (self->xorg_guest);
  g_free (self->xorg_fault);
  g_clear_pointer (&self->problem, baton_profile_problem_free);
  g_free (self);
}

/**
 * baton_profile_has_key:
 * @key: a word
 *
 * Returns: whether it is a key
 */
gboolean
baton_profile_has_key (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_strcmp0 (key, keys[i].key) == 0)
      return TRUE;

  return FALSE;
}

/**
 * baton_profile_list_keys:
 *
 * Returns: (transfer full): the keys that there are
 */
GStrv
baton_profile_list_keys (void)
{
  GStrv list = g_new0 (char *, G_N_ELEMENTS (keys) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    list[i] = g_strdup (keys[i].key);

  return list;
}
