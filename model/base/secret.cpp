#include "base/secret.h"

#include <cstring>

namespace bellwether {

namespace {

void overwrite(void *at, size_t count)
{
    explicit_bzero(at, count);
}

} // namespace

Secret::Bytes::~Bytes()
{
    if (data)
        overwrite(data.get(), static_cast<size_t>(size));
}

Secret::Secret(QByteArray &&bytes)
{
    auto kept = std::make_shared<Bytes>();
    kept->size = bytes.size();
    kept->data = std::make_unique<char[]>(static_cast<size_t>(bytes.size()) + 1);
    std::memcpy(kept->data.get(), bytes.constData(), static_cast<size_t>(bytes.size()));
    m_bytes = std::move(kept);
    wipe(bytes);
}

Secret Secret::take(QString &&text)
{
    Secret secret(text.toUtf8());
    wipe(text);
    return secret;
}

void wipe(QByteArray &bytes)
{
    if (!bytes.isEmpty() && bytes.isDetached()) // what somebody else holds as well is not ours to overwrite
        overwrite(bytes.data(), static_cast<size_t>(bytes.size()));
    bytes.clear();
}

void wipe(QString &text)
{
    if (!text.isEmpty() && text.isDetached())
        overwrite(text.data(), static_cast<size_t>(text.size()) * sizeof(QChar));
    text.clear();
}

} // namespace bellwether
