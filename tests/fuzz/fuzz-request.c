/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arguments of `hand` and `plan`, one a line, and the same bytes as a request's JSON. What is taken
 * must be said again in a way that is taken again, and alike. */
#include "config.h"

#include "baton-error.h"
#include "baton-request.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_round_trip (BatonRequest *request)
{
  g_auto (GStrv) arguments = baton_request_to_arguments (request);
  g_autoptr (BatonRequest) again =
      baton_request_new_from_arguments ((const char *const *) arguments, NULL);
  g_autoptr (JsonNode) node = baton_request_to_json (request);
  g_autoptr (BatonRequest) from_json = baton_request_new_from_json (node, NULL);
  g_auto (GStrv) once_more = NULL;

  g_assert_nonnull (again);
  g_assert_nonnull (from_json);
  once_more = baton_request_to_arguments (from_json);
  g_assert_true (
      g_strv_equal ((const char *const *) arguments, (const char *const *) once_more));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) arguments = g_strsplit (text, "\n", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (BatonRequest) request =
      baton_request_new_from_arguments ((const char *const *) arguments, &error);
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (BatonRequest) from_json = NULL;

  if (request != NULL)
    check_round_trip (request);
  else
    {
      g_assert_error (error, BATON_ERROR, BATON_ERROR_PARSE);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }

  node = json_from_string (text, NULL);
  from_json = node != NULL ? baton_request_new_from_json (node, NULL) : NULL;
  if (from_json != NULL)
    check_round_trip (from_json);

  return 0;
}
