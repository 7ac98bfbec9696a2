#pragma once
// Turns one callback into a value a test can look at, by spinning the event loop.
#include "base/error.h"

#include <QTest>
#include <memory>
#include <optional>

namespace bellwether {

template<class T>
struct Awaited {
    std::shared_ptr<std::optional<T>> value = std::make_shared<std::optional<T>>();
    std::function<void(T)> callback() const
    {
        return [value = value](T result) { *value = std::move(result); };
    }
    bool wait(int ms = 30'000) const
    {
        return QTest::qWaitFor([this] { return value->has_value(); }, ms);
    }
    const T &operator*() const { return **value; }
    const T *operator->() const { return &**value; }
};

} // namespace bellwether
