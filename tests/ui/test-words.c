/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <gtk/gtk.h>

#include "baton-app-info.h"
#include "baton-finding-words.h"
#include "baton-json.h"
#include "baton-place-words.h"
#include "baton-plan.h"
#include "baton-plan-words.h"
#include "baton-remedy-command.h"
#include "baton-report-text.h"
#include "baton-result-words.h"
#include "baton-step-words.h"
#include "baton-words.h"

static JsonNode *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (text, &error);

  g_assert_no_error (error);

  return node;
}

typedef struct
{
  const char *name;
  const char *shown;
} NameRow;

static void
test_card_name (void)
{
  static const NameRow rows[] = {
    { "NVIDIA Corporation TU104 [GeForce RTX 2080]", "GeForce RTX 2080" },
    { "Advanced Micro Devices, Inc. [AMD/ATI] Navi 21 [Radeon RX 6800 XT]",
      "Radeon RX 6800 XT" },
    { "Advanced Micro Devices, Inc. [AMD/ATI] Raphael", "AMD Raphael" },
    { "Intel Corporation UHD Graphics 630", "Intel UHD Graphics 630" },
    { "Red Hat, Inc. QXL paravirtual graphic card", "Red Hat QXL paravirtual graphic card" },
    { "Device 1234:1111", "Device 1234:1111" },
    { "odd []", "odd []" },
    { "]", "]" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonObject) card = json_object_new ();
      g_autofree char *shown = NULL;

      g_test_message ("%s", rows[i].name);
      json_object_set_string_member (card, "name", rows[i].name);
      shown = baton_words_dup_card_name (card, NULL);
      g_assert_cmpstr (shown, ==, rows[i].shown);
    }
}

static void
test_card_name_twins (void)
{
  g_autoptr (JsonNode) node = parse ("[{\"address\":\"a\",\"name\":\"X [Y]\"},"
                                     "{\"address\":\"b\",\"name\":\"X [Y]\"},"
                                     "{\"address\":\"c\",\"name\":\"Z\"}]");
  JsonArray *cards = json_node_get_array (node);
  g_autofree char *second = baton_words_dup_card_name (baton_json_nth_object (cards, 1), cards);
  g_autofree char *third = baton_words_dup_card_name (baton_json_nth_object (cards, 2), cards);

  g_assert_cmpstr (second, ==, "Y (No. 2)");
  g_assert_cmpstr (third, ==, "Z");
}

typedef struct
{
  const char *card;
  const char *place;
  const char *icon;
  BatonVerb verb;
} PlaceRow;

static void
test_place (void)
{
  static const PlaceRow rows[] = {
    { "{\"side\":\"host\"}", "Used by this computer", "baton-host-symbolic", BATON_VERB_HAND },
    { "{\"side\":\"guest\",\"guests\":[]}", "Parked for a virtual machine",
      "baton-parked-symbolic", BATON_VERB_RETURN },
    { "{\"side\":\"guest\",\"guests\":[{\"name\":\"win11\",\"pid\":7}]}", "With “win11”",
      "baton-guest-symbolic", BATON_VERB_RETURN_WHEN_FREE },
    { "{\"side\":\"none\"}", "Used by nobody", "baton-none-symbolic", BATON_VERB_RETURN },
    { "{\"side\":\"split\"}", "Half handed over", "baton-split-symbolic", BATON_VERB_RETURN },
    /* What a newer helper may say must lead home at least. */
    { "{\"side\":\"elsewhere\"}", "Half handed over", "baton-split-symbolic",
      BATON_VERB_RETURN },
    { "{\"side\":null}", "Half handed over", "baton-split-symbolic", BATON_VERB_RETURN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = parse (rows[i].card);
      JsonObject *card = json_node_get_object (node);
      g_autofree char *place = baton_place_words_dup (card);
      g_autofree char *detail = baton_place_words_dup_detail (card, NULL, NULL, NULL);

      g_test_message ("%s", rows[i].card);
      g_assert_cmpstr (place, ==, rows[i].place);
      g_assert_cmpstr (baton_place_words_get_icon (card), ==, rows[i].icon);
      g_assert_cmpint (baton_words_choose_verb (card, NULL), ==, rows[i].verb);
      g_assert_cmpstr (detail, !=, "");
    }
}

/* When it was handed over is told of this boot alone: after a restart it is parked there. */
static void
test_place_since (void)
{
  static const struct
  {
    const char *report;
    gboolean is_told;
  } rows[] = {
    { "\"boot_id\":\"now\",\"exit\":0,\"cards\":[\"0000:01:00.0\"]", TRUE },
    { "\"boot_id\":\"before\",\"exit\":0,\"cards\":[\"0000:01:00.0\"]", FALSE },
    { "\"boot_id\":null,\"exit\":0,\"cards\":[\"0000:01:00.0\"]", FALSE },
    { "\"boot_id\":\"now\",\"exit\":14,\"cards\":[\"0000:01:00.0\"]", FALSE },
    { "\"boot_id\":\"now\",\"exit\":0,\"cards\":[\"0000:02:00.0\"]", FALSE },
  };
  g_autoptr (JsonNode) card =
      parse ("{\"address\":\"0000:01:00.0\",\"side\":\"guest\",\"guests\":[]}");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{%s,\"to\":\"guest\",\"at\":1000}", rows[i].report);
      g_autoptr (JsonNode) report = parse (text);
      g_autofree char *detail = baton_place_words_dup_detail (
          json_node_get_object (card), NULL, json_node_get_object (report), "now");

      g_test_message ("%s", text);
      g_assert_cmpint (g_str_has_prefix (detail, "Handed over"), ==, rows[i].is_told);
    }
}

typedef struct
{
  const char *findings;
  const char *side;
  BatonVerb verb;
} VerbRow;

static void
test_verb (void)
{
  static const VerbRow rows[] = {
    { "[]", "host", BATON_VERB_HAND },
    { "[{\"severity\":\"warning\",\"code\":\"no-reset\",\"consent\":null}]", "host",
      BATON_VERB_HAND },
    { "[{\"severity\":\"blocker\",\"code\":\"in-use-app\",\"consent\":\"close\"}]", "host",
      BATON_VERB_HAND },
    { "[{\"severity\":\"blocker\",\"code\":\"foreign-in-group\",\"consent\":null}]", "host",
      BATON_VERB_SEE_WHY },
    { "[{\"severity\":\"blocker\",\"code\":\"journal-unfinished\",\"consent\":null}]", "split",
      BATON_VERB_SEE_WHY },
    /* The button that waits for the virtual machine is the answer to this one. */
    { "[{\"severity\":\"blocker\",\"code\":\"guest-has-card\",\"consent\":null}]", "guest",
      BATON_VERB_RETURN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"side\":\"%s\",\"findings\":%s}", rows[i].side, rows[i].findings);
      g_autoptr (JsonNode) node = parse (text);
      JsonObject *both = json_node_get_object (node);

      g_test_message ("%s", text);
      g_assert_cmpint (baton_words_choose_verb (both, both), ==, rows[i].verb);
    }
}

/* A sentence with an argument left in braces would be a sentence nobody can read. */
static void
test_findings_are_whole (void)
{
  for (guint i = BATON_CODE_NONE + 1; i < BATON_N_CODES; i++)
    {
      const BatonCodeInfo *info = baton_code_get_info (i);
      g_autoptr (JsonObject) finding = json_object_new ();
      JsonObject *args = json_object_new ();
      g_autofree char *title = NULL;
      g_autofree char *detail = NULL;

      g_test_message ("%s", info->name);
      for (guint j = 0; info->args[j] != NULL; j++)
        json_object_set_string_member (args, info->args[j], "7");
      json_object_set_string_member (finding, "code", info->name);
      json_object_set_object_member (finding, "args", args);

      title = baton_finding_words_dup_title (finding, NULL);
      detail = baton_finding_words_dup_detail (finding, NULL);
      g_assert_cmpstr (title, !=, "");
      g_assert_null (strchr (title, '{'));
      g_assert_null (strchr (detail, '{'));
    }
}

/* Two scripts that name the card are two rows, and each keeps its own when the plan is made again. */
static void
test_finding_keys (void)
{
  static const char *const findings[] = {
    "\"code\":\"managed-by-hook\",\"subject\":\"0000:01:00.0\",\"args\":{\"card\":\"X\","
    "\"file\":\"/etc/libvirt/hooks/qemu\",\"line\":\"3\"}",
    "\"code\":\"managed-by-hook\",\"subject\":\"0000:01:00.0\",\"args\":{\"card\":\"X\","
    "\"file\":\"/etc/libvirt/hooks/qemu\",\"line\":\"9\"}",
    "\"code\":\"managed-by-hook\",\"subject\":\"0000:01:00.0\",\"args\":{\"card\":\"X\","
    "\"file\":\"/usr/local/bin/vfio\",\"line\":\"3\"}",
    "\"code\":\"managed-by-hook\",\"subject\":\"0000:01:00.1\",\"args\":{\"card\":\"X\","
    "\"file\":\"/usr/local/bin/vfio\",\"line\":\"3\"}",
    "\"code\":\"claimed-by-ids\",\"subject\":null,\"args\":{\"card\":\"X\",\"what\":"
    "\"vfio-pci.ids\",\"value\":\"10de:1e87\",\"file\":\"/etc/modprobe.d/a\",\"line\":\"1\"}",
    "\"code\":\"claimed-by-ids\",\"subject\":null,\"args\":{\"card\":\"X\",\"what\":"
    "\"vfio-pci.ids\",\"value\":\"10de:1e87\",\"file\":\"/etc/modprobe.d/b\",\"line\":\"1\"}",
    "\"code\":\"claimed-on-command-line\",\"subject\":null,\"args\":{\"card\":\"X\","
    "\"what\":\"vfio-pci.ids\",\"value\":\"10de:1e87\"}",
    "\"code\":\"claimed-on-command-line\",\"subject\":null,\"args\":{\"card\":\"X\","
    "\"what\":\"pci-stub.ids\",\"value\":\"10de:1e87\"}",
    "\"code\":\"managed-by-program\",\"subject\":null,\"args\":{\"card\":\"X\","
    "\"program\":\"supergfxd\"}",
    "\"code\":\"managed-by-program\",\"subject\":null,\"args\":{\"card\":\"X\","
    "\"program\":\"cardwired\"}",
  };
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (JsonNode) few = parse ("{\"code\":\"holders-incomplete\",\"subject\":null,"
                                    "\"args\":{\"unreadable\":\"3\"}}");
  g_autoptr (JsonNode) more = parse ("{\"code\":\"holders-incomplete\",\"subject\":null,"
                                     "\"args\":{\"unreadable\":\"4\"}}");
  g_autofree char *before = baton_finding_words_dup_key (json_node_get_object (few));
  g_autofree char *after = baton_finding_words_dup_key (json_node_get_object (more));

  for (guint i = 0; i < G_N_ELEMENTS (findings); i++)
    {
      g_autofree char *text = g_strdup_printf ("{%s}", findings[i]);
      g_autoptr (JsonNode) node = parse (text);

      g_test_message ("%s", text);
      g_assert_true (
          g_hash_table_add (keys, baton_finding_words_dup_key (json_node_get_object (node))));
    }

  /* What is told of one thing may change, and its row stays. */
  g_assert_cmpstr (before, ==, after);
}

/* Most computers have one monitor, and no sentence may speak of several. */
static void
test_finding_of_one_monitor (void)
{
  g_autoptr (JsonNode) node = parse ("{\"code\":\"monitors-go-dark\",\"severity\":\"warning\","
                                     "\"args\":{\"outputs\":\"Virtual-3\"}}");
  JsonObject *finding = json_node_get_object (node);
  g_autofree char *title = baton_finding_words_dup_title (finding, NULL);
  g_autofree char *detail = baton_finding_words_dup_detail (finding, NULL);

  g_assert_cmpstr (title, ==, "Virtual-3 will go dark");
  g_assert_cmpstr (detail, ==,
                   "Goes dark: Virtual-3. Connect what you need meanwhile to another card.");
}

static void
test_finding_unknown (void)
{
  g_autoptr (JsonNode) node = parse ("{\"code\":\"from-the-future\",\"severity\":\"blocker\","
                                     "\"text\":\"Something new.\",\"remedy\":\"Do this.\"}");
  JsonObject *finding = json_node_get_object (node);
  g_autofree char *title = baton_finding_words_dup_title (finding, NULL);
  g_autofree char *detail = baton_finding_words_dup_detail (finding, NULL);

  g_assert_cmpstr (title, ==, "Something new.");
  g_assert_cmpstr (detail, ==, "Do this.");
  g_assert_cmpint (baton_finding_words_get_verb (finding), ==, BATON_FINDING_VERB_NONE);
}

static void
test_steps_are_known (void)
{
  for (guint i = 0; i < BATON_N_STEP_KINDS; i++)
    {
      const char *kind = baton_step_kind_to_string (i);
      g_autofree char *id = g_strdup_printf ("%s:0000:01:00.0", kind);
      g_autoptr (JsonObject) step = json_object_new ();

      json_object_set_string_member (step, "id", id);
      json_object_set_string_member (step, "kind", kind);
      /* A unit and a guest are called by their names, and everything else is described. */
      json_object_set_string_member (step, "target",
                                     i == BATON_STEP_STOP_UNIT || i == BATON_STEP_START_UNIT ||
                                             i == BATON_STEP_START_GUEST
                                         ? "a.service"
                                         : "0000:01:00.0");

      for (guint to = 0; to < 2; to++)
        {
          g_autofree char *title =
              baton_step_words_dup_title (step, to == 0 ? "guest" : "host", NULL, NULL);

          g_test_message ("%s", title);
          g_assert_cmpstr (title, !=, id);
          g_assert_null (strchr (title, ':'));
        }
    }
}

static void
test_step_parts (void)
{
  g_autoptr (JsonNode) node =
      parse ("[{\"functions\":[{\"address\":\"0000:01:00.0\",\"class\":\"030000\"},"
             "{\"address\":\"0000:01:00.1\",\"class\":\"040300\"}]}]");
  g_autoptr (JsonNode) step = parse (
      "{\"id\":\"unbind:0000:01:00.1\",\"kind\":\"unbind\",\"target\":\"0000:01:00.1\"}");
  g_autofree char *title = baton_step_words_dup_title (json_node_get_object (step), "guest",
                                                       json_node_get_array (node), NULL);

  g_assert_cmpstr (title, ==, "Take the card’s sound from this computer");
}

/* How long is waited for one that has yet to come, where that was said. */
static void
test_step_with_time (void)
{
  g_autoptr (JsonNode) node =
      parse ("{\"id\":\"wait-guest:0000:01:00.0\",\"kind\":\"wait-guest\","
             "\"target\":\"0000:01:00.0\",\"detail\":\"within:15\"}");
  JsonObject *step = json_node_get_object (node);
  g_autofree char *minutes = baton_step_words_dup_title (step, "guest", NULL, NULL);
  g_autofree char *minute = NULL;
  g_autofree char *endless = NULL;

  json_object_set_string_member (step, "detail", BATON_WITHIN "1");
  minute = baton_step_words_dup_title (step, "guest", NULL, NULL);
  json_object_set_string_member (step, "detail", BATON_WITHIN "x");
  endless = baton_step_words_dup_title (step, "guest", NULL, NULL);
  g_assert_cmpstr (minutes, ==,
                   "Wait 15 minutes for a virtual machine, then until it has stopped");
  g_assert_cmpstr (minute, ==,
                   "Wait 1 minute for a virtual machine, then until it has stopped");
  g_assert_cmpstr (endless, ==, "Wait until the virtual machine has stopped");
}

/* What stands in goes the other way, and is told apart. */
static void
test_step_of_stand_in (void)
{
  g_autoptr (JsonNode) node =
      parse ("[{\"functions\":[{\"address\":\"0000:02:00.0\",\"class\":\"030000\"}]}]");
  g_autoptr (JsonNode) step =
      parse ("{\"id\":\"bind:0000:02:00.0\",\"kind\":\"bind\",\"target\":\"0000:02:00.0\","
             "\"card\":\"0000:02:00.0\"}");
  g_autofree char *there = baton_step_words_dup_title (json_node_get_object (step), "guest",
                                                       json_node_get_array (node), NULL);
  g_autofree char *back = baton_step_words_dup_title (json_node_get_object (step), "host",
                                                      json_node_get_array (node), NULL);

  g_assert_cmpstr (there, ==, "Stand-in: Give the graphics card back to this computer");
  g_assert_cmpstr (back, ==, "Stand-in: Make the graphics card ready for a virtual machine");
}

static void
install_teapot (void)
{
  g_autofree char *directory = g_build_filename (g_get_user_data_dir (), "applications", NULL);
  g_autofree char *path = g_build_filename (directory, "teapot.desktop", NULL);

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (
      path, "[Desktop Entry]\nType=Application\nName=Teapot\nExec=true\n", -1, NULL));
}

/* A program is called in a step as in its row, and turns no sentence around. */
static void
test_step_names_an_app (void)
{
  g_autoptr (JsonNode) holders =
      parse ("[{\"pid\":7,\"name\":\"\\u202eevil\",\"app_id\":null},"
             "{\"pid\":8,\"name\":\"teapot-bin\",\"app_id\":\"teapot\"}]");
  static const char *const titles[] = {
    "Close “\342\201\250\342\200\256evil\342\201\251”",
    "Close “Teapot”",
  };

  install_teapot ();
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"id\":\"close-process:%u:70\",\"kind\":\"close-process\",\"target\":\"%u:70\"}",
          i + 7, i + 7);
      g_autoptr (JsonNode) step = parse (text);
      g_autofree char *title = baton_step_words_dup_title (json_node_get_object (step), "guest",
                                                           NULL, json_node_get_array (holders));

      g_assert_cmpstr (title, ==, titles[i]);
    }
}

typedef struct
{
  const char *findings;
  gboolean when_free;
  BatonSide to;
  const char *button;
  gboolean destructive;
  const char *steps;       /* NULL for none yet */
  const char *consequence; /* NULL where it is not looked at */
} ButtonRow;

#define SERVICE(who)                                                                           \
  "{\"severity\":\"blocker\",\"code\":\"in-use-whole-service\",\"consent\":\"close\","         \
  "\"subject\":\"" who "\"}"
#define STOP "{\"kind\":\"stop-unit\",\"target\":\"a.service\",\"detail\":\"a\"}"
#define OWNERS_STOP "{\"kind\":\"stop-unit\",\"target\":\"b.service\",\"detail\":null}"
#define MAY_NOT_RETURN "{\"severity\":\"blocker\",\"consent\":\"may-not-return\"}"
#define RISK "The card may not come back before this computer is restarted."

#define CLOSE(pid)                                                                             \
  "{\"severity\":\"blocker\",\"code\":\"in-use-app\",\"consent\":\"close\",\"subject\":\"" pid \
  "\"}"

#define DURATION(card, to, elapsed_ms)                                                         \
  "{\"durations\":[{\"card\":\"" card "\",\"to\":\"" to "\",\"elapsed_ms\":" elapsed_ms "}]}"

#define STEPS                                                                                  \
  "[{\"n\":1,\"kind\":\"close-process\",\"target\":\"7:70\"},"                                 \
  "{\"n\":2,\"kind\":\"unbind\",\"target\":\"0000:01:00.0\"}]"

static void
test_plan_button (void)
{
  static const ButtonRow rows[] = {
    { "[]", FALSE, BATON_SIDE_GUEST, "_Hand Over", FALSE },
    { "[]", FALSE, BATON_SIDE_HOST, "_Return", FALSE },
    { "[]", TRUE, BATON_SIDE_HOST, "_Return When It Stops", FALSE },
    { "[" CLOSE ("7:70") "]", FALSE, BATON_SIDE_GUEST, "C_lose 1 App and Hand Over", TRUE },
    { "[" CLOSE ("7:70") "," CLOSE ("8:80") "," CLOSE ("9:90") "]", FALSE, BATON_SIDE_GUEST,
      "C_lose 3 Apps and Hand Over", TRUE },
    { "[" CLOSE ("7:70") "]", FALSE, BATON_SIDE_HOST, "C_lose 1 App and Return", TRUE },
    { "[{\"severity\":\"blocker\",\"consent\":\"may-not-return\"}]", FALSE, BATON_SIDE_GUEST,
      "_Hand Over Anyway", TRUE },
    { "[{\"severity\":\"blocker\",\"consent\":\"end-session\"}]", FALSE, BATON_SIDE_GUEST,
      "_Log Out and Hand Over", TRUE },
    /* Three processes of one app. */
    { "[" CLOSE ("7:70") "," CLOSE ("8:80") "," CLOSE ("9:90") "]", FALSE, BATON_SIDE_GUEST,
      "C_lose 1 App and Hand Over", TRUE, STEPS, "1 app closes. The desktop keeps running." },
    /* A service is stopped, and runs again; where an app closes as well, that counts more. */
    { "[" SERVICE ("7:70") "]", FALSE, BATON_SIDE_GUEST, "_Stop 1 Service and Hand Over", TRUE,
      NULL,
      "1 service is stopped, and started again when the card is back. The desktop keeps "
      "running." },
    { "[" SERVICE ("7:70") "," SERVICE ("8:80") "]", FALSE, BATON_SIDE_GUEST,
      "_Stop 1 Service and Hand Over", TRUE, "[" STOP "," OWNERS_STOP "]" },
    { "[" SERVICE ("7:70") "," CLOSE ("8:80") "]", FALSE, BATON_SIDE_GUEST,
      "C_lose 2 Apps and Hand Over", TRUE, NULL, "2 apps close. The desktop keeps running." },
    { "[]", FALSE, BATON_SIDE_GUEST, "_Hand Over", FALSE, "[" OWNERS_STOP "]" },
    { "[" SERVICE ("7:70") "," MAY_NOT_RETURN "]", FALSE, BATON_SIDE_GUEST,
      "_Stop 1 Service and Hand Over Anyway", TRUE, NULL, "1 service is stopped. " RISK },
    /* A risk is named beside a loss. */
    { "[" MAY_NOT_RETURN "]", FALSE, BATON_SIDE_GUEST, "_Hand Over Anyway", TRUE, NULL, RISK },
    { "[" CLOSE ("7:70") "," MAY_NOT_RETURN "]", FALSE, BATON_SIDE_GUEST,
      "C_lose 1 App and Hand Over Anyway", TRUE, STEPS, "1 app closes. " RISK },
    { "[" CLOSE ("7:70") "," CLOSE ("8:80") "," MAY_NOT_RETURN "]", FALSE, BATON_SIDE_GUEST,
      "C_lose 2 Apps and Hand Over Anyway", TRUE, NULL, "2 apps close. " RISK },
    { "[{\"severity\":\"blocker\",\"consent\":\"end-session\"}," MAY_NOT_RETURN "]", FALSE,
      BATON_SIDE_GUEST, "_Log Out and Hand Over Anyway", TRUE, NULL,
      "Your session ends, and what is not saved in it is lost. " RISK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"findings\":%s,\"steps\":%s}", rows[i].findings,
                           rows[i].steps != NULL ? rows[i].steps : "[]");
      g_autoptr (BatonRequest) request = baton_request_new ();
      g_autofree char *consequence = NULL;
      g_autoptr (JsonNode) node = parse (text);
      BatonPlanSummary summary = { 0 };
      g_autofree char *button = NULL;

      g_test_message ("%s", text);
      baton_plan_words_summarise (json_node_get_object (node), &summary);
      button = baton_plan_words_dup_button (&summary, rows[i].to, rows[i].when_free);
      g_assert_cmpstr (button, ==, rows[i].button);
      g_assert_cmpint (baton_plan_words_is_destructive (&summary), ==, rows[i].destructive);
      g_strfreev (request->cards);
      request->cards = g_strsplit ("0000:01:00.0", " ", -1);
      request->to = rows[i].to;
      request->when_free = rows[i].when_free;
      consequence = baton_plan_words_dup_prospect (&summary, request, 2, NULL);
      if (rows[i].consequence != NULL)
        g_assert_cmpstr (consequence, ==, rows[i].consequence);
    }
}

/* That the only screen goes is in the way, until somebody has the card come back by itself. */
static void
test_plan_options (void)
{
  static const struct
  {
    const char *findings;
    gboolean offered;
  } rows[] = {
#define BLOCKER(code) "{\"severity\":\"blocker\",\"consent\":null,\"code\":\"" code "\"}"
    { "[]", TRUE },
    { "[" CLOSE ("7:70") "]", TRUE },
    { "[" BLOCKER ("only-display") "]", TRUE },
    { "[" BLOCKER ("only-display") "," CLOSE ("7:70") "]", TRUE },
    { "[" BLOCKER ("foreign-in-group") "]", FALSE },
    { "[" BLOCKER ("only-display") "," BLOCKER ("foreign-in-group") "]", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"findings\":%s,\"steps\":[]}", rows[i].findings);
      g_autoptr (JsonNode) node = parse (text);
      BatonPlanSummary summary = { 0 };

      g_test_message ("%s", text);
      baton_plan_words_summarise (json_node_get_object (node), &summary);
      g_assert_true (summary.offers_options == rows[i].offered);
    }
}

/* The button of the window stands for the end of the session, and asks for it once. */
static void
test_plan_ends_session (void)
{
  g_autoptr (JsonNode) node =
      parse ("{\"findings\":[{\"severity\":\"blocker\",\"consent\":\"end-session\"}]}");
  g_autoptr (BatonRequest) request = baton_request_new ();

  g_assert_true (baton_plan_words_add_consents (json_node_get_object (node), request));
  g_assert_true (request->end_session);
  g_assert_false (request->may_not_return);
  g_assert_false (baton_plan_words_add_consents (json_node_get_object (node), request));
}

/* What this user has chosen once is no loss to be warned of; what goes beyond it is. */
static void
test_plan_as_always (void)
{
  BatonPlanSummary summary = { .n_closes = 1, .as_always = TRUE, .closed_app = "Firefox" };
  g_autoptr (BatonRequest) request = baton_request_new ();
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *button = NULL;

  g_strfreev (request->cards);
  request->cards = g_strsplit ("0000:01:00.0", " ", -1);
  request->to = BATON_SIDE_GUEST;
  one = baton_plan_words_dup_prospect (&summary, request, 2, NULL);
  g_assert_cmpstr (one, ==,
                   "Firefox is closed, as always for this card. The desktop keeps running.");
  g_assert_false (baton_plan_words_is_destructive (&summary));
  button = baton_plan_words_dup_button (&summary, BATON_SIDE_GUEST, FALSE);
  g_assert_cmpstr (button, ==, "C_lose 1 App and Hand Over");

  summary.n_closes = 2;
  two = baton_plan_words_dup_prospect (&summary, request, 2, NULL);
  g_assert_cmpstr (two, ==,
                   "2 apps are closed, as always for this card. The desktop keeps running.");

  summary.may_not_return = TRUE;
  g_assert_true (baton_plan_words_is_destructive (&summary));
  summary.may_not_return = FALSE;
  summary.ends_session = TRUE;
  g_assert_true (baton_plan_words_is_destructive (&summary));
}

static void
test_plan_duration (void)
{
  static const struct
  {
    const char *report;
    const char *expected;
  } rows[] = {
    { "{}", NULL },
    { "{\"durations\":7}", NULL },
    { "{\"durations\":[]}", NULL },
    { "{\"durations\":[7,{},{\"card\":\"0000:01:00.0\",\"to\":\"guest\"}]}", NULL },
    { DURATION ("0000:01:00.0", "host", "2140"), NULL },
    { DURATION ("0000:02:00.0", "guest", "2140"), NULL },
    { DURATION ("0000:01:00.0", "guest", "-5"), NULL },
    { DURATION ("0000:01:00.0", "guest", "0"), "About 1 second." },
    { DURATION ("0000:01:00.0", "guest", "1499"), "About 1 second." },
    { DURATION ("0000:01:00.0", "guest", "2140"), "About 2 seconds." },
    { DURATION ("0000:01:00.0", "guest", "99400"), "About 99 seconds." },
    { DURATION ("0000:01:00.0", "guest", "130000"), "About 2 minutes." },
    { DURATION ("0000:01:00.0", "guest", "9223372036854775807"), "About 35791394 minutes." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) node = parse (rows[i].report);
      g_autofree char *text = NULL;

      g_test_message ("%s", rows[i].report);
      text = baton_plan_words_dup_duration (json_node_get_object (node), "0000:01:00.0",
                                            BATON_SIDE_GUEST);
      g_assert_cmpstr (text, ==, rows[i].expected);
    }
}

static void
test_plan_consents (void)
{
  g_autoptr (JsonNode) node =
      parse ("{\"findings\":[" CLOSE ("7:70") "," CLOSE ("nonsense") "," CLOSE (
          "-4:1") ",{\"consent\":\"may-not-return\"},{\"consent\":\"let-open\"}]}");
  g_autoptr (BatonRequest) request = baton_request_new ();

  g_assert_true (baton_plan_words_add_consents (json_node_get_object (node), request));
  g_assert_cmpuint (request->closes->len, ==, 1);
  g_assert_true (baton_request_allows_close (request, 7, "70"));
  g_assert_true (request->may_not_return);
  /* What its owner did not choose, the button does not give. */
  g_assert_false (request->let_open);
  g_assert_false (baton_plan_words_add_consents (json_node_get_object (node), request));
}

typedef struct
{
  const char *program; /* NULL: none of them */
  const char *finding;
  const char *command; /* its beginning, NULL for none */
} RemedyRow;

static void
test_remedy_command (void)
{
  static const RemedyRow rows[] = {
    { "grubby",
      "{\"code\":\"iommu-off-not-enabled\",\"args\":{\"parameter\":\"intel_iommu=on\"}}",
      "sudo grubby --update-kernel=ALL --args=\"intel_iommu=on\"" },
    { "grubby", "{\"code\":\"iommu-off-command-line\",\"args\":{\"word\":\"iommu=off\"}}",
      "sudo grubby --update-kernel=ALL --remove-args=\"iommu=off\"" },
    { "update-grub", "{\"code\":\"no-group\",\"args\":{\"parameter\":\"amd_iommu=on\"}}",
      "sudo sed -i 's/^GRUB_CMDLINE_LINUX_DEFAULT=\"/&amd_iommu=on /'" },
    /* A line that somebody pastes into a root shell must not be somebody else's. */
    { "grubby", "{\"code\":\"iommu-off-command-line\",\"args\":{\"word\":\"x\\\"; reboot\"}}",
      NULL },
    { "grubby", "{\"code\":\"iommu-off-command-line\",\"args\":{\"word\":\"$(id)\"}}", NULL },
    { "grubby", "{\"code\":\"iommu-off-command-line\",\"args\":{}}", NULL },
    { "grubby", "{\"code\":\"iommu-off-firmware\",\"args\":{}}", NULL },
    { NULL, "{\"code\":\"iommu-off-command-line\",\"args\":{\"word\":\"iommu=off\"}}", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *directory = g_dir_make_tmp ("baton-remedy-XXXXXX", &error);
      g_autofree char *path =
          g_build_filename (directory, rows[i].program != NULL ? rows[i].program : "no", NULL);
      g_autoptr (JsonNode) node = parse (rows[i].finding);
      g_autofree char *command = NULL;

      g_assert_no_error (error);
      g_test_message ("%s %s", path, rows[i].finding);
      g_file_set_contents_full (path, "", 0, G_FILE_SET_CONTENTS_NONE, 0700, &error);
      g_assert_no_error (error);

      command = baton_remedy_command_build (json_node_get_object (node), directory);
      if (rows[i].command == NULL)
        g_assert_null (command);
      else
        g_assert_true (g_str_has_prefix (command, rows[i].command));

      g_unlink (path);
      g_rmdir (directory);
    }
}

/* Where an ordinary user's PATH does not lead, as on Debian: ldconfig(8) stands for update-grub(8),
 * which is in the same place and not on every system. */
static void
test_remedy_command_of_admin (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("baton-remedy-XXXXXX", &error);
  g_autofree char *old_path = g_strdup (g_getenv ("PATH"));
  g_autofree char *found = NULL;
  g_autofree char *elsewhere = NULL;
  g_autofree char *nowhere = NULL;

  g_assert_no_error (error);
  g_setenv ("PATH", directory, TRUE);
  found = baton_remedy_command_find_program ("ldconfig", NULL);
  elsewhere = baton_remedy_command_find_program ("ldconfig", directory);
  nowhere = baton_remedy_command_find_program ("baton-no-such-program", NULL);
  g_setenv ("PATH", old_path, TRUE);

  g_assert_nonnull (found);
  g_assert_true (g_file_test (found, G_FILE_TEST_IS_EXECUTABLE));
  g_assert_null (elsewhere);
  g_assert_null (nowhere);
  g_rmdir (directory);
}

typedef struct
{
  int status;
  const char *code;
  const char *to;
  const char *title;
  BatonRemedy remedy;
  gboolean urgent;
  const char *side; /* where the card is now; NULL where nobody knows */
} EndRow;

static void
test_ends (void)
{
  static const EndRow rows[] = {
    { 0, "handed-over", "guest", "Card Is Ready for a Virtual Machine", BATON_REMEDY_NONE,
      FALSE },
    { 0, "returned", "host", "Card Is Back", BATON_REMEDY_NONE, FALSE },
    { 0, "returned-unused", "host", "Card Is Back", BATON_REMEDY_NONE, FALSE },
    { 0, "returned-unfetched", "host", "Card Is Back", BATON_REMEDY_NONE, FALSE },
    { 13, "cancelled", "guest", "Cancelled. Nothing Changed", BATON_REMEDY_NONE, FALSE },
    { 14, "rolled-back", "guest", "Could Not Hand Over. Everything Was Put Back",
      BATON_REMEDY_TRY_AGAIN, TRUE },
    { 14, "rolled-back", "host", "Could Not Return. Everything Was Put Back",
      BATON_REMEDY_TRY_AGAIN, TRUE },
    { 15, "handed-over-with-problems", "guest", "Handed Over, with Problems",
      BATON_REMEDY_RETURN, TRUE, "guest" },
    { 15, "handed-over-with-problems", "guest", "Handed Over, with Problems", BATON_REMEDY_NONE,
      TRUE, "host" },
    { 15, "put-back-with-problems", "guest", "Not Everything Was Put Back", BATON_REMEDY_NONE,
      TRUE, "host" },
    { 15, "put-back-with-problems", "host", "Not Everything Was Put Back", BATON_REMEDY_RETURN,
      TRUE, "guest" },
    { 15, "put-back-with-problems", "guest", "Not Everything Was Put Back", BATON_REMEDY_RETURN,
      TRUE, "split" },
    { 15, "recovered-with-problems", "guest", "Not Everything Was Put Back", BATON_REMEDY_NONE,
      TRUE, "host" },
    { 15, "returned-with-problems", "host", "Came Back, with Problems", BATON_REMEDY_NONE,
      TRUE },
    { 16, "stuck", "guest", "Restart Needed", BATON_REMEDY_NONE, TRUE },
    { 17, "outcome-unknown", "guest", "Outcome Unknown", BATON_REMEDY_CHECK_AGAIN, TRUE },
    { 17, "worker-lost", "guest", "Outcome Unknown", BATON_REMEDY_RECOVER, TRUE },
  };
  g_autofree char *nothing = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonObject) result = json_object_new ();
      g_autoptr (JsonObject) card = json_object_new ();
      g_autofree char *title = NULL;

      g_test_message ("%d %s", rows[i].status, rows[i].code);
      if (rows[i].side != NULL)
        json_object_set_string_member (card, "side", rows[i].side);
      json_object_set_int_member (result, "exit", rows[i].status);
      json_object_set_string_member (result, "code", rows[i].code);
      title = baton_result_words_dup_title (result, rows[i].to);
      g_assert_cmpstr (title, ==, rows[i].title);
      g_assert_cmpint (baton_result_words_get_remedy (result, card), ==, rows[i].remedy);
      g_assert_cmpint (baton_result_words_is_urgent (result), ==, rows[i].urgent);
    }

  nothing = baton_result_words_dup_title (NULL, "guest");
  g_assert_cmpstr (nothing, ==, "Outcome Unknown");
  g_assert_cmpint (baton_result_words_get_remedy (NULL, NULL), ==, BATON_REMEDY_CHECK_AGAIN);
}

typedef struct
{
  const char *code;
  const char *troubles;
  const char *text;
} TroubleRow;

#define TROUBLE(part, code, args)                                                              \
  "{\"part\":\"" part "\",\"errno\":0,\"code\":\"" code "\",\"args\":{" args "},\"text\":"     \
  "\"\"}"
#define UNIT_TROUBLE(unit) TROUBLE ("problems", "unit-does-not-run", "\"unit\":\"" unit "\"")

/* Each problem with what to do about it, sentence after sentence, and nothing said twice. */
static void
test_end_remedies (void)
{
  static const TroubleRow rows[] = {
    { "handed-over-with-problems", UNIT_TROUBLE ("a") "," UNIT_TROUBLE ("b"),
      "X is ready for a virtual machine, but: The service a was started, but does not run. "
      "Look "
      "at “systemctl status a”. The service b was started, but does not run. Look at "
      "“systemctl "
      "status b”." },
    { "handed-over-with-problems", "",
      "X is ready for a virtual machine, but: P. See the report for each of them." },
    { "returned-with-problems", UNIT_TROUBLE ("a"),
      "X is back, but: The service a was started, but does not run. Look at “systemctl status "
      "a”. See the report for each of them; a restart gives the stock desktop." },
    { "rolled-back", TROUBLE ("cause", "respawns", "\"name\":\"a\""),
      "The handoff failed, and everything was put back: a was closed three times and came back "
      "each time. Stop whatever starts it again, and try again." },
    { "put-back-with-problems", TROUBLE ("cause", "asked-to-stop", "") "," UNIT_TROUBLE ("a"),
      "The handoff failed: Somebody asked to stop. Not everything could be put back: The "
      "service "
      "a was started, but does not run. Look at “systemctl status a”. See the report for each "
      "of "
      "them; a restart gives the stock desktop." },
    { "stuck", TROUBLE ("cause", "step-deadline", "\"subject\":\"0000:01:00.0\""),
      "A restart is needed: The driver did not finish with 0000:01:00.0 within the time "
      "allowed. "
      "Save your work and restart the computer. Baton does not touch the card until then." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *result = g_strdup_printf (
          "{\"code\":\"%s\",\"args\":{\"card\":\"X\",\"cause\":\"C.\",\"problems\":\"P\"},"
          "\"troubles\":[%s]}",
          rows[i].code, rows[i].troubles);
      g_autoptr (JsonNode) node = parse (result);
      g_autofree char *text = baton_result_words_dup_text (json_node_get_object (node));

      g_test_message ("%s", result);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_uses (void)
{
  g_autoptr (JsonNode) node =
      parse ("[\"/dev/dri/card1\",\"/dev/dri/renderD129\","
             "\"/dev/dri/renderD130\",\"/dev/snd/controlC1\",\"odd\",7]");
  g_autofree char *uses = baton_app_info_dup_uses (json_node_get_array (node));

  g_assert_cmpstr (uses, ==, "screens, rendering, sound, another part");
}

static void
test_embed (void)
{
  g_autofree char *plain = NULL;
  g_autofree char *override = NULL;
  g_autofree char *mirrored = NULL;

  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
  plain = baton_words_embed ("firefox");
  override = baton_words_embed ("\342\200\256evil");
  g_assert_cmpstr (plain, ==, "firefox");
  g_assert_cmpstr (override, ==, "\342\201\250\342\200\256evil\342\201\251");

  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  mirrored = baton_words_embed ("0000:01:00.0");
  g_assert_cmpstr (mirrored, ==, "\342\201\2500000:01:00.0\342\201\251");
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

static void
test_report_text (void)
{
  g_autoptr (JsonNode) node =
      parse ("{\"exit\":14,\"state\":\"rolled-back\",\"code\":\"rolled-back\",\"text\":\"It "
             "failed.\",\"cards\":[\"0000:01:00.0\"],\"to\":\"guest\",\"uid\":1000,\"at\":0,"
             "\"elapsed_ms\":40,\"at_step\":\"bind:0000:01:00.0\",\"steps\":[{\"n\":1,\"id\":"
             "\"bind:0000:01:00.0\",\"state\":\"fail\",\"text\":\"could not\"}]}");
  g_autofree char *text = baton_report_text_build (json_node_get_object (node));

  g_assert_nonnull (strstr (text, "cards: 0000:01:00.0\n"));
  g_assert_nonnull (strstr (text, "fail     bind:0000:01:00.0: could not\n"));
  /* It is sent to others. */
  g_assert_null (strstr (text, "1000"));
}

/* Getters must bear what a helper of another version, or a liar, might write. */
static void
test_json (void)
{
  g_autoptr (JsonNode) node =
      parse ("{\"s\":\"x\",\"n\":7,\"b\":true,\"z\":null,\"a\":[1,\"y\",{}],\"o\":{}}");
  JsonObject *object = json_node_get_object (node);
  static const char *const keys[] = { "s", "n", "b", "z", "a", "o", "none" };
  g_autofree char *joined = baton_json_join_strings (baton_json_get_array (object, "a"), ", ");

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_test_message ("%s", keys[i]);
      g_assert_cmpint (baton_json_get_string (object, keys[i]) != NULL, ==, i == 0);
      g_assert_cmpint (baton_json_get_int (object, keys[i], -1) == 7, ==, i == 1);
      g_assert_cmpint (baton_json_get_boolean (object, keys[i]), ==, i == 2);
      g_assert_cmpint (baton_json_get_array (object, keys[i]) != NULL, ==, i == 4);
      g_assert_cmpint (baton_json_get_object (object, keys[i]) != NULL, ==, i == 5);
      g_assert_null (baton_json_get_string (NULL, keys[i]));
    }
  g_assert_cmpstr (joined, ==, "y");
  g_assert_null (baton_json_nth_object (baton_json_get_array (object, "a"), 0));
  g_assert_null (baton_json_nth_object (baton_json_get_array (object, "a"), 9));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/app/json/getters", test_json);
  g_test_add_func ("/app/words/card-name", test_card_name);
  g_test_add_func ("/app/words/card-name/twins", test_card_name_twins);
  g_test_add_func ("/app/words/place", test_place);
  g_test_add_func ("/app/words/place-since", test_place_since);
  g_test_add_func ("/app/words/verb", test_verb);
  g_test_add_func ("/app/words/embed", test_embed);
  g_test_add_func ("/app/finding-words/whole", test_findings_are_whole);
  g_test_add_func ("/app/finding-words/keys", test_finding_keys);
  g_test_add_func ("/app/finding-words/one-monitor", test_finding_of_one_monitor);
  g_test_add_func ("/app/finding-words/unknown", test_finding_unknown);
  g_test_add_func ("/app/step-words/known", test_steps_are_known);
  g_test_add_func ("/app/step-words/parts", test_step_parts);
  g_test_add_func ("/app/step-words/with-time", test_step_with_time);
  g_test_add_func ("/app/step-words/of-stand-in", test_step_of_stand_in);
  g_test_add_func ("/app/step-words/app", test_step_names_an_app);
  g_test_add_func ("/app/plan-words/button", test_plan_button);
  g_test_add_func ("/app/plan-words/duration", test_plan_duration);
  g_test_add_func ("/app/plan-words/as-always", test_plan_as_always);
  g_test_add_func ("/app/plan-words/plan-options", test_plan_options);
  g_test_add_func ("/app/plan-words/plan-ends-session", test_plan_ends_session);
  g_test_add_func ("/app/plan-words/consents", test_plan_consents);
  g_test_add_func ("/app/remedy-command/build", test_remedy_command);
  g_test_add_func ("/app/remedy-command/of-admin", test_remedy_command_of_admin);
  g_test_add_func ("/app/result-words/ends", test_ends);
  g_test_add_func ("/app/result-words/remedies", test_end_remedies);
  g_test_add_func ("/app/app-info/uses", test_uses);
  g_test_add_func ("/app/report-text/build", test_report_text);

  return g_test_run ();
}
