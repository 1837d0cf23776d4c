/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-cli-print.h"

/* Codes of ECMA-48, section 8.3.117 (SGR), which every terminal has that shows colours. */
static const char *const codes[] = {
  [BATON_CLI_PLAIN] = NULL, [BATON_CLI_BOLD] = "1",    [BATON_CLI_DIM] = "2",
  [BATON_CLI_RED] = "1;31", [BATON_CLI_YELLOW] = "33", [BATON_CLI_GREEN] = "32",
};

struct _BatonCliTable
{
  guint n_columns;
  GPtrArray *rows; /* owned: of GStrv; the first are the headings */
};

/**
 * baton_cli_paint:
 * @self: the command line
 * @paint: how
 * @text: text that is fit to be shown
 *
 * Returns: (transfer full): @text, in colour where standard output shows colours
 */
char *
baton_cli_paint (BatonCli *self, BatonCliPaint paint, const char *text)
{
  if (!self->color || codes[paint] == NULL)
    return g_strdup (text);

  return g_strdup_printf ("\033[%sm%s\033[0m", codes[paint], text);
}

static GStrv
collect (const char *first, va_list list, guint n_columns)
{
  GPtrArray *cells = g_ptr_array_new ();

  for (const char *cell = first; cell != NULL; cell = va_arg (list, const char *))
    g_ptr_array_add (cells, g_strdup (cell));
  while (cells->len < n_columns)
    g_ptr_array_add (cells, g_strdup (""));
  g_ptr_array_add (cells, NULL);

  return (GStrv) g_ptr_array_free (cells, FALSE);
}

/**
 * baton_cli_table_new:
 * @heading: the first column's heading
 * @...: the other headings, and %NULL
 *
 * Returns: (transfer full): a table without rows
 */
BatonCliTable *
baton_cli_table_new (const char *heading, ...)
{
  BatonCliTable *self = g_new0 (BatonCliTable, 1);
  GStrv headings = NULL;
  va_list list;

  va_start (list, heading);
  headings = collect (heading, list, 0);
  va_end (list);

  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  self->n_columns = g_strv_length (headings);
  g_ptr_array_add (self->rows, headings);

  return self;
}

/**
 * baton_cli_table_free:
 * @self: (nullable): a table
 */
void
baton_cli_table_free (BatonCliTable *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->rows);
  g_free (self);
}

/**
 * baton_cli_table_add:
 * @self: a table
 * @cell: the first cell
 * @...: the others, and %NULL
 */
void
baton_cli_table_add (BatonCliTable *self, const char *cell, ...)
{
  va_list list;

  va_start (list, cell);
  g_ptr_array_add (self->rows, collect (cell, list, self->n_columns));
  va_end (list);
}

/* How many columns of a terminal @text takes. */
static guint
get_width (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      if (!g_unichar_iszerowidth (c))
        width += g_unichar_iswide (c) ? 2 : 1;
    }

  return width;
}

/**
 * baton_cli_table_print:
 * @self: a table
 * @cli: the command line
 *
 * Prints the table: headings, then rows. The last column is as long as it is.
 */
void
baton_cli_table_print (BatonCliTable *self, BatonCli *cli)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);

  for (guint i = 0; i < self->rows->len; i++)
    for (guint j = 0; j < self->n_columns; j++)
      widths[j] = MAX (widths[j], get_width (((GStrv) g_ptr_array_index (self->rows, i))[j]));

  for (guint i = 0; i < self->rows->len; i++)
    {
      GStrv row = g_ptr_array_index (self->rows, i);
      g_autoptr (GString) line = g_string_new (NULL);
      g_autofree char *painted = NULL;

      for (guint j = 0; j < self->n_columns; j++)
        {
          g_string_append (line, row[j]);
          for (guint k = get_width (row[j]); j + 1 < self->n_columns && k < widths[j] + 2; k++)
            g_string_append_c (line, ' ');
        }

      painted = baton_cli_paint (cli, i == 0 ? BATON_CLI_BOLD : BATON_CLI_PLAIN, line->str);
      g_print ("%s\n", painted);
    }
}
