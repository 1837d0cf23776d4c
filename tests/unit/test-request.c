/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-error.h"
#include "baton-request.h"

#define CARD "0000:01:00.0"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static BatonRequest *
parse_words (const char *words, GError **error)
{
  g_auto (GStrv) arguments = g_strsplit (words, " ", -1);

  return baton_request_new_from_arguments ((const char *const *) arguments, error);
}

static BatonRequest *
parse_json (const char *text, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);

  return baton_request_new_from_json (node, error);
}

static const char *const good_rows[] = {
  "guest " CARD,
  "host " CARD,
  "guest 0000:01:00.0 10000:e1:00.0",
  "guest " CARD " --close 1234:567890",
  "guest " CARD " --close 1234:567890 --close 4194304:0",
  "guest " CARD
  " --end-session --log-out --let-open --may-not-return --until-free --expect " DIGEST,
  "host " CARD " --end-session --log-out --when-free --expect " DIGEST,
  "guest " CARD " --until-free=1",
  "guest " CARD " --until-free=1440 --expect " DIGEST,
};

static void
test_arguments_survive_both_ways (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (BatonRequest) request = parse_words (good_rows[i], &error);
      g_autoptr (BatonRequest) again = NULL;
      g_autoptr (JsonNode) node = NULL;
      g_auto (GStrv) arguments = NULL;
      g_autofree char *words = NULL;

      g_test_message ("%s", good_rows[i]);
      g_assert_no_error (error);
      request->uid = 1000;
      if (i % 2 == 0)
        request->hook_guest = g_strdup ("Pr\xc3\xbc"
                                        "fling\\x1b");
      node = baton_request_to_json (request);
      again = baton_request_new_from_json (node, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (again->uid, ==, 1000);
      g_assert_cmpstr (again->hook_guest, ==, request->hook_guest);

      arguments = baton_request_to_arguments (again);
      words = g_strjoinv (" ", arguments);
      g_assert_cmpstr (words, ==, good_rows[i]);
    }
}

static void
test_arguments_are_read (void)
{
  g_autoptr (BatonRequest) request =
      parse_words ("guest " CARD " --let-open --close 12:34 --expect " DIGEST, NULL);

  g_assert_cmpint (request->to, ==, BATON_SIDE_GUEST);
  g_assert_cmpstr (request->cards[0], ==, CARD);
  g_assert_null (request->cards[1]);
  g_assert_true (request->let_open);
  g_assert_false (request->end_session || request->may_not_return || request->until_free ||
                  request->when_free);
  g_assert_cmpstr (request->expect, ==, DIGEST);
  g_assert_true (baton_request_allows_close (request, 12, "34"));
  g_assert_false (baton_request_allows_close (request, 12, "35"));
  g_assert_false (baton_request_allows_close (request, 13, "34"));
  g_assert_false (baton_request_allows_close (request, 12, NULL));
}

static void
test_a_time_is_read (void)
{
  g_autoptr (BatonRequest) said = parse_words ("guest " CARD " --until-free=15", NULL);
  g_autoptr (BatonRequest) unsaid = parse_words ("guest " CARD " --until-free", NULL);

  g_assert_true (said->until_free);
  g_assert_cmpuint (said->within_minutes, ==, 15);
  g_assert_true (unsaid->until_free);
  g_assert_cmpuint (unsaid->within_minutes, ==, 0);
}

/* SECURITY's attacks 3, 4, 5 and 12, as far as the grammar alone can refuse them. */
static const char *const bad_rows[] = {
  "",
  "guest",
  "host",
  CARD,
  "GUEST " CARD,
  "none " CARD,
  "split " CARD,
  "--let-open guest " CARD,
  "guest --let-open " CARD,
  "guest --let-open",
  "guest " CARD " guest",
  "guest " CARD " " CARD,
  "guest 0000:01:00.0 --let-open 0000:02:00.0",
  "guest 01:00.0",
  "guest 0000:01:00.8",
  "guest 0000:01:00.0/../..",
  "guest ../../../../etc",
  "guest /sys/bus/pci/devices/0000:01:00.0",
  "guest 0000:01:00.0\n",
  "guest %n%s",
  "guest 0000:0\xd0\xb0:00.0",
  "guest 0000:AB:00.0",
  "guest 0:1:0.0 ",
  "guest 0000:01:00.0 0000:02:00.0 0000:03:00.0 0000:04:00.0 0000:05:00.0 0000:06:00.0 "
  "0000:07:00.0 0000:08:00.0 0000:09:00.0",
  "guest " CARD " --nonsense",
  "guest " CARD " --LET-OPEN",
  "guest " CARD " --let-open=yes",
  "guest " CARD " --let",
  "guest " CARD " -",
  "guest " CARD " --",
  "guest " CARD " --let-open --let-open",
  "guest " CARD " --end-session --end-session",
  "guest " CARD " --log-out --log-out",
  "guest " CARD " --expect",
  "guest " CARD " --expect 0123",
  "guest " CARD " --expect " DIGEST "0",
  "guest " CARD " --expect 0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
  "guest " CARD " --expect " DIGEST " --expect " DIGEST,
  "guest " CARD " --close",
  "guest " CARD " --close 1234",
  "guest " CARD " --close 1234:",
  "guest " CARD " --close :567890",
  "guest " CARD " --close 1:567890",
  "guest " CARD " --close 0:567890",
  "guest " CARD " --close -1:567890",
  "guest " CARD " --close 01234:567890",
  "guest " CARD " --close 0x12:567890",
  "guest " CARD " --close 4194305:567890",
  "guest " CARD " --close 99999999999999999999:1",
  "guest " CARD " --close 1234:123456789012345678901",
  "guest " CARD " --close 1234:5678:9",
  "guest " CARD " --close 1234:+5",
  "guest " CARD " --close 1234:5 --close 1234:5",
  "guest " CARD " --close 1234:5 --close 1234:6",
  "guest " CARD " --when-free",
  "guest " CARD " --start-guest",
  "guest " CARD " --start-guest ../x",
  "guest " CARD " --start-guest a --start-guest a",
  "host " CARD " --start-guest a",
  "host " CARD " --until-free",
  "host " CARD " --until-free=5",
  "guest " CARD " --until-free 5",
  "guest " CARD " --until-free=",
  "guest " CARD " --until-free=0",
  "guest " CARD " --until-free=00",
  "guest " CARD " --until-free=05",
  "guest " CARD " --until-free=1441",
  "guest " CARD " --until-free=10000",
  "guest " CARD " --until-free=4294967297",
  "guest " CARD " --until-free=18446744073709551617",
  "guest " CARD " --until-free=-5",
  "guest " CARD " --until-free=+5",
  "guest " CARD " --until-free=0x5",
  "guest " CARD " --until-free=5m",
  "guest " CARD " --until-free=5\n",
  "guest " CARD " --until-free=1.5",
  "guest " CARD " --until-free=1e3",
  "guest " CARD " --until-free=\xd9\xa5",
  "guest " CARD " --until-free==5",
  "guest " CARD " --until-freed=5",
  "guest " CARD " --until-free --until-free",
  "guest " CARD " --until-free --until-free=5",
  "guest " CARD " --until-free=5 --until-free",
  "guest " CARD " --until-free=5 --until-free=5",
  "guest " CARD " --until-free=5 --start-guest a",
  "guest " CARD " --start-guest a --until-free=5",
  "host " CARD " --let-open",
  "host " CARD " --may-not-return",
};

static void
test_arguments_are_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad_rows[i]);
      g_assert_null (parse_words (bad_rows[i], &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
}

static void
test_what_is_refused_is_quoted_safely (void)
{
  g_autofree char *endless = g_strnfill (1024 * 1024, 'x');
  const char *hostile[] = { "guest", "\033[2J\nok", NULL };
  const char *lengthy[] = { "guest", endless, NULL };
  g_autoptr (GError) error = NULL;

  g_assert_null (baton_request_new_from_arguments (hostile, &error));
  g_assert_nonnull (g_strstr_len (error->message, -1, "\\x1b[2J\\x0aok"));
  g_clear_error (&error);

  g_assert_null (baton_request_new_from_arguments (lengthy, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
test_too_many_arguments_are_refused (void)
{
  g_autoptr (GString) words = g_string_new ("guest " CARD);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 300; i++)
    g_string_append_printf (words, " --close %u:1", i + 2);

  g_assert_null (parse_words (words->str, &error));
  g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
}

#define JSON_HEAD                                                                              \
  "{\"v\":1,\"to\":\"guest\",\"cards\":[\"" CARD "\"],\"closes\":[],\"log_out\":false,"
#define JSON_FLAGS                                                                             \
  "\"end_session\":false,\"let_open\":false,\"may_not_return\":false,\"when_free\":false,"     \
  "\"until_free\":false,\"start_guest\":null,\"within_minutes\":0,"
#define JSON_TAIL "\"expect\":null,\"uid\":1000}"
/* With the two that follow. */
#define JSON_WAIT                                                                              \
  JSON_HEAD "\"end_session\":false,\"let_open\":false,\"may_not_return\":false,"               \
            "\"when_free\":false,"

static const char *const bad_json_rows[] = {
  "[]",
  "{}",
  "null",
  JSON_HEAD JSON_FLAGS "\"expect\":null}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":1000,\"more\":1}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":0,\"hook_guest\":null}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":0,\"hook_guest\":\"\"}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":0,\"hook_guest\":\"a\\nb\"}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":0,\"hook_guest\":\"a\",\"more\":1}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":-1}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":4294967295}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":\"1000\"}",
  JSON_HEAD JSON_FLAGS "\"expect\":null,\"uid\":1.5}",
  JSON_HEAD JSON_FLAGS "\"expect\":\"0123\",\"uid\":1000}",
  JSON_HEAD JSON_FLAGS "\"expect\":{},\"uid\":1000}",
  "{\"v\":1,\"to\":\"guest\",\"cards\":[\"" CARD "\"],\"closes\":[]," JSON_FLAGS JSON_TAIL,
  JSON_HEAD "\"end_session\":1,\"let_open\":false,\"may_not_return\":false,\"when_free\":false,"
            "\"until_free\":false,\"start_guest\":null,\"within_minutes\":0," JSON_TAIL,
  JSON_HEAD "\"end_session\":false,\"let_open\":false,\"may_not_return\":false,"
            "\"when_free\":true,\"until_free\":false,\"start_guest\":null,\"within_minutes\":"
            "0," JSON_TAIL,
  JSON_HEAD "\"end_session\":false,\"let_open\":false,\"may_not_return\":false,"
            "\"when_free\":false,\"until_free\":false,\"start_guest\":\"../"
            "x\",\"within_minutes\":0," JSON_TAIL,
  JSON_HEAD
  "\"end_session\":false,\"let_open\":false,\"may_not_return\":false,"
  "\"when_free\":false,\"until_free\":false,\"start_guest\":7,\"within_minutes\":0," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":null," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":\"5\"," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":-1," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":1441," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":4294967301," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":1.5," JSON_TAIL,
  JSON_WAIT "\"until_free\":true,\"start_guest\":\"a\",\"within_minutes\":5," JSON_TAIL,
  JSON_WAIT "\"until_free\":false,\"start_guest\":null,\"within_minutes\":5," JSON_TAIL,
  "{\"log_out\":false,\"v\":2,\"to\":\"guest\",\"cards\":[\"" CARD
  "\"],\"closes\":[]," JSON_FLAGS JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"none\",\"cards\":[\"" CARD
  "\"],\"closes\":[]," JSON_FLAGS JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"guest\",\"cards\":[],\"closes\":[]," JSON_FLAGS
      JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"guest\",\"cards\":\"" CARD
  "\",\"closes\":[]," JSON_FLAGS JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"guest\",\"cards\":[7],\"closes\":[]," JSON_FLAGS
      JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"guest\",\"cards\":[\"../..\"],\"closes\":[]," JSON_FLAGS
      JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"guest\",\"cards\":[\"" CARD
  "\"],\"closes\":[\"1:1\"]," JSON_FLAGS JSON_TAIL,
  "{\"log_out\":false,\"v\":1,\"to\":\"guest\",\"cards\":[\"" CARD
  "\"],\"closes\":[null]," JSON_FLAGS JSON_TAIL,
};

static void
test_json_is_refused (void)
{
  g_autoptr (BatonRequest) good = parse_json (JSON_HEAD JSON_FLAGS JSON_TAIL, NULL);
  g_autoptr (BatonRequest) timed = parse_json (
      JSON_WAIT "\"until_free\":true,\"start_guest\":null,\"within_minutes\":5," JSON_TAIL,
      NULL);

  g_assert_nonnull (good);
  g_assert_nonnull (timed);
  g_assert_cmpuint (timed->within_minutes, ==, 5);

  for (guint i = 0; i < G_N_ELEMENTS (bad_json_rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad_json_rows[i]);
      g_assert_null (parse_json (bad_json_rows[i], &error));
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/request/survives", test_arguments_survive_both_ways);
  g_test_add_func ("/core/request/arguments/read", test_arguments_are_read);
  g_test_add_func ("/core/request/arguments/time", test_a_time_is_read);
  g_test_add_func ("/core/request/arguments/refused", test_arguments_are_refused);
  g_test_add_func ("/core/request/arguments/quoted-safely",
                   test_what_is_refused_is_quoted_safely);
  g_test_add_func ("/core/request/arguments/too-many", test_too_many_arguments_are_refused);
  g_test_add_func ("/core/request/json/refused", test_json_is_refused);

  return g_test_run ();
}
