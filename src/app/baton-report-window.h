/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "baton-model.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define BATON_TYPE_REPORT_WINDOW (baton_report_window_get_type ())
G_DECLARE_FINAL_TYPE (BatonReportWindow, baton_report_window, BATON, REPORT_WINDOW, AdwWindow)

BatonReportWindow *baton_report_window_new (JsonObject *report, JsonArray *cards);

G_END_DECLS
