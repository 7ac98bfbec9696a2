#include "engine/redaction.h"

#include "logging/redactor.h"

#include <set>
#include <string_view>

namespace bellwether {

namespace {

bool isProse(const char *key)
{
    static const std::set<std::string_view> keys{"reason", "detail", "last_words", "problem", "problems", "sudo_problem", "state_problem", "lacking_programs", "error_args", "health_detail", "database_server", "text", "value", "command"};
    return keys.contains(key);
}

struct Prose {
    template<class T>
    void operator()(const char *key, T &field) const
    {
        if constexpr (std::is_same_v<T, QString>) {
            if (isProse(key))
                field = processRedactor().redact(field);
        } else if constexpr (std::is_same_v<T, QStringList>) {
            if (isProse(key))
                for (QString &text : field)
                    text = processRedactor().redact(text);
        } else if constexpr (IsOptional<T>::value) {
            if (field)
                (*this)(key, *field);
        } else if constexpr (IsList<T>::value) {
            for (auto &element : field)
                (*this)(key, element);
        } else if constexpr (HasFields<T>) {
            T::fields(*this, field);
        }
    }
};

} // namespace

void redact(EventBody &body)
{
    if (std::holds_alternative<RolloutStarted>(body) || std::holds_alternative<FleetImported>(body) || std::holds_alternative<ReleasesImported>(body))
        return;
    std::visit([](auto &event) { event.fields(Prose{}, event); }, body);
}

} // namespace bellwether
