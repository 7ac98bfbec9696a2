#include "headless/terminalasker.h"

#include "headless/terminal.h"
#include "text/errortext.h"

#include <csignal>
#include <optional>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace bellwether {

namespace {

// The terminal as it was, whatever happens.
class Silence {
public:
    explicit Silence(bool echo)
    {
        m_ok = ::tcgetattr(STDIN_FILENO, &m_before) == 0;
        termios now = m_before;
        if (!echo)
            now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        now.c_lflag |= ICANON;
        if (m_ok)
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &now); // what was typed before the question is no answer
    }
    ~Silence()
    {
        if (m_ok && Terminal().canAsk()) // in the background it is somebody else's, and the shell has set it right
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &m_before);
    }
    Q_DISABLE_COPY_MOVE(Silence)

private:
    termios m_before{};
    bool m_ok = false;
};

// One line; nothing at the end of the input, on an interrupt, or when `stopped`.
template<class Stopped>
std::optional<Secret> readLine(Stopped stopped)
{
    QByteArray line;
    line.reserve(4096); // it must not move while it grows
    while (true) {
        pollfd one{STDIN_FILENO, POLLIN, 0};
        const int ready = ::poll(&one, 1, 100);
        if (isInterrupted() || stopped() || !Terminal().canAsk()) {
            wipe(line);
            return std::nullopt;
        }
        if (ready <= 0)
            continue;
        char c = 0;
        if (::read(STDIN_FILENO, &c, 1) != 1) {
            wipe(line);
            return std::nullopt;
        }
        if (c == '\n')
            return Secret(std::move(line));
        if (line.size() < 4000)
            line += c;
    }
}

constexpr qsizetype namesShown = 6;

QString questionText(const CredentialQuestion &question, const QStringList &names)
{
    const QString who = names.mid(0, namesShown).join(QStringLiteral(", "))
        + (names.size() > namesShown ? QStringLiteral(" and %1 more").arg(names.size() - namesShown) : QString());
    switch (question.kind) {
    case CredentialKind::Passphrase:
        return QStringLiteral("The key %1 is protected by a passphrase; it is needed for %2.").arg(question.subject, who);
    case CredentialKind::Password:
        return QStringLiteral("The password of %1 is needed for %2.").arg(question.user, who);
    case CredentialKind::Prompts:
        return QStringLiteral("%1 asks %2: %3").arg(who, question.user, question.instruction);
    case CredentialKind::Sudo:
        return QStringLiteral("sudo wants the password of %1, to run commands as root on %2.").arg(question.user, who);
    }
    return {};
}

} // namespace

std::unique_ptr<TerminalAsker> TerminalAsker::start(CredentialPort &port, std::function<QString(const QString &)> names)
{
    if (!Terminal().canAsk())
        return nullptr;
    return std::unique_ptr<TerminalAsker>(new TerminalAsker(port, std::move(names)));
}

TerminalAsker::TerminalAsker(CredentialPort &port, std::function<QString(const QString &)> names)
    : m_port(port)
    , m_names(std::move(names))
{
    m_thread = std::thread([this] { work(); });
    m_port.listen([state = m_state] {
        const std::scoped_lock lock(state->mutex);
        state->woken = true;
        state->changed.notify_one();
    });
}

TerminalAsker::~TerminalAsker()
{
    m_port.listen({});
    {
        const std::scoped_lock lock(m_state->mutex);
        m_state->stopped = true;
    }
    m_state->changed.notify_one();
    m_thread.join();
}

bool TerminalAsker::isStopped()
{
    const std::scoped_lock lock(m_state->mutex);
    return m_state->stopped;
}

void TerminalAsker::work()
{
    sigset_t stops; // between a look and a read the process may be put into the background: an error then, and never a stop
    sigemptyset(&stops);
    sigaddset(&stops, SIGTTIN);
    sigaddset(&stops, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &stops, nullptr);
    while (true) {
        {
            std::unique_lock lock(m_state->mutex);
            m_state->changed.wait(lock, [this] { return m_state->woken || m_state->stopped; });
            if (m_state->stopped)
                return;
            m_state->woken = false;
        }
        for (const CredentialQuestion &question : m_port.questions()) {
            if (!question.busy && !isStopped())
                put(question);
        }
    }
}

void TerminalAsker::put(const CredentialQuestion &question)
{
    if (!Terminal().canAsk())
        return m_port.refuse(question.id);
    const Terminal::Turn turn; // nothing else is printed meanwhile
    QStringList names;
    for (const QString &machine : question.machines)
        names.append(m_names(machine));
    if (!question.problem.isEmpty())
        turn.say(question.problem + u'\n');
    turn.say(questionText(question, names) + QStringLiteral(" (Nothing typed: not now.)\n"));
    for (qsizetype i = namesShown; question.forAll && i < names.size(); i += 8) // all of them will be given it
        turn.say(QStringLiteral("    %1\n").arg(names.mid(i, 8).join(QStringLiteral(", "))));
    CredentialAnswer answer;
    for (const CredentialQuestion::Prompt &prompt : question.prompts) {
        const Silence silence(prompt.echo); // before the question is seen: a quick answer is neither shown nor lost
        turn.say(prompt.text + (prompt.text.endsWith(u':') ? QStringLiteral(" ") : QStringLiteral(": ")));
        auto line = readLine([this] { return isStopped(); });
        turn.say(QStringLiteral("\n"));
        if (!line || (line->isEmpty() && question.kind != CredentialKind::Prompts))
            return m_port.refuse(question.id);
        answer.values.append(*line);
    }
    answer.machines = question.machines;
    if (question.forAll) { // who asks later has not been named: a host that was taken over would collect it
        const Silence silence(true);
        turn.say(QStringLiteral("Use it for all hosts of %1, until this program ends? [y/N] ").arg(question.user));
        const auto line = readLine([this] { return isStopped(); });
        if (!line) {
            turn.say(QStringLiteral("\n"));
            return m_port.refuse(question.id);
        }
        const QByteArray word = line->copy().trimmed().toLower();
        answer.forAll = word == "y" || word == "yes";
    }
    m_port.answer(question.id, std::move(answer));
}

} // namespace bellwether
