/* trapeze: the command line. */
#include <stdio.h>

int main(void)
{
    puts("trapeze");
    return 0;
}
