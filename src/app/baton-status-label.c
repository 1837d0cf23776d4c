/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "baton-status-label.h"

/**
 * baton_status_label_set:
 * @label: a label of the accessible role `status`
 * @text: what it says now
 *
 * Shows @text, and names the label by it. A label's text is its name in GTK 4.8 whatever its role
 * is; GTK 4.18 takes the name of a status from nobody but its author, as WAI-ARIA 1.2 has it, and
 * a screen reader that comes upon it would have nothing to say.
 */
void
baton_status_label_set (GtkLabel *label, const char *text)
{
  gtk_label_set_label (label, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                  -1);
}
