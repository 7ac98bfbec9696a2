#pragma once
// The sample product is a product of its own, so its errors are its own: one sentence each.
#include <QString>
#include <expected>

namespace bellwether::sample {

template<class T>
using Outcome = std::expected<T, QString>;
inline std::unexpected<QString> problem(const QString &text)
{
    return std::unexpected(text);
}

} // namespace bellwether::sample
