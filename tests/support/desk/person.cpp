#include "person.h"

#include "desk.h"

#include <QTest>

namespace bellwether {

namespace {

bool isNamed(const Seen &seen, const QString &role, const QString &name)
{
    return (role.isEmpty() || seen.role == role) && seen.name.startsWith(name);
}

} // namespace

std::optional<Seen> Person::see(const QString &role, const QString &name, int seconds) const
{
    // A combo box is named by its choice; what it is for is said by its label.
    if (role == QLatin1String("combo box"))
        return m_reader.wait([&](const Seen &seen) { return seen.role == role && m_reader.label(seen).startsWith(name); }, seconds);
    return m_reader.wait([&](const Seen &seen) { return isNamed(seen, role, name); }, seconds);
}

bool Person::sees(const QString &name, int seconds) const
{
    return m_reader.wait([&](const Seen &seen) { return seen.name.contains(name); }, seconds).has_value();
}

QStringList Person::nameless() const
{
    QStringList all;
    for (const Seen &seen : m_reader.front()) {
        const bool control = seen.is(SeenState::Focusable) || seen.is(SeenState::Focused);
        const bool combo = seen.role == QLatin1String("combo box");
        const QString name = !control || !combo ? seen.name : m_reader.label(seen) != seen.name ? m_reader.label(seen) : m_reader.description(seen);
        if (control && name.trimmed().isEmpty()) {
            const QRect at = m_reader.where(seen);
            all.append(QStringLiteral("%1 \"%2\" at %3,%4 %5x%6").arg(seen.role, seen.name).arg(at.x()).arg(at.y()).arg(at.width()).arg(at.height()));
        }
    }
    return all;
}

// ---- by mouse

bool MousePerson::click(const QString &role, const QString &name)
{
    const auto seen = see(role, name);
    if (!seen)
        return failed(QStringLiteral("there is no %1 \"%2\"").arg(role, name));
    QRect at = m_reader.where(*seen); // it may be moving still: a window has just been mapped, a layout settles
    for (int tries = 0; tries < 50; ++tries) {
        QTest::qWait(100);
        const QRect now = m_reader.where(*seen);
        if (now == at && now.isValid())
            return m_hands.click(now.center()) || failed(QStringLiteral("the mouse does not click"));
        at = now;
    }
    return failed(QStringLiteral("%1 \"%2\" does not stand still").arg(role, name));
}

bool MousePerson::goTo(const QString &page, const QString &)
{
    return click(QStringLiteral("check box"), page); // of the rail
}

bool MousePerson::press(const QString &button)
{
    return click(QStringLiteral("push button"), button);
}

bool MousePerson::command(const QString &button, const QString &, const QString &)
{
    return press(button);
}

bool MousePerson::choose(const QString &comboBox, const QString &item)
{
    return click(QStringLiteral("combo box"), comboBox) && click(QStringLiteral("list item"), item)
        && (m_reader.wait([&](const Seen &seen) { return seen.role == QLatin1String("combo box") && seen.name.startsWith(item) && m_reader.label(seen).startsWith(comboBox); })
            || failed(QStringLiteral("\"%1\" does not become \"%2\"").arg(comboBox, item)));
}

bool MousePerson::openTab(const QString &tab)
{
    return click(QStringLiteral("page tab"), tab);
}

bool MousePerson::tick(const QString &checkBox)
{
    return click(QStringLiteral("check box"), checkBox)
        && (m_reader.wait([&](const Seen &seen) { return isNamed(seen, QStringLiteral("check box"), checkBox) && seen.is(SeenState::Checked); })
            || failed(QStringLiteral("\"%1\" is not ticked").arg(checkBox)));
}

bool MousePerson::write(const QString &field, const QString &text)
{
    return click(QStringLiteral("text"), field) && m_hands.press(QStringLiteral("ctrl+a")) && m_hands.type(text);
}

// ---- by keyboard

std::optional<Seen> KeyboardPerson::step()
{
    const auto before = m_reader.focused();
    const QImage picture = m_desk.screen();
    if (!m_hands.press(QStringLiteral("Tab")))
        return std::nullopt;
    std::optional<Seen> now;
    const bool moved = QTest::qWaitFor([&] {
        now = m_reader.focused();
        return now && (!before || now->path != before->path);
    }, 5000);
    if (!moved)
        return std::nullopt;
    const QRect around = m_reader.where(*now).adjusted(-4, -4, 4, 4).intersected(picture.rect());
    const bool visible = QTest::qWaitFor([&] { return m_desk.screen().copy(around) != picture.copy(around); }, 3000);
    if (!visible && trouble.isEmpty())
        trouble = QStringLiteral("the focus cannot be seen on %1 \"%2\"").arg(now->role, now->name);
    return now;
}

bool KeyboardPerson::walkTo(const QString &role, const QString &name)
{
    if (!see(role, name))
        return failed(QStringLiteral("there is no %1 \"%2\"").arg(role, name));
    trouble.clear();
    QStringList passed;
    for (auto now = m_reader.focused(); passed.size() < 120; now = step()) {
        if (!now)
            return failed(QStringLiteral("Tab leads nowhere after: ") + passed.join(QStringLiteral(", ")));
        if (!trouble.isEmpty())
            return false;
        const bool combo = role == QLatin1String("combo box") && now->role == role && m_reader.label(*now).startsWith(name);
        if (combo || isNamed(*now, role, name))
            return true;
        passed.append(QStringLiteral("%1 \"%2\"").arg(now->role, now->name.left(40)));
    }
    return failed(QStringLiteral("Tab does not lead to %1 \"%2\", only to: %3").arg(role, name, passed.join(QStringLiteral(", "))));
}

bool KeyboardPerson::goTo(const QString &, const QString &shortcut)
{
    return m_hands.press(shortcut);
}

bool KeyboardPerson::press(const QString &button)
{
    return walkTo(QStringLiteral("push button"), button) && m_hands.press(QStringLiteral("space"));
}

bool KeyboardPerson::command(const QString &button, const QString &words, const QString &shortcut)
{
    if (!see(QStringLiteral("push button"), button))
        return failed(QStringLiteral("there is no button \"%1\"").arg(button));
    if (++m_commands % 2 == 0)
        return m_hands.press(shortcut);
    if (!m_hands.press(QStringLiteral("ctrl+k")))
        return false;
    const auto opened = m_reader.wait([](const Seen &seen) { return seen.role == QLatin1String("text") && seen.is(SeenState::Focused) && seen.name.startsWith(QLatin1String("Command or host")); });
    return (opened || failed(QStringLiteral("Ctrl+K opens nothing"))) && m_hands.type(words)
        && (see(QStringLiteral("list item"), words) || failed(QStringLiteral("the palette does not know \"%1\"").arg(words))) && m_hands.press(QStringLiteral("Return"));
}

bool KeyboardPerson::choose(const QString &comboBox, const QString &item)
{
    const auto isThere = [&] {
        const auto now = m_reader.focused();
        return now && now->name.startsWith(item);
    };
    if (!walkTo(QStringLiteral("combo box"), comboBox))
        return false;
    if (isThere())
        return true;
    if (!m_hands.press(QStringLiteral("Home")))
        return false;
    for (int tries = 0; tries < 30; ++tries) {
        if (QTest::qWaitFor(isThere, 400)) {
            QTest::qWait(400); // a key may still be on its way to a busy window
            if (isThere())
                return true;
        }
        m_hands.press(QStringLiteral("Down"));
    }
    return failed(QStringLiteral("\"%1\" does not offer \"%2\"").arg(comboBox, item));
}

bool KeyboardPerson::openTab(const QString &tab)
{
    if (!walkTo(QStringLiteral("page tab list"), QString()))
        return false;
    for (int tries = 0; tries < 10; ++tries) { // the list is named by the tab that is open
        const bool there = QTest::qWaitFor([&] {
            const auto now = m_reader.focused();
            return now && isNamed(*now, QStringLiteral("page tab list"), tab);
        }, 500);
        if (there)
            return true;
        m_hands.press(QStringLiteral("Right"));
    }
    return failed(QStringLiteral("there is no tab \"%1\"").arg(tab));
}

bool KeyboardPerson::tick(const QString &checkBox)
{
    return walkTo(QStringLiteral("check box"), checkBox) && m_hands.press(QStringLiteral("space"))
        && (m_reader.wait([&](const Seen &seen) { return isNamed(seen, QStringLiteral("check box"), checkBox) && seen.is(SeenState::Checked); })
            || failed(QStringLiteral("\"%1\" is not ticked").arg(checkBox)));
}

bool KeyboardPerson::write(const QString &field, const QString &text)
{
    return walkTo(QStringLiteral("text"), field) && m_hands.press(QStringLiteral("ctrl+a")) && m_hands.type(text);
}

} // namespace bellwether
