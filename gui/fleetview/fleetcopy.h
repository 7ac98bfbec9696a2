#pragma once
// Hosts as text for the clipboard: all columns of the table, or what one types to reach them.
#include "fleetview/fleetmodel.h"

namespace bellwether {

enum class CopyFormat { Tsv, Csv, Json, Markdown, Ssh };

QString copyOfHosts(const FleetModel &model, const QStringList &names, CopyFormat format);

} // namespace bellwether
