#pragma once
// Somebody who works with the console: finds things as a screen reader names them, and acts with the mouse alone or with
// the keyboard alone. Each act waits until it can be done; false: it could not, and `trouble` says why.
#include "hands.h"
#include "screenreader.h"

namespace bellwether {

class Person {
public:
    Person(const ScreenReader &reader, const Hands &hands) : m_reader(reader), m_hands(hands) {}
    virtual ~Person() = default;

    virtual bool goTo(const QString &page, const QString &shortcut) = 0;
    virtual bool press(const QString &button) = 0; // by the beginning of its name, as all below
    virtual bool command(const QString &button, const QString &words, const QString &shortcut) = 0; // a button that is a command, too
    virtual bool choose(const QString &comboBox, const QString &item) = 0;
    virtual bool openTab(const QString &tab) = 0;
    virtual bool tick(const QString &checkBox) = 0;
    virtual bool write(const QString &field, const QString &text) = 0; // instead of what stands there

    std::optional<Seen> see(const QString &role, const QString &name, int seconds = 20) const;
    bool sees(const QString &name, int seconds = 20) const; // anything whose name contains this
    QString trouble; // of the last act that failed
    QStringList nameless() const; // controls shown now that a screen reader could not name

protected:
    bool failed(const QString &what)
    {
        trouble = what;
        return false;
    }
    const ScreenReader &m_reader;
    const Hands &m_hands;
};

class MousePerson final : public Person {
public:
    using Person::Person;
    bool goTo(const QString &page, const QString &shortcut) override;
    bool press(const QString &button) override;
    bool command(const QString &button, const QString &words, const QString &shortcut) override;
    bool choose(const QString &comboBox, const QString &item) override;
    bool openTab(const QString &tab) override;
    bool tick(const QString &checkBox) override;
    bool write(const QString &field, const QString &text) override;

private:
    bool click(const QString &role, const QString &name);
};

class Desk;

// Never touches the pointer. Wherever it goes it checks that the focus can be seen: that the picture around what has the
// focus now is not what it was before.
class KeyboardPerson final : public Person {
public:
    KeyboardPerson(const ScreenReader &reader, const Hands &hands, const Desk &desk) : Person(reader, hands), m_desk(desk) {}
    bool goTo(const QString &page, const QString &shortcut) override;
    bool press(const QString &button) override;
    bool command(const QString &button, const QString &words, const QString &shortcut) override;
    bool choose(const QString &comboBox, const QString &item) override;
    bool openTab(const QString &tab) override;
    bool tick(const QString &checkBox) override;
    bool write(const QString &field, const QString &text) override;

private:
    bool walkTo(const QString &role, const QString &name); // by Tab
    std::optional<Seen> step(); // one Tab
    const Desk &m_desk;
    int m_commands = 0; // given so far: in turn by palette and by shortcut
};

} // namespace bellwether
