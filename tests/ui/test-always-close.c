/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the window remembers of the programs that its user always closes, and of which ones it can. */
#include "config.h"

#include <glib/gstdio.h>
#include <utime.h>

#include "baton-always-close.h"
#include "baton-program-id.h"

#define CARD "{\"address\":\"0000:03:00.0\",\"vendor_id\":\"1002\",\"device_id\":\"73bf\"}"
#define OTHER "{\"address\":\"0000:03:00.0\",\"vendor_id\":\"10de\",\"device_id\":\"2684\"}"
#define BROKEN_CARD "{\"address\":\"]\\n[x\",\"vendor_id\":\"1002\",\"device_id\":\"73bf\"}"

static const char *const firefox[] = { "firefox.desktop", NULL };
static const char *const both[] = { "firefox.desktop", "wireplumber.service", NULL };

typedef struct
{
  char *directory;
  char *path;
  GFile *file;
  JsonNode *card;
  JsonNode *other;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("baton-always-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->directory, "baton", "always-close.ini", NULL);
  self->file = g_file_new_for_path (self->path);
  self->card = json_from_string (CARD, NULL);
  self->other = json_from_string (OTHER, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autofree char *parent = g_path_get_dirname (self->path);

  g_remove (self->path);
  g_remove (parent);
  g_remove (self->directory);
  g_object_unref (self->file);
  json_node_unref (self->card);
  json_node_unref (self->other);
  g_free (self->path);
  g_free (self->directory);
}

static void
settle (BatonAlwaysClose *always)
{
  while (baton_always_close_is_busy (always))
    g_main_context_iteration (NULL, TRUE);
}

static BatonAlwaysClose *
open_always (Fixture *self)
{
  BatonAlwaysClose *always = baton_always_close_new (self->file);

  settle (always);

  return always;
}

static void
write_file (Fixture *self, const char *text)
{
  g_autofree char *parent = g_path_get_dirname (self->path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (parent, 0700);
  g_file_set_contents (self->path, text, -1, &error);
  g_assert_no_error (error);
}

static void
assert_file (Fixture *self, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;

  g_file_get_contents (self->path, &found, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, text);
}

static void
test_programs (void)
{
  static const struct
  {
    const char *holder;
    const char *program;
  } rows[] = {
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":\"firefox\",\"unit\":\"app-firefox-47.scope\"",
      "firefox.desktop" },
    { "\"uid\":1000,\"kind\":\"sound\",\"app_id\":null,\"unit\":\"wireplumber.service\"",
      "wireplumber.service" },
    { "\"uid\":1000,\"kind\":\"service\",\"app_id\":null,\"unit\":\"a\\\\x2db@c.service\"",
      "a\\x2db@c.service" },
    { "\"uid\":0,\"kind\":\"service\",\"app_id\":null,\"unit\":\"cool.service\"",
      "system/cool.service" },
    /* named anew at each start */
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":null,\"unit\":\"app-vkcube-5120.scope\"",
      NULL },
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":null,\"unit\":null", NULL },
    /* somebody else's */
    { "\"uid\":1001,\"kind\":\"app\",\"app_id\":\"firefox\",\"unit\":null", NULL },
    { "\"uid\":0,\"kind\":\"app\",\"app_id\":\"firefox\",\"unit\":null", NULL },
    { "\"kind\":\"app\",\"app_id\":\"firefox\",\"unit\":null", NULL },
    /* more is lost than a program */
    { "\"uid\":1000,\"kind\":\"vm\",\"app_id\":\"firefox\",\"unit\":null", NULL },
    { "\"uid\":1000,\"kind\":\"compositor\",\"app_id\":null,\"unit\":\"shell.service\"", NULL },
    { "\"uid\":1000,\"kind\":\"of-the-future\",\"app_id\":\"firefox\",\"unit\":null", NULL },
    /* what no desktop and no service manager would name so */
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":\"a;b\",\"unit\":null", NULL },
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":\"../x\",\"unit\":null", NULL },
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":\"x\\ny\",\"unit\":null", NULL },
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":\"\",\"unit\":null", NULL },
    { "\"uid\":1000,\"kind\":\"app\",\"app_id\":7,\"unit\":null", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf ("{%s}", rows[i].holder);
      g_autoptr (JsonNode) holder = json_from_string (text, NULL);
      g_autofree char *program = baton_program_id_dup (json_node_get_object (holder), 1000);

      g_test_message ("%s", text);
      g_assert_cmpstr (program, ==, rows[i].program);
    }
}

/* One that cannot be known again spoils the choice for all; two of one program are one. */
static void
test_list (void)
{
  g_autoptr (JsonNode) app = json_from_string (
      "{\"uid\":7,\"kind\":\"app\",\"app_id\":\"firefox\",\"unit\":null}", NULL);
  g_autoptr (JsonNode) stranger =
      json_from_string ("{\"uid\":7,\"kind\":\"app\",\"app_id\":null,\"unit\":null}", NULL);
  g_autoptr (GPtrArray) holders = g_ptr_array_new ();
  g_auto (GStrv) none = NULL;
  g_auto (GStrv) one = NULL;

  g_ptr_array_add (holders, json_node_get_object (app));
  g_ptr_array_add (holders, json_node_get_object (app));
  one = baton_program_id_list (holders, 7);
  g_assert_cmpint (g_strv_length (one), ==, 1);
  g_assert_cmpstr (one[0], ==, "firefox.desktop");

  g_ptr_array_add (holders, json_node_get_object (stranger));
  none = baton_program_id_list (holders, 7);
  g_assert_null (none);
}

static void
test_kept (Fixture *self, gconstpointer data)
{
  JsonObject *card = json_node_get_object (self->card);
  JsonObject *other = json_node_get_object (self->other);
  g_autoptr (BatonAlwaysClose) always = open_always (self);
  g_autoptr (BatonAlwaysClose) again = NULL;
  g_autoptr (BatonAlwaysClose) last = NULL;
  g_auto (GStrv) left = NULL;

  g_assert_true (baton_always_close_can_change (always));
  g_assert_false (baton_always_close_has_all (always, card, firefox));
  g_assert_false (baton_always_close_has_all (always, card, NULL));
  baton_always_close_set (always, card, firefox, TRUE);
  /* a second choice while the first is written */
  baton_always_close_set (always, card, both, TRUE);
  g_assert_true (baton_always_close_has_all (always, card, both));
  settle (always);
  g_assert_null (baton_always_close_get_problem (always));

  again = open_always (self);
  g_assert_true (baton_always_close_has_all (again, card, both));
  /* the card that is at this address now */
  g_assert_false (baton_always_close_has_all (again, other, firefox));
  baton_always_close_set (again, card, firefox, FALSE);
  settle (again);

  last = open_always (self);
  left = baton_always_close_list (last, card);
  g_assert_cmpint (g_strv_length (left), ==, 1);
  g_assert_cmpstr (left[0], ==, "wireplumber.service");
}

static void
test_broken (Fixture *self, gconstpointer data)
{
  static const char *const files[] = { "not a key file", "[1002:73bf@0000:03:00.0]\nx",
                                       "\xff\xfe" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autoptr (BatonAlwaysClose) always = NULL;

      write_file (self, files[i]);
      always = open_always (self);
      g_assert_false (baton_always_close_can_change (always));
      g_assert_nonnull (baton_always_close_get_problem (always));
      baton_always_close_set (always, json_node_get_object (self->card), firefox, TRUE);
      settle (always);
      g_assert_false (
          baton_always_close_has_all (always, json_node_get_object (self->card), firefox));
      assert_file (self, files[i]);

      /* mended */
      g_remove (self->path);
      baton_always_close_read_again (always);
      settle (always);
      g_assert_true (baton_always_close_can_change (always));
      g_assert_null (baton_always_close_get_problem (always));
    }
}

/* What cannot name a program names none; and what is not understood is not thrown away. */
static void
test_odd_entries (Fixture *self, gconstpointer data)
{
  JsonObject *card = json_node_get_object (self->card);
  g_autoptr (BatonAlwaysClose) always = NULL;
  g_auto (GStrv) list = NULL;

  write_file (self,
              "# mine\n\n[1002:73bf@0000:03:00.0]\nprograms=../../x;firefox.desktop;new:kind;\n"
              "later=1\n");
  always = open_always (self);
  list = baton_always_close_list (always, card);
  g_assert_cmpint (g_strv_length (list), ==, 1);
  g_assert_cmpstr (list[0], ==, "firefox.desktop");

  baton_always_close_set (always, card, firefox, FALSE);
  settle (always);
  assert_file (self,
               "# mine\n\n[1002:73bf@0000:03:00.0]\nprograms=../../x;new:kind;\nlater=1\n");
}

/* The address is the helper's word: it names a section only where it is an address. */
static void
test_broken_card (Fixture *self, gconstpointer data)
{
  g_autoptr (JsonNode) card = json_from_string (BROKEN_CARD, NULL);
  g_autoptr (BatonAlwaysClose) always = open_always (self);

  baton_always_close_set (always, json_node_get_object (card), firefox, TRUE);
  settle (always);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

/* An editor had it open at the same time: its words are not written over. */
static void
test_changed_meanwhile (Fixture *self, gconstpointer data)
{
  JsonObject *card = json_node_get_object (self->card);
  struct utimbuf long_ago = { 1000000000, 1000000000 };
  const char *theirs = "[1002:73bf@0000:03:00.0]\nprograms=wireplumber.service;\n";
  g_autoptr (BatonAlwaysClose) always = NULL;

  write_file (self, "[1002:73bf@0000:03:00.0]\nprograms=pipewire.service;\n");
  /* Two writes within one tick of the kernel's clock could not be told apart. */
  g_assert_cmpint (g_utime (self->path, &long_ago), ==, 0);
  always = open_always (self);
  write_file (self, theirs);
  baton_always_close_set (always, card, firefox, TRUE);
  settle (always);
  assert_file (self, theirs);
  g_assert_nonnull (baton_always_close_get_problem (always));
  g_assert_false (baton_always_close_has_all (always, card, firefox));

  /* It is known now, and the choice can be made again. */
  baton_always_close_set (always, card, firefox, TRUE);
  settle (always);
  g_assert_null (baton_always_close_get_problem (always));
  g_assert_true (baton_always_close_has_all (always, card, both));
}

/* There was no file, and one has come: from a backup, or another computer's home. */
static void
test_came_meanwhile (Fixture *self, gconstpointer data)
{
  const char *theirs = "[1002:73bf@0000:03:00.0]\nprograms=wireplumber.service;\n";
  g_autoptr (BatonAlwaysClose) always = open_always (self);

  write_file (self, theirs);
  baton_always_close_set (always, json_node_get_object (self->card), firefox, TRUE);
  settle (always);
  assert_file (self, theirs);
  g_assert_nonnull (baton_always_close_get_problem (always));
}

/* There is a file where the directory would be. */
static void
test_cannot_write (Fixture *self, gconstpointer data)
{
  g_autofree char *parent = g_path_get_dirname (self->path);
  g_autoptr (BatonAlwaysClose) always = open_always (self);
  JsonObject *card = json_node_get_object (self->card);

  g_assert_true (g_file_set_contents (parent, "", 0, NULL));
  baton_always_close_set (always, card, firefox, TRUE);
  g_assert_true (baton_always_close_has_all (always, card, firefox));
  settle (always);
  g_assert_nonnull (baton_always_close_get_problem (always));
  g_assert_false (baton_always_close_has_all (always, card, firefox));
}

#define ADD(path, test) g_test_add (path, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/app/always-close/programs", test_programs);
  g_test_add_func ("/app/always-close/list", test_list);
  ADD ("/app/always-close/kept", test_kept);
  ADD ("/app/always-close/broken", test_broken);
  ADD ("/app/always-close/odd-entries", test_odd_entries);
  ADD ("/app/always-close/broken-card", test_broken_card);
  ADD ("/app/always-close/changed-meanwhile", test_changed_meanwhile);
  ADD ("/app/always-close/came-meanwhile", test_came_meanwhile);
  ADD ("/app/always-close/cannot-write", test_cannot_write);

  return g_test_run ();
}
