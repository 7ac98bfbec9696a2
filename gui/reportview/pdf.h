#pragma once
// The report on paper: A4, margins of 15 mm, always light. Laid out by QTextDocument, every text inserted as plain text;
// no resource is ever loaded. Works without a display (QT_QPA_PLATFORM=offscreen). Any thread, of a
// program that has a QGuiApplication; takes about a second for a hundred pages.
#include "report/auditreport.h"

namespace bellwether {

Result<QByteArray> reportPdf(const AuditReport &report); // Internal when Qt cannot paint it

} // namespace bellwether
