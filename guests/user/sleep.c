/*
 * sleep [MILLISECONDS]: does nothing for a while (1000).
 */
#include "guests/user/arguments.h"

int main(int argc, char **argv)
{
    sleep(argument_number(argc, argv, 1, 1000));
    return 0;
}
