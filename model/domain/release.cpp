#include "domain/release.h"

namespace bellwether {

const Release *Catalogue::find(const Version &version) const
{
    for (const Release &release : releases)
        if (release.version == version)
            return &release;
    return nullptr;
}

} // namespace bellwether
