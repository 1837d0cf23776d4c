/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include "baton-notify.h"

static void
test_seen (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_dir_make_tmp ("baton-notify-XXXXXX", &error);
  g_autofree char *directory = g_build_filename (parent, "state", NULL);
  g_autofree char *file = g_build_filename (directory, "seen-report", NULL);

  g_assert_no_error (error);
  g_assert_false (baton_notify_was_seen (directory, "1 boot"));
  baton_notify_note_seen (directory, "1 boot");
  g_assert_true (baton_notify_was_seen (directory, "1 boot"));
  /* the next handoff's, and the same second of another boot */
  g_assert_false (baton_notify_was_seen (directory, "2 boot"));
  g_assert_false (baton_notify_was_seen (directory, "1 other"));

  g_unlink (file);
  g_rmdir (directory);
  g_rmdir (parent);
}

/* Nobody is told twice, and nobody is kept from being told because a disk is full. */
static void
test_cannot_note (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_dir_make_tmp ("baton-notify-XXXXXX", &error);
  g_autofree char *file = g_build_filename (parent, "file", NULL);
  g_autofree char *directory = g_build_filename (file, "state", NULL);

  g_file_set_contents (file, "", 0, &error);
  g_assert_no_error (error);
  baton_notify_note_seen (directory, "1 boot");
  g_assert_false (baton_notify_was_seen (directory, "1 boot"));

  g_unlink (file);
  g_rmdir (parent);
}

static void
test_key (void)
{
  g_autoptr (JsonNode) node = json_from_string ("{\"at\":7,\"boot_id\":\"b\"}", NULL);
  g_autoptr (JsonNode) named =
      json_from_string ("{\"at\":7,\"boot_id\":\"b\",\"handoff\":\"4f\"}", NULL);
  g_autoptr (JsonNode) later =
      json_from_string ("{\"at\":7,\"handoff\":\"4f\",\"code\":\"returned\"}", NULL);
  g_autoptr (JsonNode) broken = json_from_string ("{\"at\":\"x\",\"boot_id\":null}", NULL);
  g_autofree char *key = baton_notify_dup_key (json_node_get_object (node));
  /* A result has neither, and it is the same handoff that it tells of. */
  g_autofree char *own = baton_notify_dup_key (json_node_get_object (named));
  /* A handoff that brings the card back by itself comes to something else by then. */
  g_autofree char *back = baton_notify_dup_key (json_node_get_object (later));
  g_autofree char *odd = baton_notify_dup_key (json_node_get_object (broken));

  g_assert_cmpstr (key, ==, "7 b");
  g_assert_cmpstr (own, ==, "4f");
  g_assert_cmpstr (back, ==, "4f returned");
  g_assert_cmpstr (odd, ==, "0 ");
}

/* A restart has taken the card back from the guests, and nobody returns it any more. */
static void
test_holds (void)
{
  static const struct
  {
    const char *report;
    gboolean same_boot;
    gboolean other_boot;
  } rows[] = {
    { "{\"exit\":0,\"to\":\"guest\",\"boot_id\":\"b\"}", TRUE, FALSE },
    { "{\"exit\":0,\"to\":\"guest\"}", FALSE, FALSE },
    { "{\"exit\":0,\"to\":\"host\",\"boot_id\":\"b\"}", TRUE, TRUE },
    /* what went wrong is told whenever */
    { "{\"exit\":14,\"to\":\"guest\",\"boot_id\":\"b\"}", TRUE, TRUE },
    { "{\"exit\":16,\"to\":\"host\",\"boot_id\":\"b\"}", TRUE, TRUE },
    { "{}", TRUE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (rows[i].report, NULL);
      JsonObject *report = json_node_get_object (node);

      g_test_message ("%s", rows[i].report);
      g_assert_cmpint (baton_notify_holds (report, "b"), ==, rows[i].same_boot);
      g_assert_cmpint (baton_notify_holds (report, "c"), ==, rows[i].other_boot);
      g_assert_cmpint (baton_notify_holds (report, NULL), ==, rows[i].other_boot);
    }
}

/* Whatever is in the file: a notification comes of it. */
static void
test_build (void)
{
  static const char *const reports[] = {
    "{\"exit\":0,\"code\":\"handed-over\",\"args\":{\"card\":\"X\"},\"to\":\"guest\","
    "\"cards\":[\"0000:01:00.0\"]}",
    "{\"exit\":16,\"code\":\"stuck\",\"args\":{\"cause\":\"x\"},\"to\":\"host\",\"cards\":[]}",
    "{\"exit\":99,\"code\":\"from-the-future\",\"text\":null}", "{}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (reports); i++)
    {
      g_autoptr (JsonNode) node = json_from_string (reports[i], NULL);
      g_autoptr (GNotification) notification = NULL;

      g_test_message ("%s", reports[i]);
      notification = baton_notify_build (json_node_get_object (node));
      g_assert_true (G_IS_NOTIFICATION (notification));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/app/notify/seen", test_seen);
  g_test_add_func ("/app/notify/cannot-note", test_cannot_note);
  g_test_add_func ("/app/notify/key", test_key);
  g_test_add_func ("/app/notify/holds", test_holds);
  g_test_add_func ("/app/notify/build", test_build);

  return g_test_run ();
}
