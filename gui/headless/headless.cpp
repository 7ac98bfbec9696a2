#include "headless/headless.h"

#include "text/errortext.h"

namespace bellwether {

int runHeadless(const Invocation &invocation, const QString &dataFolder, const Services &services)
{
    Terminal terminal;
    Context context{invocation, terminal, services, dataFolder, operatorName(), invocation.has(QStringLiteral("read-only")), {}};
    const Result<int> result = invocation.command->run(context);
    terminal.clearBar();
    if (!result) {
        terminal.error(errorText(result.error()));
        return exitCode(result.error().code);
    }
    if (!terminal.flush()) {
        terminal.error(QStringLiteral("The output could not be written. Check where stdout goes."));
        return 1;
    }
    return *result;
}

} // namespace bellwether
