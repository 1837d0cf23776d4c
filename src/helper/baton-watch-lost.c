/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-watch-lost.h"

static const BatonCard *
find_card (const BatonMachine *machine, const char *address)
{
  return baton_machine_find_card ((BatonMachine *) machine, address);
}

/* Whole sentences, for whoever reads them as they are. */
static char *
describe_loss (const BatonCard *before, const BatonCard *now)
{
  const char *name = baton_card_get_name (before);
  const char *address = baton_card_get_address (before);

  if (now == NULL)
    return g_strdup_printf ("%s (%s) is not there any more.", name, address);
  if (!baton_card_is_answering (now) && baton_card_is_answering (before))
    return g_strdup_printf ("%s (%s) does not answer any more. Restart the computer.", name,
                            address);

  return NULL;
}

/**
 * baton_watch_tell_lost:
 * @writer: where it is told
 * @before: the machine as it was when it was looked at last
 * @now: the machine as it is
 *
 * Says which cards have been lost since: one that is not there any more, and one that is there and
 * does not answer, as after a sleep that it did not survive.
 */
void
baton_watch_tell_lost (BatonEventWriter *writer,
                       const BatonMachine *before,
                       const BatonMachine *now)
{
  for (guint i = 0; i < before->cards->len; i++)
    {
      const BatonCard *old = g_ptr_array_index (before->cards, i);
      const BatonCard *card = find_card (now, baton_card_get_address (old));
      g_autofree char *loss = describe_loss (old, card);

      if (loss != NULL)
        baton_event_writer_log (writer, "warning", loss);
    }
}
