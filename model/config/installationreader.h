#pragma once
#include "config/yamlreader.h"
#include "domain/installation.h"

namespace bellwether {

// The grammar of one installation, wherever it stands: flat in a fleet file, or checked again in a plan.
void readInstallation(YamlReader &reader, const YamlNode &node, const QString &path, Installation &out);

// What is wrong with it, or nothing: the key concerned, then what is allowed. For values that came by another way.
QStringList checkInstallation(const Installation &installation);

} // namespace bellwether
