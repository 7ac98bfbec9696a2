#include "rollout/events.h"

namespace bellwether {

EventBody::EventBody() = default;
EventBody::EventBody(const EventBody &) = default;
EventBody::EventBody(EventBody &&) noexcept = default;
EventBody &EventBody::operator=(const EventBody &) = default;
EventBody &EventBody::operator=(EventBody &&) noexcept = default;
EventBody::~EventBody() = default;

QString eventName(const EventBody &body)
{
    return std::visit([](const auto &e) { return QString::fromLatin1(e.name); }, body);
}

QJsonObject eventBodyToJson(const EventBody &body)
{
    return std::visit([](const auto &e) { return toJson(e); }, body);
}

namespace {
template<std::size_t I = 0>
Result<EventBody> readAs(const QString &name, const QJsonObject &json)
{
    if constexpr (I == std::variant_size_v<AnyEventBody>) {
        return fail(ErrorCode::BadValue, {QStringLiteral("type"), name, QStringLiteral("an event of this program")});
    } else {
        using T = std::variant_alternative_t<I, AnyEventBody>;
        if (name != QLatin1String(T::name))
            return readAs<I + 1>(name, json);
        T value;
        if (!fromJson(json, value))
            return fail(ErrorCode::BadValue, {QStringLiteral("payload"), name, QStringLiteral("its fields as written")});
        return EventBody(std::move(value));
    }
}
} // namespace

Result<EventBody> eventBodyFromJson(const QString &name, const QJsonObject &json)
{
    return readAs(name, json);
}

bool concernsEveryRollout(const QString &type)
{
    return type == QLatin1String(ConsoleStarted::name) || type == QLatin1String(EverythingStopped::name) || type == QLatin1String(EverythingReleased::name);
}

QString eventHost(const EventBody &body)
{
    return std::visit(
        [](const auto &e) -> QString {
            if constexpr (requires { QString(e.host); })
                return e.host;
            else
                return {};
        },
        body);
}

} // namespace bellwether
