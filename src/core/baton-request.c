/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-request-private.h"

#include "baton-error.h"
#include "baton-pci-address.h"
#include "baton-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* No argument of the grammar is longer than a digest; what an error quotes of one is shorter. */
#define MAX_ARGUMENT 128
#define MAX_QUOTED 40

/* Linux's PID_MAX_LIMIT is 4 * 1024 * 1024 (include/linux/threads.h). */
#define MAX_PID 4194304
#define MAX_START_DIGITS 20

#define DIGEST_DIGITS 64

#define UNTIL_FREE "--until-free"

/* Arguments come from anybody, and what is wrong with them ends on somebody's screen. */
static gboolean
refuse (GError **error, const char *sentence, const char *argument)
{
  g_autofree char *quoted = baton_text_clean (argument, -1, MAX_QUOTED, NULL, NULL);
  g_autoptr (GHashTable) args = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *text = NULL;

  g_hash_table_insert (args, (gpointer) "word", quoted);
  text = baton_code_fill (sentence, args);
  g_set_error_literal (error, BATON_ERROR, BATON_ERROR_PARSE, text);

  return FALSE;
}

static gboolean
is_all_digits (const char *text, gsize max_digits)
{
  gsize n_digits = strspn (text, "0123456789");

  return n_digits > 0 && n_digits <= max_digits && text[n_digits] == '\0';
}

/**
 * baton_request_new:
 *
 * Returns: (transfer full): a request without cards or consents, to the guest
 */
BatonRequest *
baton_request_new (void)
{
  BatonRequest *self = g_new0 (BatonRequest, 1);

  self->cards = g_new0 (char *, 1);
  self->to = BATON_SIDE_GUEST;
  self->closes = g_ptr_array_new ();

  return self;
}

static void
free_close (gpointer data, gpointer user_data)
{
  BatonClose *self = data;

  g_free (self->start_time);
  g_free (self);
}

/**
 * baton_request_free:
 * @self: (nullable): a request
 */
void
baton_request_free (BatonRequest *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->cards);
  g_ptr_array_foreach (self->closes, free_close, NULL);
  g_ptr_array_unref (self->closes);
  g_free (self->expect);
  g_free (self->start_guest);
  g_free (self->hook_guest);
  g_clear_pointer (&self->guest, baton_guest_definition_free);
  g_strfreev (self->guests);
  g_free (self->handoff);
  g_free (self);
}

/**
 * baton_request_add_close:
 * @self: a request
 * @pid: a process
 * @start_time: field 22 of its `/proc/PID/stat`, as text
 *
 * Adds the consent to close that one process, and no later one with the same number.
 */
void
baton_request_add_close (BatonRequest *self, int pid, const char *start_time)
{
  BatonClose *item = NULL;

  g_return_if_fail (pid > 0 && start_time != NULL);

  item = g_new0 (BatonClose, 1);
  item->pid = pid;
  item->start_time = g_strdup (start_time);
  g_ptr_array_add (self->closes, item);
}

/**
 * baton_request_allows_close:
 * @self: a request
 * @pid: a process
 * @start_time: (nullable): field 22 of its `/proc/PID/stat`, as text
 *
 * Returns: %TRUE if closing exactly this process has been consented to
 */
gboolean
baton_request_allows_close (const BatonRequest *self, int pid, const char *start_time)
{
  for (guint i = 0; i < self->closes->len; i++)
    {
      const BatonClose *item = g_ptr_array_index (self->closes, i);

      if (item->pid == pid && g_strcmp0 (item->start_time, start_time) == 0)
        return TRUE;
    }

  return FALSE;
}

/* Appends @text, one more card's address, to @cards. */
gboolean
baton_request_take_card (GPtrArray *cards, const char *text, GError **error)
{
  /* Translators: in this and the next sentences {word} stands for what was typed; keep it. */
  if (!baton_pci_address_is_valid (text))
    return refuse (error, _ ("“{word}” is not a PCI address such as 0000:01:00.0"), text);

  for (guint i = 0; i < cards->len; i++)
    if (strcmp (g_ptr_array_index (cards, i), text) == 0)
      return refuse (error, _ ("“{word}” is named twice"), text);

  if (cards->len == BATON_MAX_CARDS)
    return refuse (error, _ ("“{word}” is one card too many: 8 can be named at once"), text);

  g_ptr_array_add (cards, g_strdup (text));

  return TRUE;
}

/* Adds @text, `PID:START`. Process 1 and a number that is written in two ways are refused here
 * already, before anybody looks. */
gboolean
baton_request_take_close (BatonRequest *self, const char *text, GError **error)
{
  const char *colon = strchr (text, ':');
  g_autofree char *pid_text = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : NULL;
  gint64 pid = 0;

  if (pid_text == NULL || !is_all_digits (pid_text, 7) || pid_text[0] == '0' ||
      !is_all_digits (colon + 1, MAX_START_DIGITS))
    return refuse (
        error, _ ("“{word}” is not a process with its start time such as 1234:567890"), text);

  pid = g_ascii_strtoll (pid_text, NULL, 10);
  if (pid == 1 || pid > MAX_PID)
    return refuse (error, _ ("“{word}” is not a process that can be closed"), text);

  for (guint i = 0; i < self->closes->len; i++)
    if (((const BatonClose *) g_ptr_array_index (self->closes, i))->pid == pid)
      return refuse (error, _ ("“{word}” is to be closed twice"), text);

  if (self->closes->len == BATON_MAX_CLOSES)
    return refuse (error, _ ("“{word}” is one process too many: 256 can be closed at once"),
                   text);

  baton_request_add_close (self, (int) pid, colon + 1);

  return TRUE;
}

gboolean
baton_request_take_expect (BatonRequest *self, const char *text, GError **error)
{
  if (strlen (text) != DIGEST_DIGITS || strspn (text, "0123456789abcdef") != DIGEST_DIGITS)
    return refuse (error,
                   _ ("“{word}” is not the digest of a plan: 64 lower-case hexadecimal digits"),
                   text);

  g_free (self->expect);
  self->expect = g_strdup (text);

  return TRUE;
}

/* @text is the whole argument. A number that is written in two ways is refused here as well. */
static gboolean
take_minutes (BatonRequest *self, const char *text, GError **error)
{
  const char *digits = text + strlen (UNTIL_FREE "=");
  gint64 minutes =
      is_all_digits (digits, 4) && digits[0] != '0' ? g_ascii_strtoll (digits, NULL, 10) : 0;

  if (minutes < 1 || minutes > BATON_MAX_MINUTES)
    return refuse (
        error, _ ("“{word}” names no time: 1 to 1440 minutes, such as --until-free=15"), text);

  self->until_free = TRUE;
  self->within_minutes = (guint) minutes;

  return TRUE;
}

gboolean
baton_request_take_guest (BatonRequest *self, const char *text, GError **error)
{
  if (!baton_guest_name_is_possible (text))
    return refuse (error, _ ("“{word}” cannot be the name of a virtual machine"), text);

  g_free (self->start_guest);
  self->start_guest = g_strdup (text);

  return TRUE;
}

/* What no single argument shows: consents that mean nothing on the way asked for are refused,
 * because whoever gave them expects something that would not happen. */
gboolean
baton_request_check (const BatonRequest *self, GError **error)
{
  if (self->cards[0] == NULL)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, _ ("no card was named"));
      return FALSE;
    }

  if (self->to == BATON_SIDE_HOST)
    {
      if (self->let_open)
        return refuse (error, _ ("“{word}” means nothing on the way to the host"),
                       "--let-open");
      if (self->may_not_return)
        return refuse (error, _ ("“{word}” means nothing on the way to the host"),
                       "--may-not-return");
      if (self->until_free)
        return refuse (error, _ ("“{word}” means nothing on the way to the host"), UNTIL_FREE);
      if (self->start_guest != NULL)
        return refuse (error, _ ("“{word}” means nothing on the way to the host"),
                       "--start-guest");
    }
  else if (self->when_free)
    {
      return refuse (error, _ ("“{word}” means nothing on the way to the guest"),
                     "--when-free");
    }

  if (self->within_minutes > 0 && self->start_guest != NULL)
    return refuse (error,
                   _ ("“{word}” names a time, which means nothing beside “--start-guest”: that "
                      "virtual machine has the card from its start on"),
                   UNTIL_FREE);

  return TRUE;
}

static gboolean *
find_flag (BatonRequest *self, const char *option)
{
  if (strcmp (option, "--end-session") == 0)
    return &self->end_session;
  if (strcmp (option, "--log-out") == 0)
    return &self->log_out;
  if (strcmp (option, "--let-open") == 0)
    return &self->let_open;
  if (strcmp (option, "--may-not-return") == 0)
    return &self->may_not_return;
  if (strcmp (option, "--when-free") == 0)
    return &self->when_free;
  if (strcmp (option, UNTIL_FREE) == 0)
    return &self->until_free;

  return NULL;
}

typedef gboolean (*TakeValue) (BatonRequest *self, const char *text, GError **error);

/* Returns: what takes the value of @option, or %NULL where there is none such; @ret_again tells
 * whether it was given before and may be given once only */
static TakeValue
find_value_option (const BatonRequest *self, const char *option, gboolean *ret_again)
{
  *ret_again = FALSE;
  if (strcmp (option, "--close") == 0)
    return baton_request_take_close;
  if (strcmp (option, "--expect") == 0)
    {
      *ret_again = self->expect != NULL;
      return baton_request_take_expect;
    }
  if (strcmp (option, "--start-guest") == 0)
    {
      *ret_again = self->start_guest != NULL;
      return baton_request_take_guest;
    }

  return NULL;
}

/* Takes the option at @arguments. Returns: how many arguments it was, 0 with an error */
static guint
take_option (BatonRequest *self, const char *const *arguments, GError **error)
{
  const char *option = arguments[0];
  gboolean *flag = find_flag (self, option);
  gboolean again = FALSE;
  TakeValue take;

  if (flag != NULL)
    {
      if (*flag)
        return (guint) refuse (error, _ ("“{word}” is given twice"), option);

      *flag = TRUE;
      return 1;
    }

  if (g_str_has_prefix (option, UNTIL_FREE "="))
    {
      if (self->until_free)
        return (guint) refuse (error, _ ("“{word}” is given twice"), UNTIL_FREE);

      return take_minutes (self, option, error) ? 1 : 0;
    }

  take = find_value_option (self, option, &again);
  if (take == NULL)
    return (guint) refuse (error, _ ("“{word}” is not an option"), option);
  if (arguments[1] == NULL)
    return (guint) refuse (error, _ ("“{word}” needs a value"), option);
  if (again)
    return (guint) refuse (error, _ ("“{word}” is given twice"), option);

  return take (self, arguments[1], error) ? 2 : 0;
}

/**
 * baton_request_new_from_arguments:
 * @arguments: (array zero-terminated=1): what stands after the verb `hand` or `plan`
 * @error: return location for an error
 *
 * Reads the one grammar that both verbs have: the side, one to eight addresses, then options:
 *
 * `--close PID:START` (as often as needed), `--end-session`, `--log-out`, `--let-open`, `--may-not-return`,
 * `--when-free` (to the host), `--until-free`, `--until-free=MINUTES` and `--start-guest NAME` (to the
 * guest), `--expect DIGEST`.
 *
 * Anything else, anything twice, anything too long and any other spelling of the same is refused
 * with %BATON_ERROR_PARSE. Whether `--expect` must be there is the verb's affair.
 *
 * Returns: (transfer full): the request, with uid 0
 */
BatonRequest *
baton_request_new_from_arguments (const char *const *arguments, GError **error)
{
  g_autoptr (BatonRequest) self = baton_request_new ();
  g_autoptr (GPtrArray) cards = g_ptr_array_new_with_free_func (g_free);
  guint i = 0;

  for (guint j = 0; arguments[j] != NULL; j++)
    if (strnlen (arguments[j], MAX_ARGUMENT + 1) > MAX_ARGUMENT)
      {
        refuse (error, _ ("“{word}” begins an argument that is too long"), arguments[j]);
        return NULL;
      }

  if (arguments[0] == NULL)
    {
      g_set_error (error, BATON_ERROR, BATON_ERROR_PARSE, _ ("no side was named"));
      return NULL;
    }
  if (!baton_side_from_string (arguments[0], &self->to) ||
      (self->to != BATON_SIDE_GUEST && self->to != BATON_SIDE_HOST))
    {
      refuse (error, _ ("“{word}” is neither “guest” nor “host”"), arguments[0]);
      return NULL;
    }

  for (i = 1; arguments[i] != NULL && arguments[i][0] != '-'; i++)
    if (!baton_request_take_card (cards, arguments[i], error))
      return NULL;

  while (arguments[i] != NULL)
    {
      guint taken = take_option (self, arguments + i, error);

      if (taken == 0)
        return NULL;
      i += taken;
    }

  g_ptr_array_add (cards, NULL);
  g_strfreev (self->cards);
  self->cards = (GStrv) g_ptr_array_free (g_steal_pointer (&cards), FALSE);

  if (!baton_request_check (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * baton_request_to_arguments:
 * @self: a request
 *
 * Returns: (transfer full): what baton_request_new_from_arguments() reads as the same request;
 *   without the verb, and without the uid, which is never an argument
 */
GStrv
baton_request_to_arguments (const BatonRequest *self)
{
  GPtrArray *arguments = g_ptr_array_new ();

  g_ptr_array_add (arguments, g_strdup (baton_side_to_string (self->to)));
  for (guint i = 0; self->cards[i] != NULL; i++)
    g_ptr_array_add (arguments, g_strdup (self->cards[i]));

  for (guint i = 0; i < self->closes->len; i++)
    {
      const BatonClose *item = g_ptr_array_index (self->closes, i);

      g_ptr_array_add (arguments, g_strdup ("--close"));
      g_ptr_array_add (arguments, g_strdup_printf ("%d:%s", item->pid, item->start_time));
    }

  if (self->end_session)
    g_ptr_array_add (arguments, g_strdup ("--end-session"));
  if (self->log_out)
    g_ptr_array_add (arguments, g_strdup ("--log-out"));
  if (self->let_open)
    g_ptr_array_add (arguments, g_strdup ("--let-open"));
  if (self->may_not_return)
    g_ptr_array_add (arguments, g_strdup ("--may-not-return"));
  if (self->when_free)
    g_ptr_array_add (arguments, g_strdup ("--when-free"));
  if (self->within_minutes > 0)
    g_ptr_array_add (arguments, g_strdup_printf (UNTIL_FREE "=%u", self->within_minutes));
  else if (self->until_free)
    g_ptr_array_add (arguments, g_strdup (UNTIL_FREE));
  if (self->start_guest != NULL)
    {
      g_ptr_array_add (arguments, g_strdup ("--start-guest"));
      g_ptr_array_add (arguments, g_strdup (self->start_guest));
    }

  if (self->expect != NULL)
    {
      g_ptr_array_add (arguments, g_strdup ("--expect"));
      g_ptr_array_add (arguments, g_strdup (self->expect));
    }

  g_ptr_array_add (arguments, NULL);

  return (GStrv) g_ptr_array_free (arguments, FALSE);
}
