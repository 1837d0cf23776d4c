/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-profile-words.h"

#include <json-glib/json-glib.h>

#include "baton-codes.h"
#include "baton-finding-words.h"

/**
 * baton_profile_words_describe_problem:
 * @problem: why a settings file cannot be used
 * @ret_title: (out) (transfer full): what is the matter, as a heading
 * @ret_detail: (out) (transfer full): where, why, and what to do
 *
 * A plan says the same of it, in the same words.
 */
void
baton_profile_words_describe_problem (const BatonProfileProblem *problem,
                                      char **ret_title,
                                      char **ret_detail)
{
  g_autoptr (JsonObject) finding = json_object_new ();
  JsonObject *args = json_object_new ();
  BatonCode code = problem->line > 0 ? BATON_CODE_BAD_PROFILE : BATON_CODE_PROFILE_UNREADABLE;
  g_autofree char *line = g_strdup_printf ("%u", problem->line);

  json_object_set_string_member (args, "file", problem->file);
  json_object_set_string_member (args, "line", line);
  json_object_set_string_member (args, "key", problem->key != NULL ? problem->key : "");
  json_object_set_string_member (args, "reason", problem->reason);
  json_object_set_string_member (finding, "code", baton_code_get_info (code)->name);
  json_object_set_object_member (finding, "args", args);
  *ret_title = baton_finding_words_dup_title (finding, NULL);
  *ret_detail = baton_finding_words_dup_detail (finding, NULL);
}
