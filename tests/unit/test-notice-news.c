/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-notice-news.h"

#include <string.h>

/* What is seen at one look after another, and what is news of it. A look is a list of cards, as
 * CARD:PROGRAM,PROGRAM; a program that was sent to the card has a ! before its name. News are
 * +PROGRAM@CARD, and -PROGRAM@CARD where it has let go. */
typedef struct
{
  const char *what;
  const char *looks;
  const char *news;
} Row;

static const Row rows[] = {
  { "what is there from the beginning", "a:sway,mpv|a:sway,mpv", "|" },
  { "one that stays", "a:|a:mpv|a:mpv|a:", "|+mpv@a||-mpv@a" },
  { "one process of several", "a:|a:mpv,mpv|a:mpv|a:", "|+mpv@a||-mpv@a" },
  { "one that comes back", "a:|a:mpv|a:|a:mpv", "|+mpv@a|-mpv@a|+mpv@a" },
  { "one that opens its second process", "a:|a:mpv|a:mpv,mpv", "|+mpv@a|" },
  { "another that joins", "a:|a:mpv|a:mpv,vlc|a:vlc|a:", "|+mpv@a||-mpv@a|" },
  { "another in its place", "a:|a:mpv|a:vlc", "|+mpv@a|-mpv@a +vlc@a" },
  { "two at once", "a:|a:mpv,vlc|a:vlc|a:", "|+mpv@a +vlc@a|-mpv@a|-vlc@a" },
  { "joins those from the beginning", "a:sway|a:sway,mpv|a:mpv|a:|a:sway", "||||+sway@a" },
  { "sent there", "a:|a:!game|a:!game|a:", "|||" },
  { "sent there, and joined", "a:|a:!game|a:!game,mpv", "||" },
  { "sent there, and another", "a:|a:!game,mpv", "|+mpv@a" },
  { "a process of its own that was not sent", "a:|a:!steam,steam", "|+steam@a" },
  { "sent there in the other's place", "a:|a:mpv|a:!game|a:", "|+mpv@a|-mpv@a|" },
  { "each card by itself", "a: b:|a:mpv b:|a:mpv b:mpv|a: b:mpv", "|+mpv@a|+mpv@b|-mpv@a" },
  { "with a guest meanwhile", "a:|a:mpv||a:|a:mpv", "|+mpv@a|-mpv@a||+mpv@a" },
  { "a card that has come", "|a:sway|a:sway", "|+sway@a|" },
  { "a card that is back", "a:sway||a:sway", "||+sway@a" },
  { "no card at all", "|", "|" },
};

static GPtrArray *
parse_look (const char *text)
{
  GPtrArray *cards =
      g_ptr_array_new_with_free_func ((GDestroyNotify) (gpointer) baton_notice_card_free);
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (words[i], ":", 2);
      g_auto (GStrv) programs = parts[0] != NULL ? g_strsplit (parts[1], ",", -1) : NULL;
      BatonNoticeCard *card;

      if (parts[0] == NULL)
        continue;
      card = baton_notice_card_new (parts[0]);
      for (guint j = 0; programs[j] != NULL; j++)
        {
          BatonNoticeUse *use = g_new0 (BatonNoticeUse, 1);

          use->on_purpose = programs[j][0] == '!';
          use->program = g_strdup (programs[j] + (use->on_purpose ? 1 : 0));
          use->name = g_strdup (use->program);
          g_ptr_array_add (card->uses, use);
        }
      g_ptr_array_add (cards, card);
    }

  return cards;
}

static char *
join_news (GPtrArray *events)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < events->len; i++)
    {
      const BatonNoticeEvent *event = g_ptr_array_index (events, i);

      g_assert_cmpstr (event->name, ==, event->has_started ? event->program : NULL);
      g_string_append_printf (text, "%s%c%s@%s", i > 0 ? " " : "",
                              event->has_started ? '+' : '-', event->program, event->card);
    }

  return g_string_free (text, FALSE);
}

static void
test_what_is_news (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (BatonNoticeNews) news = baton_notice_news_new ();
  g_auto (GStrv) looks = g_strsplit (row->looks, "|", -1);
  g_auto (GStrv) expected = g_strsplit (row->news, "|", -1);

  g_assert_cmpint (g_strv_length (looks), ==, g_strv_length (expected));
  for (guint i = 0; looks[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) cards = parse_look (looks[i]);
      g_autoptr (GPtrArray) events = baton_notice_news_see (news, cards);
      g_autofree char *found = join_news (events);

      g_test_message ("look %u", i);
      g_assert_cmpstr (found, ==, expected[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/notice/news/%s", rows[i].what);

      g_strdelimit (path, " ", '-');
      g_test_add_data_func (path, &rows[i], test_what_is_news);
    }

  return g_test_run ();
}
