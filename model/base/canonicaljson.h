#pragma once
// Canonical JSON: UTF-8, no white space, keys sorted by code unit, integers without exponent. Equal values give
// equal bytes; used for hashes of plans and events.
#include <QByteArray>
#include <QJsonObject>

namespace bellwether {

QByteArray canonicalJson(const QJsonObject &object);
QString sha256Hex(const QByteArray &bytes);

} // namespace bellwether
