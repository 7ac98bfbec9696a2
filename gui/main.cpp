#include "application.h"

int main(int argc, char **argv)
{
    return bellwether::runBellwether(argc, argv);
}
