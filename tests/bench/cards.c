/* SPDX-License-Identifier: GPL-3.0-or-later */

/* cards NUMBER: a tree that looks like a computer with that many graphics cards, each with its sound
 * in a group of its own, until stdin ends. The nodes that a crowd holds are the first card's. Prints
 * the directory that it is in. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "mock-machine.h"

/* The names of the computer itself: to read them is a part of every look. */
static void
copy_names (MockMachine *mock)
{
  g_autofree char *text = NULL;
  gsize length;

  if (g_file_get_contents ("/usr/share/misc/pci.ids", &text, &length, NULL))
    mock_machine_write_bytes (mock, "usr/share/misc/pci.ids", text, length);
}

/* The look asks the kernel that runs what it is called. */
static void
link_modules (MockMachine *mock)
{
  g_autofree char *path = NULL;
  struct utsname name;

  g_assert_cmpint (uname (&name), ==, 0);
  path = g_strconcat ("lib/modules/", name.release, NULL);
  mock_machine_link (mock, path, "lib/modules/" MOCK_RELEASE);
}

int
main (int argc, char **argv)
{
  int n_cards = argc > 1 ? atoi (argv[1]) : 16;
  g_autoptr (MockMachine) mock = mock_machine_new ();

  copy_names (mock);
  link_modules (mock);
  for (int i = 0; i < n_cards; i++)
    {
      g_autofree char *card = g_strdup_printf ("0000:%02x:00.0", i + 1);
      g_autofree char *group = g_strdup_printf ("%d", i + 1);

      mock_machine_add_gpu (mock, card, group);
    }
  mock_machine_add_node (mock, "0000:01:00.0", "misc/full", "full", 1, 7);
  mock_machine_add_node (mock, "0000:01:00.0", "misc/zero", "zero", 1, 5);
  printf ("%s\n", mock_machine_get_directory (mock));
  fflush (stdout);

  while (getchar () != EOF)
    ;
  return 0;
}
