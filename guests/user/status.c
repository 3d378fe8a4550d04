/*
 * status: reads the control register `status` in ring 3. On a strict machine that is a
 * privileged operation, and the kernel ends this program. On a classic machine nobody
 * notices: the first of the holes (isa.md, section 6).
 */
#include "guests/lib/stdio.h"
#include "xrings.h"

int main(void)
{
    unsigned value = csr_read(CSR_status);

    printf("status is %08x, the ring in it is %u, and nobody noticed that I looked\n", value,
           (value & status_cring) >> status_cring_SHIFT);
    return 0;
}
